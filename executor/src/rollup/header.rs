//! What of a rollup's header follows from the parent and from what the block did?
//!
//! In: a header, some fields of the parent, an outcome. Out: the base fee that follows, and
//! [`RollupCheck`].
//! Invariant: what cannot be told from what is at hand is neither right nor wrong.

use alloy_consensus::Header;
use alloy_eips::{calc_next_block_base_fee, eip1559::BaseFeeParams};
use alloy_primitives::{B256, Bytes};

use crate::{
    chain::optimism::{MESSAGE_PASSER, OpChain, OpFork},
    outcome::{AccountChange, BlockOutcome},
};

/// The fields of the parent that the base fee follows from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentFields {
    /// When it was made.
    pub timestamp: u64,
    /// Its gas limit.
    pub gas_limit: u64,
    /// The gas it used.
    pub gas_used: u64,
    /// Its base fee.
    pub base_fee: u64,
    /// Since Jovian the room for data that it took.
    pub blob_gas_used: Option<u64>,
    /// Since Holocene it holds parameters of the base fee.
    pub extra_data: Bytes,
}

impl From<&Header> for ParentFields {
    fn from(header: &Header) -> Self {
        Self {
            timestamp: header.timestamp,
            gas_limit: header.gas_limit,
            gas_used: header.gas_used,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            blob_gas_used: header.blob_gas_used,
            extra_data: header.extra_data.clone(),
        }
    }
}

/// Which fields of a rollup's header agree; nothing where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollupCheck {
    /// The base fee follows from the parent.
    pub base_fee: Option<bool>,
    /// The withdrawals root is the storage root of the contract that records them (Isthmus).
    pub withdrawals_root: Option<bool>,
    /// The blob gas is what the transactions take of the room for data (Jovian).
    pub da_footprint: Option<bool>,
}

/// Compares a header with its parent and with what the block did. `passer` is the storage root of the
/// contract that records withdrawals, before and after the block; the
/// former may not be known.
pub fn check_rollup(
    chain: &OpChain,
    header: &Header,
    outcome: &BlockOutcome,
    parent: Option<&ParentFields>,
    passer: Option<(Option<B256>, B256)>,
) -> RollupCheck {
    let fork = chain.fork_at(header.timestamp);
    let base_fee = parent
        .and_then(|parent| next_base_fee(chain, parent, header.timestamp))
        .map(|next| header.base_fee_per_gas == Some(next));
    let recorded =
        |change: &AccountChange| change.address == MESSAGE_PASSER && !change.storage.is_empty();
    let is_root = |(before, after): (Option<B256>, B256)| {
        // Which root new slots lead to does not follow from the few slots that a recording holds.
        let is_changed = outcome.state.iter().any(recorded);
        before.is_none_or(|before| (before != after) == is_changed)
            && header.withdrawals_root == Some(after)
    };
    RollupCheck {
        base_fee,
        withdrawals_root: passer.filter(|_| OpFork::Isthmus <= fork).map(is_root),
        da_footprint: (OpFork::Jovian <= fork)
            .then(|| header.blob_gas_used == Some(outcome.blob_gas_used)),
    }
}

/// The base fee of the block at `timestamp` after `parent`; nothing where the parent does not state
/// what its fork demands.
pub fn next_base_fee(chain: &OpChain, parent: &ParentFields, timestamp: u64) -> Option<u64> {
    let (elasticity, denominators) = chain.base_fee_params();
    let denominator = denominators[usize::from(OpFork::Canyon <= chain.fork_at(timestamp))];
    let usual = BaseFeeParams::new(denominator.into(), elasticity.into());
    let fork = chain.fork_at(parent.timestamp);
    let (params, least) = match fork < OpFork::Holocene {
        true => (usual, 0),
        false => stated(fork, &parent.extra_data, usual)?,
    };
    let metered = match fork < OpFork::Jovian {
        true => parent.gas_used,
        false => parent.gas_used.max(parent.blob_gas_used?),
    };
    let next = calc_next_block_base_fee(metered, parent.gas_limit, parent.base_fee, params);
    Some(next.max(least).max(chain.least_base_fee_at(timestamp)))
}

/// The parameters and the least base fee that a header's extra data states.
fn stated(fork: OpFork, extra: &[u8], usual: BaseFeeParams) -> Option<(BaseFeeParams, u64)> {
    let number = |range| {
        let bytes: &[u8] = extra.get::<core::ops::Range<usize>>(range)?;
        Some(bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    let (denominator, elasticity) = (number(1..5)?, number(5..9)?);
    let params = match (denominator, elasticity) {
        (0, _) | (_, 0) => usual,
        _ => BaseFeeParams::new(denominator.into(), elasticity.into()),
    };
    let least = if fork < OpFork::Jovian { 0 } else { number(9..17)? };
    Some((params, least))
}

#[cfg(test)]
mod tests;
