//! What can be asked of the command?
//!
//! In: the arguments. Out: [`Args`].
//! Invariant: every command says in its help what it does and shows how it is used.

mod blocks;
mod keep;
mod lint;
#[cfg(feature = "serve")]
mod serve;

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
};

/// More threads than any machine this will run on; beyond it a typing error is likelier.
const MAX_THREADS: u64 = 1024;

/// Forecasts which storage slots Ethereum transactions touch, and runs blocks in parallel by it.
#[derive(Debug, Parser)]
#[command(name = "slotcast", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) global: Global,
}

const EXAMPLES: &str = "\
FILE is a recorded block (*.json or *.json.gz) or a folder of them; without one, the block embedded
in this program is used.

Exit codes: 0 success, 1 a check failed, 2 bad input.

Examples:
  slotcast run                            predict, schedule, run in parallel and check
  slotcast run -j 4 --json blocks/        the same for a folder, one JSON line per block
  slotcast score blocks/                  how good the predictions are
  slotcast predict --tx 3 block.json.gz   what transaction 3 will touch
  slotcast analyze Token.json             what each function of a contract touches";

/// What holds for every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output and resources")]
pub(crate) struct Global {
    /// Print JSON, one document per line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to colour the output.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// Print results and errors only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How many threads to run blocks with [default: one for each core]; `bench` takes several, with
    /// commas between.
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

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Predict, schedule, run in parallel, and compare with running in order and with the header.
    #[command(after_help = "\
Examples:
  slotcast run
  slotcast run -j 8 blocks/
  slotcast run --store summaries.db blocks/   compile contracts once, for the next time too
  slotcast run --json block.json.gz | jq .matchesSequential
  slotcast run --hints predictions.json block.json.gz   by predictions made before")]
    Run(Run),
    /// Measure running by the forecast against a plain loop, in turns.
    #[command(after_help = "\
Every figure is a median. The ratio is the time of the plain loop (revm over a cache, one transaction
after the other) to that of predicting, scheduling and running; `hinted` leaves predicting out, as for
a builder who has the predictions already.

Examples:
  slotcast bench
  slotcast bench --threads 1,2 blocks/
  slotcast bench --json blocks/ | jq .summary
  slotcast bench --synthetic all --threads 1,2
  slotcast bench --units blocks/")]
    Bench(Bench),
    /// Say what each transaction will touch, without running any.
    #[command(after_help = "\
Without --format, --json prints the prediction file (the same as --format slotcast).

Examples:
  slotcast predict --tx 3
  slotcast predict --format slotcast block.json.gz > predictions.json
  slotcast predict --format eip2930 block.json.gz | jq '.txs[0].accessList'
  slotcast predict --format fetch block.json.gz | jq '.accounts[].slots | length'
  slotcast predict --format packed --out hints.bin blocks/   in few bytes for each slot")]
    Predict(Predict),
    /// Say which predictions a change of the state has overtaken, without making any anew.
    #[command(after_help = "\
CHANGED says what accounts hold now, as geth's prestate tracer does: the answer to debug_traceBlock with
diffMode, or accounts alone, or a recorded block for the state before it. Words it does not name hold
what they held.

Examples:
  slotcast predict --basis parent --format slotcast --out predictions.json block.json.gz
  slotcast revalidate --hints predictions.json traced.json
  slotcast revalidate --json --hints predictions.json traced.json | jq '.stale[].tx'")]
    Revalidate(Revalidate),
    /// Compare predictions with what the transactions really touch.
    #[command(after_help = "\
Examples:
  slotcast score blocks/
  slotcast score --json block.json.gz
  slotcast score --rival blocks/          beside running each transaction alone on the parent state
  slotcast score --misses block.json.gz   every missing and wrong slot, and why
  slotcast score --predictions predictions.json block.json.gz
  slotcast score --scoreboard board.json --scoreboard board.md blocks/
  slotcast score --against board.json blocks/")]
    Score(Score),
    /// Write a page of how good and how quick the forecasts of these blocks are.
    #[command(after_help = "\
The page needs nothing but itself: accuracy by kind of transaction and by fork, why slots were missed,
speed measured now on this machine, simulated times on more threads, and every block's figures in a
table that sorts. Without times it is the same for the same blocks, on any machine.

Examples:
  slotcast report -o report.html
  slotcast report -j 2 -o report.html blocks/
  slotcast report --no-timing -o report.html blocks/")]
    Report(Report),
    /// Say why a transaction is predicted to touch what it is, and where that was wrong.
    #[command(after_help = "\
Stages: cfg and ir, the blocks and terms of the code that is entered; summary, what its function
touches; prediction, where each slot comes from; dag, whom the transaction waits for; outcome.

Examples:
  slotcast explain --tx 3
  slotcast explain --tx 3 --stage dag block.json.gz
  slotcast explain --tx 3 --json block.json.gz | jq .prediction.slots")]
    Explain(Explain),
    /// Print dependencies, layers and critical path, and simulate up to 64 threads.
    #[command(after_help = "\
The times are simulated from estimated gas; `slotcast run` measures.

Examples:
  slotcast schedule block.json.gz
  slotcast schedule --format html block.json.gz > block.html
  slotcast schedule --format svg --lanes 4 block.json.gz > block.svg
  slotcast schedule --hints predictions.json block.json.gz
  slotcast schedule --format dot block.json.gz | dot -Tsvg > graph.svg")]
    Schedule(Schedule),
    /// Say what each function of a contract touches, from its bytecode alone.
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
                                          millions of codes; go on by the same command")]
    Analyze(Analyze),
    /// Write the codes of recorded blocks to a file, each once, for `analyze --input`.
    #[command(after_help = "\
Examples:
  slotcast codes blocks/ --output codes.jsonl.gz")]
    Codes(Codes),
    /// Fail when a function touches other storage than it did; --update accepts it.
    #[command(after_help = "\
PATH is an artifact, a folder of them or a compiled project. What each contract touches is kept as a
text, one file for each contract, to be put under version control.

Examples:
  slotcast snapshot . --update            keep what every function touches today
  slotcast snapshot .                     exit with 1 and say what changed, if something did
  slotcast snapshot out/Token.sol/Token.json --snapshots test/access")]
    Snapshot(Snapshot),
    /// Say through which slots a contract's users wait for one another.
    #[command(after_help = lint::HELP)]
    Lint(Lint),
    /// Make up a block with real signatures and a header that its execution satisfies.
    #[command(after_help = "\
Examples:
  slotcast generate --out block.json.gz
  slotcast generate --seed 7 --txs 200 --scenario amm --era cancun --out amm.json")]
    Generate(Generate),
    /// Record blocks from a node, checked against their headers.
    #[cfg(feature = "node")]
    #[command(after_help = "\
A block is traced where the node has the debug namespace, else put together from single words that
predictions and then the run itself ask for. It is run before it is written and must give what its
header states. Files that are there and whole are kept, so the same command goes on after a failure.

Examples:
  slotcast record --rpc-url http://127.0.0.1:8545 --block latest --out blocks/
  slotcast record --block 24500000..24500099 --out blocks/ --concurrency 8 --per-second 50
  slotcast record --block 24500000 --out blocks/ --proofs always")]
    Record(Record),
    /// Look after a file of summaries that --store names: what it holds, and to other machines.
    #[command(after_help = "\
Examples:
  slotcast store stat summaries.db
  slotcast store export summaries.db --output summaries.export
  slotcast store import summaries.db summaries.export")]
    Store(Store),
    /// Answer forecasts over JSON-RPC, by HTTP and WebSocket, until told to end.
    #[cfg(feature = "serve")]
    #[command(after_help = "\
Blocks and states come from a node (--rpc-url), from recorded blocks (--blocks, which counts more), or
from the embedded block. The service is reached from this machine only unless --listen says otherwise.
Logs go to standard error; /health and /metrics are answered beside JSON-RPC.

Examples:
  slotcast serve --rpc-url http://127.0.0.1:8545
  slotcast serve --blocks blocks/ --listen 127.0.0.1:9000
  slotcast serve --rpc-url http://127.0.0.1:8545 --store summaries.redb --log-json
  curl -s -H 'content-type: application/json' http://127.0.0.1:8549 \\
    -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}'")]
    Serve(Serve),
    /// Print a script that completes the command's arguments in a shell.
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

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// The blocks to work on.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Recorded blocks, or folders of them.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// Arguments of `analyze`.
#[derive(Debug, clap::Args)]
pub(crate) struct Analyze {
    /// Codes, artifacts and folders of them.
    #[arg(value_name = "CODE|FILE|FOLDER", required_unless_present = "input")]
    pub(crate) codes: Vec<String>,
    /// Take names from the artifact among these that is the same code, whatever its immutables,
    /// libraries and metadata.
    #[arg(long, value_name = "PATH")]
    pub(crate) names: Option<String>,
    /// The fork under whose rules the code runs.
    #[arg(long, default_value = Fork::Osaka.name(), value_parser = fork())]
    pub(crate) fork: Fork,
    /// Instead of these, every code of a file of JSON lines, plain or packed, each with `code` and
    /// perhaps `codeHash`.
    #[arg(long, value_name = "FILE", requires = "output", conflicts_with_all = ["codes", "names"])]
    pub(crate) input: Option<PathBuf>,
    /// Where to write a line for each distinct code of --input, packed; what is there already of a
    /// command that was broken off is kept.
    #[arg(long, value_name = "FILE", requires = "input")]
    pub(crate) output: Option<PathBuf>,
    /// Which of the codes of --input, where several machines share them.
    #[arg(long, value_name = "I/N", requires = "input", default_value_t = Shard::ALL)]
    pub(crate) shard: Shard,
    /// Where summaries are kept.
    #[command(flatten)]
    pub(crate) keep: Keep,
}

/// Arguments of `codes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Codes {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Where to write them as JSON lines, packed if the name ends in .gz.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Arguments of `snapshot`.
#[derive(Debug, clap::Args)]
pub(crate) struct Snapshot {
    /// An artifact, a folder of artifacts or a compiled project.
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// Write what is touched today instead of failing.
    #[arg(long)]
    pub(crate) update: bool,
    /// Where the texts are kept.
    #[arg(long, value_name = "FOLDER", default_value = "access-snapshots")]
    pub(crate) snapshots: PathBuf,
    /// The fork under whose rules the code runs.
    #[arg(long, default_value = Fork::Osaka.name(), value_parser = fork())]
    pub(crate) fork: Fork,
}

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Generate {
    /// Decides everything the other arguments leave open.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many transactions.
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub(crate) txs: usize,
    /// What they do.
    #[arg(long, default_value = Scenario::Mixed.name(), value_parser = scenario())]
    pub(crate) scenario: Scenario,
    /// When the block takes place.
    #[arg(long, default_value = Era::Osaka.name(), value_parser = era())]
    pub(crate) era: Era,
    /// The chain the transactions are signed for.
    #[arg(long, value_name = "ID", default_value_t = 1)]
    pub(crate) chain_id: u64,
    /// Where to write the block; packed if the name ends in .gz.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Arguments of `record`.
#[cfg(feature = "node")]
#[derive(Debug, clap::Args)]
pub(crate) struct Record {
    /// The node's JSON-RPC endpoint, over http or https.
    #[arg(short, long, value_name = "URL", env = "ETH_RPC_URL", hide_env_values = true)]
    pub(crate) rpc_url: String,
    /// Which blocks: a number, a range that includes both ends, or `latest`.
    #[arg(short, long, value_name = "N|A..B|latest")]
    pub(crate) block: String,
    /// The folder the files go to.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// How many questions may be under way at once.
    #[arg(long, value_name = "N", default_value_t = 4,
        value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) concurrency: u32,
    /// Most questions a second [default: no limit].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) per_second: Option<u32>,
    /// How often a question that failed is asked again, with growing pauses.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) retries: u32,
    /// Seconds after which a question has failed.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// When values are asked for with proofs.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) proofs: Proofs,
    /// Do not trace, even if the node could.
    #[arg(long)]
    pub(crate) no_trace: bool,
}

/// When values are asked for with proofs.
#[cfg(feature = "node")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proofs {
    /// Where single words are asked for and the node proves them.
    #[default]
    Auto,
    /// For everything that is recorded.
    Always,
    /// Never, as for development nodes whose state roots are not right.
    Never,
}

fn scenario() -> impl TypedValueParser<Value = Scenario> {
    let names = Scenario::ALL.iter().map(|scenario| scenario.name());
    PossibleValuesParser::new(names).map(|name| {
        let found = Scenario::ALL.iter().find(|scenario| scenario.name() == name);
        *found.expect("the parser lets known names through only")
    })
}

fn synthetic() -> impl TypedValueParser<Value = Synthetic> {
    let names = Scenario::ALL.iter().map(|scenario| scenario.name());
    PossibleValuesParser::new(names.chain(["all"])).map(|name| {
        let found = Scenario::ALL.iter().find(|scenario| scenario.name() == name);
        found.map_or(Synthetic::All, |scenario| Synthetic::Of(*scenario))
    })
}

fn fork() -> impl TypedValueParser<Value = Fork> {
    PossibleValuesParser::new(Fork::ALL.map(Fork::name))
        .map(|name| Fork::from_name(&name).expect("the parser lets known names through only"))
}

fn era() -> impl TypedValueParser<Value = Era> {
    PossibleValuesParser::new(Era::ALL.map(Era::name)).map(|name| {
        let found = Era::ALL.into_iter().find(|era| era.name() == name);
        found.expect("the parser lets known names through only")
    })
}

#[cfg(test)]
mod tests;
