//! Do the executors do what the Ethereum state tests say?
//!
//! In: archives of state tests, which are no part of the repository. Out: a [`Tally`] of cases run,
//! passed and excluded, each exclusion under its reason.
//!
//! A case is one transaction under the rules of one fork on a given state, with the root of the
//! state after it. Each is run
//!
//! 1. by the sequential executor,
//! 2. by the parallel one in both modes, beside a transaction that is always rejected: in one layer
//!    with it, the case runs speculatively and is validated, and must still end with the expected
//!    root,
//! 3. in blocks into which several cases were merged, by the parallel executor under several
//!    schedules and numbers of threads, in both modes; there the sequential outcome is what is
//!    expected.
//!
//! Invariant: which cases are run depends on the rate alone, so every run counts the same.

pub mod archive;
mod block;
mod format;
mod judge;
mod merged;
mod world;

use std::{collections::BTreeMap, fmt, path::Path};

pub use judge::Judge;

use self::format::Unit;

/// Why a case is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// The fork was never active on mainnet, or revm has no rules for it.
    NoSuchFork,
    /// The case tests a draft that became something else before it was activated.
    Draft,
    /// The transaction has a field that no envelope can hold, so it can reach no executor.
    NoEnvelope,
    /// The environment has a field that no header can hold.
    NoHeader,
    /// The state holds the beacon root contract, which a block calls and a state test does not.
    SystemCall,
    /// A contract is created where storage is but neither nonce nor code, which no chain ever had
    /// (EIP-7610); revm does not look.
    StorageBeforeCreation,
    /// The case spends minutes in one transaction on purpose.
    TimeConsuming,
}

impl Exclusion {
    /// The reason as a fragment of text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoSuchFork => "rules that mainnet never had",
            Self::Draft => "a draft that was activated otherwise (BLS precompiles, EOF)",
            Self::NoEnvelope => "a transaction that no envelope can hold",
            Self::NoHeader => "a block that no header can hold",
            Self::SystemCall => "a block's system call would change the state under test",
            Self::StorageBeforeCreation => "a creation on top of storage, which no chain ever had",
            Self::TimeConsuming => "made to run for very long",
        }
    }
}

/// What came of the cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files read.
    pub n_files: usize,
    /// Cases that ended as expected, sequentially and in parallel.
    pub n_passed: usize,
    /// Of these, the ones expected to be rejected.
    pub n_rejected: usize,
    /// Blocks into which cases were merged.
    pub n_merged: usize,
    /// Transactions in these.
    pub n_merged_txs: usize,
    /// Parallel runs of these.
    pub n_merged_runs: usize,
    /// Transactions of these that had to run a second time.
    pub n_reexecuted: usize,
    /// Cases not run, by reason.
    pub excluded: BTreeMap<Exclusion, usize>,
    /// What went wrong, case by case.
    pub failures: Vec<String>,
}

impl Tally {
    /// Adds what came of other cases.
    pub fn add(&mut self, other: Self) {
        self.n_files += other.n_files;
        self.n_passed += other.n_passed;
        self.n_rejected += other.n_rejected;
        self.n_merged += other.n_merged;
        self.n_merged_txs += other.n_merged_txs;
        self.n_merged_runs += other.n_merged_runs;
        self.n_reexecuted += other.n_reexecuted;
        for (exclusion, n) in other.excluded {
            *self.excluded.entry(exclusion).or_default() += n;
        }
        self.failures.extend(other.failures);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files: {} cases pass sequentially and in parallel ({} of them rejected as \
             expected), {} fail; {} merged blocks of {} transactions, {} parallel runs, {} \
             transactions run again",
            self.n_files,
            self.n_passed,
            self.n_rejected,
            self.failures.len(),
            self.n_merged,
            self.n_merged_txs,
            self.n_merged_runs,
            self.n_reexecuted,
        )?;
        for (exclusion, n) in &self.excluded {
            write!(f, "; {n} excluded: {}", exclusion.text())?;
        }
        Ok(())
    }
}

/// Runs one file in `every` of an archive.
///
/// # Panics
///
/// When the archive cannot be read or a file of it is no state test.
pub fn run_archive(path: &Path, every: usize, tally: &mut Tally) {
    assert_ne!(every, 0, "a rate of one file in none");
    let mut judge = Judge::new();
    // Blockchain tests bring their own blocks in another format; the same cases are state tests too.
    let is_case = |name: &str| name.ends_with(".json") && !name.contains("BlockchainTests/");
    let mut n_seen = 0;
    archive::for_each_file(path, is_case, |name, text| {
        n_seen += 1;
        if (n_seen - 1) % every != 0 {
            return;
        }
        tally.n_files += 1;
        for unit in Unit::read_all(name, text) {
            judge.run(&unit, tally);
        }
    });
    judge.finish(tally);
}
