//! Does the command do what its help says, run as a user runs it?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod action;
mod bad_input;
mod batch;
mod browser;
#[cfg(feature = "node")]
#[path = "../../../integrations/node/tests/it/chain.rs"]
mod chain;
mod command;
mod contracts;
mod dialects;
mod engines;
mod explain;
mod full_disk;
mod graph;
mod guides;
mod hint_files;
mod lint;
mod many_blocks;
#[cfg(feature = "node")]
#[path = "../../../integrations/node/tests/it/mock.rs"]
#[expect(dead_code, reason = "other tests have it misbehave in more ways")]
mod mock;
mod pictures;
mod readme;
#[cfg(feature = "node")]
mod record;
mod results;
mod scoreboard;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
mod shards;
mod store;
