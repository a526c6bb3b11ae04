//! Which commands and options are there?
//!
//! In: the arguments. Out: [`Args`].
//! Invariant: the help of every command has one imperative line, its options and examples.

mod blocks;
mod keep;
mod lint;
#[cfg(feature = "serve")]
mod serve;
mod shards;
mod when;

use std::{num::NonZeroUsize, path::PathBuf};

use crate::batch::Shard;
use clap::{
    ArgAction, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use slotcast::model::Fork;
use slotcast_corpus::{Era, Scenario};

#[cfg(feature = "serve")]
pub(crate) use self::serve::Serve;
pub(crate) use self::{
    blocks::{
        BasisArgument, Bench, Dialect, Explain, Predict, Report, Revalidate, Run, Schedule,
        ScheduleFormat, Score, Stage, Synthetic,
    },
    keep::{Keep, Store, StoreAction},
    lint::{Lint, LintFormat},
    shards::{Capacity, Partition},
    when::When,
};

/// More threads than any machine this will run on; beyond it a typing error is likelier.
const MAX_THREADS: u64 = 1024;

/// Predict which storage slots Ethereum transactions touch, and run blocks in parallel.
#[derive(Debug, Parser)]
#[command(name = "slotcast", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Global options.
    #[command(flatten)]
    pub(crate) global: Global,
}

const EXAMPLES: &str = "\
FILE is a recorded block (*.json or *.json.gz) or a folder of them [default: the embedded block].

Exit codes: 0 success, 1 a check failed, 2 bad input.

Examples:
  slotcast run                            predict, schedule, run in parallel and check
  slotcast run -j 4 --json blocks/        a folder, one JSON line per block
  slotcast score blocks/                  accuracy of the predictions
  slotcast predict --tx 3 block.json.gz   slots that transaction 3 will touch
  slotcast analyze Token.json             slots that each function touches";

/// Global options.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print JSON lines.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Colour the output.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// Print only results and errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more detail.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Number of threads [default: number of cores]; `bench` takes a list, such as 1,2,4.
    #[arg(
        short = 'j', long, global = true, value_name = "N", visible_alias = "jobs",
        value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=MAX_THREADS)
    )]
    threads: Vec<u64>,
}

impl Global {
    /// The numbers of threads to use, at least one of them.
    pub(crate) fn threads(&self) -> Vec<usize> {
        let given = self.threads.iter().filter_map(|threads| usize::try_from(*threads).ok());
        let given: Vec<usize> = given.collect();
        match given.is_empty() {
            true => vec![std::thread::available_parallelism().map_or(1, NonZeroUsize::get)],
            false => given,
        }
    }
}

/// When to colour the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run blocks in parallel and compare with sequential execution and with the header.
    #[command(after_help = "\
Examples:
  slotcast run
  slotcast run -j 8 blocks/
  slotcast run --store summaries.db blocks/   keep contract summaries for the next run
  slotcast run --json block.json.gz | jq .matchesSequential
  slotcast run --hints predictions.json block.json.gz   use predictions made earlier")]
    Run(Run),
    /// Measure parallel execution against a plain sequential loop, interleaved.
    #[command(after_help = "\
Every figure is a median. A ratio is the time of the plain loop (revm over a cache, one transaction
after the other) divided by the time of scheduling and execution: with nothing predicted, with every
transaction predicted on the state before the block (`pooled`), and in the block's order (`hinted`).
`best` are the ratios of least times. `predict` is the time to predict the block in its order, which
is in none of the ratios.

Examples:
  slotcast bench
  slotcast bench --threads 1,2 blocks/
  slotcast bench --json blocks/ | jq .summary
  slotcast bench --synthetic all --threads 1,2
  slotcast bench --synthetic workloads --gas 40000000 --threads 1,2
  slotcast bench --units blocks/")]
    Bench(Bench),
    /// Print the access set of each transaction, without executing it.
    #[command(after_help = "\
Without --format, --json prints the prediction file (the same as --format slotcast).

Examples:
  slotcast predict --tx 3
  slotcast predict --format slotcast block.json.gz > predictions.json
  slotcast predict --format eip2930 block.json.gz | jq '.txs[0].accessList'
  slotcast predict --format fetch block.json.gz | jq '.accounts[].slots | length'
  slotcast predict --format packed --out hints.bin blocks/   compact binary form")]
    Predict(Predict),
    /// List predictions invalidated by a state change.
    #[command(after_help = "\
CHANGED is the new state of accounts in the form of geth's prestate tracer: an answer to
debug_traceBlock with diffMode, an account map, or a recorded block, whose pre-state is taken. Words
that it does not name are unchanged.

Examples:
  slotcast predict --basis parent --format slotcast --out predictions.json block.json.gz
  slotcast revalidate --hints predictions.json traced.json
  slotcast revalidate --json --hints predictions.json traced.json | jq '.stale[].tx'")]
    Revalidate(Revalidate),
    /// Score predictions against what execution touches.
    #[command(after_help = "\
Examples:
  slotcast score blocks/
  slotcast score --json block.json.gz
  slotcast score --baseline blocks/       next to parent-state simulation (baseline)
  slotcast score --misses block.json.gz   every missing and wrong slot with its reason
  slotcast score --refunds blocks/        how well gas refunds for warm state are predicted
  slotcast score --predictions predictions.json block.json.gz
  slotcast score --scoreboard board.json --scoreboard board.md blocks/
  slotcast score --against board.json blocks/")]
    Score(Score),
    /// Write an HTML report on accuracy and speed.
    #[command(after_help = "\
The page is one file: accuracy by kind of transaction and by fork, reasons of misses, speed measured on
this machine, simulated speed and throughput on more threads, and a sortable table of blocks. With
--no-timing it depends on the blocks alone.

Examples:
  slotcast report -o report.html
  slotcast report -j 2 -o report.html blocks/
  slotcast report --no-timing -o report.html blocks/")]
    Report(Report),
    /// Explain why a slot is predicted, why an edge exists, and why a prediction was wrong.
    #[command(after_help = "\
Stages: cfg and ir, the blocks and terms of the entered code; summary, the accesses of its function;
prediction, the origin of each slot; dag, the dependencies; outcome.

Examples:
  slotcast explain --tx 3
  slotcast explain --tx 3 --stage dag block.json.gz
  slotcast explain --tx 3 --json block.json.gz | jq .prediction.slots")]
    Explain(Explain),
    /// Print dependencies, layers and critical path, and simulate 1 to 64 threads.
    #[command(after_help = "\
The times are simulated from estimated gas; `slotcast run` measures.

Examples:
  slotcast schedule block.json.gz
  slotcast schedule --format html block.json.gz > block.html
  slotcast schedule --format svg --lanes 4 block.json.gz > block.svg
  slotcast schedule --hints predictions.json block.json.gz
  slotcast schedule --format dot block.json.gz | dot -Tsvg > graph.svg")]
    Schedule(Schedule),
    /// Divide state among shards so that few transactions need several.
    #[command(after_help = shards::PARTITION_HELP)]
    Partition(Partition),
    /// Estimate the threads, cost and energy that a throughput takes.
    #[command(after_help = shards::CAPACITY_HELP)]
    Capacity(Capacity),
    /// Print the storage accesses of each function, from bytecode alone.
    #[command(after_help = "\
CODE is runtime code in hexadecimal, a file with such code (text or bytes), or an artifact of solc,
Foundry, Hardhat, Truffle or Waffle; a folder stands for all artifacts in it, a project for its own.
Slots have the source's names where the compiler was told to write a storage layout.

Examples:
  slotcast analyze 0x6000355400
  slotcast analyze out/Token.sol/Token.json
  slotcast analyze .                      every contract of a compiled project
  slotcast analyze code.hex --names out/  deployed code, with the names of the artifact it is
  slotcast analyze --json build/*.json | jq .functions
  slotcast analyze --input codes.jsonl.gz --output accesses.jsonl.gz --shard 2/8
                                          millions of codes; the same command resumes")]
    Analyze(Analyze),
    /// Write the distinct codes of recorded blocks to a file, for `analyze --input`.
    #[command(after_help = "\
Examples:
  slotcast codes blocks/ --output codes.jsonl.gz")]
    Codes(Codes),
    /// Check the storage accesses of contracts against committed snapshots.
    #[command(after_help = "\
PATH is an artifact, a folder of them or a compiled project. What each contract touches is kept as a
text, one file for each contract, to be put under version control.

Examples:
  slotcast snapshot . --update            keep what every function touches today
  slotcast snapshot .                     exit with 1 and say what changed, if something did
  slotcast snapshot out/Token.sol/Token.json --snapshots test/access")]
    Snapshot(Snapshot),
    /// List slots that serialise users.
    #[command(after_help = lint::HELP)]
    Lint(Lint),
    /// Generate a synthetic block with valid signatures and a valid header.
    #[command(after_help = "\
Examples:
  slotcast generate --out block.json.gz
  slotcast generate --seed 7 --txs 200 --scenario amm --era cancun --out amm.json
  slotcast generate --chain op-mainnet --out rollup.json.gz")]
    Generate(Generate),
    /// Predict and execute each new block of a node.
    #[cfg(feature = "node")]
    #[command(after_help = "\
Each block is recorded, predicted, executed in parallel and compared with sequential execution, and
forgotten. Replaced blocks are reported; when the node fails it is asked again.

Examples:
  slotcast follow --rpc-url http://127.0.0.1:8545 --out followed.jsonl
  slotcast follow --from 24500000 --blocks 100 --no-trace")]
    Follow(Follow),
    /// Predict and execute each new block of a node (not in this build: needs the feature `node`).
    #[cfg(not(feature = "node"))]
    #[command(after_help = "\
Examples:
  cargo install --path cli --features node
  slotcast follow")]
    Follow(Absent),
    /// Record blocks from a node and verify them against their headers.
    #[cfg(feature = "node")]
    #[command(after_help = "\
A block is traced where the node has the debug namespace; otherwise its state is fetched word by word,
as prediction and execution ask for it. A block is executed before it is written and must satisfy its
header. Complete files are kept, so that the same command resumes after a failure.

Examples:
  slotcast record --rpc-url http://127.0.0.1:8545 --block latest --out blocks/
  slotcast record --block 24500000..24500099 --out blocks/ --concurrency 8 --per-second 50
  slotcast record --block 24500000 --out blocks/ --proofs always")]
    Record(Record),
    /// Record blocks from a node and verify them against their headers (not in this build: needs the feature `node`).
    #[cfg(not(feature = "node"))]
    #[command(after_help = "\
Examples:
  cargo install --path cli --features node
  slotcast record")]
    Record(Absent),
    /// Manage the summary cache.
    #[command(after_help = "\
Examples:
  slotcast store stat summaries.db
  slotcast store export summaries.db --output summaries.export
  slotcast store import summaries.db summaries.export")]
    Store(Store),
    /// Serve predictions over JSON-RPC (HTTP and WebSocket).
    #[cfg(feature = "serve")]
    #[command(after_help = "\
Blocks and states come from a node (--rpc-url), from recorded blocks (--blocks, which takes precedence),
or from the embedded block. The service listens on the loopback interface unless --listen is given.
Logs go to standard error; /health and /metrics are served next to JSON-RPC.

Examples:
  slotcast serve --rpc-url http://127.0.0.1:8545
  slotcast serve --blocks blocks/ --listen 127.0.0.1:9000
  slotcast serve --rpc-url http://127.0.0.1:8545 --chain genesis.json
  slotcast serve --rpc-url http://127.0.0.1:8545 --store summaries.redb --log-json
  curl -s -H 'content-type: application/json' http://127.0.0.1:8549 \\
    -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}'")]
    Serve(Serve),
    /// Serve predictions over JSON-RPC (not in this build: needs the feature `serve`).
    #[cfg(not(feature = "serve"))]
    #[command(after_help = "\
Examples:
  cargo install --path cli --features serve
  slotcast serve")]
    Serve(Absent),
    /// Print a shell completion script.
    #[command(after_help = "\
Examples:
  slotcast completions bash > ~/.local/share/bash-completion/completions/slotcast
  slotcast completions zsh > _slotcast")]
    Completions(Completions),
    /// Print the manual page.
    #[command(after_help = "\
Examples:
  slotcast man > slotcast.1
  slotcast man | man -l -")]
    Man,
}

/// Arguments of a command that this build leaves out, whatever they are.
#[cfg(not(all(feature = "node", feature = "serve")))]
#[derive(Debug, clap::Args)]
pub(crate) struct Absent {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// Shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Recorded blocks.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Recorded blocks or folders of them [default: the embedded block].
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Apply the rules of this chain: a known name (such as op-mainnet), or a genesis file in geth's
    /// form [default: the chain with the block's chain id].
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) chain: Option<PathBuf>,
}

/// Results that are kept.
#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// Append the results of each block to this file, one JSON line for each, and skip the blocks that
    /// it already has, so that many blocks can be processed in several runs.
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
}

/// Arguments of `analyze`.
#[derive(Debug, clap::Args)]
pub(crate) struct Analyze {
    /// Codes, artifacts and folders of them.
    #[arg(value_name = "CODE|FILE|FOLDER", required_unless_present = "input")]
    pub(crate) codes: Vec<String>,
    /// Take names from the artifact among these with the same code; immutables, libraries and metadata
    /// may differ.
    #[arg(long, value_name = "PATH")]
    pub(crate) names: Option<String>,
    /// The fork under whose rules the code runs.
    #[arg(long, default_value = Fork::Osaka.name(), value_parser = named(&Fork::ALL, Fork::name))]
    pub(crate) fork: Fork,
    /// Analyze every code of a file of JSON lines instead, plain or gzipped, each with `code` and
    /// optionally `codeHash`.
    #[arg(long, value_name = "FILE", requires = "output", conflicts_with_all = ["codes", "names"])]
    pub(crate) input: Option<PathBuf>,
    /// Write a line for each distinct code of --input to this file, gzipped; an interrupted run is
    /// resumed.
    #[arg(long, value_name = "FILE", requires = "input")]
    pub(crate) output: Option<PathBuf>,
    /// Analyze this part of --input, when several machines share it.
    #[arg(long, value_name = "I/N", requires = "input", default_value_t = Shard::ALL)]
    pub(crate) shard: Shard,
    /// Summary cache.
    #[command(flatten)]
    pub(crate) keep: Keep,
}

/// Arguments of `codes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Codes {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Output file of JSON lines, compressed if the name ends in .gz.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Arguments of `snapshot`.
#[derive(Debug, clap::Args)]
pub(crate) struct Snapshot {
    /// An artifact, a folder of artifacts or a compiled project.
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// Write the current accesses instead of failing.
    #[arg(long)]
    pub(crate) update: bool,
    /// Folder of the snapshots.
    #[arg(long, value_name = "FOLDER", default_value = "access-snapshots")]
    pub(crate) snapshots: PathBuf,
    /// The fork under whose rules the code runs.
    #[arg(long, default_value = Fork::Osaka.name(), value_parser = named(&Fork::ALL, Fork::name))]
    pub(crate) fork: Fork,
}

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Generate {
    /// Seed of the generator.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of transactions.
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub(crate) txs: usize,
    /// Kind of transactions.
    #[arg(long, default_value = Scenario::Mixed.name(), value_parser = named(Scenario::ALL, Scenario::name))]
    pub(crate) scenario: Scenario,
    /// Era of the block, which decides its fork; of a rollup's block also the fork itself, as fjord.
    #[arg(long, default_value = Era::Osaka.name(), value_parser = when::parser())]
    pub(crate) era: When,
    /// Chain id of the signatures, whose rules are known.
    #[arg(long, value_name = "ID", default_value_t = 1)]
    pub(crate) chain_id: u64,
    /// Generate the block by the rules of this chain and sign for it: a known name (such as op-mainnet), or
    /// a genesis file in geth's form. A rollup's block opens with the deposit that writes its fee
    /// parameters and with deposits of users, which count as transactions.
    #[arg(long, value_name = "FILE|NAME", conflicts_with = "chain_id")]
    pub(crate) chain: Option<PathBuf>,
    /// Output file, compressed if the name ends in .gz.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Arguments of `record`.
#[cfg(feature = "node")]
#[derive(Debug, clap::Args)]
pub(crate) struct Record {
    /// The node.
    #[command(flatten)]
    pub(crate) node: NodeOptions,
    /// Block number, inclusive range, or `latest`.
    #[arg(short, long, value_name = "N|A..B|latest")]
    pub(crate) block: String,
    /// Output folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// Arguments of `follow`.
#[cfg(feature = "node")]
#[derive(Debug, clap::Args)]
pub(crate) struct Follow {
    /// The node.
    #[command(flatten)]
    pub(crate) node: NodeOptions,
    /// Start with this block [default: the newest].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) from: Option<u64>,
    /// Stop after this many blocks [default: never].
    #[arg(long, value_name = "N")]
    pub(crate) blocks: Option<u64>,
    /// Append a JSON line for each block, and for each that was replaced, to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Poll interval for the next block, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    pub(crate) interval: u64,
}

/// How a node is asked for blocks.
#[cfg(feature = "node")]
#[derive(Debug, clap::Args)]
pub(crate) struct NodeOptions {
    /// JSON-RPC endpoint of the node (http or https).
    #[arg(short, long, value_name = "URL", env = "ETH_RPC_URL", hide_env_values = true)]
    pub(crate) rpc_url: String,
    /// Record by the rules of this chain: a known name, or a genesis file in geth's form [default: the
    /// chain with the node's chain id].
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) chain: Option<PathBuf>,
    /// Maximum concurrent requests.
    #[arg(long, value_name = "N", default_value_t = 4,
        value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) concurrency: u32,
    /// Maximum requests per second [default: unlimited].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) per_second: Option<u32>,
    /// Retries of a failed request, with exponential backoff.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) retries: u32,
    /// Timeout of a request in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// When to request values with proofs.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) proofs: Proofs,
    /// Do not use the debug namespace.
    #[arg(long)]
    pub(crate) no_trace: bool,
}

/// When values are asked for with proofs.
#[cfg(feature = "node")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proofs {
    /// Where state is fetched word by word and the node has proofs.
    #[default]
    Auto,
    /// For everything that is recorded.
    Always,
    /// Never, for development nodes whose state roots are wrong.
    Never,
}

fn synthetic() -> impl TypedValueParser<Value = Synthetic> {
    let names = Scenario::ALL.iter().map(|scenario| scenario.name());
    PossibleValuesParser::new(names.chain(["all", "workloads"])).map(|name| {
        let found = Scenario::ALL.iter().find(|scenario| scenario.name() == name);
        match (found, name.as_str()) {
            (Some(scenario), _) => Synthetic::Of(*scenario),
            (None, "workloads") => Synthetic::Workloads,
            (None, _) => Synthetic::All,
        }
    })
}

/// Reads one of `all` by its name.
fn named<T: Copy + Send + Sync>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(move |it| name(*it))).map(move |given| {
        let found = all.iter().find(|it| name(**it) == given);
        *found.expect("the parser lets known names through only")
    })
}

#[cfg(test)]
mod tests;
