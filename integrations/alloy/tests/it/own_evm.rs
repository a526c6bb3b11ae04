//! Is a host's own `EvmFactory` what its blocks are run by?
//!
//! In: a synthetic block in which some transactions call a contract that the host's EVM alone has, or an
//! instruction that means something else there. Out: assertions against alloy-evm's own factory with
//! the same EVMs, whole blocks and one by one; that these rules matter is asserted too.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use alloy_consensus::{
    ReceiptEnvelope, SignableTransaction, Transaction as _, TxEnvelope, TxLegacy,
};
use alloy_evm::{
    Database, EvmEnv, EvmFactory,
    block::{BlockExecutionResult, BlockExecutor, BlockExecutorFactory},
    eth::{
        EthBlockExecutorFactory, EthEvm, EthEvmBuilder, EthEvmContext,
        receipt_builder::AlloyReceiptBuilder, spec::EthSpec,
    },
    precompiles::{DynPrecompile, PrecompileInput, PrecompilesMap},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address};
use revm::{
    Inspector,
    bytecode::opcode,
    context::{
        BlockEnv, DBErrorMarker, TxEnv,
        result::{EVMError, HaltReason},
    },
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::WrapDatabaseRef,
    inspector::NoOpInspector,
    interpreter::{
        Host, Instruction, InstructionContext, InstructionExecResult, InstructionResult,
        interpreter::EthInterpreter,
    },
    precompile::{PrecompileHalt, PrecompileId, PrecompileOutput, PrecompileResult},
    primitives::hardfork::SpecId,
};
use slotcast::{
    Engine, EngineSettings, ExecutionRule,
    executor::{Block, ChainTx, ExecutionMode, MemoryState},
};
use slotcast_alloy::ParallelExecutorFactory;
use slotcast_corpus::{Era, Plan, PreAccount, Scenario, block_of, generate, state_of};

use crate::context::{context, env};

/// Where the host has a contract of its own.
const OWN: Address = address!("0x0000000000000000000000000000000000000bad");

/// A contract that calls it, and adds what it answers and the time to its first slot.
const CALLER: Address = address!("0x00000000000000000000000000000000000ca11e");
const CODE: &str = "60205f5f5f5f610bad5af15f5101420160005401600055";

/// In what the EVMs of a host differ from alloy-evm's.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Own {
    /// In nothing.
    Nothing,
    /// They have a contract more.
    Precompile,
    /// The same, found when it is called.
    Lookup,
    /// `TIMESTAMP` pushes something else.
    Instruction,
}

/// A host's factory.
#[derive(Clone, Copy, Debug)]
struct OwnEvms(Own);

/// Answers, and costs, what the caller has: a contract that looks at the state.
fn balance_of_caller(mut input: PrecompileInput<'_>) -> PrecompileResult {
    let caller = input.caller;
    let Ok(account) = input.internals_mut().load_account(caller) else {
        return Ok(PrecompileOutput::halt(
            PrecompileHalt::other_static("no state"),
            input.reservoir,
        ));
    };
    let balance = account.data.info.balance;
    let gas = 100 + (balance % U256::from(1_000)).to::<u64>();
    if input.gas < gas {
        return Ok(PrecompileOutput::halt(PrecompileHalt::OutOfGas, input.reservoir));
    }
    let answer = (balance + U256::ONE).to_be_bytes_vec();
    Ok(PrecompileOutput::new(gas, answer.into(), input.reservoir))
}

fn own_contract() -> DynPrecompile {
    DynPrecompile::new(PrecompileId::Custom("balance of caller".into()), balance_of_caller)
}

/// What `TIMESTAMP` does there.
fn seven<H: Host + ?Sized>(
    context: InstructionContext<'_, H, EthInterpreter>,
) -> InstructionExecResult {
    match context.interpreter.stack.push(U256::from(7)) {
        true => Ok(()),
        false => Err(InstructionResult::StackOverflow),
    }
}

impl OwnEvms {
    fn build<DB: Database, I: Inspector<EthEvmContext<DB>>>(
        self,
        builder: EthEvmBuilder<DB, I>,
        is_inspected: bool,
    ) -> EthEvm<DB, I, PrecompilesMap> {
        let mut evm = builder.build().into_inner();
        match self.0 {
            Own::Nothing => {}
            Own::Precompile => evm.precompiles.extend_precompiles([(OWN, own_contract())]),
            Own::Lookup => evm
                .precompiles
                .set_precompile_lookup(|at: &Address| (*at == OWN).then(own_contract)),
            Own::Instruction => {
                let seven = Instruction::new(seven::<EthEvmContext<DB>>);
                evm.instruction.insert_instruction(opcode::TIMESTAMP, seven, 2);
            }
        }
        EthEvm::new(evm, is_inspected)
    }
}

impl EvmFactory for OwnEvms {
    type Evm<DB: Database, I: Inspector<EthEvmContext<DB>>> = EthEvm<DB, I, PrecompilesMap>;
    type Context<DB: Database> = EthEvmContext<DB>;
    type Tx = TxEnv;
    type Error<DBError: DBErrorMarker> = EVMError<DBError>;
    type HaltReason = HaltReason;
    type Spec = SpecId;
    type BlockEnv = BlockEnv;
    type Precompiles = PrecompilesMap;

    fn create_evm<DB: Database>(&self, db: DB, env: EvmEnv) -> Self::Evm<DB, NoOpInspector> {
        self.build(EthEvmBuilder::new(db, env), false)
    }

    fn create_evm_with_inspector<DB: Database, I: Inspector<EthEvmContext<DB>>>(
        &self,
        db: DB,
        env: EvmEnv,
        inspector: I,
    ) -> Self::Evm<DB, I> {
        self.build(EthEvmBuilder::new(db, env).inspector(inspector), true)
    }
}

/// A block of transfers of which some go to the host's contract and some to the contract that calls it,
/// with the state before it.
fn made() -> (Block, Arc<MemoryState>) {
    let plan = Plan {
        seed: 3,
        n_txs: 90,
        scenario: Scenario::Transfers,
        era: Era::Osaka,
        ..Plan::default()
    };
    let unsealed = generate(&plan).unwrap();
    let mut recorded = unsealed.block().clone();
    let code: Bytes = CODE.parse().unwrap();
    let storage = BTreeMap::from([(U256::ZERO, U256::ONE)]);
    let account = PreAccount { nonce: 1, code: Some(code), storage, ..PreAccount::default() };
    recorded.pre_state.insert(CALLER, account);
    let mut block = block_of(&recorded);
    for (n, tx) in block.transactions.iter_mut().enumerate() {
        let to = match n % 4 {
            1 => OWN,
            3 => CALLER,
            _ => continue,
        };
        let call = TxLegacy {
            chain_id: tx.chain_id(),
            nonce: tx.nonce(),
            gas_price: tx.max_fee_per_gas(),
            gas_limit: 100_000,
            to: TxKind::Call(to),
            value: U256::ZERO,
            input: Bytes::new(),
        };
        *tx = tx
            .clone()
            .map(|_| ChainTx::Signed(call.into_signed(Signature::test_signature()).into()));
    }
    (block, Arc::new(state_of(&recorded)))
}

/// What a block leaves.
#[derive(Debug, PartialEq)]
struct Left {
    receipts: Vec<ReceiptEnvelope>,
    gas_used: u64,
    state: BundleState,
}

/// How a host executes a block.
#[derive(Clone, Copy, Debug)]
enum Course {
    Whole,
    OneByOne,
    Announced,
}

const COURSES: [Course; 3] = [Course::Whole, Course::OneByOne, Course::Announced];

/// The host's state, and its database.
type HostState = State<WrapDatabaseRef<Arc<MemoryState>>>;

fn run<E>(mut executor: E, block: &Block, course: Course) -> BlockExecutionResult<ReceiptEnvelope>
where
    E: BlockExecutor<Transaction = TxEnvelope, Receipt = ReceiptEnvelope>,
{
    let txs = block.signed_transactions();
    if let Course::Whole = course {
        return executor.execute_block(&txs).unwrap();
    }
    executor.apply_pre_execution_changes().unwrap();
    for tx in &txs {
        executor.execute_transaction(tx).unwrap();
    }
    executor.finish().unwrap().1
}

fn state_on(base: &Arc<MemoryState>) -> HostState {
    State::builder().with_database_ref(Arc::clone(base)).with_bundle_update().build()
}

fn left(result: BlockExecutionResult<ReceiptEnvelope>, mut state: HostState) -> Left {
    state.merge_transitions(BundleRetention::PlainState);
    let state = state.take_bundle();
    Left { receipts: result.receipts, gas_used: result.gas_used, state }
}

/// What alloy-evm's factory leaves with these EVMs.
fn reference(block: &Block, base: &Arc<MemoryState>, own: Own) -> Left {
    let (builder, spec) = (AlloyReceiptBuilder::default(), EthSpec::mainnet());
    let factory = EthBlockExecutorFactory::new(builder, spec, OwnEvms(own));
    let mut state = state_on(base);
    let evm = factory.evm_factory().create_evm(&mut state, env(block));
    let result = run(factory.create_executor(evm, context(block)), block, Course::Whole);
    left(result, state)
}

/// What ours leaves with them, where the engine has so many threads.
fn ours(
    (block, base): (&Block, &Arc<MemoryState>),
    own: Own,
    course: Course,
    threads: usize,
) -> Left {
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    let settings = EngineSettings { execution, ..EngineSettings::default() };
    let engine = Engine::with_settings(threads, settings).unwrap();
    let for_workers = Arc::clone(base);
    let parent = move |_: B256| Ok::<_, Infallible>(Arc::clone(&for_workers));
    let (builder, spec) = (AlloyReceiptBuilder::default(), EthSpec::mainnet());
    let factory = match own {
        Own::Instruction => {
            ParallelExecutorFactory::with_rules_of(builder, spec, OwnEvms(own), engine, parent)
        }
        _ => ParallelExecutorFactory::with_precompiles_of(
            builder,
            spec,
            OwnEvms(own),
            engine,
            parent,
        ),
    };
    let mut state = state_on(base);
    let evm = factory.evm_factory().create_evm(&mut state, env(block));
    let executor = factory.create_executor(evm, context(block));
    let result = match course {
        Course::Announced => run(executor.expecting(block.signed_transactions()), block, course),
        _ => run(executor, block, course),
    };
    left(result, state)
}

#[test]
fn a_hosts_own_evms_decide_what_its_blocks_leave() {
    let (block, base) = made();
    let plain = reference(&block, &base, Own::Nothing);
    for own in [Own::Precompile, Own::Lookup, Own::Instruction, Own::Nothing] {
        let expected = reference(&block, &base, own);
        assert_eq!(expected == plain, own == Own::Nothing, "{own:?} matters");
        for course in COURSES {
            for threads in [1, 3] {
                let left = ours((&block, &base), own, course, threads);
                assert_eq!(left, expected, "{own:?} {course:?} on {threads} threads");
            }
        }
    }
}
