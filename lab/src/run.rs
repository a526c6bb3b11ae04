//! What happens to one recorded block, from its bytes to the proof that running it in parallel gave
//! what sequential execution gives?
//!
//! In: a [`RecordedBlock`] and [`RunSettings`]. Out: a [`Report`].
//! Invariant: everything in a report but its [`Micros`] is the same for every number of threads.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, keccak256};
use serde::Serialize;
use slotcast::{
    Clock, Engine, EngineSettings, ExecutionRule, OnRejected, PredictSettings, Prepared, Summaries,
    graph::schedule_of, prediction_file,
};
use slotcast_corpus::{
    Around, PreAccount, PreState, RecordedBlock, RunError, prepare, receipts_of,
};
use slotcast_executor::{
    AccountChange, Block, BlockOutcome, ExecutionError, ExecutionMode, HeaderCheck, MemoryState,
    Mode, RollupCheck, SequentialSettings, TxOutcome, block_level_work, check_rollup,
    execute_baseline, execute_sequential, rules_of, spec_name,
};
use slotcast_model::{AccountAccess, Index, IndexVec, Observation, Prediction, TxIndex};
use slotcast_scheduler::Schedule;

use crate::state_root::check_state_root;

/// The engines that run blocks.
#[derive(Debug)]
pub struct RunSettings {
    checked: Engine,
    timed: Engine,
}

impl RunSettings {
    /// Runs blocks on so many threads; in `mode` in any case, or where several threads are expected to
    /// gain something.
    pub fn new(threads: usize, mode: Option<Mode>) -> Result<Self, ExecutionError> {
        let (mode, rules) = match mode {
            None => (Mode::default(), [ExecutionRule::ByCostOfTwo, ExecutionRule::ByCost]),
            Some(mode) => (mode, [ExecutionRule::Always(ExecutionMode::Parallel); 2]),
        };
        let engine = |execution| {
            let on_rejected = OnRejected::GoOn;
            let settings = EngineSettings { mode, execution, on_rejected, ..Default::default() };
            Engine::with_settings(threads, settings)
        };
        Ok(Self { checked: engine(rules[0])?, timed: engine(rules[1])? })
    }

    /// How hard it tries to predict.
    pub const fn predict(&self) -> PredictSettings {
        self.checked.settings().predict
    }
}

/// Where the predictions of a run come from.
#[derive(Debug)]
pub enum RunPredictions {
    /// They are made for the run, with these summaries.
    Made(Arc<Summaries>),
    /// They were made earlier.
    Given(IndexVec<TxIndex, Prediction>),
}

/// Predicts, executes in parallel and checks one block, and measures it.
///
/// ```
/// use slotcast_lab::{RunSettings, run_block};
///
/// let report = run_block(&slotcast_corpus::embedded()?, &RunSettings::new(2, None)?)?;
/// assert!(report.matches_sequential && report.matches_header.holds());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_block(recorded: &RecordedBlock, settings: &RunSettings) -> Result<Report, RunError> {
    let prepared = prepare(recorded)?;
    let summaries = Arc::new(prepared.summaries(&settings.predict()));
    run_prepared(recorded, &prepared, RunPredictions::Made(summaries), settings)
}

/// The same for a block that is prepared, with predictions of any source.
pub fn run_prepared(
    recorded: &RecordedBlock,
    prepared: &Prepared,
    predictions: RunPredictions,
    settings: &RunSettings,
) -> Result<Report, RunError> {
    let (block, state) = (prepared.block(), prepared.state());
    let failed = |source| RunError::of(block, source);
    let spec = spec_name(block).map_err(failed)?;
    let (predictions, is_given, analyze_micros) = match predictions {
        RunPredictions::Given(predictions) => (predictions, true, 0),
        RunPredictions::Made(summaries) => {
            let made = prepared.predict_with(&summaries, &settings.predict());
            settings.timed.use_summaries(summaries);
            (made.predictions, false, made.analyze_micros)
        }
    };
    let engine = &settings.checked;
    let executed = engine.execute_predicted(block, state, &predictions).map_err(failed)?;
    let is_parallel = engine.is_parallel(block, state, Some(&predictions)).map_err(failed)?;
    let stated = recorded.around.block_access_list.as_ref();
    let access_list = executed.check_access_list(&block.header, stated);
    let execution = executed.execution;
    let (reexecuted, executions) = (execution.reexecuted().to_vec(), execution.n_executions());
    let outcome = execution.into_outcome(state).map_err(failed)?;

    let observed = SequentialSettings { is_observed: true };
    let n_missing_before = state.n_missing_reads();
    let sequential = execute_sequential(block, state, &observed).map_err(failed)?;
    let is_short = n_missing_before < state.n_missing_reads();
    let schedule = schedule_of(prepared, &predictions);
    let given = is_given.then_some(&predictions);
    let micros = time(prepared, given, &settings.timed).map_err(failed)?;
    let gas = sequential.outcome.txs.iter().map(|tx| tx.gas_used().unwrap_or(0)).collect();
    Ok(Report {
        block: block.header.number,
        chain_id: block.chain_id,
        spec,
        txs: block.n_transactions(),
        gas_used: sequential.outcome.gas_used,
        threads: engine.threads(),
        schedule: match is_parallel {
            true => engine.settings().mode.into(),
            false => ScheduleMode::Sequential,
        },
        layers: schedule.layers().len(),
        edges: schedule.dag().n_edges(),
        critical_path_gas: heaviest_chain(&schedule, &gas),
        executions,
        reexecuted: reexecuted.iter().map(|tx| tx.0).collect(),
        matches_sequential: outcome == sequential.outcome,
        matches_header: MatchesHeader {
            block_access_list: block.header.block_access_list_hash.map(|_| access_list.is_ok()),
            ..MatchesHeader::of(&outcome, recorded, prepared)?
        },
        access_list: access_list.err().map(|other| other.to_string()),
        rejected: rejected(block, &sequential.outcome),
        missing: if is_short { missing(state, &sequential.observations) } else { Vec::new() },
        missing_block_hashes: state.missing_block_hashes(),
        digests: Digests {
            prediction: keccak256(prediction_file::print(block.header.number, &predictions)),
            schedule: schedule.digest(),
            outcome: outcome.digest(),
        },
        micros: Micros { analyze: analyze_micros, ..micros },
    })
}

/// Runs of which the middle one counts.
const N_RUNS: usize = 5;

/// Times the block as a program executes it that links the library, in turns with the plain loop.
fn time(
    prepared: &Prepared,
    predictions: Option<&IndexVec<TxIndex, Prediction>>,
    engine: &Engine,
) -> Result<Micros, ExecutionError> {
    let (block, state) = (prepared.block(), prepared.state());
    let run = || match predictions {
        Some(predictions) => engine.execute_predicted(block, state, predictions),
        None => engine.execute(block, state),
    };
    // Once before it counts: summaries are made, threads wake up.
    run()?;
    let (mut sequential, mut parallel) = (Vec::new(), Vec::new());
    for _ in 0..N_RUNS {
        let clock = Clock::start();
        let baseline = execute_baseline(block, state)?;
        block_level_work(block, state)?;
        sequential.push(clock.micros());
        drop(baseline);
        parallel.push(run()?.times);
    }
    sequential.sort_unstable();
    parallel.sort_unstable_by(|a, b| a.total().total_cmp(&b.total()));
    let times = parallel[N_RUNS / 2];
    let whole = |micros: f64| micros.round() as u64;
    Ok(Micros {
        analyze: 0,
        predict: whole(times.predict),
        schedule: whole(times.schedule),
        execute: whole(times.execute),
        total: whole(times.total()),
        sequential: sequential[N_RUNS / 2],
    })
}

/// The transactions that cannot be included where they stand.
fn rejected(block: &Block, outcome: &BlockOutcome) -> Vec<RejectedTx> {
    let of = |(tx, outcome): (TxIndex, &TxOutcome)| match outcome {
        TxOutcome::Rejected(reason) => Some(RejectedTx {
            index: tx.0,
            hash: *block.transaction(tx).tx_hash(),
            sender: block.transaction(tx).signer(),
            reason: reason.to_string(),
        }),
        TxOutcome::Executed(_) => None,
    };
    outcome.txs.iter_enumerated().filter_map(of).collect()
}

/// What transactions ask for that the recorded state does not have, each with the first that does.
fn missing(state: &MemoryState, observations: &IndexVec<TxIndex, Observation>) -> Vec<Missing> {
    let mut found: Vec<Missing> = Vec::new();
    for (tx, Observation { reads, accounts, .. }) in observations.iter_enumerated() {
        let slots = reads.iter().map(|slot| (slot.address, Some(slot.key)));
        let AccountAccess { code_reads, balance_reads, nonces, .. } = accounts;
        let accounts = code_reads.iter().chain(balance_reads).chain(nonces);
        for (address, key) in accounts.map(|address| (*address, None)).chain(slots) {
            let is_there = match key {
                // The slots of an account that is not recorded are missing with it.
                Some(key) => !state.has_account(address) || state.has_slot(address, key),
                None => state.has_account(address),
            };
            let slot = key.map(B256::from);
            if !is_there && !found.iter().any(|it| (it.address, it.slot) == (address, slot)) {
                found.push(Missing { tx: tx.0, address, slot });
            }
        }
    }
    found
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
    /// How the block access list differs from the one that is stated, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_list: Option<String>,
    /// The transactions that cannot be included where they stand.
    pub rejected: Vec<RejectedTx>,
    /// State that transactions ask for and that is not recorded, which reads as nothing.
    pub missing: Vec<Missing>,
    /// Blocks whose hash is asked for and is not recorded.
    pub missing_block_hashes: Vec<u64>,
    /// What to compare between runs.
    pub digests: Digests,
    /// Where the time went.
    pub micros: Micros,
}

/// A transaction that cannot be included where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedTx {
    /// Its position in the block.
    pub index: u32,
    /// Its hash.
    pub hash: B256,
    /// Its sender.
    pub sender: Address,
    /// Why it is not valid there.
    pub reason: String,
}

/// State that a transaction asks for and that is not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The first transaction that asks for it.
    pub tx: u32,
    /// The account.
    pub address: Address,
    /// The slot, if it is not the account itself.
    pub slot: Option<B256>,
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
    /// The same, on predicted values instead of waiting for them.
    Values,
    /// One transaction after the other, since several threads would win nothing.
    Sequential,
}

impl From<Mode> for ScheduleMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Layers => Self::Layers,
            Mode::Dataflow => Self::Dataflow,
            Mode::Values => Self::Values,
        }
    }
}

impl ScheduleMode {
    /// The mode's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Dataflow => "dataflow",
            Self::Values => "values",
            Self::Sequential => "sequential",
        }
    }
}

/// What of the header came out; nothing where the header proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
    /// The block access list (EIP-7928) of the run, where the header states one; not mentioned elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_access_list: Option<bool>,
    /// A rollup's base fee, which follows from the parent, where that is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_fee_per_gas: Option<bool>,
    /// A rollup's withdrawals root, from Isthmus on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawals_root: Option<bool>,
    /// What a rollup's transactions take of the room for data, from Jovian on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub da_footprint: Option<bool>,
    /// A rollup's receipts, field by field, where they are recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<bool>,
    /// The state after the block, where it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_state: Option<bool>,
}

impl From<HeaderCheck> for MatchesHeader {
    fn from(check: HeaderCheck) -> Self {
        let HeaderCheck { gas_used, receipts_root, logs_bloom } = check;
        Self { gas_used, receipts_root, logs_bloom, ..Self::default() }
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
        let proven = Self::from(outcome.check_header(&prepared.block().header));
        let rules = rules_of(prepared.block());
        let rules = rules.map_err(|source| RunError::of(prepared.block(), source))?;
        let is_rollup = rules.as_optimism().is_some();
        let Around { parent, post_state, message_passer, .. } = &recorded.around;
        let header = &prepared.block().header;
        let rollup = match rules.as_optimism() {
            None => RollupCheck::default(),
            Some(chain) => check_rollup(chain, header, outcome, parent.as_ref(), *message_passer),
        };
        let receipts = recorded.receipts.as_ref().filter(|_| is_rollup);
        Ok(Self {
            state_root,
            base_fee_per_gas: rollup.base_fee,
            withdrawals_root: rollup.withdrawals_root,
            da_footprint: rollup.da_footprint,
            receipts: receipts.map(|stated| *stated == receipts_of(prepared.block(), outcome)),
            post_state: post_state
                .as_ref()
                .map(|stated| is_left(stated, &recorded.pre_state, outcome)),
            ..proven
        })
    }

    /// Whether nothing differs.
    pub fn holds(&self) -> bool {
        self.fields().into_iter().all(|(_, matches)| matches != Some(false))
    }

    /// The fields with their names.
    pub const fn fields(&self) -> [(&'static str, Option<bool>); 10] {
        [
            ("gasUsed", self.gas_used),
            ("receiptsRoot", self.receipts_root),
            ("logsBloom", self.logs_bloom),
            ("stateRoot", self.state_root),
            ("blockAccessList", self.block_access_list),
            ("baseFeePerGas", self.base_fee_per_gas),
            ("withdrawalsRoot", self.withdrawals_root),
            ("daFootprint", self.da_footprint),
            ("receipts", self.receipts),
            ("postState", self.post_state),
        ]
    }
}

/// Whether a block left exactly what is stated, of the accounts that are recorded before it: what was
/// not read then cannot be compared, and what did not exist was read.
fn is_left(
    stated: &BTreeMap<Address, Option<PreAccount>>,
    pre_state: &PreState,
    outcome: &BlockOutcome,
) -> bool {
    let is_same = |change: &AccountChange| {
        let (stated, after) = match (stated.get(&change.address), change.after) {
            (Some(Some(stated)), Some(after)) => (stated, after),
            (Some(None), None) => return true,
            _ => return false,
        };
        let is_new_code = change.before.is_none_or(|before| before.code_hash != after.code_hash);
        let slots = change.storage.iter().map(|slot| (&slot.key, &slot.after));
        stated.balance == after.balance
            && stated.nonce == after.nonce
            && (!is_new_code || stated.code_hash() == after.code_hash)
            && stated.storage.iter().eq(slots)
    };
    let is_recorded = |address: &Address| pre_state.contains_key(address);
    let changes = outcome.state.iter().filter(|change| is_recorded(&change.address));
    let n_stated = stated.keys().filter(|address| is_recorded(address)).count();
    changes.clone().count() == n_stated && changes.into_iter().all(is_same)
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

/// The gas on the heaviest chain of transactions that wait for one another, with these weights.
pub(crate) fn heaviest_chain(schedule: &Schedule, gas: &IndexVec<TxIndex, u64>) -> u64 {
    assert_eq!(schedule.len(), gas.len(), "there is one weight for each transaction");
    let mut until: IndexVec<TxIndex, u64> = IndexVec::new();
    for tx in (0..schedule.len()).map(TxIndex::from_usize) {
        // Edges lead to later transactions, so those waited for have their sums already.
        let before = schedule.predecessors(tx).iter().map(|&earlier| until[earlier]).max();
        until.push(gas[tx] + before.unwrap_or(0));
    }
    until.iter().copied().max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
