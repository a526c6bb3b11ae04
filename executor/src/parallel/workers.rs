//! How do threads share a block?
//!
//! In: a [`ReadyQueue`] of tasks. Out: everything committed, or why not.
//! Invariants: which thread does what decides nothing but how long it takes; one thread alone gets
//! everything done; no worker blocks on one that has not started.
//!
//! # Protocol
//!
//! The queue lies under one mutex, held for moments: to take a task, to hand in a run, to note
//! commits. The prefix lies under another, which only the thread that commits takes; the queue sees
//! to it that there is at most one.
//!
//! ```text
//!             ┌────────────── hand in ◀── run ◀──┐
//!  take task ─┼────────────── note ◀── commit ◀──┼── take task
//!             └── something happened ◀── rest ◀──┘
//! ```
//!
//! A thread that finds nothing to do watches a counter for a while, which goes up with every change
//! of the queue, and then sleeps until the queue is changed. A change and the look at whether any
//! thread sleeps happen under the mutex, so no wake-up is lost. The counter is relaxed: it is a hint
//! to look at the queue, and looking takes the mutex.
//!
//! Panics: what a transaction does is caught where it runs. If a thread panics all the same, its
//! [`Presence`] ends everything, so that the others stop and the panic is passed on.

use revm::database_interface::DatabaseRef;
use slotcast_model::{Index, TxIndex};

use super::{
    dispatch::Dispatch,
    ready_queue::{Item, ReadyQueue, Start, Task},
};
use crate::{
    chaos::Chaos,
    error::ExecutionError,
    evm::Speculator,
    fallback::FallbackRule,
    job::Job,
    prefix::{CommittedPrefix, Complete},
    runner::Runner,
    sync::{
        Condvar, Mutex, MutexGuard, N_LOOKS, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    version::Version,
    view::StateSource,
};

/// How many transactions are made known at a time.
const STRETCH: usize = 8;

/// Everything the threads share while one block is executed.
pub(super) struct Workers<'a, DB> {
    job: Job<'a, DB>,
    queue: Mutex<ReadyQueue>,
    prefix: Mutex<CommittedPrefix<'a>>,
    changes: AtomicU32,
    n_sleeping: AtomicU32,
    changed: Condvar,
    chaos: &'a Chaos,
}

impl<'a, DB: DatabaseRef> Workers<'a, DB> {
    pub(super) fn new(job: Job<'a, DB>, rule: FallbackRule, chaos: &'a Chaos) -> Self {
        Self {
            job,
            queue: Mutex::new(ReadyQueue::new(job.block.n_transactions())),
            prefix: Mutex::new(CommittedPrefix::new(job.block, job.rules, job.store, rule)),
            changes: AtomicU32::new(0),
            n_sleeping: AtomicU32::new(0),
            changed: Condvar::new(),
            chaos,
        }
    }

    /// Makes transactions known, a few at a time, while others work on those known already; then
    /// takes part.
    pub(super) fn lead(&self, mut dispatch: impl FnMut(TxIndex) -> Dispatch) {
        let _presence = Presence(self);
        let mut dispatches = Vec::with_capacity(STRETCH);
        let n_transactions = self.job.block.n_transactions();
        for tx in self.job.block.tx_indices() {
            dispatches.push(dispatch(tx));
            if dispatches.len() == STRETCH || tx.as_usize() + 1 == n_transactions {
                self.change(|queue| queue.extend(dispatches.drain(..)));
            }
        }
        self.work();
    }

    /// Takes part until everything is committed.
    pub(super) fn work(&self) {
        let _presence = Presence(self);
        let Job { block, rules, base, store } = self.job;
        let mut runner = Runner::new(block, rules, base, StateSource::Shared(store));
        let mut speculator = None;
        let (mut items, mut starts, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.chaos.pause();
            let task = self.queue().next(&mut items, &mut starts);
            self.chaos.pause();
            match task {
                Task::Leave => break,
                Task::Rest => self.rest(),
                Task::Commit => self.commit(&mut items, &mut runner),
                Task::Run => {
                    let make = || Speculator::new(block, rules, base, StateSource::Shared(store));
                    let speculator = speculator.get_or_insert_with(make);
                    runs.extend(starts.drain(..).map(|Start { tx, horizon, told }| {
                        speculator.run_below(Version::of(horizon), tx, told)
                    }));
                    self.chaos.pause();
                    self.change(|queue| queue.hand_in(runs.drain(..)));
                }
            }
        }
    }

    /// Everything committed.
    pub(super) fn complete(self) -> Result<Complete, ExecutionError> {
        let mut queue = self.queue.into_inner().unwrap_or_else(PoisonError::into_inner);
        match queue.take_error() {
            Some(error) => Err(error),
            None => Ok(self.prefix.into_inner().unwrap_or_else(PoisonError::into_inner).complete()),
        }
    }

    /// Commits `items`.
    fn commit(&self, items: &mut Vec<Item>, runner: &mut Runner<'a, DB>) {
        let mut prefix = self.prefix.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gave_up_after = None;
        for item in items.drain(..) {
            self.chaos.pause();
            let result = match item {
                Item::OnPrefix => prefix.commit_next(runner),
                Item::Run(run, horizon) => prefix.extend(run, Version::of(horizon), runner),
            };
            if let Err(error) = result {
                return self.change(|queue| queue.fail(Some(error)));
            }
            if gave_up_after.is_none() && prefix.gives_up() {
                gave_up_after = Some(prefix.next().as_usize());
            }
        }
        let n_committed = prefix.next().as_usize();
        drop(prefix);
        self.change(|queue| queue.committed(n_committed, gave_up_after));
    }

    fn queue(&self) -> MutexGuard<'_, ReadyQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the queue, and wakes sleeping threads if there is work for more than this one.
    fn change(&self, change: impl FnOnce(&mut ReadyQueue)) {
        let mut queue = self.queue();
        change(&mut queue);
        self.changes.fetch_add(1, Ordering::Relaxed);
        // Threads count themselves as sleeping under the mutex, which is held here.
        let n_sleeping = self.n_sleeping.load(Ordering::Relaxed);
        let n_ready = queue.n_ready();
        let is_over = queue.is_over();
        drop(queue);
        match n_sleeping {
            0 => {}
            _ if is_over || 1 < n_ready => self.changed.notify_all(),
            _ if 0 < n_ready => self.changed.notify_one(),
            _ => {}
        }
    }

    /// Waits until the queue has changed or holds work.
    fn rest(&self) {
        let seen = self.changes.load(Ordering::Relaxed);
        for _ in 0..N_LOOKS {
            for _ in 0..8 {
                core::hint::spin_loop();
            }
            if self.changes.load(Ordering::Relaxed) != seen {
                return;
            }
        }
        let mut queue = self.queue();
        while !queue.has_work() {
            self.n_sleeping.fetch_add(1, Ordering::Relaxed);
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            self.n_sleeping.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A thread at work; if it ends by a panic, everything does.
struct Presence<'c, 'a, DB: DatabaseRef>(&'c Workers<'a, DB>);

impl<DB: DatabaseRef> Drop for Presence<'_, '_, DB> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        self.0.queue().fail(None);
        self.0.changes.fetch_add(1, Ordering::Relaxed);
        self.0.changed.notify_all();
    }
}
