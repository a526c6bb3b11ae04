//! Does a program that links us get what `alloy-evm` gives it, to the last revert?
//!
//! In: the embedded block, generated blocks, synthetic blocks with transactions that cannot be
//! included, recorded blocks where there are any. Out: assertions on receipts, requests, gas and
//! bundles of `slotcast::Engine` and of `slotcast_alloy`, on several threads.

#[path = "../../integrations/alloy/tests/it/context.rs"]
#[expect(dead_code, reason = "the environment here is of any chain")]
mod context;
pub(crate) mod host;
#[path = "../../integrations/alloy/examples/own_database.rs"]
mod own_database;

use std::sync::Arc;

use alloy_consensus::ReceiptEnvelope;
use alloy_evm::{
    block::{BlockExecutionError, BlockExecutionResult, BlockValidationError},
    eth::{EthBlockExecutorFactory, EthEvmFactory, receipt_builder::AlloyReceiptBuilder},
};
use alloy_primitives::B256;
use slotcast::{
    Engine, EngineSettings, ExecutionRule, OnRejected,
    executor::{Block, ExecutionError, ExecutionMode, ForkChoice, MemoryState, Receipt},
    model::Fork,
};
use slotcast_alloy::{ParallelExecutorFactory, RejectedTx};
use slotcast_corpus::{self as corpus, Era, Plan, Scenario, block_of, state_of};
use slotcast_lab::seal;
use slotcast_tests::{blocks, random::Random, recorded_blocks};

use self::host::{Chain, Left, assert_same_bundles, execute_by};

/// Synthetic blocks, and how many of them hold a transaction that cannot be included at least.
const N_MADE: (u64, usize) = (250, 40);

/// Engines that always use their threads, and one that decides by cost.
pub(crate) struct Engines(Vec<Arc<Engine>>);

impl Engines {
    pub(crate) fn new(on_rejected: OnRejected) -> Self {
        let always = ExecutionRule::Always(ExecutionMode::Parallel);
        let rules = [(1, always), (2, always), (8, always), (2, ExecutionRule::default())];
        let engine = |(threads, execution)| {
            let settings = EngineSettings { execution, on_rejected, ..EngineSettings::default() };
            Arc::new(Engine::with_settings(threads, settings).unwrap())
        };
        Self(rules.map(engine).into())
    }

    /// The one of two threads that it always uses: enough for blocks that take long.
    fn one() -> Self {
        let Self(all) = Self::new(OnRejected::Fail);
        Self(all.into_iter().skip(1).take(1).collect())
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = &Arc<Engine>> {
        self.0.iter()
    }
}

/// What `alloy-evm` does on its own.
pub(crate) fn reference(block: &Block, state: &Arc<MemoryState>) -> Left {
    let (chain, evm) = (Chain::of(block), EthEvmFactory::default());
    let factory = EthBlockExecutorFactory::new(AlloyReceiptBuilder::default(), chain, evm);
    execute_by(&factory, block, state)
}

/// What our factory does with this engine.
fn adapted(block: &Block, state: &Arc<MemoryState>, engine: &Arc<Engine>) -> Left {
    let (receipts, base) = (AlloyReceiptBuilder::default(), Arc::clone(state));
    let parent = move |_: B256| Ok::<_, core::convert::Infallible>(Arc::clone(&base));
    let factory =
        ParallelExecutorFactory::new(receipts, Chain::of(block), Arc::clone(engine), parent);
    execute_by(&factory, block, state)
}

fn plain(receipt: &ReceiptEnvelope) -> Receipt {
    Receipt {
        tx_type: receipt.tx_type().into(),
        success: receipt.status(),
        cumulative_gas_used: receipt.cumulative_gas_used(),
        logs: receipt.logs().to_vec(),
        rollup: None,
    }
}

/// Runs a block in every way; whether all its transactions could be included.
fn check(name: &str, block: &Block, state: MemoryState, engines: &Engines) -> bool {
    let state = Arc::new(state);
    let expected = reference(block, &state);
    for (n, engine) in engines.each().enumerate() {
        check_facade(&format!("{name}, engine {n}"), block, &state, engine, &expected);
        let context = format!("{name}, engine {n}, by traits");
        let left = adapted(block, &state, engine);
        assert_same_bundles(&context, &left.bundle, &expected.bundle);
        match (&left.result, &expected.result) {
            (Ok(ours), Ok(expected)) => assert_eq!(ours, expected, "{context}"),
            (Err(ours), Err(expected)) => assert_same_rejections(&context, ours, expected),
            (ours, expected) => panic!("{context}: {ours:?} instead of {expected:?}"),
        }
    }
    expected.result.is_ok()
}

fn check_facade(
    context: &str,
    block: &Block,
    state: &Arc<MemoryState>,
    engine: &Engine,
    expected: &Left,
) {
    let executed = engine.execute_with_bundle(block, state);
    match (executed, &expected.result) {
        (Ok((executed, bundle)), Ok(expected_result)) => {
            let BlockExecutionResult { receipts, requests, gas_used, blob_gas_used } =
                expected_result;
            let receipts: Vec<_> = receipts.iter().map(plain).collect();
            assert_eq!(executed.execution.receipts(), receipts, "{context}");
            assert_eq!(executed.execution.requests(), requests, "{context}");
            assert_eq!(executed.execution.gas_used(), *gas_used, "{context}");
            assert_eq!(executed.execution.blob_gas_used(), *blob_gas_used, "{context}");
            assert_same_bundles(context, &bundle, &expected.bundle);
        }
        (Err(ExecutionError::Rejected { tx, reason }), Err(expected)) => {
            let hash = block.transaction(tx).tx_hash();
            match expected.as_validation() {
                Some(BlockValidationError::InvalidTx { hash: expected_hash, error }) => {
                    assert_eq!(hash, expected_hash, "{context}");
                    assert_eq!(reason.to_string(), error.to_string(), "{context}");
                }
                _ => assert_eq!(reason.to_string(), expected.to_string(), "{context}"),
            }
        }
        (ours, expected) => panic!("{context}: {ours:?} instead of {expected:?}"),
    }
}

/// The errors are the same for a host that does not know Slotcast, and name the index for one that does.
fn assert_same_rejections(
    context: &str,
    ours: &BlockExecutionError,
    expected: &BlockExecutionError,
) {
    let (Some(ours), Some(expected)) = (ours.as_validation(), expected.as_validation()) else {
        panic!("{context}: {ours:?} instead of {expected:?}");
    };
    match (ours, expected) {
        (
            BlockValidationError::InvalidTx { hash, error },
            BlockValidationError::InvalidTx { hash: expected_hash, error: expected },
        ) => {
            assert_eq!(hash, expected_hash, "{context}");
            let reason = error.as_invalid_tx_err();
            assert_eq!(reason, expected.as_invalid_tx_err(), "{context}");
            let error: &dyn core::any::Any = &**error;
            let rejected: &RejectedTx = error.downcast_ref().unwrap();
            assert_eq!(Some(&rejected.reason), reason, "{context}");
        }
        (ours, expected) => assert_eq!(ours.to_string(), expected.to_string(), "{context}"),
    }
}

#[test]
fn the_embedded_block_and_generated_ones() {
    let engines = Engines::new(OnRejected::Fail);
    let recorded = corpus::embedded().unwrap();
    assert!(check("embedded", &block_of(&recorded), state_of(&recorded), &engines));
    for (n, &scenario) in Scenario::KINDS.iter().enumerate() {
        for era in [scenario.since(), Era::Osaka, Era::Amsterdam] {
            let plan = Plan { seed: n as u64, n_txs: 40, scenario, era, ..Plan::default() };
            let recorded = seal(corpus::generate(&plan).unwrap()).unwrap();
            let name = format!("{} in {}", scenario.name(), era.name());
            let mut block = block_of(&recorded);
            if era == Era::Amsterdam {
                // A host is told of it; the chain that it takes here has no date for it.
                block.forks = ForkChoice::Fixed(Fork::Amsterdam);
            }
            assert!(check(&name, &block, state_of(&recorded), &engines), "{name}");
        }
    }
}

#[test]
fn made_up_blocks_with_transactions_that_cannot_be_included() {
    let engines = Engines::new(OnRejected::Fail);
    let (n_blocks, n_least) = N_MADE;
    let mut n_rejected = 0;
    for seed in 0..n_blocks {
        let (block, state) = blocks::make(&mut Random::new(seed));
        n_rejected += usize::from(!check(&format!("seed {seed}"), &block, state, &engines));
    }
    assert!(n_least <= n_rejected, "{n_rejected} of {n_blocks} blocks are not valid");
}

#[test]
fn recorded_blocks_of_every_age() {
    let Some(folder) = recorded_blocks("recorded blocks linked to alloy-evm") else { return };
    let engines = Engines::one();
    // One in three: what blocks do is the same for every way to run them, which other tests run all by.
    for path in corpus::list(&folder).unwrap().iter().step_by(3) {
        let recorded = corpus::read_file(path).unwrap();
        let name = format!("block {}", recorded.number());
        assert!(check(&name, &block_of(&recorded), state_of(&recorded), &engines), "{name}");
    }
}

#[test]
fn one_engine_executes_several_blocks_at_once() {
    let Engines(engines) = Engines::new(OnRejected::GoOn);
    let blocks: Vec<_> = (0..12).map(|seed| blocks::make(&mut Random::new(seed))).collect();
    let run = |n: usize, engine: &Engine| {
        let (block, state) = &blocks[n];
        let (executed, bundle) = engine.execute_with_bundle(block, state).unwrap();
        (executed.execution.into_outcome(state).unwrap(), bundle.state)
    };
    for engine in &engines {
        let expected: Vec<_> = (0..blocks.len()).map(|n| run(n, engine)).collect();
        std::thread::scope(|scope| {
            for (n, expected) in expected.iter().enumerate() {
                scope.spawn(move || assert!(run(n, engine) == *expected, "block {n}"));
            }
        });
    }
}

#[test]
fn the_example_runs() {
    own_database::main().unwrap();
}
