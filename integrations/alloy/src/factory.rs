//! What does a host put where it had `EthBlockExecutorFactory`?
//!
//! In: what that factory is made of, an [`Engine`] and a [`ParentState`]. Out:
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
        EthBlockExecutionCtx, EthBlockExecutorFactory, EthEvm, EthEvmContext, EthEvmFactory,
        EthTxResult, receipt_builder::ReceiptBuilder, spec::EthExecutorSpec,
    },
    precompiles::PrecompilesMap,
};
use alloy_primitives::Log;
use revm::{
    Inspector,
    context::{TxEnv, result::HaltReason},
};
use slotcast::Engine;

use crate::{executor::ParallelExecutor, parent::ParentState};

/// Makes block executors that run whole blocks on several threads.
pub struct ParallelExecutorFactory<R, Spec, P> {
    canonical: EthBlockExecutorFactory<R, Spec, EthEvmFactory>,
    engine: Arc<Engine>,
    parent: P,
}

impl<R, Spec, P> ParallelExecutorFactory<R, Spec, P> {
    /// A factory that makes receipts by `receipt_builder` under the rules of `spec`, and whose
    /// executors have `engine`, which factories may share, run blocks on the states of `parent`.
    pub fn new(receipt_builder: R, spec: Spec, engine: impl Into<Arc<Engine>>, parent: P) -> Self {
        let evm_factory = EthEvmFactory::default();
        let canonical = EthBlockExecutorFactory::new(receipt_builder, spec, evm_factory);
        Self { canonical, engine: engine.into(), parent }
    }

    /// What runs the blocks, and knows contracts from earlier ones.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl<R, Spec, P> fmt::Debug for ParallelExecutorFactory<R, Spec, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParallelExecutorFactory").field("engine", &self.engine).finish()
    }
}

impl<R, Spec, P> BlockExecutorFactory for ParallelExecutorFactory<R, Spec, P>
where
    R: ReceiptBuilder<
            Transaction: Transaction + Encodable2718 + Clone + Into<TxEnvelope>,
            Receipt: TxReceipt<Log = Log>,
        > + 'static,
    <R::Transaction as TransactionEnvelope>::TxType: Send + 'static,
    TxEnv: FromRecoveredTx<R::Transaction> + FromTxWithEncoded<R::Transaction>,
    Spec: EthExecutorSpec + 'static,
    P: ParentState + 'static,
{
    type EvmFactory = EthEvmFactory;
    type ExecutionCtx<'a> = EthBlockExecutionCtx<'a>;
    type Transaction = R::Transaction;
    type Receipt = R::Receipt;
    type TxExecutionResult =
        EthTxResult<HaltReason, <R::Transaction as TransactionEnvelope>::TxType>;
    type Executor<'a, DB: StateDB, I: Inspector<EthEvmContext<DB>>> =
        ParallelExecutor<'a, EthEvm<DB, I, PrecompilesMap>, Spec, R, P>;

    fn evm_factory(&self) -> &EthEvmFactory {
        self.canonical.evm_factory()
    }

    fn create_executor<'a, DB, I>(
        &'a self,
        evm: <EthEvmFactory as EvmFactory>::Evm<DB, I>,
        ctx: EthBlockExecutionCtx<'a>,
    ) -> Self::Executor<'a, DB, I>
    where
        DB: StateDB,
        I: Inspector<EthEvmContext<DB>>,
    {
        let canonical = self.canonical.create_executor(evm, ctx);
        ParallelExecutor::new(canonical, &self.engine, &self.parent)
    }
}
