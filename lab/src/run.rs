//! What happens to one recorded block, from its bytes to the proof that running it in parallel gave
//! what running it in order gives?
//!
//! In: a [`RecordedBlock`] and [`RunSettings`]. Out: a [`Report`].
//! Invariant: everything in a report but its [`Micros`] is the same for every number of threads.

use alloy_eip7928::compute_block_access_list_hash;
use alloy_primitives::{B256, keccak256};
use serde::Serialize;
use slotcast_corpus::RecordedBlock;
use slotcast_executor::{
    Advice, BlockOutcome, ExecutionMode, HeaderCheck, Mode, SequentialSettings, Settings,
    block_access_list, execute, execute_sequential, spec_name,
};
use slotcast_scheduler::schedule;

use crate::state_root::check_state_root;

use slotcast::{
    Clock, ExecutionRule, PredictSettings, Predicted, Prepared, forecasts, heaviest_chain,
    predicted_gas, prediction_file, schedule_of_waits,
};
use slotcast_corpus::{RunError, prepare};

/// How to run a block.
#[derive(Debug)]
pub struct RunSettings {
    /// How hard to try to predict.
    pub predict: PredictSettings,
    /// Threads, how to follow a schedule, and when to give it up.
    pub execution: Settings,
    /// Whether the block is executed in parallel in any case.
    pub rule: ExecutionRule,
}

/// Predicts, schedules, runs in parallel and checks one block.
///
/// ```
/// use slotcast::executor::Settings;
/// use slotcast_corpus as corpus;
/// use slotcast_lab::{RunSettings, run_block};
///
/// let settings = RunSettings {
///     predict: Default::default(),
///     execution: Settings::with_threads(2)?,
///     rule: Default::default(),
/// };
/// let report = run_block(&corpus::embedded()?, &settings)?;
/// assert!(report.matches_sequential && report.matches_header.holds());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_block(recorded: &RecordedBlock, settings: &RunSettings) -> Result<Report, RunError> {
    let prepared = prepare(recorded)?;
    let predicted = prepared.predict(&settings.predict);
    run_predicted(recorded, &prepared, predicted, settings)
}

/// Schedules, runs in parallel and checks one block by predictions made earlier.
///
/// ```
/// use slotcast::executor::Settings;
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::{RunSettings, run_predicted};
///
/// let settings = RunSettings {
///     predict: Default::default(),
///     execution: Settings::with_threads(2)?,
///     rule: Default::default(),
/// };
/// let recorded = corpus::embedded()?;
/// let prepared = prepare(&recorded)?;
/// let predicted = prepared.predict(&settings.predict);
/// assert!(run_predicted(&recorded, &prepared, predicted, &settings)?.holds());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_predicted(
    recorded: &RecordedBlock,
    prepared: &Prepared,
    predicted: Predicted,
    settings: &RunSettings,
) -> Result<Report, RunError> {
    let (block, state) = (prepared.block(), prepared.state());
    let spec = spec_name(block).map_err(|source| RunError::of(prepared.block(), source))?;
    let Predicted { predictions, analyze_micros, predict_micros } = predicted;

    let clock = Clock::start();
    let mode = settings.execution.mode;
    let schedule = match mode {
        Mode::Layers => schedule(&forecasts(block, &predictions)),
        Mode::Dataflow => schedule_of_waits(prepared, &predictions),
    };
    // The number of threads has no say, so that reports are the same for each.
    let by_cost = || {
        let gas = predicted_gas(prepared, &predictions);
        let units = &settings.execution.units;
        units.plan(block, Some(&gas), |address| state.code_bytes(address)).mode
    };
    let executed_as = match settings.rule {
        ExecutionRule::ByCost => by_cost(),
        ExecutionRule::Always(mode) => mode,
    };
    let schedule_micros = clock.micros();

    let clock = Clock::start();
    let (advice, followed) = match (executed_as, mode) {
        (ExecutionMode::Sequential, _) => (Advice::None, ScheduleMode::Sequential),
        (ExecutionMode::Parallel, mode) => {
            (Advice::Schedule(&schedule, &settings.execution), mode.into())
        }
    };
    let failed = |source| RunError::of(block, source);
    let execution = execute(block, state, advice).map_err(failed)?;
    let execute_micros = clock.micros();
    let (reexecuted, n_executions) = (execution.reexecuted().to_vec(), execution.n_executions());
    let outcome = execution.into_outcome(state).map_err(failed)?;

    let clock = Clock::start();
    let unobserved = SequentialSettings { is_observed: false };
    let sequential = execute_sequential(block, state, &unobserved)
        .map_err(|source| RunError::of(prepared.block(), source))?;
    let sequential_micros = clock.micros();

    let matches_header = MatchesHeader::of(&outcome, recorded, prepared)?;
    let gas = sequential.outcome.txs.iter().map(|tx| tx.gas_used().unwrap_or(0)).collect();
    Ok(Report {
        block: block.header.number,
        chain_id: block.chain_id,
        spec,
        txs: block.n_transactions(),
        gas_used: sequential.outcome.gas_used,
        threads: settings.execution.pool.threads(),
        schedule: followed,
        layers: schedule.layers().len(),
        edges: schedule.dag().n_edges(),
        critical_path_gas: heaviest_chain(&schedule, &gas),
        executions: n_executions,
        reexecuted: reexecuted.iter().map(|tx| tx.0).collect(),
        matches_sequential: outcome == sequential.outcome,
        matches_header,
        digests: Digests {
            prediction: keccak256(prediction_file::print(block.header.number, &predictions)),
            schedule: schedule.digest(),
            outcome: outcome.digest(),
        },
        micros: Micros {
            analyze: analyze_micros,
            predict: predict_micros,
            schedule: schedule_micros,
            execute: execute_micros,
            total: predict_micros + schedule_micros + execute_micros,
            sequential: sequential_micros,
        },
        n_missing_reads: state.n_missing_reads(),
    })
}

/// What became of a block; its JSON form is what `slotcast run --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The block's number.
    pub block: u64,
    /// The chain it is of.
    pub chain_id: u64,
    /// The fork it runs under.
    pub spec: String,
    /// How many transactions it has.
    pub txs: usize,
    /// The gas it used, run sequentially.
    pub gas_used: u64,
    /// How many threads ran it.
    pub threads: usize,
    /// How the schedule was followed.
    pub schedule: ScheduleMode,
    /// How many layers the schedule has.
    pub layers: usize,
    /// How many edges the schedule has.
    pub edges: usize,
    /// The gas that the heaviest chain of scheduled transactions used.
    pub critical_path_gas: u64,
    /// How often transactions were run, all in all.
    pub executions: usize,
    /// The transactions run twice, ascending.
    pub reexecuted: Vec<u32>,
    /// Whether running in parallel gave what sequential execution gave.
    pub matches_sequential: bool,
    /// Whether it gave what the header states.
    pub matches_header: MatchesHeader,
    /// What to compare between runs.
    pub digests: Digests,
    /// Where the time went.
    pub micros: Micros,
    /// Reads of state that was not recorded: a reason to doubt the recording.
    #[serde(skip)]
    pub n_missing_reads: u64,
}

impl Report {
    /// Whether everything that can be checked holds.
    pub fn holds(&self) -> bool {
        self.matches_sequential && self.matches_header.holds()
    }
}

/// How a schedule was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleMode {
    /// Layer by layer.
    Layers,
    /// Every transaction as soon as what it waits for is decided.
    Dataflow,
    /// One transaction after the other, since several threads would win nothing.
    Sequential,
}

impl From<Mode> for ScheduleMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Layers => Self::Layers,
            Mode::Dataflow => Self::Dataflow,
        }
    }
}

impl ScheduleMode {
    /// The mode's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Dataflow => "dataflow",
            Self::Sequential => "sequential",
        }
    }
}

/// What of the header came out; nothing where the header proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchesHeader {
    /// Gas used.
    pub gas_used: Option<bool>,
    /// The receipts' root, from Byzantium on.
    pub receipts_root: Option<bool>,
    /// The union of the receipts' blooms.
    pub logs_bloom: Option<bool>,
    /// The root of the state, where all of it is recorded; not mentioned elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_root: Option<bool>,
    /// The block access list (EIP-7928) of sequential execution, where the header states one; not
    /// mentioned elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_access_list: Option<bool>,
}

impl From<HeaderCheck> for MatchesHeader {
    fn from(check: HeaderCheck) -> Self {
        let HeaderCheck { gas_used, receipts_root, logs_bloom } = check;
        let (state_root, block_access_list) = (None, None);
        Self { gas_used, receipts_root, logs_bloom, state_root, block_access_list }
    }
}

impl MatchesHeader {
    /// Holds an outcome of the block against its header.
    fn of(
        outcome: &BlockOutcome,
        recorded: &RecordedBlock,
        prepared: &Prepared,
    ) -> Result<Self, RunError> {
        let state_root = check_state_root(recorded, outcome)?;
        let block_access_list = check_access_list(prepared)?;
        let proven = Self::from(outcome.check_header(&prepared.block().header));
        Ok(Self { state_root, block_access_list, ..proven })
    }

    /// Whether nothing differs.
    pub fn holds(&self) -> bool {
        self.fields().into_iter().all(|(_, matches)| matches != Some(false))
    }

    /// The fields with their names.
    pub const fn fields(&self) -> [(&'static str, Option<bool>); 5] {
        [
            ("gasUsed", self.gas_used),
            ("receiptsRoot", self.receipts_root),
            ("logsBloom", self.logs_bloom),
            ("stateRoot", self.state_root),
            ("blockAccessList", self.block_access_list),
        ]
    }
}

/// Whether sequential execution touches what the header's block access list says (EIP-7928); none
/// where the header states none.
fn check_access_list(prepared: &Prepared) -> Result<Option<bool>, RunError> {
    let Some(stated) = prepared.block().header.block_access_list_hash else { return Ok(None) };
    let list = block_access_list(prepared.block(), prepared.state());
    let list = list.map_err(|source| RunError::of(prepared.block(), source))?;
    Ok(Some(compute_block_access_list_hash(&list) == stated))
}

/// One hash for each stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// Keccak-256 of the block's prediction file, without white space.
    pub prediction: B256,
    /// The schedule's weights, layers and edges.
    pub schedule: B256,
    /// Everything in the outcome.
    pub outcome: B256,
}

/// Where the time went, in microseconds; it decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Micros {
    /// Summarising contracts, all of them.
    pub analyze: u64,
    /// Predicting with the summaries at hand.
    pub predict: u64,
    /// From predictions to a schedule.
    pub schedule: u64,
    /// Running in parallel.
    pub execute: u64,
    /// Predicting, scheduling and running.
    pub total: u64,
    /// Sequential execution.
    pub sequential: u64,
}
