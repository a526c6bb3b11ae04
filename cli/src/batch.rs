//! How is the same done to very many codes, whatever happens on the way?
//!
//! In: a [`Job`]: a file with a code on each line, a file to write, a [`Shard`]; and [`Work`], what is
//! to be done to one code. Out: a file with a line for each distinct code of the shard, in the order
//! in which the codes first occur.
//! Invariants: nothing is known of what the work is; the output is the same to the last byte for any
//! number of threads, and however often the job was killed and started again; a file of the
//! output's name is whole.

mod error;
mod shard;

mod input;
mod output;

mod job;

pub(crate) use error::BatchError;
pub(crate) use input::Code;
pub(crate) use job::{Done, Job, Work, run};
pub(crate) use shard::Shard;

#[cfg(test)]
mod tests;
