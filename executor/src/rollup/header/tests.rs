//! Does the base fee follow from the parent by each fork's parameters?

use super::*;

fn parent(timestamp: u64, gas_used: u64, extra_data: &[u8]) -> ParentFields {
    ParentFields {
        timestamp,
        gas_limit: 60_000_000,
        gas_used,
        base_fee: 1_000_000,
        blob_gas_used: Some(0),
        extra_data: extra_data.to_vec().into(),
    }
}

#[test]
fn the_denominator_is_that_of_the_new_block_until_headers_state_it() {
    let chain = OpChain::new([(OpFork::Canyon, 10), (OpFork::Holocene, 20), (OpFork::Jovian, 30)]);
    let next = |parent: &ParentFields, time| next_base_fee(&chain, parent, time);
    // Half of the target of ten million is unused.
    let older = parent(8, 5_000_000, &[]);
    assert_eq!(next(&older, 9), Some(1_000_000 - 1_000_000 / 2 / 50));
    assert_eq!(next(&older, 10), Some(1_000_000 - 1_000_000 / 2 / 250));
    let stating = parent(20, 5_000_000, &[0, 0, 0, 0, 100, 0, 0, 0, 6]);
    assert_eq!(next(&stating, 22), Some(1_000_000 - 1_000_000 / 2 / 100));
    let stating_nothing = parent(20, 5_000_000, &[0; 9]);
    assert_eq!(next(&stating_nothing, 22), Some(1_000_000 - 1_000_000 / 2 / 250));
    assert_eq!(next(&parent(20, 5_000_000, &[]), 22), None);
}

#[test]
fn a_chain_may_have_a_least_base_fee_until_jovian() {
    let chain = OpChain::new([(OpFork::Isthmus, 0), (OpFork::Jovian, 20)]);
    let chain = chain.with_least_base_fee(999_999);
    let isthmus = parent(8, 0, &[0, 0, 0, 0, 100, 0, 0, 0, 6]);
    assert_eq!(next_base_fee(&chain, &isthmus, 10), Some(999_999));
    assert_eq!(next_base_fee(&chain, &isthmus, 20), Some(1_000_000 - 1_000_000 / 100));
}

#[test]
fn from_jovian_on_there_is_a_least_base_fee_and_data_counts_as_gas() {
    let chain = OpChain::new([(OpFork::Jovian, 0)]);
    let mut extra = [1, 0, 0, 0, 100, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0];
    let data = ParentFields { blob_gas_used: Some(20_000_000), ..parent(5, 0, &extra) };
    assert_eq!(next_base_fee(&chain, &data, 7), Some(1_000_000 + 1_000_000 / 100));
    extra[14..].copy_from_slice(&[0x20, 0, 0]);
    assert_eq!(next_base_fee(&chain, &parent(5, 0, &extra), 7), Some(0x20_0000));
    let unstated = ParentFields { blob_gas_used: None, ..parent(5, 0, &extra) };
    assert_eq!(next_base_fee(&chain, &unstated, 7), None);
}
