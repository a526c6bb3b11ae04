//! What is the next block of a chain that grows, and sometimes changes its mind?
//!
//! In: a [`Recorder`], and the number to begin with. Out: [`FollowStep`]s: recorded blocks in ascending order,
//! and those that are of the chain no longer.
//! Invariants: a block is given once its parent is the block given before it; what was replaced is told
//! before what replaces it; so many hashes are remembered, and no block.

use std::collections::VecDeque;

use alloy_primitives::{B256, U64};

use crate::{NodeError, RecordError, Recorder, Recording};

/// How many hashes are remembered: chains reorganise less.
const REMEMBERED: usize = 256;

/// Follows a chain from block to block.
#[derive(Debug)]
pub struct Follower {
    recorder: Recorder,
    /// The last blocks that were given, ascending.
    recent: VecDeque<(u64, B256)>,
    next: u64,
}

/// What is new.
#[derive(Debug)]
pub enum FollowStep {
    /// The next block.
    Block(Box<Recording>),
    /// This block, given earlier, is not of the chain any more.
    Replaced {
        /// Its number.
        number: u64,
        /// Its hash.
        hash: B256,
    },
    /// Nothing: the block with this number is not there yet.
    Waiting(u64),
}

impl Follower {
    /// Begins with block `from`, or with the newest there is.
    pub fn new(recorder: Recorder, from: Option<u64>) -> Result<Self, NodeError> {
        let next = match from {
            Some(from) => from,
            // The genesis block has no state before it.
            None => recorder.node().head()?.max(1),
        };
        Ok(Self { recorder, recent: VecDeque::new(), next })
    }

    /// The next step; after an error it can be asked for again.
    pub fn step(&mut self) -> Result<FollowStep, RecordError> {
        let number = self.next;
        let failed = |source| RecordError::Node { number, source };
        if let Some(&(last, hash)) = self.recent.back()
            && self.hash_of(last).map_err(failed)? != Some(hash)
        {
            return Ok(self.replaced());
        }
        if self.recorder.node().head().map_err(failed)? < number {
            return Ok(FollowStep::Waiting(number));
        }
        let recording = self.recorder.record(number)?;
        let parent = recording.block.header.parent_hash;
        if self.recent.back().is_some_and(|&(_, hash)| hash != parent) {
            return Ok(self.replaced());
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((number, recording.block.hash));
        self.next = number + 1;
        Ok(FollowStep::Block(Box::new(recording)))
    }

    /// Takes back the last block.
    fn replaced(&mut self) -> FollowStep {
        let (number, hash) = self.recent.pop_back().expect("it was looked at");
        self.next = number;
        FollowStep::Replaced { number, hash }
    }

    fn hash_of(&self, number: u64) -> Result<Option<B256>, NodeError> {
        let tag = format!("{:#x}", U64::from(number));
        Ok(self.recorder.node().header_at(&tag)?.map(|(hash, _)| hash))
    }
}
