//! How much of a block's gas is used up?
//!
//! In: what committed transactions used. Out: [`Meter`], and whether a gas limit still fits.
//! Invariant: the rule is the block executor's own, since Amsterdam in two dimensions.

use alloy_consensus::Transaction as _;
use revm::context::{Cfg, result::ResultGas};

use crate::{chain::optimism::OpFork, fork::Rules, rejection::Rejection, transaction::ChainTx};

/// Gas of the transactions committed so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    /// As receipts count it.
    pub(crate) cumulative: u64,
    /// What counts against the block's limit since Amsterdam.
    pub(crate) regular: u64,
    /// Gas for new state, since Amsterdam.
    pub(crate) state: u64,
    /// Gas for blobs, since Cancun; on a rollup the room for data, since Jovian.
    pub(crate) blob: u64,
}

impl Meter {
    /// Counts what a transaction used.
    pub(crate) fn count(&mut self, gas: &ResultGas) {
        self.regular += gas.block_regular_gas_used();
        self.state += gas.block_state_gas_used();
        self.cumulative += gas.tx_gas_used();
    }

    /// Why the block has no room for a transaction that takes so much of its room for data; nothing
    /// when it has.
    pub(crate) fn no_room(&self, rules: &Rules, tx: &ChainTx, footprint: u64) -> Option<Rejection> {
        let cfg = &rules.env.cfg_env;
        let block_limit = rules.env.block_env.gas_limit;
        let gas_limit = tx.gas_limit();
        if let Some(op) = &rules.optimism {
            if op.fork < OpFork::Regolith && tx.as_deposit().is_some() {
                return None;
            }
            let left = block_limit.saturating_sub(self.blob);
            if left < footprint {
                return Some(Rejection::NoRoom { gas_limit: footprint, left });
            }
        }
        let cap = if tx.as_deposit().is_some() { u64::MAX } else { cfg.tx_gas_limit_cap() };
        let is_two_dimensional = cfg.enable_amsterdam_eip8037;
        let used = if is_two_dimensional { self.regular } else { self.cumulative };
        let left = block_limit.saturating_sub(used);
        let state_left = block_limit.saturating_sub(self.state);
        let left = if left < gas_limit.min(cap) {
            left
        } else if is_two_dimensional && state_left < gas_limit {
            state_left
        } else {
            return None;
        };
        Some(Rejection::NoRoom { gas_limit, left })
    }
}
