//! What would each transaction touch, run alone on the state before the block?
//!
//! In: a block and its parent state. Out: [`Alone`], one [`Observation`] for each transaction.
//! Invariant: no run sees another; nothing of this takes part in executing a block.
//!
//! This is what a simulator does that wants access lists without an analysis, and so the baseline a
//! prediction is measured against. As such a simulator does, it overlooks nonces, which only the
//! sender's earlier transactions would make right, and lends money to a sender who cannot pay yet.

use core::fmt;

use alloy_evm::Evm;
use alloy_primitives::{Address, B256, U256};
use revm::{
    Database,
    bytecode::Bytecode,
    context::result::{EVMError, InvalidTransaction, ResultAndState},
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast_model::{IndexVec, Observation, TxIndex};

use crate::{
    any_state::{AnyState, Erased, state_error},
    chain_evm::ChainEvm,
    error::ExecutionError,
    fork::Rules,
    input::Block,
    observe::Watch,
};

/// What is lent to a sender who cannot pay: enough for any transaction, far from overflowing.
const LOAN: U256 = U256::from_limbs([0, 0, 1, 0]);

/// How to run transactions alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AloneSettings {
    /// Whether to record balances and codes as well as storage; it costs a look at every
    /// instruction.
    pub is_observed: bool,
}

/// Transactions that were each run alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alone {
    /// What each touched; empty for one that cannot run even so.
    pub observations: IndexVec<TxIndex, Observation>,
    /// How many could not run even so.
    pub n_rejected: usize,
}

/// Runs every transaction of `block` alone on `base`.
pub fn execute_alone<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    settings: AloneSettings,
) -> Result<Alone, ExecutionError> {
    execute_alone_any(block, &(&Erased(base) as AnyState<'_>), settings)
}

fn execute_alone_any(
    block: &Block,
    base: &AnyState<'_>,
    settings: AloneSettings,
) -> Result<Alone, ExecutionError> {
    let mut rules = Rules::of(block)?;
    rules.env.cfg_env.disable_nonce_check = true;
    let parent = Parent { base, funded: None };
    let mut evm = ChainEvm::new(parent, &rules, Watch::default(), settings.is_observed);
    let mut alone = Alone { observations: IndexVec::new(), n_rejected: 0 };
    for tx in block.tx_indices() {
        let transaction = block.transaction(tx);
        let mut run = |funded| {
            evm.db_mut().funded = funded;
            match evm.run(&rules, block, tx) {
                Ok(ResultAndState { state, .. }) => Ok(Ok(evm.inspector_mut().observe(&state))),
                Err(EVMError::Transaction(reason)) => Ok(Err(reason)),
                Err(EVMError::Database(source)) => {
                    Err(ExecutionError::Database { tx: Some(tx), source: state_error(source) })
                }
                Err(source) => Err(ExecutionError::Evm { tx, source: Box::new(source) }),
            }
        };
        let observed = match run(None)? {
            Err(InvalidTransaction::LackOfFundForMaxFee { .. }) => run(Some(transaction.signer()))?,
            first => first,
        };
        alone.n_rejected += usize::from(observed.is_err());
        alone.observations.push(observed.unwrap_or_default());
    }
    Ok(alone)
}

/// The parent state, in which one account may have been lent money.
struct Parent<'a, DB> {
    base: &'a DB,
    funded: Option<Address>,
}

impl<DB> fmt::Debug for Parent<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parent")
    }
}

impl<DB: DatabaseRef> Database for Parent<'_, DB> {
    type Error = DB::Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        let info = self.base.basic_ref(address)?;
        if self.funded != Some(address) {
            return Ok(info);
        }
        let mut info = info.unwrap_or_default();
        info.balance = info.balance.saturating_add(LOAN);
        Ok(Some(info))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.base.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        self.base.storage_ref(address, key)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.base.block_hash_ref(number)
    }
}
