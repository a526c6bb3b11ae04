//! What does Ethereum say a block does, one transaction after the other?
//!
//! In: a block, its rules and a state to run on. Out: [`Canonical`], the block executor of
//! `alloy-evm`, which both the sequential and the parallel executor commit through.
//! Invariants: transactions are committed in block order; system calls, receipts, withdrawals,
//! requests and rewards are the block executor's, never ours; after an error it is not used again.

use core::{any::Any, fmt, panic::AssertUnwindSafe};
use std::{borrow::Cow, panic::catch_unwind};

use alloy_consensus::TransactionEnvelope as _;
use alloy_eips::eip7685::Requests;
use alloy_evm::{
    Evm,
    block::{
        BlockExecutionError, BlockExecutionResult, BlockExecutor, BlockValidationError,
        InternalBlockExecutionError, StateDB,
    },
    eth::{
        EthBlockExecutionCtx, EthBlockExecutor, EthTxResult,
        receipt_builder::{ReceiptBuilder, ReceiptBuilderCtx},
    },
};
use alloy_primitives::{Address, B256, Bytes};
use revm::{
    Database,
    bytecode::Bytecode,
    context::result::{EVMError, HaltReason, ResultAndState},
    database_interface::{DatabaseRef, bal::EvmDatabaseError},
    primitives::{StorageKey, StorageValue},
    state::{Account, AccountInfo, TransactionId},
};
use slotcast_model::{Observation, TxIndex};

use crate::{
    any_state::state_error,
    chain::{ChainRules, optimism::L1_BLOCK},
    chain_evm::ChainEvm,
    error::{ExecutionError, Source},
    fork::Rules,
    input::Block,
    meter::Meter,
    observe::Watch,
    receipt::Receipt,
    rejection::Rejection,
    rollup::{OpBlock, deployer::installed_at},
    transaction::{ChainTx, ChainTxType},
};

/// What a block left besides its state and its results.
pub(crate) type Closing = BlockExecutionResult<Receipt>;

/// What running a transaction gives before it is committed.
pub(crate) type TxResult = EthTxResult<HaltReason, ChainTxType>;

/// Makes receipts without blooms, which are worked out when asked for.
#[derive(Clone, Copy, Debug)]
struct PlainReceipts;

impl ReceiptBuilder for PlainReceipts {
    type Transaction = ChainTx;
    type Receipt = Receipt;

    fn build_receipt<E: Evm>(&self, ctx: ReceiptBuilderCtx<'_, ChainTxType, E>) -> Receipt {
        Receipt {
            tx_type: ctx.tx_type.into(),
            success: ctx.result.is_success(),
            cumulative_gas_used: ctx.cumulative_gas_used,
            logs: ctx.result.into_logs(),
            rollup: None,
        }
    }
}

/// A transaction after it was run and before it is committed.
pub(crate) enum Run {
    /// It ran.
    Executed(TxResult),
    /// It cannot be included, for this reason.
    Rejected(Rejection),
}

type CanonicalExecutor<'a, S> =
    EthBlockExecutor<'a, ChainEvm<S, Watch>, &'a ChainRules, PlainReceipts>;

/// The block executor, positioned between two transactions.
pub(crate) struct Canonical<'a, S: StateDB + fmt::Debug> {
    block: &'a Block,
    rules: &'a Rules,
    executor: CanonicalExecutor<'a, S>,
}

impl<'a, S, E> Canonical<'a, S>
where
    S: StateDB + Database<Error = EvmDatabaseError<E>> + fmt::Debug,
    E: core::error::Error + Send + Sync + 'static,
{
    /// Starts the block: its system calls are run, none of its transactions is.
    ///
    /// With `is_watched`, every transaction can be observed, at the price of looking at every
    /// instruction.
    pub(crate) fn open(
        block: &'a Block,
        rules: &'a Rules,
        state: S,
        is_watched: bool,
    ) -> Result<Self, ExecutionError> {
        let evm = ChainEvm::new(state, rules, Watch::default(), is_watched);
        let ctx = EthBlockExecutionCtx {
            parent_hash: block.header.parent_hash,
            parent_beacon_block_root: block.header.parent_beacon_block_root,
            ommers: &block.ommers,
            withdrawals: block.withdrawals.as_deref().map(Cow::Borrowed),
            extra_data: block.header.extra_data.clone(),
            tx_count_hint: Some(block.n_transactions()),
            slot_number: block.header.slot_number,
        };
        let mut executor = EthBlockExecutor::new(evm, ctx, &rules.chain, PlainReceipts);
        executor.apply_pre_execution_changes().map_err(block_error)?;
        let mut opened = Self { block, rules, executor };
        if let Some(chain) = rules.chain.as_optimism()
            && let Some((address, code)) = installed_at(chain, block.header.timestamp)
        {
            opened.install(address, code)?;
        }
        Ok(opened)
    }

    /// Puts code in place without a transaction; the rest of the account stays as it is.
    fn install(&mut self, address: Address, code: Bytes) -> Result<(), ExecutionError> {
        let state = self.state_mut();
        let found = state
            .basic(address)
            .map_err(|source| ExecutionError::Database { tx: None, source: state_error(source) })?;
        let info = found.clone().unwrap_or_default();
        let mut account =
            found.map_or_else(|| Account::new_not_existing(TransactionId::ZERO), Account::from);
        let code = Bytecode::new_raw(code);
        let hash = code.hash_slow();
        account.info = info.with_code_and_hash(code, hash);
        account.mark_touch();
        state.commit([(address, account)].into_iter().collect());
        Ok(())
    }

    /// Runs a transaction on everything committed so far, without committing it.
    pub(crate) fn run(&mut self, tx: TxIndex) -> Result<Run, ExecutionError> {
        let transaction = self.block.transaction(tx);
        // After a panic the executor is in an unknown state, but then it is not used again.
        let result = catch_unwind(AssertUnwindSafe(|| match &self.rules.optimism {
            None => self.executor.execute_transaction_without_commit(transaction),
            Some(op) => self.run_on_rollup(op, tx),
        }));
        match result {
            Ok(Ok(result)) => Ok(Run::Executed(result)),
            Ok(Err(error)) => rejection::<E>(tx, error).map(Run::Rejected),
            Err(panic) => Err(ExecutionError::Panicked { tx, message: panic_text(&*panic) }),
        }
    }

    /// What the transaction just run touched; empty unless watched.
    pub(crate) fn observe(&mut self, result: &TxResult) -> Observation {
        self.executor.evm_mut().inspector_mut().observe(&result.result.state)
    }

    /// Commits the next transaction of the block.
    pub(crate) fn commit(&mut self, tx: TxIndex, result: TxResult) -> Result<(), ExecutionError> {
        let Some(op) = &self.rules.optimism else {
            self.executor.commit_transaction(result);
            return Ok(());
        };
        let ResultAndState { result: ran, state } = &result.result;
        let database = self.executor.evm.db_mut();
        let read = |slot| database.storage(L1_BLOCK, slot);
        let rollup = op.receipt(self.block, tx, ran.gas(), state, read).map_err(|source| {
            ExecutionError::Database { tx: Some(tx), source: state_error(source) }
        })?;
        self.executor.commit_transaction(result);
        self.executor.receipts.last_mut().expect("it has a receipt").rollup = rollup;
        Ok(())
    }

    /// Runs a transaction by the rules of a rollup.
    fn run_on_rollup(
        &mut self,
        op: &OpBlock,
        tx: TxIndex,
    ) -> Result<TxResult, BlockExecutionError> {
        let transaction = self.block.transaction(tx);
        let executor = &mut self.executor;
        let failed = |error| BlockExecutionError::evm(error, *transaction.tx_hash());
        let database = executor.evm.db_mut();
        let footprint = op
            .da_footprint(self.block, tx, |slot| database.storage(L1_BLOCK, slot))
            .map_err(|error| failed(EVMError::Database(error)))?;
        let used = executor.cumulative_tx_gas_used;
        let meter =
            Meter { cumulative: used, regular: used, state: 0, blob: executor.blob_gas_used };
        if let Some(Rejection::NoRoom { gas_limit, left }) =
            meter.no_room(self.rules, transaction, footprint)
        {
            let error = BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas {
                transaction_gas_limit: gas_limit,
                block_available_gas: left,
            };
            return Err(error.into());
        }
        let result = executor.evm.run(self.rules, self.block, tx).map_err(failed)?;
        Ok(EthTxResult { result, blob_gas_used: footprint, tx_type: transaction.tx_type() })
    }

    /// The state it runs on.
    pub(crate) fn state_mut(&mut self) -> &mut S {
        self.executor.evm_mut().db_mut()
    }

    /// Ends a block whose transactions were decided elsewhere: `receipts` and `meter` are what they
    /// came to, and `turn` readies the state.
    pub(crate) fn close(
        mut self,
        receipts: Vec<Receipt>,
        meter: Meter,
        turn: impl FnOnce(&mut S),
    ) -> Result<Closing, ExecutionError> {
        self.executor.receipts = receipts;
        self.executor.cumulative_tx_gas_used = meter.cumulative;
        self.executor.block_regular_gas_used = meter.regular;
        self.executor.block_state_gas_used = meter.state;
        self.executor.blob_gas_used = meter.blob;
        turn(self.state_mut());
        let (_, closing) = self.finish()?;
        Ok(closing)
    }

    /// Ends the block: withdrawals, requests and rewards, of which a rollup has none.
    pub(crate) fn finish(self) -> Result<(S, BlockExecutionResult<Receipt>), ExecutionError> {
        if self.rules.optimism.is_some() {
            let EthBlockExecutor { evm, receipts, cumulative_tx_gas_used, blob_gas_used, .. } =
                self.executor;
            let (requests, gas_used) = (Requests::default(), cumulative_tx_gas_used);
            let result = BlockExecutionResult { receipts, requests, gas_used, blob_gas_used };
            return Ok((evm.into_db(), result));
        }
        let (evm, result) = self.executor.finish().map_err(block_error)?;
        Ok((evm.into_db(), result))
    }
}

/// The reason why a transaction was not run, if that is the transaction's own fault.
fn rejection<E: core::error::Error + Send + Sync + 'static>(
    tx: TxIndex,
    error: BlockExecutionError,
) -> Result<Rejection, ExecutionError> {
    match error {
        BlockExecutionError::Validation(BlockValidationError::InvalidTx { error, .. }) => {
            match error.as_invalid_tx_err() {
                Some(reason) => Ok(reason.clone().into()),
                None => Err(ExecutionError::Evm { tx, source: error.to_string().into() }),
            }
        }
        BlockExecutionError::Validation(
            BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas {
                transaction_gas_limit: gas_limit,
                block_available_gas: left,
            },
        ) => Ok(Rejection::NoRoom { gas_limit, left }),
        BlockExecutionError::Validation(BlockValidationError::EVM { error, .. })
        | BlockExecutionError::Internal(InternalBlockExecutionError::EVM { error, .. }) => {
            Err(evm_error::<E>(tx, error))
        }
        error => Err(ExecutionError::Evm { tx, source: Box::new(error) }),
    }
}

/// Takes the base state's own error out of its wrappings.
fn evm_error<E: core::error::Error + Send + Sync + 'static>(
    tx: TxIndex,
    error: Source,
) -> ExecutionError {
    match error.downcast::<EVMError<EvmDatabaseError<E>>>() {
        Ok(error) => match *error {
            EVMError::Database(EvmDatabaseError::Database(source)) => {
                ExecutionError::Database { tx: Some(tx), source: state_error(source) }
            }
            error => ExecutionError::Evm { tx, source: Box::new(error) },
        },
        Err(source) => ExecutionError::Evm { tx, source },
    }
}

fn block_error(error: BlockExecutionError) -> ExecutionError {
    ExecutionError::Block { source: Box::new(error) }
}

/// The text of a panic, as far as it has one.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

/// A base state seen as the database revm wants, without asking it to be printable.
pub(crate) struct Base<'a, DB>(pub(crate) &'a DB);

impl<DB> fmt::Debug for Base<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Base")
    }
}

impl<DB: DatabaseRef> Database for Base<'_, DB> {
    type Error = DB::Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        self.0.basic_ref(address)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.0.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        self.0.storage_ref(address, key)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.0.block_hash_ref(number)
    }
}

impl<DB: DatabaseRef> DatabaseRef for Base<'_, DB> {
    type Error = DB::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        self.0.basic_ref(address)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.0.code_by_hash_ref(code_hash)
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        self.0.storage_ref(address, key)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        self.0.block_hash_ref(number)
    }
}
