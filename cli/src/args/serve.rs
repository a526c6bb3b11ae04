//! Which options does `serve` take?
//!
//! In: the arguments. Out: [`Serve`], with the limits apart.
//! Invariant: without limits given they are those of the library, which the help states.

use std::path::PathBuf;

use super::Keep;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// JSON-RPC endpoint of the node (http or https).
    #[arg(short, long, value_name = "URL", env = "ETH_RPC_URL", hide_env_values = true)]
    pub(crate) rpc_url: Option<String>,
    /// Recorded blocks: a file, or a folder of them.
    #[arg(long, value_name = "DIR")]
    pub(crate) blocks: Option<PathBuf>,
    /// Serve by the rules of this chain: a known name, or a genesis file in geth's form [default: the
    /// chain with the node's or the blocks' chain id].
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) chain: Option<PathBuf>,
    /// Listen address; port 0 picks a free port.
    #[arg(long, value_name = "ADDRESS", default_value_t = slotcast_serve::DEFAULT_LISTEN)]
    pub(crate) listen: std::net::SocketAddr,
    /// Summary cache.
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Request a proof for every value.
    #[arg(long)]
    pub(crate) proofs: bool,
    /// Poll interval for head and pending transactions, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 250,
        value_parser = clap::value_parser!(u64).range(10..=60_000))]
    pub(crate) poll_ms: u64,
    /// Allowed web origin, such as https://app.example; repeatable.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Write logs as JSON lines.
    #[arg(long)]
    pub(crate) log_json: bool,
    /// Limits of requests.
    #[command(flatten)]
    pub(crate) limits: ServeLimits,
}

/// Limits of `serve`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct ServeLimits {
    /// Maximum size of a request in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20)]
    pub(crate) max_request_bytes: u32,
    /// Maximum size of a response in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20)]
    pub(crate) max_answer_bytes: u32,
    /// Maximum requests in a batch.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) max_batch: u32,
    /// Maximum transactions in a request.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) max_txs: u32,
    /// Timeout of a request in milliseconds, queueing included.
    #[arg(long, value_name = "MS", default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(crate) timeout_ms: u64,
    /// Maximum concurrent requests [default: twice the number of cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) concurrency: Option<u32>,
    /// Maximum open connections.
    #[arg(long, value_name = "N", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) max_connections: u32,
    /// Maximum subscriptions per connection.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) max_subscriptions: u32,
    /// Maximum pending transactions whose predictions are kept up to date.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) max_pending: u32,
    /// Maximum contract summaries in memory.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) max_summaries: u32,
}
