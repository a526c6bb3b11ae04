//! What can `serve` be told?
//!
//! In: the arguments. Out: [`Serve`], with the limits apart.
//! Invariant: without limits given they are those of the library, which the help states.

use std::path::PathBuf;

use super::Keep;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The node's JSON-RPC endpoint, over http or https.
    #[arg(short, long, value_name = "URL", env = "ETH_RPC_URL", hide_env_values = true)]
    pub(crate) rpc_url: Option<String>,
    /// Recorded blocks: a file, or a folder of them.
    #[arg(long, value_name = "DIR")]
    pub(crate) blocks: Option<PathBuf>,
    /// Where to listen; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", default_value_t = slotcast_serve::DEFAULT_LISTEN)]
    pub(crate) listen: std::net::SocketAddr,
    /// Where summaries outlive the process.
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Have the node prove every value it answers.
    #[arg(long)]
    pub(crate) proofs: bool,
    /// Milliseconds between looks at the node's head and pending transactions.
    #[arg(long, value_name = "MS", default_value_t = 250,
        value_parser = clap::value_parser!(u64).range(10..=60_000))]
    pub(crate) poll_ms: u64,
    /// A web origin whose pages may ask, such as https://app.example; may be given several times.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Write logs as JSON lines.
    #[arg(long)]
    pub(crate) log_json: bool,
    /// What a request may take.
    #[command(flatten)]
    pub(crate) limits: ServeLimits,
}

/// Limits of `serve`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct ServeLimits {
    /// Most bytes of a request.
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20)]
    pub(crate) max_request_bytes: u32,
    /// Most bytes of an answer.
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20)]
    pub(crate) max_answer_bytes: u32,
    /// Most requests in one batch.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) max_batch: u32,
    /// Most transactions in one request.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) max_txs: u32,
    /// Milliseconds for one request, waiting for its turn included.
    #[arg(long, value_name = "MS", default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(crate) timeout_ms: u64,
    /// How many requests are worked on at once [default: two for each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) concurrency: Option<u32>,
    /// Most connections open at once.
    #[arg(long, value_name = "N", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) max_connections: u32,
    /// Most subscriptions on one connection.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) max_subscriptions: u32,
    /// Most pending transactions whose forecasts are kept up to date.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) max_pending: u32,
    /// Most contract summaries in memory.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) max_summaries: u32,
}
