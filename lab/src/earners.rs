//! Where do a block's fees go?
//!
//! In: the rules of its chain and its header. Out: the beneficiary and, on a rollup, the vaults.

use alloy_consensus::Header;
use alloy_primitives::Address;
use slotcast_executor::{ChainRules, OpChain};

/// The accounts that fees of a block go to.
pub(crate) fn earners(rules: &ChainRules, header: &Header) -> Vec<Address> {
    let vaults = rules.as_optimism().map(OpChain::vaults);
    vaults.into_iter().flatten().chain([header.beneficiary]).collect()
}
