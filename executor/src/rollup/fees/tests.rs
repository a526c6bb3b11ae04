//! Do fees for data follow each fork's formula?

use super::*;

/// A transaction of 10 zeros and 90 other bytes of which FastLZ leaves 300.
const SIZE: TxSize = TxSize { zeros: 10, others: 90, fastlz: 300 };

fn params(fork: OpFork, slots: &[(u64, U256)]) -> L1Params {
    let word = |slot: U256| {
        let stated = slots.iter().find(|(it, _)| U256::from(*it) == slot);
        Ok::<_, ()>(stated.map(|(_, word)| *word).unwrap_or_default())
    };
    L1Params::read(fork, word).unwrap()
}

fn packed(at: usize, words: &[u32]) -> U256 {
    let mut bytes = [0; 32];
    for (n, word) in words.iter().enumerate() {
        bytes[at + 4 * n..at + 4 * n + 4].copy_from_slice(&word.to_be_bytes());
    }
    U256::from_be_bytes(bytes)
}

#[test]
fn before_ecotone_bytes_are_counted_as_calldata_with_an_overhead() {
    let slots = [(1, U256::from(1_000)), (5, U256::from(100)), (6, U256::from(500_000))];
    let fee = |fork| params(fork, &slots).l1_fee(fork, &SIZE);
    assert_eq!(fee(OpFork::Regolith), U256::from((40 + 1_440 + 100) * 500));
    assert_eq!(fee(OpFork::Bedrock), U256::from((40 + 1_440 + 68 * 16 + 100) * 500));
}

#[test]
fn the_block_that_ecotone_begins_with_is_charged_by_the_older_formula() {
    let older = [(1, U256::from(1_000)), (5, U256::from(100)), (6, U256::from(500_000))];
    assert!(params(OpFork::Ecotone, &older).is_before_ecotone);
    assert!(!params(OpFork::Fjord, &older).is_before_ecotone);
    let newer = [(1, U256::from(1_000)), (3, packed(16, &[2, 3])), (7, U256::from(7))];
    assert!(!params(OpFork::Ecotone, &newer).is_before_ecotone);
}

#[test]
fn ecotone_weighs_both_base_fees_and_fjord_the_compressed_size() {
    let slots = [(1, U256::from(1_000)), (3, packed(16, &[200_000, 300_000])), (7, U256::from(50))];
    let ecotone = params(OpFork::Ecotone, &slots);
    let price = 16 * 1_000 * 200_000_u64 + 50 * 300_000;
    assert_eq!(ecotone.l1_fee(OpFork::Ecotone, &SIZE), U256::from(1_480 * price / 16_000_000));
    assert_eq!(ecotone.l1_gas_used(OpFork::Ecotone, &SIZE), U256::from(1_480));
    let estimate: u64 = 300 * 836_500 - 42_585_600;
    let fjord = params(OpFork::Fjord, &slots);
    let fee = u128::from(estimate) * u128::from(price) / 1_000_000_000_000;
    assert_eq!(fjord.l1_fee(OpFork::Fjord, &SIZE), U256::from(fee));
    assert_eq!(fjord.l1_gas_used(OpFork::Fjord, &SIZE), U256::from(estimate * 16 / 1_000_000));
    // A hundred bytes are paid for at least.
    assert_eq!(fjord.l1_gas_used(OpFork::Fjord, &TxSize::default()), U256::from(1_600));
}

#[test]
fn sizes_are_counted_in_bytes_and_compressed_from_fjord_on() {
    let bytes = [0, 0, 1, 2, 0];
    assert_eq!(TxSize::of(&bytes, OpFork::Ecotone), TxSize { zeros: 3, others: 2, fastlz: 0 });
    assert_eq!(TxSize::of(&[0; 1_000], OpFork::Fjord).fastlz, 21);
}
