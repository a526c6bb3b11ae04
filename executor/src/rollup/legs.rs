//! Which accounts will a block's fees reach?
//!
//! In: a block, and the fee parameters as far as they are known. Out: the vaults that its signed
//! transactions pay into.
//! Invariant: what cannot be known is taken to be paid; without a rollup's rules there is no vault.

use alloy_primitives::{Address, U256};

use super::fees::L1Params;
use crate::{
    chain::optimism::{L1_BLOCK, L1_FEE_VAULT, OPERATOR_FEE_VAULT, OpChain, OpFork},
    fork::rules_of,
    input::Block,
};

/// Whom signed transactions of a block pay beside the tip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeLegs(Option<(OpFork, Address)>);

/// The vaults that a transaction pays into: of base fees, of fees for data, and of the operator.
pub type Vaults = [Option<Address>; 3];

impl FeeLegs {
    /// By the rules of the block's chain; none where these are not known.
    pub fn of(block: &Block) -> Self {
        let rules = rules_of(block).ok();
        let of_chain =
            |chain: &OpChain| (chain.fork_at(block.header.timestamp), chain.base_fee_vault());
        Self(rules.as_ref().and_then(|rules| rules.as_optimism()).map(of_chain))
    }

    /// Every vault there is under the block's rules.
    pub fn all(&self) -> Vaults {
        let Some((fork, base_fees)) = self.0 else { return [None; 3] };
        [
            Some(base_fees),
            Some(L1_FEE_VAULT),
            (OpFork::Isthmus <= fork).then_some(OPERATOR_FEE_VAULT),
        ]
    }

    /// Those that get more than nothing, by this base fee and by parameters that `storage` tells as
    /// far as it knows them.
    pub fn paid(
        &self,
        base_fee: u64,
        mut storage: impl FnMut(Address, U256) -> Option<U256>,
    ) -> Vaults {
        let ([base_fees, data, operator], Some((fork, _))) = (self.all(), self.0) else {
            return [None; 3];
        };
        let base_fees = base_fees.filter(|_| base_fee != 0);
        let word = |slot| storage(L1_BLOCK, slot).ok_or(());
        match L1Params::read(fork, word) {
            Ok(params) => [
                base_fees,
                data.filter(|_| params.charges_for_data()),
                operator.filter(|_| params.charges_for_operator()),
            ],
            Err(()) => [base_fees, data, operator],
        }
    }
}

#[cfg(test)]
mod tests;
