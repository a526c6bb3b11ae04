//! How do many blocks become files?
//!
//! In: a [`Job`]: a recorder, a range of numbers, a folder. Out: one file for each block, and what
//! became of each.
//! Invariants: a file is either whole or not there; a block whose file is whole, and which
//! is still the node's, is not recorded again, so a job that was broken off goes on where it stopped; one block's failure leaves the
//! others alone unless it would be theirs too.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use alloy_primitives::{B256, U64};
use slotcast_corpus::{self as corpus, CorpusError};

use crate::{
    error::{NodeError, RecordError},
    node::Node,
    recorder::{Recorder, Recording, Way},
};

/// Blocks to record.
#[derive(Debug)]
pub struct Job<'a> {
    /// What records one.
    pub recorder: &'a Recorder,
    /// Their numbers.
    pub blocks: RangeInclusive<u64>,
    /// Where the files go; made if it is not there.
    pub folder: &'a Path,
    /// How many blocks may be under way at once.
    pub threads: usize,
}

/// What became of one block.
#[derive(Debug)]
pub enum Done {
    /// Its file was there and is whole, and the node has no other block of the number.
    Kept(PathBuf),
    /// Its file was written.
    Recorded {
        /// The file.
        path: PathBuf,
        /// How the state came together.
        way: Way,
        /// How many transactions the block has.
        n_txs: usize,
        /// Why a trace was dropped, if one could not be read.
        dropped_trace: Option<NodeError>,
    },
}

/// Told how far a job is.
pub trait Progress: Sync {
    /// Told once for each block, on whatever thread it was recorded.
    fn done(&self, number: u64, result: &Result<Done, RecordError>);
}

/// The name of the file that holds a block.
pub fn file_name(chain_id: u64, number: u64) -> String {
    format!("chain-{chain_id}-block-{number}.json.gz")
}

/// Records all blocks of `job`; gives the failures, by number.
pub fn record_range(job: &Job<'_>, progress: &impl Progress) -> Vec<(u64, RecordError)> {
    let failures: Mutex<Vec<(u64, RecordError)>> = Mutex::default();
    if let Err(error) = make_folder(job.folder) {
        return vec![(*job.blocks.start(), error)];
    }
    let next = AtomicU64::new(*job.blocks.start());
    let is_over = AtomicBool::new(false);
    let n_blocks = job.blocks.end().saturating_sub(*job.blocks.start()).saturating_add(1);
    let threads = job.threads.clamp(1, usize::try_from(n_blocks).unwrap_or(usize::MAX).max(1));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if !job.blocks.contains(&number) {
                        break;
                    }
                    let result = record_one(job, number);
                    progress.done(number, &result);
                    let Err(error) = result else { continue };
                    is_over.fetch_or(error.is_lasting(), Ordering::Relaxed);
                    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                    failures.push((number, error));
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|(number, _)| *number);
    failures
}

fn make_folder(folder: &Path) -> Result<(), RecordError> {
    fs::create_dir_all(folder).map_err(|source| {
        RecordError::Write(CorpusError::Write { path: folder.to_owned(), source })
    })
}

fn record_one(job: &Job<'_>, number: u64) -> Result<Done, RecordError> {
    let path = job.folder.join(file_name(job.recorder.node().chain_id(), number));
    if let Some(hash) = whole(job.recorder.node(), &path, number)
        && is_still_there(job.recorder.node(), number, hash)?
    {
        return Ok(Done::Kept(path));
    }
    let recording = job.recorder.record(number)?;
    corpus::write_file(&path, &recording.block).map_err(RecordError::Write)?;
    let n_txs = recording.block.transactions.len();
    let Recording { way, dropped_trace, .. } = recording;
    Ok(Done::Recorded { path, way, n_txs, dropped_trace })
}

/// The hash of the block in the file, if it is whole and valid; one that was damaged since is written
/// again.
fn whole(node: &Node, path: &Path, number: u64) -> Option<B256> {
    let read = corpus::read_file(path).ok();
    let block = read.filter(|block| block.number() == number && node.validate(block).is_ok());
    block.map(|block| block.hash)
}

/// Whether the node's block of this number is still the one with this hash; a reorganisation puts
/// another in its place. A node that no longer has a block of the number does not contradict.
fn is_still_there(node: &Node, number: u64, hash: B256) -> Result<bool, RecordError> {
    let tag = format!("{:#x}", U64::from(number));
    let found = node.header_at(&tag).map_err(|source| RecordError::Node { number, source })?;
    Ok(found.is_none_or(|(found, _)| found == hash))
}
