//! What can be asked of the commands that work on recorded blocks?

use std::path::PathBuf;

use clap::ValueEnum;
use slotcast::scheduler::Mode;
use slotcast_corpus::Scenario;

use super::{Files, Keep, Resume};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Where results are kept.
    #[command(flatten)]
    pub(crate) resume: Resume,
    /// Where summaries are kept.
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Use the predictions in this file, as `predict` wrote it, instead of predicting.
    #[arg(long, value_name = "FILE")]
    pub(crate) hints: Option<PathBuf>,
    /// Execute every block on all threads and follow its schedule this way [default: what is
    /// fastest, and sequentially where threads do not pay].
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeArgument>,
}

/// How a schedule is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArgument {
    /// A transaction waits for all of the layers before its own.
    Layers,
    /// A transaction waits for those it depends on.
    Dataflow,
    /// The same, but it runs on the values that are predicted instead of waiting for them.
    Values,
}

impl From<ModeArgument> for Mode {
    fn from(mode: ModeArgument) -> Self {
        match mode {
            ModeArgument::Layers => Self::Layers,
            ModeArgument::Dataflow => Self::Dataflow,
            ModeArgument::Values => Self::Values,
        }
    }
}

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Where results are kept.
    #[command(flatten)]
    pub(crate) resume: Resume,
    /// Measure the unit costs of the profitability check instead.
    #[arg(long)]
    pub(crate) units: bool,
    /// Measure synthetic blocks of this kind instead of recorded ones; `all` are those without any
    /// conflict and those where three transactions in ten meet, `workloads` the eleven of OP Labs'
    /// parallel executor.
    #[arg(
        long, value_name = "KIND", value_parser = super::synthetic(),
        conflicts_with_all = ["units", "files", "resume"]
    )]
    pub(crate) synthetic: Option<Synthetic>,
    /// Approximate gas of a synthetic block.
    #[arg(long, value_name = "GAS", default_value_t = 1_000_000_000, requires = "synthetic")]
    pub(crate) gas: u64,
    /// Follow predictions in this mode [default: the fastest].
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeArgument>,
    /// Use several threads for every block, even where the profitability check advises against it.
    #[arg(long)]
    pub(crate) always: bool,
    /// Also measure engines without summaries: a new one for each run.
    #[arg(long)]
    pub(crate) cold: bool,
}

/// Which synthetic blocks to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synthetic {
    /// Those between which real blocks lie.
    All,
    /// The workloads of another executor.
    Workloads,
    /// One kind.
    Of(Scenario),
}

/// Arguments of `predict`.
#[derive(Debug, clap::Args)]
pub(crate) struct Predict {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Where summaries are kept.
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// The JSON dialect to print.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Dialect>,
    /// Only the transaction at this position.
    #[arg(long, value_name = "N")]
    pub(crate) tx: Option<u32>,
    /// State that predictions build on.
    #[arg(long, value_enum, value_name = "STATE", default_value_t)]
    pub(crate) basis: BasisArgument,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// What predictions may build on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum BasisArgument {
    /// The state before the block, with what earlier predictions expect to be changed.
    #[default]
    Block,
    /// The state before the block alone, as for transactions whose place is not known yet.
    Parent,
}

/// Arguments of `revalidate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Revalidate {
    /// The predictions, as `predict --json` wrote them.
    #[arg(long, value_name = "FILE")]
    pub(crate) hints: PathBuf,
    /// Changes since then; where two files name the same word, the later one counts.
    #[arg(value_name = "CHANGED", required = true)]
    pub(crate) changed: Vec<PathBuf>,
}

/// A way to write predictions down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// The prediction file.
    Slotcast,
    /// EIP-2930 access lists.
    Eip2930,
    /// The keys of an EIP-7928 block access list, with what each transaction reads.
    Bal,
    /// The dependencies between transactions, as BEP-396 has them.
    Txdag,
    /// The accounts and slots to load beforehand, each once, sorted.
    Fetch,
    /// A compact binary form for a receiver that has the transactions; needs --out.
    Packed,
}

/// Options of `score` that say something of each block, and so nothing of a scoreboard.
const NO_BOARD: [&str; 5] = ["predictions", "baseline", "refunds", "misses", "resume"];

/// Arguments of `score`.
#[derive(Debug, clap::Args)]
pub(crate) struct Score {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// Where results are kept.
    #[command(flatten)]
    pub(crate) resume: Resume,
    /// Where summaries are kept.
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Score the predictions in this file, as JSON or packed, instead of our own.
    #[arg(long, value_name = "FILE")]
    pub(crate) predictions: Option<PathBuf>,
    /// Score two other predictions as well: parent-state simulation (each transaction executed alone on
    /// the parent state), and ours on the parent state.
    #[arg(long)]
    pub(crate) baseline: bool,
    /// Score how exactly predictions tell the gas refunds that the OP Stack plans for state warmed by an
    /// earlier transaction of the same block.
    #[arg(long)]
    pub(crate) refunds: bool,
    /// List every missing and wrong slot with its reason; so does -v.
    #[arg(long)]
    pub(crate) misses: bool,
    /// Write every figure that does not depend on time to this file instead, as JSON, or as a table
    /// if the name ends in .md; may be given several times.
    #[arg(long, value_name = "FILE", conflicts_with_all = NO_BOARD)]
    pub(crate) scoreboard: Vec<PathBuf>,
    /// Compare with a file that --scoreboard wrote, and fail if a figure got worse.
    #[arg(long, value_name = "FILE", conflicts_with_all = NO_BOARD)]
    pub(crate) against: Option<PathBuf>,
}

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// The page to write.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Measure no times, so that the page depends on the blocks alone.
    #[arg(long)]
    pub(crate) no_timing: bool,
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The recorded block [default: the embedded one].
    #[arg(value_name = "FILE")]
    pub(crate) block: Option<PathBuf>,
    /// The position of the transaction, from 0.
    #[arg(long, value_name = "N")]
    pub(crate) tx: u32,
    /// Show this stage only [default: prediction, dag and outcome].
    #[arg(long, value_enum)]
    pub(crate) stage: Option<Stage>,
}

/// A stage on the way from code to outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The blocks of the code that is entered, and where they lead.
    Cfg,
    /// The same with terms and effects.
    Ir,
    /// What the functions that are entered touch.
    Summary,
    /// Where each predicted slot comes from, and what is missing or wrong.
    Prediction,
    /// The transactions it waits for.
    Dag,
    /// Its result.
    Outcome,
}

impl Stage {
    /// The stage as the argument spells it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cfg => "cfg",
            Self::Ir => "ir",
            Self::Summary => "summary",
            Self::Prediction => "prediction",
            Self::Dag => "dag",
            Self::Outcome => "outcome",
        }
    }
}

/// Arguments of `schedule`.
#[derive(Debug, clap::Args)]
pub(crate) struct Schedule {
    /// The blocks.
    #[command(flatten)]
    pub(crate) blocks: Files,
    /// How to print the schedule [default: text, or json with --json].
    #[arg(long, value_enum)]
    pub(crate) format: Option<ScheduleFormat>,
    /// Schedule by the predictions of this file, as `predict` wrote it, instead of predicting.
    #[arg(long, value_name = "FILE")]
    pub(crate) hints: Option<PathBuf>,
    /// Show every predicted dependency, including those that execution does not wait for: known nonces,
    /// covered balances, unobserved credits.
    #[arg(long)]
    pub(crate) all_edges: bool,
    /// Execution mode that svg and html draw; the page can change it.
    #[arg(long, value_enum, default_value = "values")]
    pub(crate) mode: ModeArgument,
    /// Number of threads of the timeline in svg and html.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) lanes: u8,
}

/// How to print a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleFormat {
    /// Tables; with -v every transaction and what it waits for.
    Text,
    /// One JSON document per block.
    Json,
    /// A graph in the Graphviz language.
    Dot,
    /// A drawing of the dependencies and of the simulated times.
    Svg,
    /// An interactive page: simulated timeline, dependencies, search.
    Html,
}
