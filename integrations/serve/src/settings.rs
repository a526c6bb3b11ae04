//! What may the service be told, and what does it do otherwise?
//!
//! In: what starts it. Out: [`Settings`] and [`Limits`], with defaults.
//! Invariant: without being told otherwise the service is reached from this machine only, and every
//! request is bounded in bytes, time and number.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use slotcast::executor::ChainRules;

use crate::chain::Source;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where blocks and states come from.
    pub source: Source,
    /// By which rules; by those known for the chain's id if nothing is said.
    pub rules: Option<Arc<ChainRules>>,
    /// Where to listen; port 0 is any that is free.
    pub listen: SocketAddr,
    /// The file in which summaries outlive the process.
    pub store: Option<PathBuf>,
    /// Most bytes of summaries in the store.
    pub store_bytes: u64,
    /// What a request may take.
    pub limits: Limits,
    /// Origins of web pages that may ask; none may otherwise.
    pub origins: Vec<String>,
    /// How often the node is asked for news.
    pub poll: Duration,
}

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request.
    pub request_bytes: u32,
    /// Bytes of an answer.
    pub answer_bytes: u32,
    /// Requests in one batch (JSON-RPC).
    pub batch: u32,
    /// Transactions in one request.
    pub transactions: usize,
    /// Time for one request, waiting included; also for its bytes to arrive.
    pub time: Duration,
    /// Requests worked on at once; others wait.
    pub concurrency: usize,
    /// Connections open at once; others are closed.
    pub connections: usize,
    /// Subscriptions on one connection.
    pub subscriptions: u32,
    /// Pending transactions whose predictions are kept up to date.
    pub pending: usize,
    /// Summaries in memory.
    pub summaries: usize,
}

/// Where to listen if nothing else is said: reached from this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8549);

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            request_bytes: 4 << 20,
            answer_bytes: 32 << 20,
            batch: 100,
            transactions: 1_000,
            time: Duration::from_secs(10),
            concurrency: 2 * cores,
            connections: 256,
            subscriptions: 16,
            pending: 1_000,
            summaries: 10_000,
        }
    }
}

impl Settings {
    /// Everything but the source as it is by default.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            rules: None,
            listen: DEFAULT_LISTEN,
            store: None,
            store_bytes: 1 << 30,
            limits: Limits::default(),
            origins: Vec::new(),
            poll: Duration::from_millis(250),
        }
    }
}
