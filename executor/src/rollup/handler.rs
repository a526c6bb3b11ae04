//! How does revm run a transaction of the OP Stack?
//!
//! In: an interpreter, a transaction, and its [`OpCall`]. Out: what Ethereum's handler gives, with the
//! chain's own steps before and after.
//! Invariants: a deposit is always included: whatever is wrong with it, its mint stays, its sender's
//! nonce rises, and it uses its whole gas limit; a signed transaction pays for its data and to the
//! operator before it runs, and what it did not use of the latter comes back.

use core::marker::PhantomData;

use alloy_evm::{Database, precompiles::PrecompilesMap};
use alloy_primitives::U256;
use revm::{
    Inspector,
    context::{
        Block as _, BlockEnv, Cfg as _, CfgEnv, Context, ContextSetters, ContextTr, Evm, JournalTr,
        LocalContextTr, TxEnv,
        journaled_state::account::JournaledAccountTr,
        result::{
            EVMError, ExecutionResult, HaltReason, InvalidTransaction, ResultAndState, ResultGas,
        },
    },
    handler::{
        EthFrame, EvmTr, FrameResult, Handler,
        instructions::EthInstructions,
        post_execution,
        pre_execution::{calculate_caller_fee, validate_account_nonce_and_code_with_components},
        validation,
    },
    inspector::InspectorHandler,
    interpreter::{GasTracker, InitialAndFloorGas, interpreter::EthInterpreter},
    primitives::hardfork::SpecId,
};

use super::OpCall;
use crate::chain::optimism::OpFork;

/// The context that every interpreter of ours has.
pub(crate) type EvmContext<DB> = Context<BlockEnv, TxEnv, CfgEnv, DB>;

/// Every interpreter of ours.
pub(crate) type AnyEvm<DB, I> = Evm<
    EvmContext<DB>,
    I,
    EthInstructions<EthInterpreter, EvmContext<DB>>,
    PrecompilesMap,
    EthFrame<EthInterpreter>,
>;

/// What a run gives, or why there is none.
pub(crate) type Ran<DB> = Result<ResultAndState, EVMError<<DB as revm::Database>::Error>>;

/// Runs a transaction.
pub(crate) fn transact<DB: Database, I>(
    evm: &mut AnyEvm<DB, I>,
    call: &OpCall<'_>,
    tx: TxEnv,
) -> Ran<DB> {
    evm.ctx.set_tx(tx);
    let result = OpHandler { call, evm: PhantomData::<fn() -> AnyEvm<DB, I>> }.run(evm);
    let state = evm.ctx.journal_mut().finalize();
    Ok(ResultAndState::new(result?, state))
}

/// Runs a transaction under the inspector.
pub(crate) fn inspect<DB: Database, I: Inspector<EvmContext<DB>>>(
    evm: &mut AnyEvm<DB, I>,
    call: &OpCall<'_>,
    tx: TxEnv,
) -> Ran<DB> {
    evm.ctx.set_tx(tx);
    let result = OpHandler { call, evm: PhantomData::<fn() -> AnyEvm<DB, I>> }.inspect_run(evm);
    let state = evm.ctx.journal_mut().finalize();
    Ok(ResultAndState::new(result?, state))
}

/// Ethereum's handler with the chain's own steps.
struct OpHandler<'a, EVM> {
    call: &'a OpCall<'a>,
    evm: PhantomData<fn() -> EVM>,
}

impl<EVM> OpHandler<'_, EVM> {
    /// The gas that a deposit is charged before Regolith: all of it, or for the chain's own none.
    fn flat_gas(&self, gas_limit: u64) -> Option<u64> {
        let deposit = self.call.deposit.filter(|_| self.call.block.fork < OpFork::Regolith)?;
        Some(if deposit.is_system_transaction { 0 } else { gas_limit })
    }
}

impl<DB: Database, I> Handler for OpHandler<'_, AnyEvm<DB, I>> {
    type Evm = AnyEvm<DB, I>;
    type Error = EVMError<DB::Error>;
    type HaltReason = HaltReason;

    fn validate_env(&self, evm: &mut Self::Evm) -> Result<(), Self::Error> {
        let Some(deposit) = self.call.deposit else {
            if !evm.ctx.tx.blob_hashes.is_empty() {
                return Err(InvalidTransaction::from("this chain has no blobs").into());
            }
            return validation::validate_env(evm.ctx());
        };
        let cfg = &evm.ctx.cfg;
        if deposit.is_system_transaction && OpFork::Regolith <= self.call.block.fork {
            Err(InvalidTransaction::from("the chain's own deposits ended with Regolith").into())
        } else if deposit.to.is_create()
            && SpecId::SHANGHAI <= cfg.spec
            && cfg.max_initcode_size() < deposit.input.len()
        {
            Err(InvalidTransaction::CreateInitCodeSizeLimit.into())
        } else {
            Ok(())
        }
    }

    fn tx_gas(&self, evm: &mut Self::Evm, init: &InitialAndFloorGas) -> GasTracker {
        let gas_limit = evm.ctx.tx.gas_limit;
        let cap = match self.call.deposit {
            Some(_) => u64::MAX,
            None => evm.ctx.cfg.tx_gas_limit_cap(),
        };
        let (remaining, reservoir) = init.initial_gas_and_reservoir(gas_limit, cap);
        GasTracker::new(gas_limit, remaining, reservoir)
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _init: &mut InitialAndFloorGas,
    ) -> Result<(), Self::Error> {
        let (block, tx, cfg, journal, _, _) = evm.ctx.all_mut();
        let mut caller = journal.load_account_with_code_mut(tx.caller)?.data;
        let lacks = |fee: U256, balance: U256| {
            let (fee, balance) = (Box::new(fee), Box::new(balance));
            InvalidTransaction::LackOfFundForMaxFee { fee, balance }
        };
        if let Some(deposit) = self.call.deposit {
            caller.incr_balance(U256::from(deposit.mint));
            let balance = *caller.balance();
            if balance < deposit.value {
                return Err(lacks(deposit.value, balance).into());
            }
        } else {
            validate_account_nonce_and_code_with_components(&caller.account().info, tx, cfg)?;
            let (balance, extra) = (*caller.balance(), self.call.most_paid(tx.gas_limit));
            let Some(left) = balance.checked_sub(extra) else {
                return Err(lacks(extra, balance).into());
            };
            let left = calculate_caller_fee(left, tx, block, cfg)?;
            caller.set_balance(left);
        }
        if tx.kind.is_call() {
            caller.bump_nonce();
        }
        Ok(())
    }

    fn refund(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
        eip7702_refund: i64,
    ) -> Result<(), Self::Error> {
        let gas = result.gas_mut();
        match self.flat_gas(gas.limit()) {
            Some(used) => {
                gas.set_spent(used);
                gas.set_refund(0);
            }
            None => post_execution::refund(evm.ctx.cfg.gas_params(), gas, eip7702_refund),
        }
        Ok(())
    }

    fn reimburse_caller(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
    ) -> Result<(), Self::Error> {
        if self.call.deposit.is_some() {
            return Ok(());
        }
        let gas = result.gas();
        let paid = self.call.operator_fee(evm.ctx.tx.gas_limit);
        let unused = paid.saturating_sub(self.call.operator_fee(gas.used()));
        post_execution::reimburse_caller(evm.ctx(), gas, unused).map_err(EVMError::Database)
    }

    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
    ) -> Result<(), Self::Error> {
        if self.call.deposit.is_some() {
            return Ok(());
        }
        let gas = result.gas();
        post_execution::reward_beneficiary(evm.ctx(), gas)?;
        for (vault, fee) in self.call.legs(evm.ctx.block.basefee(), gas.used()) {
            evm.ctx.journal_mut().balance_incr(vault, fee)?;
        }
        Ok(())
    }

    fn catch_error(
        &self,
        evm: &mut Self::Evm,
        error: Self::Error,
    ) -> Result<ExecutionResult<HaltReason>, Self::Error> {
        evm.ctx.local_mut().clear();
        evm.ctx.journal_mut().discard_tx();
        evm.frame_stack().clear();
        let (Some(deposit), EVMError::Transaction(_)) = (self.call.deposit, &error) else {
            return Err(error);
        };
        let journal = evm.ctx.journal_mut();
        let mut caller = journal.load_account_mut(deposit.from)?.data;
        caller.incr_balance(U256::from(deposit.mint));
        caller.bump_nonce();
        journal.commit_tx();
        let used = self.flat_gas(deposit.gas_limit).unwrap_or(deposit.gas_limit);
        let gas = ResultGas::default().with_total_gas_spent(used);
        Ok(ExecutionResult::Halt { reason: HaltReason::OutOfFunds, gas, logs: Vec::new() })
    }
}

impl<DB: Database, I: Inspector<EvmContext<DB>>> InspectorHandler for OpHandler<'_, AnyEvm<DB, I>> {
    type IT = EthInterpreter;
}
