//! Does the command do what its help says, run as a user runs it?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod batch;
mod browser;
mod command;
mod contracts;
mod dialects;
mod engines;
mod explain;
mod guides;
mod hint_files;
mod lint;
mod pictures;
mod results;
mod scoreboard;
mod sessions;
mod store;
