//! How do threads share a block?
//!
//! In: a [`Board`] of tasks. Out: everything decided, or why not.
//! Invariants: whoever takes part decides nothing but how long it takes; one thread alone gets
//! everything done; nobody waits for a thread that has not come.
//!
//! # Protocol
//!
//! The board lies under one mutex, held for moments: to take a task, to hand in a run, to note
//! decisions. The prefix lies under another, which only the thread that decides takes; that there is
//! at most one such thread the board sees to.
//!
//! ```text
//!             ┌────────────── hand in ◀── run ◀──┐
//!  take task ─┼────────────── note ◀── decide ◀──┼── take task
//!             └── something happened ◀── rest ◀──┘
//! ```
//!
//! A thread that finds nothing to do watches a counter for a while, which goes up with every change
//! of the board, and then sleeps until somebody changes it. A change and the look at whether anybody
//! sleeps happen under the mutex, so no wake-up is lost. The counter is relaxed: it is a hint to look
//! at the board, and whoever looks takes the mutex.
//!
//! Panics: what a transaction does is caught where it runs. If a thread panics all the same, its
//! [`Presence`] ends everything, so that the others go home and the panic is passed on.

use revm::database_interface::DatabaseRef;
use slotcast_model::{Index, TxIndex};

use super::{
    Work,
    task::{Board, Item, Start, Task, Way},
};
use crate::{
    chaos::Chaos,
    error::ExecutionError,
    evm::Speculator,
    fallback::FallbackRule,
    prefix::{Complete, Prefix},
    runner::Runner,
    sync::{
        Condvar, Mutex, MutexGuard, N_LOOKS, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    versions::Stamp,
    view::Ground,
};

/// How many transactions are made known at a time.
const STRETCH: usize = 8;

/// Everything the threads share while one block is executed.
pub(super) struct Crew<'a, DB> {
    work: Work<'a, DB>,
    board: Mutex<Board>,
    prefix: Mutex<Prefix<'a>>,
    changes: AtomicU32,
    n_sleeping: AtomicU32,
    changed: Condvar,
    chaos: &'a Chaos,
}

impl<'a, DB: DatabaseRef> Crew<'a, DB> {
    pub(super) fn new(work: Work<'a, DB>, rule: FallbackRule, chaos: &'a Chaos) -> Self {
        Self {
            work,
            board: Mutex::new(Board::new(work.block.n_transactions())),
            prefix: Mutex::new(Prefix::new(work.block, work.rules, work.store, rule)),
            changes: AtomicU32::new(0),
            n_sleeping: AtomicU32::new(0),
            changed: Condvar::new(),
            chaos,
        }
    }

    /// Makes transactions known, a few at a time, while others work on those known already; then
    /// takes part.
    pub(super) fn lead(&self, mut way: impl FnMut(TxIndex) -> Way) {
        let _presence = Presence(self);
        let mut ways = Vec::with_capacity(STRETCH);
        let n_transactions = self.work.block.n_transactions();
        for tx in self.work.block.tx_indices() {
            ways.push(way(tx));
            if ways.len() == STRETCH || tx.as_usize() + 1 == n_transactions {
                self.change(|board| board.extend(ways.drain(..)));
            }
        }
        self.work();
    }

    /// Takes part until everything is decided.
    pub(super) fn work(&self) {
        let _presence = Presence(self);
        let Work { block, rules, base, store } = self.work;
        let mut runner = Runner::new(block, rules, base, Ground::Decided(store));
        let mut speculator = None;
        let (mut items, mut starts, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.chaos.pause();
            let task = self.board().next(&mut items, &mut starts);
            self.chaos.pause();
            match task {
                Task::Leave => break,
                Task::Rest => self.rest(),
                Task::Decide => self.decide(&mut items, &mut runner),
                Task::Run => {
                    let make = || Speculator::new(block, rules, base, Ground::Decided(store));
                    let speculator = speculator.get_or_insert_with(make);
                    runs.extend(starts.drain(..).map(|Start { tx, horizon, additions }| {
                        speculator.run_below(Stamp::of(horizon), tx, &additions)
                    }));
                    self.chaos.pause();
                    self.change(|board| board.hand_in(runs.drain(..)));
                }
            }
        }
    }

    /// Everything decided.
    pub(super) fn complete(self) -> Result<Complete, ExecutionError> {
        let mut board = self.board.into_inner().unwrap_or_else(PoisonError::into_inner);
        match board.take_error() {
            Some(error) => Err(error),
            None => Ok(self.prefix.into_inner().unwrap_or_else(PoisonError::into_inner).complete()),
        }
    }

    /// Takes the decisions that `items` allow.
    fn decide(&self, items: &mut Vec<Item>, runner: &mut Runner<'a, DB>) {
        let mut prefix = self.prefix.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gave_up_after = None;
        for item in items.drain(..) {
            self.chaos.pause();
            let result = match item {
                Item::OnPrefix => prefix.decide_next(runner),
                Item::Run(run, horizon) => prefix.extend(run, Stamp::of(horizon), runner),
            };
            if let Err(error) = result {
                return self.change(|board| board.fail(Some(error)));
            }
            if gave_up_after.is_none() && prefix.gives_up() {
                gave_up_after = Some(prefix.next().as_usize());
            }
        }
        let n_decided = prefix.next().as_usize();
        drop(prefix);
        self.change(|board| board.decided(n_decided, gave_up_after));
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the board, and wakes whoever sleeps if there is work for more than this thread.
    fn change(&self, change: impl FnOnce(&mut Board)) {
        let mut board = self.board();
        change(&mut board);
        self.changes.fetch_add(1, Ordering::Relaxed);
        // Threads count themselves as sleeping under the mutex, which is held here.
        let n_sleeping = self.n_sleeping.load(Ordering::Relaxed);
        let n_ready = board.n_ready();
        let is_over = board.is_over();
        drop(board);
        match n_sleeping {
            0 => {}
            _ if is_over || 1 < n_ready => self.changed.notify_all(),
            _ if 0 < n_ready => self.changed.notify_one(),
            _ => {}
        }
    }

    /// Waits until the board has changed or holds work.
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
        let mut board = self.board();
        while !board.has_work() {
            self.n_sleeping.fetch_add(1, Ordering::Relaxed);
            board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
            self.n_sleeping.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A thread at work; if it ends by a panic, everything does.
struct Presence<'c, 'a, DB: DatabaseRef>(&'c Crew<'a, DB>);

impl<DB: DatabaseRef> Drop for Presence<'_, '_, DB> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        self.0.board().fail(None);
        self.0.changes.fetch_add(1, Ordering::Relaxed);
        self.0.changed.notify_all();
    }
}
