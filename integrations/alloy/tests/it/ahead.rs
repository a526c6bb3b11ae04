//! Does a host that hands over one transaction after the other leave the same block, whether what it
//! announced is executed ahead or not, and whatever it does instead of what it announced?
//!
//! In: synthetic blocks. Out: assertions against alloy-evm's own factory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, sync::Arc};

use alloy_consensus::{ReceiptEnvelope, TxEnvelope, transaction::Recovered};
use alloy_evm::{
    Evm, EvmFactory,
    block::{BlockExecutionError, BlockExecutor, BlockExecutorFactory, CommitChanges},
    eth::{
        EthBlockExecutorFactory, EthEvmFactory, receipt_builder::AlloyReceiptBuilder, spec::EthSpec,
    },
};
use alloy_primitives::B256;
use revm::{
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::WrapDatabaseRef,
};
use slotcast::{
    Engine, EngineSettings, ExecutionRule,
    executor::{Block, ExecutionMode, MemoryState},
};
use slotcast_alloy::ParallelExecutorFactory;
use slotcast_corpus::{Era, Plan, Scenario, block_of, generate, state_of};

use crate::context::{context, env};

/// What a block leaves.
#[derive(Debug, PartialEq)]
struct Left {
    /// The transactions that could not be included.
    rejected: Vec<usize>,
    receipts: Vec<ReceiptEnvelope>,
    gas_used: u64,
    state: BundleState,
}

/// What a host does with its transactions.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Course {
    /// Hands over each and commits it.
    AsAnnounced,
    /// Hands them over with their index in the block.
    WithIndex,
    /// Executes every seventh twice before it commits it.
    AskingTwice,
    /// Looks at every seventh and leaves it out, so that what its sender sends later is not valid.
    LeavingOut,
    /// Opens the EVM for writing now and then.
    TouchingTheEvm,
}

const COURSES: [Course; 5] = [
    Course::AsAnnounced,
    Course::WithIndex,
    Course::AskingTwice,
    Course::LeavingOut,
    Course::TouchingTheEvm,
];

fn made(scenario: Scenario, seed: u64) -> (Block, Arc<MemoryState>) {
    let plan = Plan { seed, n_txs: 60, scenario, era: Era::Osaka, ..Plan::default() };
    let unsealed = generate(&plan).unwrap();
    (block_of(unsealed.block()), Arc::new(state_of(unsealed.block())))
}

/// The host's state.
type HostState = State<WrapDatabaseRef<Arc<MemoryState>>>;

/// Hands `txs` over by `course`.
fn follow<E>(mut executor: E, txs: &[Recovered<TxEnvelope>], course: Course) -> Left
where
    E: BlockExecutor<Transaction = TxEnvelope, Receipt = ReceiptEnvelope, Evm: Evm<DB = HostState>>,
{
    let mut rejected = Vec::new();
    executor.apply_pre_execution_changes().unwrap();
    for (n, tx) in txs.iter().enumerate() {
        let is_seventh = n % 7 == 3;
        match course {
            Course::WithIndex => {
                executor.execute_transaction_with_index(tx, n).unwrap();
                continue;
            }
            Course::AskingTwice if is_seventh => {
                drop(executor.execute_transaction_without_commit(tx).unwrap());
            }
            Course::LeavingOut if is_seventh => {
                let skip = |_: &E::Result| CommitChanges::No;
                match executor.execute_transaction_with_commit_condition(tx, skip) {
                    Ok(left) => assert!(left.is_none()),
                    Err(_) => rejected.push(n),
                }
                continue;
            }
            Course::TouchingTheEvm if is_seventh => {
                let _ = executor.evm_mut();
            }
            _ => {}
        }
        if let Err(error) = executor.execute_transaction(tx) {
            assert!(matches!(error, BlockExecutionError::Validation(_)), "{error:?}");
            rejected.push(n);
        }
    }
    let (evm, result) = executor.finish().unwrap();
    let (mut state, _) = evm.finish();
    state.merge_transitions(BundleRetention::PlainState);
    let state = state.take_bundle();
    Left { rejected, receipts: result.receipts, gas_used: result.gas_used, state }
}

fn reference(block: &Block, base: &Arc<MemoryState>, course: Course) -> Left {
    let (builder, spec) = (AlloyReceiptBuilder::default(), EthSpec::mainnet());
    let factory = EthBlockExecutorFactory::new(builder, spec, EthEvmFactory::default());
    let state = State::builder().with_database_ref(Arc::clone(base)).with_bundle_update().build();
    let evm = factory.evm_factory().create_evm(state, env(block));
    let executor = factory.create_executor(evm, context(block));
    follow(executor, &block.signed_transactions(), course)
}

/// The same by an executor that was told `announced`, whose workers read `for_workers`.
fn ahead_on(
    block: &Block,
    base: &Arc<MemoryState>,
    for_workers: Arc<MemoryState>,
    announced: Vec<Recovered<TxEnvelope>>,
    course: Course,
) -> Left {
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    let settings = EngineSettings { execution, ..EngineSettings::default() };
    let engine = Engine::with_settings(2, settings).unwrap();
    let parent_state = move |_: B256| Ok::<_, Infallible>(Arc::clone(&for_workers));
    let (builder, spec) = (AlloyReceiptBuilder::default(), EthSpec::mainnet());
    let factory = ParallelExecutorFactory::new(builder, spec, engine, parent_state);
    let state = State::builder().with_database_ref(Arc::clone(base)).with_bundle_update().build();
    let evm = factory.evm_factory().create_evm(state, env(block));
    let executor = factory.create_executor(evm, context(block)).expecting(announced);
    follow(executor, &block.signed_transactions(), course)
}

fn ahead(
    block: &Block,
    base: &Arc<MemoryState>,
    announced: Vec<Recovered<TxEnvelope>>,
    course: Course,
) -> Left {
    ahead_on(block, base, Arc::clone(base), announced, course)
}

#[test]
fn every_course_leaves_what_it_leaves_without_us() {
    for scenario in [Scenario::Mixed, Scenario::OnePool, Scenario::NonceChains] {
        let (block, base) = made(scenario, 3);
        for course in COURSES {
            let expected = reference(&block, &base, course);
            let left = ahead(&block, &base, block.signed_transactions(), course);
            assert_eq!(left, expected, "{} {course:?}", scenario.name());
        }
    }
}

#[test]
fn what_was_announced_wrongly_is_executed_as_it_comes() {
    let (block, base) = made(Scenario::Mixed, 4);
    let expected = reference(&block, &base, Course::AsAnnounced);
    let all = block.signed_transactions();
    let backwards: Vec<_> = all.iter().rev().cloned().collect();
    let first = all[..10].to_vec();
    let later = all[5..].to_vec();
    for announced in [backwards, first, later, vec![]] {
        assert_eq!(ahead(&block, &base, announced, Course::AsAnnounced), expected);
    }
}

#[test]
fn a_host_goes_on_without_what_cannot_be_included() {
    let (mut block, base) = made(Scenario::Transfers, 5);
    block.transactions.insert(11, block.transactions[10].clone());
    let expected = reference(&block, &base, Course::AsAnnounced);
    assert_eq!(expected.rejected, [11]);
    let left = ahead(&block, &base, block.signed_transactions(), Course::AsAnnounced);
    assert_eq!(left, expected);
}

/// Workers that read another state than the host has, against what its maker promised, show where a
/// result comes from.
#[test]
fn what_is_at_hand_is_what_is_handed_out() {
    let (block, base) = made(Scenario::Transfers, 5);
    let poor = Arc::new(MemoryState::new(block.header.number, [], []));
    let all = block.signed_transactions();
    let left = ahead_on(&block, &base, poor, all.clone(), Course::AsAnnounced);
    assert_eq!(left.rejected.len(), all.len());
}
