//! What can be asked of the commands that look beyond one machine?

use std::path::PathBuf;

use super::Files;

/// Help of `partition`.
pub(super) const PARTITION_HELP: &str = "\
A transaction crosses if what it touches stands on several shards. Plans are made from predicted
sets, before anything runs, and judged by what transactions do touch.
FILEs are taken as consecutive blocks. The throughput is simulated: each shard has its own threads,
and a crossing transaction holds all its shards.

Examples:
  slotcast partition --shards 4 blocks/
  slotcast partition --shards 2,8,60 --generate 100000
  slotcast partition --shards 4 --plan --json block.json.gz   shards of transactions and slots
  slotcast partition --divider ./slotcast-metis blocks/       next to a divider of account graphs";

/// Help of `capacity`.
pub(super) const CAPACITY_HELP: &str = "\
The costs of each transaction are measured on one thread of this machine; times on more threads
are simulated from them. Three situations of prediction: cold (nothing known before the block),
pooled (predicted on the parent state when transactions arrived) and hinted (predictions come with
the block).

Examples:
  slotcast capacity --mgas-per-second 500
  slotcast capacity --mgas-per-second 1000 --price 0.04 --watts 5 blocks/
  slotcast capacity --mgas-per-second 1000 --json blocks/ | jq .engines";

/// Arguments of `partition`.
#[derive(Debug, clap::Args)]
pub(crate) struct Partition {
    /// Recorded blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Numbers of shards.
    #[arg(
        long, value_name = "K", value_delimiter = ',', default_value = "2,4,8,16,60",
        value_parser = clap::value_parser!(u32).range(1..=1024)
    )]
    pub(crate) shards: Vec<u32>,
    /// Print the plan of each block instead, without running any transaction; takes one K.
    #[arg(long, conflicts_with_all = ["divider", "generate"])]
    pub(crate) plan: bool,
    /// Generate so many transactions instead, with recipients, tokens and pools popular by Zipf's law.
    #[arg(long, value_name = "TXS", conflicts_with = "files", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) generate: Option<u32>,
    /// Transactions of a generated block.
    #[arg(long, value_name = "TXS", default_value_t = 10_000, requires = "generate", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) block_txs: u32,
    /// Compare with a program that divides graphs: it is given the number of parts as argument and a
    /// graph of METIS's form on standard input, and prints the part of each vertex on a
    /// line; lines that are no numbers are ignored.
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) divider: Option<PathBuf>,
    /// Most work of a shard, in percent of the mean.
    #[arg(long, value_name = "PERCENT", default_value_t = 105, value_parser = clap::value_parser!(u64).range(100..=1_000))]
    pub(crate) bound: u64,
    /// Simulated threads of each shard.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) shard_threads: u32,
    /// Simulated delay of a crossing transaction, in microseconds.
    #[arg(long, value_name = "MICROS", default_value_t = 500)]
    pub(crate) round_trip: u64,
}

/// Arguments of `capacity`.
#[derive(Debug, clap::Args)]
pub(crate) struct Capacity {
    /// Recorded blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Wanted throughput, in millions of gas in a second.
    #[arg(long, value_name = "MGAS", value_parser = positive)]
    pub(crate) mgas_per_second: f64,
    /// Price of one thread for an hour, in any currency.
    #[arg(long, value_name = "PRICE", value_parser = positive)]
    pub(crate) price: Option<f64>,
    /// Power of one working thread.
    #[arg(long, value_name = "WATTS", value_parser = positive)]
    pub(crate) watts: Option<f64>,
}

/// Reads a number above zero.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if 0.0 < number && number.is_finite() => Ok(number),
        _ => Err("not a number above zero".to_owned()),
    }
}
