//! How long would a block take that is predicted, executed and decided at the same time?
//!
//! In: what each transaction costs at each step, and a number of threads. Out: the simulated time, or a
//! [`WorkSpan`] for each step that takes any.
//! Invariants: integer arithmetic only; nothing here depends on a clock; no thread waits where a real
//! thread would find something to do. The rules are those of dataflow mode: one thread predicts all
//! transactions before it takes part, at most one thread at a time decides, deciding goes before
//! running, and of those that may start the lowest starts first as long as transactions are still
//! being predicted, then the one with the highest rank (`rank.rs`).

use core::{cmp::Reverse, num::NonZeroUsize};
use std::collections::BinaryHeap;

use slotcast_model::{Index, IndexVec, TxIndex};

use crate::rank::ranks;

/// What one transaction costs, in one unit of time for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Predicting it, and finding out what it waits for.
    pub predict: u64,
    /// Running it speculatively and handing the result in, if it is run that way.
    pub run: Option<u64>,
    /// Deciding it: validation, and running it where that is done on the prefix.
    pub decide: u64,
    /// The first transaction it does not see.
    pub horizon: TxIndex,
}

/// The simulated time of these transactions on `threads` threads.
///
/// # Panics
///
/// When a transaction waits for a later one.
pub fn simulate_streamed(txs: &IndexVec<TxIndex, Steps>, threads: NonZeroUsize) -> u64 {
    let spans = trace_streamed(txs, threads);
    spans.iter().map(|span| span.end).max().unwrap_or(0)
}

/// What each thread is at in the same simulation, in the order in which it begins; what takes no time
/// is left out.
///
/// # Panics
///
/// When a transaction waits for a later one.
pub fn trace_streamed(txs: &IndexVec<TxIndex, Steps>, threads: NonZeroUsize) -> Vec<WorkSpan> {
    for (tx, steps) in txs.iter_enumerated() {
        assert!(steps.horizon <= tx, "a transaction waits for earlier ones only");
    }
    Simulation::new(txs, threads).run()
}

/// A step of a transaction on a thread, in the unit of the costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkSpan {
    /// The step.
    pub work: Work,
    /// The thread, from 0.
    pub thread: usize,
    /// When it begins.
    pub start: u64,
    /// When it ends.
    pub end: u64,
}

/// What a thread is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Predicting this one.
    Predict(TxIndex),
    /// Running this one.
    Run(TxIndex),
    /// Deciding this one.
    Decide(TxIndex),
}

struct Simulation<'a> {
    txs: &'a IndexVec<TxIndex, Steps>,
    now: u64,
    n_known: usize,
    n_decided: usize,
    is_deciding: bool,
    has_run: IndexVec<TxIndex, bool>,
    /// Known transactions that wait, by horizon.
    waiting: BinaryHeap<Reverse<(TxIndex, TxIndex)>>,
    /// By rank, which is zero for all until all are known.
    ready: BinaryHeap<(u64, Reverse<TxIndex>)>,
    ranks: IndexVec<TxIndex, u64>,
    /// The threads at work, by when they are done.
    busy: BinaryHeap<Reverse<(u64, Work, usize)>>,
    idle: BinaryHeap<Reverse<usize>>,
    spans: Vec<WorkSpan>,
}

impl<'a> Simulation<'a> {
    fn new(txs: &'a IndexVec<TxIndex, Steps>, threads: NonZeroUsize) -> Self {
        Self {
            txs,
            now: 0,
            n_known: 0,
            n_decided: 0,
            is_deciding: false,
            has_run: IndexVec::from_elem(false, txs.len()),
            waiting: BinaryHeap::new(),
            ready: BinaryHeap::new(),
            ranks: IndexVec::from_elem(0, txs.len()),
            busy: BinaryHeap::new(),
            idle: (0..threads.get()).map(Reverse).collect(),
            spans: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<WorkSpan> {
        if !self.txs.is_empty()
            && let Some(Reverse(thread)) = self.idle.pop()
        {
            self.begin(Work::Predict(TxIndex(0)), thread);
        }
        loop {
            while let Some(&Reverse(thread)) = self.idle.peek()
                && let Some(work) = self.next()
            {
                self.idle.pop();
                self.begin(work, thread);
            }
            let Some(Reverse((ends, work, thread))) = self.busy.pop() else { return self.spans };
            self.now = ends;
            self.end(work, thread);
            while let Some(Reverse((ends, ..))) = self.busy.peek()
                && *ends <= self.now
                && let Some(Reverse((_, work, thread))) = self.busy.pop()
            {
                self.end(work, thread);
            }
        }
    }

    /// What a thread does that has nothing to do.
    fn next(&mut self) -> Option<Work> {
        let next = TxIndex::from_usize(self.n_decided);
        let is_there =
            self.n_decided < self.n_known && (self.txs[next].run.is_none() || self.has_run[next]);
        if is_there && !self.is_deciding {
            self.is_deciding = true;
            return Some(Work::Decide(next));
        }
        self.ready.pop().map(|(_, Reverse(tx))| Work::Run(tx))
    }

    fn begin(&mut self, work: Work, thread: usize) {
        let takes = match work {
            Work::Predict(tx) => self.txs[tx].predict,
            Work::Run(tx) => self.txs[tx].run.unwrap_or(0),
            Work::Decide(tx) => self.txs[tx].decide,
        };
        let (start, end) = (self.now, self.now.saturating_add(takes));
        self.busy.push(Reverse((end, work, thread)));
        if start < end {
            self.spans.push(WorkSpan { work, thread, start, end });
        }
    }

    fn end(&mut self, work: Work, thread: usize) {
        let mut is_idle = true;
        match work {
            Work::Predict(tx) => {
                self.n_known += 1;
                if self.txs[tx].run.is_some() {
                    self.waiting.push(Reverse((self.txs[tx].horizon, tx)));
                }
                if self.n_known < self.txs.len() {
                    // The predicting thread goes on with it, whatever else there is to do.
                    is_idle = false;
                    self.begin(Work::Predict(TxIndex::from_usize(self.n_known)), thread);
                } else {
                    self.ranks = ranks(self.txs);
                    let ready = core::mem::take(&mut self.ready).into_iter();
                    self.ready = ready.map(|(_, it)| (self.ranks[it.0], it)).collect();
                }
            }
            Work::Run(tx) => self.has_run[tx] = true,
            Work::Decide(_) => {
                self.n_decided += 1;
                self.is_deciding = false;
            }
        }
        if is_idle {
            self.idle.push(Reverse(thread));
        }
        while let Some(Reverse((horizon, tx))) = self.waiting.peek().copied()
            && horizon.as_usize() <= self.n_decided
        {
            self.waiting.pop();
            self.ready.push((self.ranks[tx], Reverse(tx)));
        }
    }
}

#[cfg(test)]
mod tests;
