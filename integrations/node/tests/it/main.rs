//! Does recording work against a node that answers truly, wrongly, late or not at all?
//!
//! In: a node of our own on this machine. Out: recordings and errors.

#![allow(clippy::result_large_err, clippy::unwrap_used, reason = "tests look at errors whole")]

mod chain;
mod miner;
mod mock;

mod amsterdam;
mod anvil;
mod broken_off;
mod empty_accounts;
mod faults;
mod follow;
mod pending;
mod recording;
mod rollups;
