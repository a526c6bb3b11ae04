//! Does the executor do what Ethereum does, on recorded blocks and on blocks made by hand?
//!
//! In: recorded blocks, where there are any, and small blocks assembled here. Out: assertions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asked;
mod asm;
#[cfg(feature = "chaos")]
mod chaos;
mod deltas;
mod faults;
mod imports;
mod made;
mod parallel;
mod random;
mod recorded;
mod replay;
mod rollup_transfers;
mod synthetic;
mod told;
mod transfers;
mod values;
