//! How is one block recorded?
//!
//! In: a node and a block's number. Out: [`Recording`], the block with everything that running it
//! asks for.
//!
//! 1. The block, its hash and its roots; the header of its parent.
//! 2. A first idea of the state: from a trace if the node makes any, else by predicting the block on
//!    what is known, asking for what the predictions want, and predicting again.
//! 3. The block is run sequentially; what it asks for and is not known yet is asked from the node.
//! 4. What it gave is compared with the header; what it asked for becomes the recording.
//! 5. The recording is run once more by itself, and must ask for nothing else and give the same.
//!
//! Invariants: predictions only decide what is asked for early; a recording that contradicts its
//! header is an error, never a result.

use std::sync::Arc;

use alloy_consensus::{Header, Transaction as _};
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
    eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, eip7928::compute_block_access_list_hash,
};
use alloy_primitives::U256;
use slotcast::{
    Basis, Summaries, View,
    executor::{
        Block, BlockOutcome, ExecutionError, MemoryState, SequentialSettings, TxOutcome,
        block_access_list, execute_sequential, fork_of,
    },
    model::{Fork, Slot},
    predict::predict_block,
};
use slotcast_corpus::receipts_of;
use slotcast_corpus::{RecordedBlock, state_of};

use crate::{
    asked::Asked,
    error::{NodeError, RecordError},
    known::Want,
    node::Node,
    rollup::{self, Rollup},
    seed::seed,
    state::NodeState,
    wanting::Wanting,
};

/// Most times that predictions are made again with what the ones before wanted; blocks rarely take
/// more than six, and what is left is asked for when the block is run.
const MAX_ROUNDS: usize = 16;

/// When values are asked for with proofs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProofPolicy {
    /// Where single words are asked for and the node proves them; traces are believed as far as the
    /// header does not contradict them.
    #[default]
    Auto,
    /// Everything that is recorded is proven, and what cannot be is refused.
    Always,
    /// Never; for nodes whose state roots are not those of their states.
    Never,
}

/// How to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordSettings {
    /// When values are asked for with proofs.
    pub proofs: ProofPolicy,
    /// Whether to trace blocks, where the node does so.
    pub is_traced: bool,
    /// How many questions about one block may be under way at once.
    pub threads: usize,
}

impl Default for RecordSettings {
    fn default() -> Self {
        Self { proofs: ProofPolicy::Auto, is_traced: true, threads: 4 }
    }
}

/// How the state came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By a trace of the block.
    Traced,
    /// By single words.
    Fetched,
}

/// A recorded block, and how it came about.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The block, valid and checked against its header.
    pub block: RecordedBlock,
    /// How the state came together.
    pub way: Way,
    /// Why a trace was dropped, if one was asked for and could not be read.
    pub dropped_trace: Option<NodeError>,
}

/// What a trace was good for.
enum ByTrace {
    /// The recording.
    Recorded(Box<RecordedBlock>),
    /// Nothing: there is none, it does not fit, or it cannot be read.
    Nothing(Option<NodeError>),
}

/// Records blocks from one node.
#[derive(Clone, Debug)]
pub struct Recorder {
    node: Arc<Node>,
    settings: RecordSettings,
}

impl Recorder {
    /// A recorder that asks `node`.
    pub const fn new(node: Arc<Node>, settings: RecordSettings) -> Self {
        Self { node, settings }
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Records block `number`.
    pub fn record(&self, number: u64) -> Result<Recording, RecordError> {
        if number == 0 {
            return Err(RecordError::Genesis);
        }
        let block = self.node.block(number)?;
        let failed = |source| RecordError::Node { number, source };
        let parent = self.node.header(block.header.parent_hash).map_err(failed)?;
        let parent = parent.ok_or_else(|| {
            failed(
                self.node
                    .rpc()
                    .nonsense("eth_getBlockByHash", &"it has a block but not its parent"),
            )
        })?;
        let (block, way, dropped_trace) = match self.by_trace(&block, &parent)? {
            ByTrace::Recorded(block) => (*block, Way::Traced, None),
            ByTrace::Nothing(dropped) => match self.by_words(block, &parent) {
                Ok(block) => (block, Way::Fetched, dropped),
                Err(error) => {
                    let Some(trace) = dropped else { return Err(error) };
                    return Err(RecordError::Untraced { trace, error: Box::new(error) });
                }
            },
        };
        if self.settings.proofs == ProofPolicy::Always {
            self.prove_hashes(&block, parent)?;
        }
        Ok(Recording { block, way, dropped_trace })
    }

    fn state(&self, block: &RecordedBlock, parent: Header, proofs: ProofPolicy) -> NodeState {
        NodeState::new(Arc::clone(&self.node), block.header.parent_hash, parent, proofs)
    }

    fn by_words(
        &self,
        block: RecordedBlock,
        parent: &Header,
    ) -> Result<RecordedBlock, RecordError> {
        let state = self.state(&block, parent.clone(), self.settings.proofs);
        self.prefetch_predicted(&block, &state)?;
        self.finish(block, &state)
    }

    /// Records by a trace; nothing where there is none that can be read, or where it does not fit: a
    /// trace shows accounts that the block itself created as if they had been there before.
    fn by_trace(&self, block: &RecordedBlock, parent: &Header) -> Result<ByTrace, RecordError> {
        if !self.settings.is_traced {
            return Ok(ByTrace::Nothing(None));
        }
        let traces = match self.node.trace(block.hash) {
            Err(error) if error.is_refusal() => return Ok(ByTrace::Nothing(None)),
            // A node that is away says so again when it is asked for words.
            Err(error) => return Ok(ByTrace::Nothing(Some(error))),
            Ok(traces) => traces,
        };
        let state = self.state(block, parent.clone(), ProofPolicy::Never);
        seed(block, traces, &mut state.known());
        state.prefetch(besides_transactions(block), self.settings.threads);
        match self.finish(block.clone(), &state) {
            Ok(block) => {
                if self.settings.proofs == ProofPolicy::Always {
                    self.prove(&block, parent)?;
                }
                Ok(ByTrace::Recorded(Box::new(block)))
            }
            Err(
                RecordError::Contradicted { .. }
                | RecordError::Execution { .. }
                | RecordError::Invalid(_),
            ) => Ok(ByTrace::Nothing(None)),
            Err(error) => Err(error),
        }
    }

    /// Asks for what predictions want, until they want nothing more.
    fn prefetch_predicted(
        &self,
        recorded: &RecordedBlock,
        state: &NodeState,
    ) -> Result<(), RecordError> {
        let block = self.node.block_of(recorded);
        let fork = fork_of(&block).map_err(|source| execution(recorded, source))?;
        let threads = self.settings.threads;
        let fees = self.node.rules().into_iter().flat_map(|rules| rollup::wants(&rules));
        let besides = besides_transactions(recorded).chain(fees);
        state.prefetch(besides.chain(ends(recorded)), threads);
        let summaries = Summaries::new(fork, Default::default());
        for _ in 0..MAX_ROUNDS {
            let wants = wants(&block, fork, state, &summaries);
            let n_known = state.n_words();
            if wants.is_empty() {
                break;
            }
            state.prefetch(wants, threads);
            // A node that does not tell will say why when the block is run.
            if state.n_words() == n_known {
                break;
            }
        }
        Ok(())
    }

    /// Runs the block on what is known and the node, compares, and puts the recording together.
    fn finish(
        &self,
        mut recorded: RecordedBlock,
        state: &NodeState,
    ) -> Result<RecordedBlock, RecordError> {
        let number = recorded.number();
        let block = self.node.block_of(&recorded);
        let asked = Asked::new(state);
        let outcome = run(&block, &asked).map_err(|source| match asked.failure() {
            Some(source) => RecordError::Node { number, source },
            None => RecordError::Execution { number, source: Box::new(source) },
        })?;
        if let Some(field) = contradiction(&outcome, &recorded.header) {
            return Err(self.contradicted(number, field));
        }
        let failed = |source| RecordError::Node { number, source };
        let (pre_state, mut hashes) = asked.recording(outcome.fork).map_err(failed)?;
        hashes.insert(number - 1, recorded.header.parent_hash);
        recorded.pre_state = pre_state;
        recorded.block_hashes = hashes;
        // Before Byzantium a receipt holds a state root, which is not to be had from a part.
        recorded.receipts =
            (Fork::Byzantium <= outcome.fork).then(|| receipts_of(&block, &outcome));
        self.node.validate(&recorded)?;
        let mut alone: MemoryState = state_of(&recorded);
        let lists_all = Fork::SpuriousDragon <= outcome.fork;
        if !lists_all {
            alone = alone.with_empty_accounts();
        }
        let again = run(&block, &alone).map_err(|source| execution(&recorded, source))?;
        if again != outcome || lists_all && alone.n_missing_reads() != 0 {
            return Err(self.contradicted(number, "outcome from the recording alone"));
        }
        if let Some(rollup) = Rollup::of(&self.node, self.settings.proofs, state) {
            rollup.complete(&mut recorded, &block, &alone, &outcome)?;
        }
        // The list has every value that the block leaves behind, even those nothing depends on.
        if let Some(stated) = recorded.header.block_access_list_hash {
            let list = block_access_list(&block, &alone);
            let list = list.map_err(|source| execution(&recorded, source))?;
            if compute_block_access_list_hash(&list) != stated {
                return Err(self.contradicted(number, "blockAccessListHash"));
            }
            recorded.around.block_access_list = Some(list);
        }
        Ok(recorded)
    }

    fn contradicted(&self, number: u64, field: &'static str) -> RecordError {
        RecordError::Contradicted { number, node: self.node.rpc().name().to_owned(), field }
    }

    /// Compares every recorded account and slot with its proof.
    fn prove(&self, recorded: &RecordedBlock, parent: &Header) -> Result<(), RecordError> {
        let number = recorded.number();
        let failed = |source| RecordError::Node { number, source };
        let state = self.state(recorded, parent.clone(), ProofPolicy::Always);
        let accounts = recorded.pre_state.iter();
        let wants = accounts.clone().flat_map(|(&address, account)| {
            let slots = account.storage.keys();
            let slots = slots.map(move |&key| Want::Slot(Slot::new(address, key)));
            slots.chain([Want::Account(address)])
        });
        state.prefetch(wants, self.settings.threads);
        for (&address, account) in accounts {
            let proven = state.account(address).map_err(failed)?;
            let mut words = vec![
                ("the balance".to_owned(), account.balance, proven.balance),
                ("the nonce".to_owned(), U256::from(account.nonce), U256::from(proven.nonce)),
                ("the code".to_owned(), account.code_hash().into(), proven.code_hash.into()),
            ];
            for (&key, &value) in &account.storage {
                let proven = state.slot(Slot::new(address, key)).map_err(failed)?;
                words.push((format!("slot {key:#x}"), value, proven));
            }
            if let Some((what, traced, proven)) =
                words.into_iter().find(|(_, traced, proven)| traced != proven)
            {
                let node = self.node.rpc().name().to_owned();
                let values = Box::new([traced, proven]);
                return Err(RecordError::Traced { number, node, address, what, values });
            }
        }
        Ok(())
    }
}

impl Recorder {
    /// Follows the chain of parents back to the earliest hash that is recorded, and compares.
    fn prove_hashes(&self, block: &RecordedBlock, parent: Header) -> Result<(), RecordError> {
        let number = block.number();
        let failed = |source| RecordError::Node { number, source };
        let mut header = parent;
        for (&at, &hash) in block.block_hashes.range(..number - 1).rev() {
            while at + 1 < header.number {
                let found = self.node.header(header.parent_hash).map_err(failed)?;
                let missing = || {
                    let reason = format!("it does not have block {}", header.parent_hash);
                    failed(self.node.rpc().nonsense("eth_getBlockByHash", &reason))
                };
                header = found.ok_or_else(missing)?;
            }
            if header.parent_hash != hash {
                return Err(self.contradicted(number, "block hash"));
            }
        }
        Ok(())
    }
}

fn run<DB>(block: &Block, base: &DB) -> Result<BlockOutcome, ExecutionError>
where
    DB: revm::database_interface::DatabaseRef + Sync,
{
    let settings = SequentialSettings { is_observed: false };
    execute_sequential(block, base, &settings).map(|sequential| sequential.outcome)
}

/// The first field of the header that the outcome is not in keeping with.
fn contradiction(outcome: &BlockOutcome, header: &Header) -> Option<&'static str> {
    let check = outcome.check_header(header);
    let requests = header.requests_hash.map(|hash| hash == outcome.requests.requests_hash());
    let blob_gas = header.blob_gas_used.map(|gas| gas == outcome.blob_gas_used);
    let is_included = |tx: &TxOutcome| !matches!(tx, TxOutcome::Rejected(_));
    [
        ("list of transactions that can be included", Some(outcome.txs.iter().all(is_included))),
        ("gasUsed", check.gas_used),
        ("receiptsRoot", check.receipts_root),
        ("logsBloom", check.logs_bloom),
        ("requestsHash", requests),
        ("blobGasUsed", blob_gas),
    ]
    .into_iter()
    .find_map(|(field, matches)| (matches == Some(false)).then_some(field))
}

fn execution(recorded: &RecordedBlock, source: ExecutionError) -> RecordError {
    RecordError::Execution { number: recorded.header.number, source: Box::new(source) }
}

/// What a block touches besides what its transactions do: the accounts it pays, and the contracts that its
/// system calls run.
fn besides_transactions(block: &RecordedBlock) -> impl Iterator<Item = Want> + '_ {
    let withdrawals = block.withdrawals.iter().flatten().map(|withdrawal| withdrawal.address);
    let system = [
        BEACON_ROOTS_ADDRESS,
        HISTORY_STORAGE_ADDRESS,
        WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
        CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    ];
    let paid = withdrawals.chain([block.header.beneficiary]).map(Want::Account);
    paid.chain(system.into_iter().map(Want::Code))
}

/// Where transactions begin and end, and what their access lists name.
fn ends(block: &RecordedBlock) -> impl Iterator<Item = Want> + '_ {
    block.transactions.iter().flat_map(|tx| {
        let listed = tx.access_list().into_iter().flat_map(|list| list.0.iter());
        let listed = listed.flat_map(|item| {
            let slot = |key: &alloy_primitives::B256| Slot::new(item.address, (*key).into());
            item.storage_keys.iter().map(move |key| Want::Slot(slot(key)))
        });
        let ends = [Some(Want::Account(tx.signer())), tx.to().map(Want::Code)];
        ends.into_iter().flatten().chain(listed)
    })
}

/// What predictions made on what is known would like to know, and what they predict to be touched.
fn wants(block: &Block, fork: Fork, state: &NodeState, summaries: &Summaries) -> Vec<Want> {
    let wanting = Wanting::new(state);
    let view = View::new(&wanting, summaries);
    let predictions = predict_block(block, fork, &view, Basis::BlockOrder, Default::default());
    drop(view);
    let mut wants = wanting.into_wants();
    for prediction in &predictions {
        let (storage, accounts) = (prediction.storage(), prediction.accounts());
        let slots = storage.reads.iter().chain(&storage.writes).chain(&storage.deltas);
        wants.extend(slots.map(|&slot| Want::Slot(slot)));
        let balances = accounts.balance_reads.iter().chain(&accounts.balance_credits);
        wants.extend(balances.map(|&address| Want::Account(address)));
        wants.extend(accounts.code_reads.iter().map(|&address| Want::Code(address)));
    }
    let known = state.known();
    wants.into_iter().filter(|want| !known.has(want)).collect()
}
