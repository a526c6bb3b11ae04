//! Where are summaries to be kept, and what is to be done with what is kept?
//!
//! In: the arguments. Out: [`Keep`], which commands that need summaries take, and [`Store`].

use std::path::PathBuf;

use clap::Subcommand;

/// Where summaries outlive the process.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Summaries")]
pub(crate) struct Keep {
    /// Look for summaries of contracts in this file first, and keep there what had to be made;
    /// results do not depend on it.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// The size beyond which the file forgets what was used longest ago.
    #[arg(long, value_name = "MIB", default_value_t = 1024, requires = "store",
        value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub(crate) store_size: u64,
}

/// Arguments of `store`.
#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) action: StoreAction,
}

/// What can be done with a file of summaries.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Say how much it holds, and how much of that this slotcast can use.
    Stat {
        /// The file that --store named.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write what it holds to a file that another machine imports.
    Export {
        /// The file that --store named.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where to write it.
        #[arg(long, value_name = "EXPORT")]
        output: PathBuf,
    },
    /// Put what other machines exported into it.
    Import {
        /// The file that --store named, or is going to name.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What was exported.
        #[arg(value_name = "EXPORT", required = true)]
        exports: Vec<PathBuf>,
        /// The size beyond which the file forgets what was used longest ago.
        #[arg(long, value_name = "MIB", default_value_t = 1024,
            value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
        store_size: u64,
    },
}
