//! What does the first transaction of a rollup's block say of the layer below?
//!
//! In: a block of the layer below, drawn at random, and a fork. Out: the deposit that writes its number,
//! its hash and the fee parameters, in the form of the fork, and the words it leaves.
//! Invariant: no parameter is zero, so that data and the operator are paid for.
//!
//! | form | since | calldata |
//! | --- | --- | --- |
//! | `setL1BlockValues` | Bedrock | eight words |
//! | `setL1BlockValuesEcotone` | Ecotone | packed, 160 bytes |
//! | `setL1BlockValuesIsthmus` | Isthmus | the same and 12 bytes of the operator's fee |
//! | `setL1BlockValuesJovian` | Jovian | the same and 2 bytes of the price of room for data |

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use slotcast::executor::{OpChain, OpFork, TxDeposit};

use super::Rollup;
use crate::generate::{abi, rng::Rng};

/// Who sends the first transaction.
pub(super) const DEPOSITOR: Address = address!("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");

/// Its gas limit, and before Regolith.
const GAS: u64 = 1_000_000;
const GAS_BEFORE_REGOLITH: u64 = 150_000_000;

/// Seconds of a block of the layer below.
const L1_BLOCK_TIME: u64 = 12;

/// A block of the layer below, and the prices of the rollup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes {
    number: u64,
    pub(super) l1_hash: B256,
    base_fee: u64,
    blob_base_fee: u64,
    sequence: u64,
    batcher: Address,
    overhead: u64,
    scalar: u64,
    base_fee_scalar: u32,
    blob_base_fee_scalar: u32,
    operator_scalar: u32,
    operator_constant: u64,
    pub(super) footprint_scalar: u16,
}

impl Attributes {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self {
            number: rng.range(17_000_000, 25_000_000),
            l1_hash: rng.hash(),
            base_fee: rng.range(1_000_000_000, 40_000_000_000),
            blob_base_fee: rng.range(1, 10_000_000_000),
            sequence: rng.range(0, 6),
            batcher: rng.address(),
            overhead: 188,
            scalar: rng.range(600_000, 700_000),
            base_fee_scalar: small(rng, 1_300, 5_300),
            blob_base_fee_scalar: small(rng, 650_000, 1_020_000),
            operator_scalar: small(rng, 1, 1_000),
            operator_constant: rng.range(1, 1_000_000_000),
            footprint_scalar: u16::try_from(rng.range(100, 800)).unwrap_or(u16::MAX),
        }
    }

    /// Those of the next block of the layer below, at other prices.
    pub(super) fn next(&self, rng: &mut Rng) -> Self {
        let next = Self::new(rng);
        Self { number: self.number + 1, sequence: 0, batcher: self.batcher, ..next }
    }

    /// The transaction that writes them, in the form of the fork of the block before.
    pub(super) fn deposit(&self, rollup: &Rollup) -> TxDeposit {
        let is_system_transaction = rollup.fork() < OpFork::Regolith;
        let of_block = [self.l1_hash, B256::from(U256::from(self.sequence))].concat();
        let domain = B256::with_last_byte(1);
        TxDeposit {
            source_hash: keccak256([domain, keccak256(of_block)].concat()),
            from: DEPOSITOR,
            to: TxKind::Call(OpChain::FEE_PARAMETERS.0),
            mint: 0,
            value: U256::ZERO,
            gas_limit: if is_system_transaction { GAS_BEFORE_REGOLITH } else { GAS },
            is_system_transaction,
            input: self.calldata(rollup),
        }
    }

    fn calldata(&self, rollup: &Rollup) -> Bytes {
        let name = match rollup.fork_before() {
            fork if fork < OpFork::Ecotone => return self.words(rollup.timestamp),
            fork if fork < OpFork::Isthmus => "setL1BlockValuesEcotone()",
            fork if fork < OpFork::Jovian => "setL1BlockValuesIsthmus()",
            _ => "setL1BlockValuesJovian()",
        };
        let mut data = abi::call(name, []).to_vec();
        data.extend(self.base_fee_scalar.to_be_bytes());
        data.extend(self.blob_base_fee_scalar.to_be_bytes());
        data.extend(self.sequence.to_be_bytes());
        data.extend((rollup.timestamp - L1_BLOCK_TIME).to_be_bytes());
        data.extend(self.number.to_be_bytes());
        data.extend(U256::from(self.base_fee).to_be_bytes::<32>());
        data.extend(U256::from(self.blob_base_fee).to_be_bytes::<32>());
        data.extend(self.l1_hash);
        data.extend(self.batcher.into_word());
        if OpFork::Isthmus <= rollup.fork_before() {
            data.extend(self.operator_scalar.to_be_bytes());
            data.extend(self.operator_constant.to_be_bytes());
        }
        if OpFork::Jovian <= rollup.fork_before() {
            data.extend(self.footprint_scalar.to_be_bytes());
        }
        data.into()
    }

    /// The form of Bedrock.
    fn words(&self, timestamp: u64) -> Bytes {
        let signature =
            "setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)";
        let args = [
            self.number.into(),
            (timestamp - L1_BLOCK_TIME).into(),
            self.base_fee.into(),
            self.l1_hash.into(),
            self.sequence.into(),
            self.batcher.into_word().into(),
            self.overhead.into(),
            self.scalar.into(),
        ];
        abi::call(signature, args)
    }

    /// The words that these leave in a block of `fork` at `timestamp`, by slot.
    pub(super) fn slots(&self, fork: OpFork, timestamp: u64) -> Vec<(u64, U256)> {
        let of = |number: u64| U256::from(number);
        let below = of(self.number) | of(timestamp - L1_BLOCK_TIME) << 64;
        let mut slots = vec![
            (0, below),
            (1, of(self.base_fee)),
            (2, self.l1_hash.into()),
            (4, self.batcher.into_word().into()),
        ];
        let is_packed = OpFork::Ecotone <= fork;
        if is_packed {
            let scalars =
                u64::from(self.base_fee_scalar) << 32 | u64::from(self.blob_base_fee_scalar);
            slots.push((3, of(scalars) << 64 | of(self.sequence)));
            slots.push((7, of(self.blob_base_fee)));
        } else {
            slots.push((3, of(self.sequence)));
            slots.push((5, of(self.overhead)));
            slots.push((6, of(self.scalar)));
        }
        if OpFork::Isthmus <= fork {
            let footprint = if fork < OpFork::Jovian { 0 } else { self.footprint_scalar.into() };
            let scalars = of(footprint << 32 | u64::from(self.operator_scalar));
            slots.push((8, scalars << 64 | of(self.operator_constant)));
        }
        slots
    }
}

fn small(rng: &mut Rng, low: u64, high: u64) -> u32 {
    u32::try_from(rng.range(low, high)).unwrap_or(u32::MAX)
}
