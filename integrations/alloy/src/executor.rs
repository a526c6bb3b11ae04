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
        BalIndexedDatabase, BlockExecutionError, BlockExecutionResult, BlockExecutor, ExecutableTx,
        GasOutput, StateDB,
    },
    eth::{EthBlockExecutor, EthTxResult, receipt_builder::ReceiptBuilder, spec::EthExecutorSpec},
};
use alloy_primitives::{B256, Log};
use revm::{
    context::{BlockEnv, result::HaltReason},
    primitives::hardfork::SpecId,
};
use slotcast::{
    Engine,
    executor::{Decided, Decisions, HostRules},
    model::{Index, TxIndex},
};

use crate::{
    ahead::Ahead, block::block_of, parent::ParentState, rejected::error_of, workers::Workers,
};

/// The type of a transaction of `R`.
type TxTypeOf<R> = <<R as ReceiptBuilder>::Transaction as TransactionEnvelope>::TxType;

/// A block executor whose `execute_block` runs on several threads.
///
/// The EVM's inspector sees what the canonical executor runs: system calls, and transactions that are
/// handed over one by one. Workers run the precompiled contracts that the factory was made with.
pub struct ParallelExecutor<'a, E, Spec, R: ReceiptBuilder, P> {
    canonical: EthBlockExecutor<'a, E, &'a Spec, &'a R>,
    engine: &'a Engine,
    parent: &'a P,
    workers: Option<&'a Workers>,
    ahead: Ahead,
    is_opened: bool,
}

impl<'a, E, Spec, R: ReceiptBuilder, P> ParallelExecutor<'a, E, Spec, R, P> {
    /// Has `engine` run the block of `canonical` on the state of `parent`, if there are workers that can.
    pub(crate) const fn new(
        canonical: EthBlockExecutor<'a, E, &'a Spec, &'a R>,
        engine: &'a Engine,
        parent: &'a P,
        workers: Option<&'a Workers>,
    ) -> Self {
        Self { canonical, engine, parent, workers, ahead: Ahead::Nothing, is_opened: false }
    }

    /// Has `transactions` executed on the engine's threads when the first of them is handed over; those
    /// that then come one by one, in this order, find their results at hand. For hosts that loop over
    /// [`BlockExecutor::execute_transaction`].
    ///
    /// It is advice: a transaction that comes in another order, or after the host did anything but commit
    /// the results as they came, is executed when it is handed over, as without this, and so are all that
    /// follow. To be called before or after the block is opened, and before the first transaction.
    #[must_use]
    pub fn expecting(
        self,
        transactions: impl IntoIterator<Item = Recovered<R::Transaction>>,
    ) -> Self
    where
        R::Transaction: Into<TxEnvelope>,
    {
        let expected = transactions.into_iter().map(|tx| tx.map(Into::into)).collect();
        Self { ahead: Ahead::Expected(expected), ..self }
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
        workers: &Workers,
        transactions: Vec<Recovered<TxEnvelope>>,
    ) -> Result<Decisions, BlockExecutionError> {
        let EthBlockExecutor { evm, ctx, spec, .. } = &self.canonical;
        let env = EvmEnv::new(evm.cfg_env().clone(), evm.block().clone());
        let rules = HostRules::new(env.clone(), spec);
        let block = block_of(&env, rules.fork(), ctx, transactions);
        let rules = workers.rules(rules, &block, env);
        let base = self.parent.state_at(ctx.parent_hash).map_err(BlockExecutionError::other)?;
        self.engine.decide(&block, &rules, &base).map_err(BlockExecutionError::other)
    }

    /// What the transaction with this hash comes to, if it was expected here.
    fn at_hand(&mut self, hash: B256) -> Result<Option<(TxIndex, Decided)>, BlockExecutionError> {
        let Some(workers) = self.workers else { return Ok(None) };
        if !self.is_opened {
            self.ahead.leave();
        }
        if let Some(expected) = self.ahead.expected() {
            let hashes = expected.iter().map(|tx| *tx.tx_hash()).collect();
            let decided = self.decide(workers, expected)?.txs;
            self.ahead.decide(hashes, decided);
        }
        Ok(self.ahead.take(hash))
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
        self.canonical.apply_pre_execution_changes()?;
        self.is_opened = true;
        Ok(())
    }

    fn execute_transaction_without_commit(
        &mut self,
        tx: impl ExecutableTx<Self>,
    ) -> Result<Self::Result, BlockExecutionError> {
        let (env, tx) = tx.into_parts();
        let hash = tx.tx().trie_hash();
        match self.at_hand(hash)? {
            None => self.canonical.execute_transaction_without_commit((env, tx)),
            Some((_, Decided::Executed(result))) => {
                let tx = tx.tx();
                let blob_gas_used = tx.blob_gas_used().unwrap_or_default();
                Ok(EthTxResult { result, blob_gas_used, tx_type: tx.tx_type() })
            }
            Some((index, Decided::Rejected(reason))) => Err(error_of(index, hash, reason)),
        }
    }

    /// As the trait has it, but that telling the state the index gives nothing up.
    fn execute_transaction_with_index_and_result_closure(
        &mut self,
        tx: impl ExecutableTx<Self>,
        tx_index: usize,
        f: impl FnOnce(&Self::Result),
    ) -> Result<GasOutput, BlockExecutionError>
    where
        E::DB: BalIndexedDatabase,
    {
        self.canonical.evm_mut().db_mut().set_bal_index(tx_index as u64 + 1);
        self.execute_transaction_with_result_closure(tx, f)
    }

    fn commit_transaction(&mut self, output: Self::Result) -> GasOutput {
        self.ahead.commit();
        self.canonical.commit_transaction(output)
    }

    fn finish(
        self,
    ) -> Result<(Self::Evm, BlockExecutionResult<Self::Receipt>), BlockExecutionError> {
        self.canonical.finish()
    }

    /// What was executed ahead is given up here, since the state may be another one afterwards.
    fn evm_mut(&mut self) -> &mut Self::Evm {
        if let Ahead::Decided(_) = self.ahead {
            self.ahead.leave();
        }
        self.canonical.evm_mut()
    }

    fn evm(&self) -> &Self::Evm {
        self.canonical.evm()
    }

    fn receipts(&self) -> &[Self::Receipt] {
        self.canonical.receipts()
    }

    /// Executes a whole block on the engine's threads, or where workers cannot run what the host's EVM
    /// runs, as the canonical executor does.
    ///
    /// A transaction that is not valid is the error that `EthBlockExecutor` gives for it, with its
    /// index inside ([`crate::RejectedTx`]). A database that fails and a worker that panics are a
    /// [`slotcast::executor::ExecutionError`] inside `InternalBlockExecutionError::Other`.
    fn execute_block(
        mut self,
        transactions: impl IntoIterator<Item = impl ExecutableTx<Self>>,
    ) -> Result<BlockExecutionResult<Self::Receipt>, BlockExecutionError> {
        let Some(workers) = self.workers else { return self.canonical.execute_block(transactions) };
        let originals: Vec<_> = transactions.into_iter().map(|tx| tx.into_parts().1).collect();
        let recovered = originals
            .iter()
            .map(|tx| Recovered::new_unchecked(tx.tx().clone().into(), *tx.signer()));
        let recovered = recovered.collect();
        self.canonical.apply_pre_execution_changes()?;
        let decisions = self.decide(workers, recovered)?;
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
