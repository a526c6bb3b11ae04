//! Does the whole hold together? One suite over all crates, in reading order.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access_snapshots;
mod amsterdam;
mod arithmetic;
mod claims;
mod conformance;
mod determinism;
mod differential;
mod embedded;
mod executed;
mod faults;
mod generated_rollups;
mod linking;
mod programs;
mod random_blocks;
mod requirements;
mod snapshots;
mod stages;
mod totality;
mod wrong_advice;

mod built;
mod tidy;
