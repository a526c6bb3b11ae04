//! Which interpreter runs a transaction by the rules of its chain?
//!
//! In: the rules of a block, an interpreter, a transaction. Out: what it did.
//! Invariant: on Ethereum this is revm as it is; [`ChainEvm`] shows the same interpreter to alloy-evm's
//! block executor.

use alloy_evm::{Database, Evm, EvmEnv, ToTxEnv, precompiles::PrecompilesMap};
use alloy_primitives::{Address, Bytes, U256};
use revm::{
    Context, ExecuteEvm, InspectEvm, Inspector, MainBuilder, MainContext, SystemCallEvm,
    context::{
        BlockEnv, CfgEnv, TxEnv,
        result::{EVMError, HaltReason, ResultAndState},
    },
    primitives::hardfork::SpecId,
};
use slotcast_model::TxIndex;

use crate::{
    chain::optimism::L1_BLOCK,
    fork::Rules,
    input::Block,
    rollup::handler::{self, AnyEvm, EvmContext, Ran},
};

/// Runs `tx` by the rules of its chain, and says what the sender had to have beside what Ethereum
/// asks for.
pub(crate) fn transact<DB: Database, I>(
    evm: &mut AnyEvm<DB, I>,
    rules: &Rules,
    block: &Block,
    tx: TxIndex,
) -> Result<(ResultAndState, U256), EVMError<DB::Error>> {
    let transaction = block.transaction(tx).to_tx_env();
    let Some(op) = &rules.optimism else {
        return evm.transact(transaction).map(|result| (result, U256::ZERO));
    };
    let database = &mut evm.ctx.journaled_state.database;
    let call = op.call(block, tx, |slot| database.storage(L1_BLOCK, slot))?;
    let extra = call.most_paid(transaction.gas_limit);
    handler::transact(evm, &call, transaction).map(|result| (result, extra))
}

/// The interpreter as alloy-evm's block executor takes it.
pub(crate) struct ChainEvm<DB: Database, I> {
    inner: AnyEvm<DB, I>,
    is_inspected: bool,
}

impl<DB: Database, I: Inspector<EvmContext<DB>>> ChainEvm<DB, I> {
    pub(crate) fn new(database: DB, rules: &Rules, inspector: I, is_inspected: bool) -> Self {
        let inner = Context::mainnet()
            .with_db(database)
            .with_block(rules.env.block_env.clone())
            .with_cfg(rules.env.cfg_env.clone())
            .build_mainnet_with_inspector(inspector)
            .with_precompiles(rules.precompiles());
        Self { inner, is_inspected }
    }

    /// Runs `tx` by the rules of its chain.
    pub(crate) fn run(&mut self, rules: &Rules, block: &Block, tx: TxIndex) -> Ran<DB> {
        let transaction = block.transaction(tx).to_tx_env();
        let Some(op) = &rules.optimism else { return self.transact_raw(transaction) };
        let call = op.call(block, tx, |slot| self.db_mut().storage(L1_BLOCK, slot))?;
        match self.is_inspected {
            true => handler::inspect(&mut self.inner, &call, transaction),
            false => handler::transact(&mut self.inner, &call, transaction),
        }
    }
}

impl<DB: Database, I: Inspector<EvmContext<DB>>> Evm for ChainEvm<DB, I> {
    type DB = DB;
    type Tx = TxEnv;
    type Error = EVMError<DB::Error>;
    type HaltReason = HaltReason;
    type Spec = SpecId;
    type BlockEnv = BlockEnv;
    type Precompiles = PrecompilesMap;
    type Inspector = I;

    fn block(&self) -> &BlockEnv {
        &self.inner.ctx.block
    }

    fn cfg_env(&self) -> &CfgEnv {
        &self.inner.ctx.cfg
    }

    fn chain_id(&self) -> u64 {
        self.inner.ctx.cfg.chain_id
    }

    fn transact_raw(&mut self, tx: TxEnv) -> Ran<DB> {
        match self.is_inspected {
            true => self.inner.inspect_tx(tx),
            false => self.inner.transact(tx),
        }
    }

    fn transact_system_call(&mut self, from: Address, to: Address, data: Bytes) -> Ran<DB> {
        self.inner.system_call_with_caller(from, to, data)
    }

    fn finish(self) -> (DB, EvmEnv) {
        let Context { block: block_env, cfg: cfg_env, journaled_state, .. } = self.inner.ctx;
        (journaled_state.database, EvmEnv { block_env, cfg_env })
    }

    fn set_inspector_enabled(&mut self, enabled: bool) {
        self.is_inspected = enabled;
    }

    fn components(&self) -> (&DB, &I, &PrecompilesMap) {
        let inner = &self.inner;
        (&inner.ctx.journaled_state.database, &inner.inspector, &inner.precompiles)
    }

    fn components_mut(&mut self) -> (&mut DB, &mut I, &mut PrecompilesMap) {
        let inner = &mut self.inner;
        (&mut inner.ctx.journaled_state.database, &mut inner.inspector, &mut inner.precompiles)
    }
}
