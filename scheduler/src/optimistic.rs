//! How long would optimistic re-execution take, in the manner of Block-STM?
//!
//! In: what each transaction really reads and writes, what running and validating it costs, and a
//! number of threads. Out: the simulated time, and how often transactions were run.
//! Invariants: integer arithmetic only; the result depends on the inputs alone.
//!
//! The rules are those of the paper (Gelashvili and others, *Block-STM*, 2022), which pevm follows:
//!
//! - transactions start in block order, without regard to what they conflict with;
//! - a run reads the last earlier version there is when it starts; if that is marked as an estimate,
//!   the run is put off until the transaction that is to write it has run again;
//! - what has run is validated, lowest first and before anything is run: where a version read is not
//!   the last any more, what the run wrote is marked as an estimate and it is run again;
//! - a run that writes where its last one did not, and an abort, have everything above validated again.
//!
//! In favour of what is simulated: finding an estimate costs nothing, where the real engine has begun
//! to run; every run costs what the final one does; locks and shared counters cost nothing.

use core::{cmp::Reverse, num::NonZeroUsize};
use std::collections::BinaryHeap;

use slotcast_model::{AccessSet, Index, IndexVec, Location, TxIndex};

use alloy_primitives::map::HashMap;

/// One transaction as it really is.
#[derive(Clone, Debug, Default)]
pub struct Actual {
    /// What it reads and writes; what it adds to conflicts with reads alone.
    pub access: AccessSet,
    /// What one run costs.
    pub run: u64,
    /// What one validation costs.
    pub validate: u64,
}

/// What a simulation came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    /// The time it took.
    pub time: u64,
    /// How often transactions were run.
    pub n_runs: usize,
    /// The time that all threads together worked.
    pub busy: u64,
}

/// Simulates `txs` on `threads` threads.
pub fn simulate_optimistic(txs: &IndexVec<TxIndex, Actual>, threads: NonZeroUsize) -> Simulated {
    Machine::new(txs).run(threads.get())
}

/// Which run wrote a location last, seen from some transaction: none, or a transaction's nth run.
type Version = Option<(TxIndex, u32)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Ready,
    Running,
    Executed,
    /// Its last run was in vain, so that what it wrote is an estimate.
    Aborted,
    /// Waits for this one.
    Blocked(TxIndex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Run(TxIndex),
    Validate(TxIndex, u32),
}

struct Machine<'a> {
    txs: &'a IndexVec<TxIndex, Actual>,
    /// The transactions that write a location, ascending; only ever asked for one location.
    writers: HashMap<Location, Vec<TxIndex>>,
    status: IndexVec<TxIndex, Status>,
    /// How often each has run.
    n_runs: IndexVec<TxIndex, u32>,
    /// What the last run of each saw.
    seen: IndexVec<TxIndex, Vec<Version>>,
    next_run: usize,
    next_validation: usize,
    now: u64,
    busy: BinaryHeap<Reverse<(u64, Work)>>,
    worked: u64,
}

impl<'a> Machine<'a> {
    fn new(txs: &'a IndexVec<TxIndex, Actual>) -> Self {
        let n = txs.len();
        let mut writers: HashMap<Location, Vec<TxIndex>> = HashMap::default();
        for (tx, actual) in txs.iter_enumerated() {
            for location in actual.access.writes().iter().chain(actual.access.adds()) {
                writers.entry(*location).or_default().push(tx);
            }
        }
        Self {
            txs,
            writers,
            status: IndexVec::from_elem(Status::Ready, n),
            n_runs: IndexVec::from_elem(0, n),
            seen: IndexVec::from_elem(Vec::new(), n),
            next_run: 0,
            next_validation: 0,
            now: 0,
            busy: BinaryHeap::new(),
            worked: 0,
        }
    }

    fn run(mut self, threads: usize) -> Simulated {
        loop {
            while self.busy.len() < threads
                && let Some((work, takes)) = self.next()
            {
                self.busy.push(Reverse((self.now.saturating_add(takes), work)));
                self.worked = self.worked.saturating_add(takes);
            }
            let Some(Reverse((ends, work))) = self.busy.pop() else { break };
            self.now = ends;
            match work {
                Work::Run(tx) => self.end_run(tx),
                Work::Validate(tx, run) => self.end_validation(tx, run),
            }
        }
        let n_runs = self.n_runs.iter().map(|n| *n as usize).sum();
        Simulated { time: self.now, n_runs, busy: self.worked }
    }

    /// What a thread does that has nothing to do, and how long that takes.
    fn next(&mut self) -> Option<(Work, u64)> {
        let n = self.txs.len();
        loop {
            if self.next_validation < self.next_run.min(n) {
                let tx = TxIndex::from_usize(self.next_validation);
                self.next_validation += 1;
                if self.status[tx] == Status::Executed {
                    return Some((Work::Validate(tx, self.n_runs[tx]), self.txs[tx].validate));
                }
            } else if self.next_run < n {
                let tx = TxIndex::from_usize(self.next_run);
                self.next_run += 1;
                if matches!(self.status[tx], Status::Ready | Status::Aborted) && self.start(tx) {
                    return Some((Work::Run(tx), self.txs[tx].run));
                }
            } else {
                return None;
            }
        }
    }

    /// Starts to run `tx`, unless it reads an estimate.
    fn start(&mut self, tx: TxIndex) -> bool {
        if let Some(writer) = self.estimate(tx) {
            self.status[tx] = Status::Blocked(writer);
            return false;
        }
        self.seen[tx] = self.versions(tx);
        self.status[tx] = Status::Running;
        true
    }

    /// The last earlier writer of something `tx` reads whose version is an estimate.
    fn estimate(&self, tx: TxIndex) -> Option<TxIndex> {
        let reads = self.txs[tx].access.reads().iter();
        reads.filter_map(|location| self.last_writer(location, tx)).find(|writer| {
            // A run that was in vain left estimates until the next one has ended.
            matches!(self.status[*writer], Status::Aborted | Status::Blocked(_) | Status::Running)
        })
    }

    fn versions(&self, tx: TxIndex) -> Vec<Version> {
        let reads = self.txs[tx].access.reads().iter();
        let version =
            |location| self.last_writer(location, tx).map(|writer| (writer, self.n_runs[writer]));
        reads.map(version).collect()
    }

    /// The last transaction before `tx` that has run and writes `location`.
    fn last_writer(&self, location: &Location, tx: TxIndex) -> Option<TxIndex> {
        let writers = self.writers.get(location)?;
        let before = &writers[..writers.partition_point(|writer| *writer < tx)];
        before.iter().rev().find(|writer| 0 < self.n_runs[**writer]).copied()
    }

    fn end_run(&mut self, tx: TxIndex) {
        self.n_runs[tx] += 1;
        self.status[tx] = Status::Executed;
        // The first run writes where there was nothing, so that all above must be looked at again;
        // later ones only write again what they wrote.
        self.next_validation = self.next_validation.min(tx.as_usize());
        for later in self.status.indices().skip(tx.as_usize() + 1) {
            if self.status[later] == Status::Blocked(tx) {
                let was_run = 0 < self.n_runs[later];
                self.status[later] = if was_run { Status::Aborted } else { Status::Ready };
                self.next_run = self.next_run.min(later.as_usize());
            }
        }
    }

    fn end_validation(&mut self, tx: TxIndex, run: u32) {
        // What was executed again meanwhile is validated again.
        if self.status[tx] != Status::Executed || self.n_runs[tx] != run {
            return;
        }
        if self.versions(tx) != self.seen[tx] || self.reads_estimate(tx) {
            self.status[tx] = Status::Aborted;
            self.next_validation = self.next_validation.min(tx.as_usize() + 1);
            self.next_run = self.next_run.min(tx.as_usize());
        }
    }

    fn reads_estimate(&self, tx: TxIndex) -> bool {
        self.estimate(tx).is_some_and(|writer| self.status[writer] != Status::Running)
    }
}

#[cfg(test)]
mod tests;
