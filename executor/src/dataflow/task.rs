//! What is there to do next?
//!
//! In: how each transaction is to be decided, as it becomes known, and what was done so far. Out:
//! [`Task`]s.
//! Invariants: every transaction to be run speculatively is handed out exactly once, and only when
//! everything below its horizon is decided; at any time at most one thread decides; which
//! transactions are run speculatively does not depend on the order in which threads come and go.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use slotcast_model::{Index, IndexVec, Slot, TxIndex};
use slotcast_scheduler::{Steps, ranks};

use super::WINDOW;
use crate::{error::ExecutionError, evm::Speculative};

/// Most transactions decided at a stretch: those that wait for a decision should not wait for many
/// others.
const BATCH: usize = 32;

/// Most transactions handed out at once, and about how long a thread may be busy with them: taking
/// one costs more than making a short one, while others wait for what a thread keeps to itself.
const AT_ONCE: usize = 8;
const NANOS_AT_ONCE: u64 = 50_000;

/// As many as may start for each that is handed out at once, so that there is enough for everybody
/// and at the end no thread has much left when the others have nothing.
const READY_FOR_EACH: usize = 16;

/// How a transaction is to be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// On everything before it, when its turn comes.
    OnPrefix {
        /// Up to where it waits for others' sake: they wait for it.
        horizon: TxIndex,
        /// About how long it takes.
        nanos: u64,
    },
    /// From a run on everything below its horizon.
    Speculatively {
        /// The first transaction it does not see.
        horizon: TxIndex,
        /// About how long it takes to run it, and to decide it.
        nanos: [u64; 2],
        /// The slots it is expected to only add to; handed out with the transaction.
        additions: Vec<Slot>,
    },
}

/// How the next transaction is to be decided.
enum Next {
    /// Nobody knows yet.
    Unknown,
    /// On the prefix.
    OnPrefix,
    /// From a run that sees what is below this horizon.
    Speculatively(TxIndex),
}

/// A transaction to decide.
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
    pub(super) additions: Vec<Slot>,
}

/// What a thread is to do.
#[derive(Debug)]
pub(super) enum Task {
    /// Decide the next transactions.
    Decide,
    /// Run these transactions.
    Run,
    /// Wait until something happens.
    Rest,
    /// Go home: everything is decided, or nothing more will be.
    Leave,
}

/// What is done and what is to do, for one block.
#[derive(Debug)]
pub(super) struct Board {
    /// As far as they are known.
    ways: IndexVec<TxIndex, Way>,
    n_transactions: usize,
    /// Runs that wait for their decision.
    runs: IndexVec<TxIndex, Option<Speculative>>,
    /// Transactions that may start, by rank.
    ready: BinaryHeap<(u64, Reverse<TxIndex>)>,
    /// What there is to do behind each, once all are known; zero until then.
    ranks: IndexVec<TxIndex, u64>,
    /// Transactions that wait until everything below their horizon is decided.
    waiting: Waiting,
    n_decided: usize,
    /// From here on nothing is run speculatively.
    in_order_from: usize,
    is_deciding: bool,
    is_over: bool,
    error: Option<ExecutionError>,
}

impl Board {
    /// A board for so many transactions, of which none is known yet.
    pub(super) fn new(n_transactions: usize) -> Self {
        Self {
            ways: IndexVec::with_capacity(n_transactions),
            n_transactions,
            runs: (0..n_transactions).map(|_| None).collect(),
            ready: BinaryHeap::new(),
            ranks: IndexVec::from_elem(0, n_transactions),
            waiting: Waiting::new(n_transactions),
            n_decided: 0,
            in_order_from: n_transactions,
            is_deciding: false,
            is_over: n_transactions == 0,
            error: None,
        }
    }

    /// Makes the next transactions known.
    pub(super) fn extend(&mut self, ways: impl Iterator<Item = Way>) {
        for way in ways {
            let horizon = match &way {
                Way::OnPrefix { .. } => None,
                Way::Speculatively { horizon, .. } => Some(*horizon),
            };
            let tx = self.ways.push(way);
            if let Some(horizon) = horizon {
                self.waiting.push(tx, horizon);
            }
        }
        if self.ways.len() == self.n_transactions {
            self.rank();
        }
        self.release();
    }

    /// Something to do; with [`Task::Decide`] the items are put into `items`, with [`Task::Run`] the
    /// transactions into `starts`, both of which are empty.
    pub(super) fn next(&mut self, items: &mut Vec<Item>, starts: &mut Vec<Start>) -> Task {
        if self.is_over {
            return Task::Leave;
        }
        if !self.is_deciding {
            self.take_items(items);
            if !items.is_empty() {
                self.is_deciding = true;
                return Task::Decide;
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

    /// Ends a stretch of decisions, after which the schedule may have been given up.
    pub(super) fn decided(&mut self, n_decided: usize, gave_up_after: Option<usize>) {
        self.is_deciding = false;
        self.n_decided = n_decided;
        if let Some(n_before) = gave_up_after {
            self.in_order_from = self.in_order_from.min(n_before + WINDOW);
        }
        self.is_over |= n_decided == self.n_transactions;
        self.release();
    }

    /// Ends everything without having decided all.
    pub(super) fn fail(&mut self, error: Option<ExecutionError>) {
        self.is_over = true;
        self.error = self.error.take().or(error);
    }

    /// Why not everything was decided, if that is so.
    pub(super) const fn take_error(&mut self) -> Option<ExecutionError> {
        self.error.take()
    }

    /// Whether somebody who comes now would find something to do.
    pub(super) fn has_work(&self) -> bool {
        self.is_over || !self.ready.is_empty() || (!self.is_deciding && self.is_next_decidable())
    }

    /// Whether everything is decided, or nothing more will be.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many transactions may start.
    pub(super) fn n_ready(&self) -> usize {
        self.ready.len()
    }

    fn is_next_decidable(&self) -> bool {
        let tx = TxIndex::from_usize(self.n_decided);
        match self.way(tx) {
            Next::Unknown => false,
            Next::OnPrefix => true,
            Next::Speculatively(_) => self.runs[tx].is_some(),
        }
    }

    fn way(&self, tx: TxIndex) -> Next {
        match self.ways.get(tx) {
            None => Next::Unknown,
            Some(_) if self.in_order_from <= tx.as_usize() => Next::OnPrefix,
            Some(Way::OnPrefix { .. }) => Next::OnPrefix,
            Some(Way::Speculatively { horizon, .. }) => Next::Speculatively(*horizon),
        }
    }

    /// Ranks the transactions, all of which are known.
    fn rank(&mut self) {
        let steps = |way: &Way| match way {
            Way::OnPrefix { horizon, nanos } => {
                Steps { predict: 0, run: None, decide: *nanos, horizon: *horizon }
            }
            Way::Speculatively { horizon, nanos: [run, decide], .. } => {
                Steps { predict: 0, run: Some(*run), decide: *decide, horizon: *horizon }
            }
        };
        self.ranks = ranks(&self.ways.iter().map(steps).collect());
        let ready = core::mem::take(&mut self.ready).into_iter();
        self.ready = ready.map(|(_, it)| (self.ranks[it.0], it)).collect();
    }

    fn take_starts(&mut self, starts: &mut Vec<Start>) {
        let most = (self.ready.len() / READY_FOR_EACH).clamp(1, AT_ONCE);
        let mut all_nanos = 0;
        while starts.len() < most && all_nanos < NANOS_AT_ONCE {
            let Some((_, Reverse(tx))) = self.ready.pop() else { return };
            let Way::Speculatively { horizon, nanos: [nanos, _], additions } = &mut self.ways[tx]
            else {
                unreachable!("only transactions that are run speculatively are made ready")
            };
            all_nanos += *nanos;
            let (horizon, additions) = (*horizon, core::mem::take(additions));
            starts.push(Start { tx, horizon, additions });
        }
    }

    fn take_items(&mut self, items: &mut Vec<Item>) {
        for n in self.n_decided..self.n_decided + BATCH {
            let tx = TxIndex::from_usize(n);
            let item = match self.way(tx) {
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

    /// Makes ready whatever waited for no more than what is decided.
    fn release(&mut self) {
        while let Some(tx) = self.waiting.pop(self.n_decided) {
            if tx.as_usize() < self.in_order_from {
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
    /// Below this horizon nobody waits any more.
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

    /// Somebody who waits for no more than the first `n_decided`, if there is one.
    fn pop(&mut self, n_decided: usize) -> Option<TxIndex> {
        loop {
            if let Some(tx) = self.last[self.horizon] {
                self.last[self.horizon] = self.before[tx.as_usize()];
                return Some(tx);
            }
            if n_decided <= self.horizon {
                return None;
            }
            self.horizon += 1;
        }
    }
}
