//! What does a transaction pay for its data, and to the operator?
//!
//! In: the parameters as the `L1Block` contract holds them, and the size of a transaction. Out: sums
//! in wei, and the data's share of the block's room.
//! Invariants: sums saturate; nothing here depends on execution but the gas that a transaction used.

use alloy_primitives::U256;
use op_alloy_flz::flz_compress_len;

use crate::chain::optimism::OpFork;

/// Slots of the `L1Block` contract.
const BASE_FEE: u64 = 1;
const SCALARS: u64 = 3;
const OVERHEAD: u64 = 5;
const SCALAR: u64 = 6;
const BLOB_BASE_FEE: u64 = 7;
const OPERATOR: u64 = 8;

/// Gas of a byte of data.
const ZERO_GAS: u64 = 4;
const OTHER_GAS: u64 = 16;
/// Bytes of a signature, which are counted again before Regolith.
const SIGNATURE_BYTES: u64 = 68;

/// The estimate of a transaction's share of a compressed batch, in millionths of a byte: so much for
/// each byte that FastLZ leaves, less so much, and at least that of a hundred bytes.
const PER_FASTLZ_BYTE: u64 = 836_500;
const INTERCEPT: u64 = 42_585_600;
const LEAST_SIZE: u64 = 100_000_000;
const MILLION: u64 = 1_000_000;

/// How long a signed transaction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TxSize {
    zeros: u64,
    others: u64,
    fastlz: u64,
}

impl TxSize {
    pub(crate) fn of(encoded: &[u8], fork: OpFork) -> Self {
        let zeros = encoded.iter().filter(|byte| **byte == 0).count() as u64;
        let others = encoded.len() as u64 - zeros;
        let is_compressed = OpFork::Fjord <= fork;
        let fastlz = if is_compressed { flz_compress_len(encoded).into() } else { 0 };
        Self { zeros, others, fastlz }
    }

    /// The gas that its bytes would take as calldata.
    const fn calldata_gas(&self) -> u64 {
        self.zeros * ZERO_GAS + self.others * OTHER_GAS
    }

    /// The estimated share of a batch, in millionths of a byte.
    fn estimate(&self) -> u64 {
        self.fastlz.saturating_mul(PER_FASTLZ_BYTE).saturating_sub(INTERCEPT).max(LEAST_SIZE)
    }
}

/// The fee parameters of a block, as its first transaction leaves them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct L1Params {
    /// The base fee of the layer below.
    pub base_fee: U256,
    /// Gas added to that of the data, before Ecotone.
    pub overhead: U256,
    /// What the fee is multiplied by, in millionths, before Ecotone.
    pub scalar: U256,
    /// The weight of the base fee, in millionths, from Ecotone on.
    pub base_fee_scalar: u32,
    /// The blob base fee of the layer below, from Ecotone on.
    pub blob_base_fee: U256,
    /// The weight of the blob base fee, in millionths, from Ecotone on.
    pub blob_base_fee_scalar: u32,
    /// The operator's fee for gas, from Isthmus on.
    pub operator_fee_scalar: u32,
    /// The operator's fee for a transaction, from Isthmus on.
    pub operator_fee_constant: u64,
    /// What a byte takes of the block's room for data, from Jovian on.
    pub da_footprint_scalar: u16,
    /// Whether the older formula still holds: in the block that Ecotone begins with the newer
    /// parameters are not written yet.
    pub is_before_ecotone: bool,
}

impl L1Params {
    /// Reads the parameters that hold under `fork`.
    pub(crate) fn read<E>(
        fork: OpFork,
        mut storage: impl FnMut(U256) -> Result<U256, E>,
    ) -> Result<Self, E> {
        let mut slot = |slot: u64| storage(U256::from(slot));
        let mut params = Self { base_fee: slot(BASE_FEE)?, ..Self::default() };
        if OpFork::Ecotone <= fork {
            let scalars = slot(SCALARS)?.to_be_bytes::<32>();
            params.base_fee_scalar = be(&scalars[16..20]) as u32;
            params.blob_base_fee_scalar = be(&scalars[20..24]) as u32;
            params.blob_base_fee = slot(BLOB_BASE_FEE)?;
        }
        let is_unset = params.blob_base_fee.is_zero()
            && params.base_fee_scalar == 0
            && params.blob_base_fee_scalar == 0;
        params.is_before_ecotone = fork < OpFork::Ecotone || (fork == OpFork::Ecotone && is_unset);
        if params.is_before_ecotone {
            params.overhead = slot(OVERHEAD)?;
            params.scalar = slot(SCALAR)?;
        }
        if OpFork::Isthmus <= fork {
            let operator = slot(OPERATOR)?.to_be_bytes::<32>();
            params.operator_fee_scalar = be(&operator[20..24]) as u32;
            params.operator_fee_constant = be(&operator[24..32]);
            if OpFork::Jovian <= fork {
                params.da_footprint_scalar = be(&operator[18..20]) as u16;
            }
        }
        Ok(params)
    }

    /// The gas that a transaction's data is counted as, in the receipt's sense.
    pub(crate) fn l1_gas_used(&self, fork: OpFork, size: &TxSize) -> U256 {
        let calldata = U256::from(size.calldata_gas());
        if self.is_before_ecotone {
            let signature = if fork < OpFork::Regolith { SIGNATURE_BYTES * OTHER_GAS } else { 0 };
            calldata.saturating_add(U256::from(signature)).saturating_add(self.overhead)
        } else if fork < OpFork::Fjord {
            calldata
        } else {
            U256::from(size.estimate() * OTHER_GAS / MILLION)
        }
    }

    /// What a transaction pays for its data.
    pub(crate) fn l1_fee(&self, fork: OpFork, size: &TxSize) -> U256 {
        let million = U256::from(MILLION);
        if self.is_before_ecotone {
            let gas = self.l1_gas_used(fork, size);
            return gas.saturating_mul(self.base_fee).saturating_mul(self.scalar) / million;
        }
        let of_base = self.base_fee.saturating_mul(U256::from(self.base_fee_scalar));
        let of_blobs = self.blob_base_fee.saturating_mul(U256::from(self.blob_base_fee_scalar));
        let price = of_base.saturating_mul(U256::from(OTHER_GAS)).saturating_add(of_blobs);
        if fork < OpFork::Fjord {
            let gas = U256::from(size.calldata_gas());
            return gas.saturating_mul(price) / (million * U256::from(OTHER_GAS));
        }
        U256::from(size.estimate()).saturating_mul(price) / (million * million)
    }

    /// What a transaction pays to the operator for so much gas.
    pub(crate) fn operator_fee(&self, fork: OpFork, gas: u64) -> U256 {
        if fork < OpFork::Isthmus {
            return U256::ZERO;
        }
        let scaled = U256::from(gas).saturating_mul(U256::from(self.operator_fee_scalar));
        let for_gas = match fork < OpFork::Jovian {
            true => scaled / U256::from(MILLION),
            false => scaled.saturating_mul(U256::from(100)),
        };
        for_gas.saturating_add(U256::from(self.operator_fee_constant))
    }

    /// Whether data costs anything.
    pub(crate) fn charges_for_data(&self) -> bool {
        let costs = |price: U256, scalar: bool| !price.is_zero() && scalar;
        match self.is_before_ecotone {
            true => costs(self.base_fee, !self.scalar.is_zero()),
            false => {
                costs(self.base_fee, self.base_fee_scalar != 0)
                    || costs(self.blob_base_fee, self.blob_base_fee_scalar != 0)
            }
        }
    }

    /// Whether the operator charges anything.
    pub(crate) const fn charges_for_operator(&self) -> bool {
        self.operator_fee_scalar != 0 || self.operator_fee_constant != 0
    }

    /// How much of the block's room for data a transaction takes.
    pub(crate) fn da_footprint(&self, size: &TxSize) -> u64 {
        (size.estimate() / MILLION).saturating_mul(self.da_footprint_scalar.into())
    }
}

/// A number of at most eight bytes.
fn be(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
