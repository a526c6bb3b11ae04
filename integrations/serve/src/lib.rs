//! Answers what pending transactions will touch, to clients over HTTP or WebSocket.
//!
//! In: [`Settings`]: a node or recorded blocks, where to listen, limits. Out: [`Server`], JSON-RPC
//! methods whose names begin with `slotcast_`, `eth_createAccessList`, an OpenRPC document,
//! `/health` and `/metrics`.
//!
//! Suggested reading: `settings` for what can be said, `server` for how a connection is served,
//! `methods` for what can be asked, `chain` and `context` for what predictions are made on, `warm` for
//! how, `watch` and `stream` for pending transactions.
//! Invariants: nothing is executed; an answer depends on the request and the state it is about;
//! every request is bounded in bytes, time and number; the only crate with an asynchronous runtime.

mod error;
mod settings;

mod http;
mod inclusion;
mod server;

mod methods;
mod openrpc;
mod service;

mod concurrency;
mod fault;
mod measured;

mod block_context;
mod chain;
mod live;
mod recorded;

mod traced;
mod transaction;
mod warm;
mod words;

mod stream;
mod watch;

pub use chain::Source;
pub use error::ServeError;
pub use server::{CaughtSignals, Server};
pub use settings::{DEFAULT_LISTEN, Limits, Settings};
pub use slotcast_node::RpcSettings;
