//! What does a host put where it had `EthBlockExecutorFactory`?
//!
//! In: what that factory is made of, its `EvmFactory` included, an [`Engine`] and a [`ParentState`]. Out:
//! [`ParallelExecutorFactory`], whose executors differ from that one's in how long `execute_block`
//! takes.
//! Invariant: receipts, rules and EVMs are those of the factory that is wrapped.

use core::fmt;
use std::sync::Arc;

use alloy_consensus::{Transaction, TransactionEnvelope, TxEnvelope, TxReceipt};
use alloy_eips::Encodable2718;
use alloy_evm::{
    EvmFactory, FromRecoveredTx, FromTxWithEncoded,
    block::{BlockExecutorFactory, StateDB},
    eth::{
        EthBlockExecutionCtx, EthBlockExecutorFactory, EthEvm, EthEvmFactory, EthTxResult,
        receipt_builder::ReceiptBuilder, spec::EthExecutorSpec,
    },
    precompiles::PrecompilesMap,
};
use alloy_primitives::Log;
use revm::{
    Inspector,
    context::{BlockEnv, result::HaltReason},
    database_interface::EmptyDB,
    inspector::NoOpInspector,
    primitives::hardfork::SpecId,
};
use slotcast::Engine;

use crate::{executor::ParallelExecutor, parent::ParentState, workers::Workers};

/// Makes block executors that run whole blocks on several threads.
pub struct ParallelExecutorFactory<R, Spec, P, F = EthEvmFactory> {
    canonical: EthBlockExecutorFactory<R, Spec, F>,
    engine: Arc<Engine>,
    parent: P,
    /// None where they cannot run what the host's EVMs run.
    workers: Option<Workers>,
}

impl<R, Spec, P> ParallelExecutorFactory<R, Spec, P> {
    /// A factory that makes receipts by `receipt_builder` under the rules of `spec`, and whose
    /// executors have `engine`, which factories may share, run blocks on the states of `parent`.
    pub fn new(receipt_builder: R, spec: Spec, engine: impl Into<Arc<Engine>>, parent: P) -> Self {
        let canonical =
            EthBlockExecutorFactory::new(receipt_builder, spec, EthEvmFactory::default());
        Self { canonical, engine: engine.into(), parent, workers: Some(Workers::Fork) }
    }
}

impl<R, Spec, P, F> ParallelExecutorFactory<R, Spec, P, F> {
    /// The same for a host whose EVMs have precompiled contracts of their own, and differ from those of
    /// [`EthEvmFactory`] in nothing else: workers run these contracts.
    ///
    /// A transaction that calls one which Ethereum does not have, or one that refuses to be cached, runs
    /// on everything before it, since such a contract may look at the state; all others run in parallel.
    /// The contracts are asked of `evm_factory` for every thread and block. Those that a host puts
    /// into an EVM afterwards are not seen, nor is a changed table of instructions: there, as with an
    /// EVM of another type, [`Self::with_rules_of`] is right.
    pub fn with_precompiles_of(
        receipt_builder: R,
        spec: Spec,
        evm_factory: F,
        engine: impl Into<Arc<Engine>>,
        parent: P,
    ) -> Self
    where
        F: EvmFactory<
                Spec = SpecId,
                BlockEnv = BlockEnv,
                Evm<EmptyDB, NoOpInspector> = EthEvm<EmptyDB, NoOpInspector, PrecompilesMap>,
            > + Clone
            + Send
            + Sync
            + 'static,
    {
        let workers = Some(Workers::with_precompiles_of(evm_factory.clone()));
        let canonical = EthBlockExecutorFactory::new(receipt_builder, spec, evm_factory);
        Self { canonical, engine: engine.into(), parent, workers }
    }

    /// The same for a host whose EVMs run transactions by other rules: `evm_factory`'s own run every
    /// transaction, on the calling thread. It gains nothing and loses nothing.
    pub fn with_rules_of(
        receipt_builder: R,
        spec: Spec,
        evm_factory: F,
        engine: impl Into<Arc<Engine>>,
        parent: P,
    ) -> Self {
        let canonical = EthBlockExecutorFactory::new(receipt_builder, spec, evm_factory);
        Self { canonical, engine: engine.into(), parent, workers: None }
    }

    /// What runs the blocks, and knows contracts from earlier ones.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl<R, Spec, P, F> fmt::Debug for ParallelExecutorFactory<R, Spec, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, workers, .. } = self;
        f.debug_struct("ParallelExecutorFactory")
            .field("engine", engine)
            .field("workers", workers)
            .finish()
    }
}

impl<R, Spec, P, F> BlockExecutorFactory for ParallelExecutorFactory<R, Spec, P, F>
where
    R: ReceiptBuilder<
            Transaction: Transaction + Encodable2718 + Clone + Into<TxEnvelope>,
            Receipt: TxReceipt<Log = Log>,
        > + 'static,
    <R::Transaction as TransactionEnvelope>::TxType: Send + 'static,
    F: EvmFactory<
            Spec = SpecId,
            BlockEnv = BlockEnv,
            HaltReason = HaltReason,
            Tx: FromRecoveredTx<R::Transaction> + FromTxWithEncoded<R::Transaction>,
        > + 'static,
    Spec: EthExecutorSpec + 'static,
    P: ParentState + 'static,
{
    type EvmFactory = F;
    type ExecutionCtx<'a> = EthBlockExecutionCtx<'a>;
    type Transaction = R::Transaction;
    type Receipt = R::Receipt;
    type TxExecutionResult =
        EthTxResult<HaltReason, <R::Transaction as TransactionEnvelope>::TxType>;
    type Executor<'a, DB: StateDB, I: Inspector<F::Context<DB>>> =
        ParallelExecutor<'a, F::Evm<DB, I>, Spec, R, P>;

    fn evm_factory(&self) -> &F {
        self.canonical.evm_factory()
    }

    fn create_executor<'a, DB, I>(
        &'a self,
        evm: F::Evm<DB, I>,
        ctx: EthBlockExecutionCtx<'a>,
    ) -> Self::Executor<'a, DB, I>
    where
        DB: StateDB,
        I: Inspector<F::Context<DB>>,
    {
        let canonical = self.canonical.create_executor(evm, ctx);
        ParallelExecutor::new(canonical, &self.engine, &self.parent, self.workers.as_ref())
    }
}
