//! What do receipts of rollups state beside Ethereum's, in the names that nodes use?
//!
//! In: a receipt of an execution, or JSON. Out: [`RollupFields`].
//! Invariant: what a fork does not have is missing.

use alloy_primitives::{U64, U256};
use serde::{Deserialize, Serialize};
use slotcast::executor::{Receipt, RollupFees, RollupReceipt};

/// The fields of a receipt that rollups add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the JSON that nodes answer")]
pub struct RollupFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit_nonce: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit_receipt_version: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_fee: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_gas_used: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_gas_price: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_fee_scalar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_base_fee_scalar: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_blob_base_fee: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_blob_base_fee_scalar: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_fee_scalar: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_fee_constant: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_fee: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub da_footprint_gas_scalar: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob_gas_used: Option<U64>,
}

impl RollupFields {
    /// What the receipt of an execution states.
    pub fn of(receipt: &Receipt) -> Self {
        match receipt.rollup.as_deref() {
            None => Self::default(),
            Some(RollupReceipt::Deposit { nonce, version }) => Self {
                deposit_nonce: Some(U64::from(*nonce)),
                deposit_receipt_version: version.map(U64::from),
                ..Self::default()
            },
            Some(RollupReceipt::Fees(fees)) => Self::of_fees(fees),
        }
    }

    fn of_fees(fees: &RollupFees) -> Self {
        let params = &fees.params;
        let is_newer = !params.is_before_ecotone;
        let has_operator = fees.operator_fee.is_some();
        Self {
            l1_fee: Some(fees.l1_fee),
            l1_gas_used: Some(fees.l1_gas_used),
            l1_gas_price: Some(params.base_fee),
            l1_fee_scalar: (!is_newer).then(|| decimal(params.scalar)),
            l1_base_fee_scalar: is_newer.then(|| U64::from(params.base_fee_scalar)),
            l1_blob_base_fee: is_newer.then_some(params.blob_base_fee),
            l1_blob_base_fee_scalar: is_newer.then(|| U64::from(params.blob_base_fee_scalar)),
            operator_fee_scalar: has_operator.then(|| U64::from(params.operator_fee_scalar)),
            operator_fee_constant: has_operator.then(|| U64::from(params.operator_fee_constant)),
            operator_fee: fees.operator_fee,
            da_footprint_gas_scalar: fees
                .da_footprint
                .map(|_| U64::from(params.da_footprint_scalar)),
            blob_gas_used: fees.da_footprint.map(U64::from),
            ..Self::default()
        }
    }
}

/// Millionths as decimal text.
fn decimal(millionths: U256) -> String {
    let (whole, rest) = millionths.div_rem(U256::from(1_000_000));
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
