//! How is one block of a host executed?
//!
//! In: the host's canonical executor, an [`Engine`], where the parent state is. Out: what
//! `BlockExecutor` promises.
//! Invariants: the canonical executor's state holds the transactions before the one an error names
//! and nothing of those after it, as without us; the host's own state is read and written by the
//! calling thread alone.

use core::fmt;

use alloy_consensus::{
    Transaction, TransactionEnvelope, TxEnvelope, TxReceipt, transaction::Recovered,
};
use alloy_eips::Encodable2718;
use alloy_evm::{
    Evm, EvmEnv, FromRecoveredTx, FromTxWithEncoded, RecoveredTx,
    block::{
        BlockExecutionError, BlockExecutionResult, BlockExecutor, ExecutableTx, GasOutput, StateDB,
    },
    eth::{EthBlockExecutor, EthTxResult, receipt_builder::ReceiptBuilder, spec::EthExecutorSpec},
};
use alloy_primitives::Log;
use revm::{
    context::{BlockEnv, result::HaltReason},
    primitives::hardfork::SpecId,
};
use slotcast::{
    Engine,
    executor::{Decided, Decisions, HostRules},
    model::{Index, TxIndex},
};

use crate::{block::block_of, parent::ParentState, rejected::error_of};

/// The type of a transaction of `R`.
type TxTypeOf<R> = <<R as ReceiptBuilder>::Transaction as TransactionEnvelope>::TxType;

/// A block executor whose `execute_block` runs on several threads.
///
/// The EVM's inspector sees what the canonical executor runs: system calls, and transactions that are
/// handed over one by one. Workers run the precompiled contracts of the fork.
pub struct ParallelExecutor<'a, E, Spec, R: ReceiptBuilder, P> {
    canonical: EthBlockExecutor<'a, E, &'a Spec, &'a R>,
    engine: &'a Engine,
    parent: &'a P,
}

impl<'a, E, Spec, R: ReceiptBuilder, P> ParallelExecutor<'a, E, Spec, R, P> {
    /// Has `engine` run the block of `canonical` on the state of `parent`.
    pub(crate) const fn new(
        canonical: EthBlockExecutor<'a, E, &'a Spec, &'a R>,
        engine: &'a Engine,
        parent: &'a P,
    ) -> Self {
        Self { canonical, engine, parent }
    }
}

impl<E, Spec, R: ReceiptBuilder, P> fmt::Debug for ParallelExecutor<'_, E, Spec, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParallelExecutor").field("ctx", &self.canonical.ctx).finish()
    }
}

impl<E, Spec, R, P> ParallelExecutor<'_, E, Spec, R, P>
where
    E: Evm<Spec = SpecId, BlockEnv = BlockEnv>,
    Spec: EthExecutorSpec,
    R: ReceiptBuilder,
    P: ParentState,
{
    /// Has the transactions decided on the parent state.
    fn decide(
        &self,
        transactions: Vec<Recovered<TxEnvelope>>,
    ) -> Result<Decisions, BlockExecutionError> {
        let EthBlockExecutor { evm, ctx, spec, .. } = &self.canonical;
        let env = EvmEnv::new(evm.cfg_env().clone(), evm.block().clone());
        let rules = HostRules::new(env.clone(), spec);
        let block = block_of(&env, rules.fork(), ctx, transactions);
        let base = self.parent.state_at(ctx.parent_hash).map_err(BlockExecutionError::other)?;
        self.engine.decide(&block, &rules, &base).map_err(BlockExecutionError::other)
    }
}

impl<E, Spec, R, P> BlockExecutor for ParallelExecutor<'_, E, Spec, R, P>
where
    E: Evm<
            DB: StateDB,
            Spec = SpecId,
            BlockEnv = BlockEnv,
            HaltReason = HaltReason,
            Tx: FromRecoveredTx<R::Transaction> + FromTxWithEncoded<R::Transaction>,
        >,
    Spec: EthExecutorSpec,
    R: ReceiptBuilder<
            Transaction: Transaction + Encodable2718 + Clone + Into<TxEnvelope>,
            Receipt: TxReceipt<Log = Log>,
        >,
    TxTypeOf<R>: Send + 'static,
    P: ParentState,
{
    type Transaction = R::Transaction;
    type Receipt = R::Receipt;
    type Evm = E;
    type Result = EthTxResult<HaltReason, TxTypeOf<R>>;

    fn apply_pre_execution_changes(&mut self) -> Result<(), BlockExecutionError> {
        self.canonical.apply_pre_execution_changes()
    }

    fn execute_transaction_without_commit(
        &mut self,
        tx: impl ExecutableTx<Self>,
    ) -> Result<Self::Result, BlockExecutionError> {
        self.canonical.execute_transaction_without_commit(tx.into_parts())
    }

    fn commit_transaction(&mut self, output: Self::Result) -> GasOutput {
        self.canonical.commit_transaction(output)
    }

    fn finish(
        self,
    ) -> Result<(Self::Evm, BlockExecutionResult<Self::Receipt>), BlockExecutionError> {
        self.canonical.finish()
    }

    fn evm_mut(&mut self) -> &mut Self::Evm {
        self.canonical.evm_mut()
    }

    fn evm(&self) -> &Self::Evm {
        self.canonical.evm()
    }

    fn receipts(&self) -> &[Self::Receipt] {
        self.canonical.receipts()
    }

    /// Executes a whole block on the engine's threads.
    ///
    /// A transaction that is not valid is the error that `EthBlockExecutor` gives for it, with its
    /// index inside ([`crate::RejectedTx`]). A database that fails and a worker that panics are a
    /// [`slotcast::executor::ExecutionError`] inside `InternalBlockExecutionError::Other`.
    fn execute_block(
        mut self,
        transactions: impl IntoIterator<Item = impl ExecutableTx<Self>>,
    ) -> Result<BlockExecutionResult<Self::Receipt>, BlockExecutionError> {
        let originals: Vec<_> = transactions.into_iter().map(|tx| tx.into_parts().1).collect();
        let recovered = originals
            .iter()
            .map(|tx| Recovered::new_unchecked(tx.tx().clone().into(), *tx.signer()));
        let recovered = recovered.collect();
        self.canonical.apply_pre_execution_changes()?;
        let decisions = self.decide(recovered)?;
        for (n, (decided, original)) in decisions.txs.into_iter().zip(&originals).enumerate() {
            let tx = original.tx();
            match decided {
                Decided::Executed(result) => {
                    let blob_gas_used = tx.blob_gas_used().unwrap_or_default();
                    let output = EthTxResult { result, blob_gas_used, tx_type: tx.tx_type() };
                    self.canonical.commit_transaction(output);
                }
                Decided::Rejected(reason) => {
                    return Err(error_of(TxIndex::from_usize(n), tx.trie_hash(), reason));
                }
            }
        }
        let (_, result) = self.canonical.finish()?;
        Ok(result)
    }
}
