//! Where is the summary cache, and how is it managed?
//!
//! In: the arguments. Out: [`Keep`], which commands that need summaries take, and [`Store`].

use std::path::PathBuf;

use clap::Subcommand;

/// The summary cache.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Summaries")]
pub(crate) struct Keep {
    /// Summary cache: read contract summaries from this file and add new ones; results do not depend
    /// on it.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Maximum size of the cache; the least recently used summaries are evicted.
    #[arg(long, value_name = "MIB", default_value_t = 1024, requires = "store",
        value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub(crate) store_size: u64,
}

/// Arguments of `store`.
#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    /// The action.
    #[command(subcommand)]
    pub(crate) action: StoreAction,
}

/// Actions on the summary cache.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Print how much it holds and how much of it this version can use.
    Stat {
        /// Summary cache.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Export it to a file.
    Export {
        /// Summary cache.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Output file.
        #[arg(long, value_name = "EXPORT")]
        output: PathBuf,
    },
    /// Import exported files.
    Import {
        /// Summary cache, created if absent.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Exported files.
        #[arg(value_name = "EXPORT", required = true)]
        exports: Vec<PathBuf>,
        /// Maximum size of the cache; the least recently used summaries are evicted.
        #[arg(long, value_name = "MIB", default_value_t = 1024,
            value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
        store_size: u64,
    },
}
