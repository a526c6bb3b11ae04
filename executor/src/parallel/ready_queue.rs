//! What is there to do next?
//!
//! In: how each transaction is to be run, as it becomes known, and what was done so far. Out:
//! [`Task`]s.
//! Invariants: every transaction to be run speculatively is handed out exactly once, and only when
//! everything below its horizon is committed; at any time at most one thread commits; which
//! transactions are run speculatively does not depend on the order in which threads come and go.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use slotcast_model::{Index, IndexVec, TxIndex};
use slotcast_scheduler::{Steps, ranks};

use super::dispatch::Dispatch;
use crate::{
    error::ExecutionError,
    evm::{Speculative, Told},
    wait::WINDOW,
};

/// Most transactions committed at a stretch: those that wait for a commit should not wait for many
/// others.
const BATCH: usize = 32;

/// Most transactions handed out at once, and about how long a thread may be busy with them: taking
/// one costs more than making a short one, while others wait for what a thread keeps to itself.
const AT_ONCE: usize = 8;
const NANOS_AT_ONCE: u64 = 50_000;

/// As many as may start for each that is handed out at once, so that there is enough for every thread
/// and at the end none has much left when the others have nothing.
const READY_FOR_EACH: usize = 16;

/// How the next transaction is to be committed.
enum Next {
    /// Not known yet.
    Unknown,
    /// On the prefix.
    OnPrefix,
    /// From a run that sees what is below this horizon.
    Speculatively(TxIndex),
}

/// A transaction to commit.
#[derive(Debug)]
pub(super) enum Item {
    /// On the prefix.
    OnPrefix,
    /// From this run, which saw what is below the horizon.
    Run(Speculative, TxIndex),
}

/// A transaction to run on what is below a horizon.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) tx: TxIndex,
    pub(super) horizon: TxIndex,
    pub(super) told: Told,
}

/// What a thread is to do.
#[derive(Debug)]
pub(super) enum Task {
    /// Commit the next transactions.
    Commit,
    /// Run these transactions.
    Run,
    /// Wait until something happens.
    Rest,
    /// Stop: everything is committed, or nothing more will be.
    Leave,
}

/// What is done and what is to do, for one block.
#[derive(Debug)]
pub(super) struct ReadyQueue {
    /// As far as they are known.
    dispatches: IndexVec<TxIndex, Dispatch>,
    n_transactions: usize,
    /// Runs that wait for their commit.
    runs: IndexVec<TxIndex, Option<Speculative>>,
    /// Transactions that may start, by rank.
    ready: BinaryHeap<(u64, Reverse<TxIndex>)>,
    /// What there is to do behind each, once all are known; zero until then.
    ranks: IndexVec<TxIndex, u64>,
    /// Transactions that wait until everything below their horizon is committed.
    waiting: Waiting,
    n_committed: usize,
    /// From here on nothing is run speculatively.
    on_prefix_from: usize,
    is_committing: bool,
    is_over: bool,
    error: Option<ExecutionError>,
}

impl ReadyQueue {
    /// A queue for so many transactions, of which none is known yet.
    pub(super) fn new(n_transactions: usize) -> Self {
        Self {
            dispatches: IndexVec::with_capacity(n_transactions),
            n_transactions,
            runs: (0..n_transactions).map(|_| None).collect(),
            ready: BinaryHeap::new(),
            ranks: IndexVec::from_elem(0, n_transactions),
            waiting: Waiting::new(n_transactions),
            n_committed: 0,
            on_prefix_from: n_transactions,
            is_committing: false,
            is_over: n_transactions == 0,
            error: None,
        }
    }

    /// Makes the next transactions known.
    pub(super) fn extend(&mut self, dispatches: impl Iterator<Item = Dispatch>) {
        for dispatch in dispatches {
            let horizon = match &dispatch {
                Dispatch::OnPrefix { .. } => None,
                Dispatch::Speculatively { horizon, .. } => Some(*horizon),
            };
            let tx = self.dispatches.push(dispatch);
            if let Some(horizon) = horizon {
                self.waiting.push(tx, horizon);
            }
        }
        if self.dispatches.len() == self.n_transactions {
            self.rank();
        }
        self.release();
    }

    /// Something to do; with [`Task::Commit`] the items are put into `items`, with [`Task::Run`] the
    /// transactions into `starts`, both of which are empty.
    pub(super) fn next(&mut self, items: &mut Vec<Item>, starts: &mut Vec<Start>) -> Task {
        if self.is_over {
            return Task::Leave;
        }
        if !self.is_committing {
            self.take_items(items);
            if !items.is_empty() {
                self.is_committing = true;
                return Task::Commit;
            }
        }
        self.take_starts(starts);
        if starts.is_empty() { Task::Rest } else { Task::Run }
    }

    /// Hands in runs.
    pub(super) fn hand_in(&mut self, runs: impl Iterator<Item = Speculative>) {
        for run in runs {
            let tx = run.tx();
            let before = self.runs[tx].replace(run);
            assert!(before.is_none(), "no transaction is handed out twice");
        }
    }

    /// Ends a stretch of commits, after which the advice may have been given up.
    pub(super) fn committed(&mut self, n_committed: usize, gave_up_after: Option<usize>) {
        self.is_committing = false;
        self.n_committed = n_committed;
        if let Some(n_before) = gave_up_after {
            self.on_prefix_from = self.on_prefix_from.min(n_before + WINDOW);
        }
        self.is_over |= n_committed == self.n_transactions;
        self.release();
    }

    /// Ends everything without having committed all.
    pub(super) fn fail(&mut self, error: Option<ExecutionError>) {
        self.is_over = true;
        self.error = self.error.take().or(error);
    }

    /// Why not everything was committed, if that is so.
    pub(super) const fn take_error(&mut self) -> Option<ExecutionError> {
        self.error.take()
    }

    /// Whether a thread that comes now would find something to do.
    pub(super) fn has_work(&self) -> bool {
        self.is_over
            || !self.ready.is_empty()
            || (!self.is_committing && self.is_next_committable())
    }

    /// Whether everything is committed, or nothing more will be.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many transactions may start.
    pub(super) fn n_ready(&self) -> usize {
        self.ready.len()
    }

    fn is_next_committable(&self) -> bool {
        let tx = TxIndex::from_usize(self.n_committed);
        match self.next_of(tx) {
            Next::Unknown => false,
            Next::OnPrefix => true,
            Next::Speculatively(_) => self.runs[tx].is_some(),
        }
    }

    fn next_of(&self, tx: TxIndex) -> Next {
        match self.dispatches.get(tx) {
            None => Next::Unknown,
            Some(_) if self.on_prefix_from <= tx.as_usize() => Next::OnPrefix,
            Some(Dispatch::OnPrefix { .. }) => Next::OnPrefix,
            Some(Dispatch::Speculatively { horizon, .. }) => Next::Speculatively(*horizon),
        }
    }

    /// Ranks the transactions, all of which are known.
    fn rank(&mut self) {
        let steps = |dispatch: &Dispatch| match dispatch {
            Dispatch::OnPrefix { horizon, nanos } => {
                Steps { predict: 0, run: None, decide: *nanos, horizon: *horizon }
            }
            Dispatch::Speculatively { horizon, nanos: [run, decide], .. } => {
                Steps { predict: 0, run: Some(*run), decide: *decide, horizon: *horizon }
            }
        };
        self.ranks = ranks(&self.dispatches.iter().map(steps).collect());
        let ready = core::mem::take(&mut self.ready).into_iter();
        self.ready = ready.map(|(_, it)| (self.ranks[it.0], it)).collect();
    }

    fn take_starts(&mut self, starts: &mut Vec<Start>) {
        let most = (self.ready.len() / READY_FOR_EACH).clamp(1, AT_ONCE);
        let mut all_nanos = 0;
        while starts.len() < most && all_nanos < NANOS_AT_ONCE {
            let Some((_, Reverse(tx))) = self.ready.pop() else { return };
            let Dispatch::Speculatively { horizon, nanos: [nanos, _], told } =
                &mut self.dispatches[tx]
            else {
                unreachable!("only transactions that are run speculatively are made ready")
            };
            all_nanos += *nanos;
            let (horizon, told) = (*horizon, core::mem::take(told));
            starts.push(Start { tx, horizon, told });
        }
    }

    fn take_items(&mut self, items: &mut Vec<Item>) {
        for n in self.n_committed..self.n_committed + BATCH {
            let tx = TxIndex::from_usize(n);
            let item = match self.next_of(tx) {
                Next::Unknown => break,
                Next::OnPrefix => Item::OnPrefix,
                Next::Speculatively(horizon) => match self.runs[tx].take() {
                    None => break,
                    Some(run) => Item::Run(run, horizon),
                },
            };
            items.push(item);
        }
    }

    /// Makes ready what waited for no more than what is committed.
    fn release(&mut self) {
        while let Some(tx) = self.waiting.pop(self.n_committed) {
            if tx.as_usize() < self.on_prefix_from {
                self.ready.push((self.ranks[tx], Reverse(tx)));
            }
        }
    }
}

/// Transactions by the horizon up to which they wait, in a list for each.
#[derive(Debug)]
struct Waiting {
    /// The one that came last, for each horizon.
    last: Vec<Option<TxIndex>>,
    /// The one that came before, for each transaction.
    before: Vec<Option<TxIndex>>,
    /// Below this horizon no transaction waits any more.
    horizon: usize,
}

impl Waiting {
    fn new(n_transactions: usize) -> Self {
        Self {
            last: vec![None; n_transactions + 1],
            before: vec![None; n_transactions],
            horizon: 0,
        }
    }

    fn push(&mut self, tx: TxIndex, horizon: TxIndex) {
        let place = horizon.as_usize().max(self.horizon);
        self.before[tx.as_usize()] = self.last[place].replace(tx);
    }

    /// A transaction that waits for no more than the first `n_committed`, if there is one.
    fn pop(&mut self, n_committed: usize) -> Option<TxIndex> {
        loop {
            if let Some(tx) = self.last[self.horizon] {
                self.last[self.horizon] = self.before[tx.as_usize()];
                return Some(tx);
            }
            if n_committed <= self.horizon {
                return None;
            }
            self.horizon += 1;
        }
    }
}
