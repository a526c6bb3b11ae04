//! What does a chain of the OP Stack do that Ethereum does not?
//!
//! In: the rules of a chain and a block. Out: [`OpBlock`], what they come to for its transactions.
//! Invariants: the protocol from Bedrock to Karst; the fee parameters are those in the state when a
//! transaction runs, which the block's first transaction has written.
//!
//! | part | rule |
//! | --- | --- |
//! | kinds without signature | deposits (type 0x7e): minted to, never charged, included even if they fail |
//! | fee legs of the others | tip to the beneficiary, base fee to its vault, data to the L1 vault, since Isthmus the operator's fee to its vault |
//! | words that each reads | of the `L1Block` contract: slots 1, 5 and 6, since Ecotone 1, 3 and 7, since Isthmus 8 |
//! | before the transactions | as on Ethereum: beacon root (Ecotone), parent's hash (Isthmus); in Canyon's first block code for one account |
//! | after them | nothing |
//! | budgets | gas, and since Jovian room for data |

pub(crate) mod deployer;
pub(crate) mod fees;
pub(crate) mod handler;
pub(crate) mod header;
pub(crate) mod legs;
pub(crate) mod precompiles;

use alloy_eips::Encodable2718;
use alloy_primitives::{Address, U256};
use revm::{context::result::ResultGas, state::EvmState};
use slotcast_model::{Index, TxIndex};

use crate::{
    chain::optimism::{L1_FEE_VAULT, OPERATOR_FEE_VAULT, OpChain, OpFork},
    input::Block,
    receipt::{RollupFees, RollupReceipt},
    transaction::{ChainTx, deposit::TxDeposit},
};
use fees::{L1Params, TxSize};

/// What the rules come to for one block.
#[derive(Clone, Debug)]
pub(crate) struct OpBlock {
    pub(crate) fork: OpFork,
    base_fee_vault: Address,
    sizes: Vec<TxSize>,
}

impl OpBlock {
    pub(crate) fn new(chain: &OpChain, block: &Block) -> Self {
        let fork = chain.fork_at(block.header.timestamp);
        let mut encoded = Vec::new();
        let mut size = |tx: &ChainTx| {
            let ChainTx::Signed(signed) = tx else { return TxSize::default() };
            encoded.clear();
            signed.encode_2718(&mut encoded);
            TxSize::of(&encoded, fork)
        };
        let sizes = block.transactions.iter().map(|tx| size(tx)).collect();
        Self { fork, base_fee_vault: chain.base_fee_vault(), sizes }
    }

    /// The accounts that each transaction pays into and does not look at.
    pub(crate) const fn vaults(&self) -> [Address; 3] {
        [self.base_fee_vault, L1_FEE_VAULT, OPERATOR_FEE_VAULT]
    }

    /// How much of the block's room for data a transaction takes; nothing before Jovian.
    pub(crate) fn da_footprint<E>(
        &self,
        block: &Block,
        tx: TxIndex,
        storage: impl FnMut(U256) -> Result<U256, E>,
    ) -> Result<u64, E> {
        if self.fork < OpFork::Jovian || block.transaction(tx).as_deposit().is_some() {
            return Ok(0);
        }
        let params = L1Params::read(self.fork, storage)?;
        Ok(params.da_footprint(&self.sizes[tx.as_usize()]))
    }

    /// What running a transaction takes besides Ethereum's rules; `storage` reads the contract that
    /// holds the parameters.
    pub(crate) fn call<'a, E>(
        &'a self,
        block: &'a Block,
        tx: TxIndex,
        storage: impl FnMut(U256) -> Result<U256, E>,
    ) -> Result<OpCall<'a>, E> {
        let deposit = block.transaction(tx).as_deposit().map(|deposit| &**deposit);
        let params = match deposit {
            Some(_) => L1Params::default(),
            None => L1Params::read(self.fork, storage)?,
        };
        Ok(OpCall { block: self, deposit, params, size: self.sizes[tx.as_usize()] })
    }

    /// What the receipt of a transaction states beside Ethereum's; `state` is what it left behind.
    pub(crate) fn receipt<E>(
        &self,
        block: &Block,
        tx: TxIndex,
        gas: &ResultGas,
        state: &EvmState,
        storage: impl FnMut(U256) -> Result<U256, E>,
    ) -> Result<Option<Box<RollupReceipt>>, E> {
        let call = self.call(block, tx, storage)?;
        let Some(deposit) = call.deposit else {
            return Ok(Some(Box::new(RollupReceipt::Fees(call.fees(gas.tx_gas_used())))));
        };
        if self.fork < OpFork::Regolith {
            return Ok(None);
        }
        let nonce = state.get(&deposit.from).map_or(0, |account| account.original_info().nonce);
        let version = (OpFork::Canyon <= self.fork).then_some(1);
        Ok(Some(Box::new(RollupReceipt::Deposit { nonce, version })))
    }
}

/// What running one transaction takes besides Ethereum's rules.
#[derive(Clone, Debug)]
pub(crate) struct OpCall<'a> {
    block: &'a OpBlock,
    deposit: Option<&'a TxDeposit>,
    params: L1Params,
    size: TxSize,
}

impl OpCall<'_> {
    /// What the sender must have beside gas and value, for a transaction with this gas limit; what it
    /// pays beside them, if that is the gas it used.
    pub(crate) fn most_paid(&self, gas_limit: u64) -> U256 {
        match self.deposit {
            Some(_) => U256::ZERO,
            None => self.l1_fee().saturating_add(self.operator_fee(gas_limit)),
        }
    }

    fn l1_fee(&self) -> U256 {
        self.params.l1_fee(self.block.fork, &self.size)
    }

    fn operator_fee(&self, gas: u64) -> U256 {
        self.params.operator_fee(self.block.fork, gas)
    }

    /// Whom a signed transaction that used so much gas pays beside the tip, and what.
    pub(crate) fn legs(
        &self,
        base_fee: u64,
        gas_used: u64,
    ) -> impl Iterator<Item = (Address, U256)> + use<> {
        let base_fees = U256::from(u128::from(base_fee) * u128::from(gas_used));
        let operator = (OpFork::Isthmus <= self.block.fork)
            .then(|| (OPERATOR_FEE_VAULT, self.operator_fee(gas_used)));
        let legs = [(self.block.base_fee_vault, base_fees), (L1_FEE_VAULT, self.l1_fee())];
        legs.into_iter().chain(operator)
    }

    pub(crate) fn fees(&self, gas_used: u64) -> RollupFees {
        let fork = self.block.fork;
        RollupFees {
            l1_fee: self.l1_fee(),
            l1_gas_used: self.params.l1_gas_used(fork, &self.size),
            operator_fee: (OpFork::Isthmus <= fork).then(|| self.operator_fee(gas_used)),
            da_footprint: (OpFork::Jovian <= fork).then(|| self.params.da_footprint(&self.size)),
            params: self.params.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
