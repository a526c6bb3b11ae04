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

/// How often a chain may change its mind before it grows.
const MOST_TURNS: usize = 8;

/// Follows a chain from block to block.
#[derive(Debug)]
pub struct Follower {
    recorder: Recorder,
    /// The last blocks that were given, ascending.
    recent: VecDeque<(u64, B256)>,
    next: u64,
    /// The highest number that was given.
    highest: u64,
    /// How often blocks were taken back since one was higher than all before.
    n_turns: usize,
    /// Whether the last step took one back.
    is_going_back: bool,
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
        Ok(Self {
            recorder,
            recent: VecDeque::new(),
            next,
            highest: 0,
            n_turns: 0,
            is_going_back: false,
        })
    }

    /// The next step; after an error it can be asked for again.
    pub fn step(&mut self) -> Result<FollowStep, RecordError> {
        let number = self.next;
        let failed = |source| RecordError::Node { number, source };
        if let Some(&(last, hash)) = self.recent.back()
            && self.hash_of(last).map_err(failed)? != Some(hash)
        {
            return self.replaced();
        }
        if self.recorder.node().head().map_err(failed)? < number {
            return Ok(FollowStep::Waiting(number));
        }
        let recording = self.recorder.record(number)?;
        let parent = recording.block.header.parent_hash;
        if let Some(&(last, hash)) = self.recent.back()
            && hash != parent
        {
            // The chain may have changed between the two questions.
            return match self.hash_of(last).map_err(failed)? == Some(hash) {
                true => Err(self.inconsistent(
                    number,
                    format!("its parent is {parent}, but {hash} is block {last}"),
                )),
                false => self.replaced(),
            };
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((number, recording.block.hash));
        self.next = number + 1;
        self.is_going_back = false;
        if self.highest < number {
            (self.highest, self.n_turns) = (number, 0);
        }
        Ok(FollowStep::Block(Box::new(recording)))
    }

    /// Takes back the last block, unless the chain changed its mind too often before it grew.
    fn replaced(&mut self) -> Result<FollowStep, RecordError> {
        self.n_turns += usize::from(!self.is_going_back);
        if MOST_TURNS < self.n_turns {
            self.n_turns = 0;
            let highest = self.highest;
            let reason = format!("it went back {MOST_TURNS} times, and not beyond block {highest}");
            return Err(self.inconsistent(self.next, reason));
        }
        self.is_going_back = true;
        let (number, hash) = self.recent.pop_back().expect("it was looked at");
        self.next = number;
        Ok(FollowStep::Replaced { number, hash })
    }

    fn inconsistent(&self, number: u64, reason: String) -> RecordError {
        RecordError::Inconsistent {
            number,
            node: self.recorder.node().rpc().name().to_owned(),
            reason,
        }
    }

    fn hash_of(&self, number: u64) -> Result<Option<B256>, NodeError> {
        let tag = format!("{:#x}", U64::from(number));
        Ok(self.recorder.node().header_at(&tag)?.map(|(hash, _)| hash))
    }
}
