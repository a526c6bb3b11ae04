//! What is expected of the block after the head?

use alloy_primitives::{Bytes, hex};
use slotcast_corpus::chain_named;

use super::*;

#[test]
fn the_next_base_fee_is_that_of_the_rules() {
    // Jovian: denominator 250, elasticity 6, no least base fee.
    const EXTRA_DATA: [u8; 17] = hex!("01 000000fa 00000006 0000000000000000");
    let header = Header {
        number: 7,
        timestamp: 1_770_000_000,
        gas_limit: 60_000_000,
        gas_used: 30_000_000,
        base_fee_per_gas: Some(1_000),
        excess_blob_gas: Some(0),
        blob_gas_used: Some(20_000_000),
        extra_data: Bytes::from_static(&EXTRA_DATA),
        ..Header::default()
    };
    let head = Head { hash: B256::repeat_byte(1), header, interval: 2 };
    let next = |rules: Option<ChainRules>| {
        let next = expected(&head, rules.as_ref());
        assert_eq!((next.number, next.timestamp), (8, 1_770_000_002));
        (next.base_fee_per_gas, next.excess_blob_gas)
    };
    // Half of the limit is what Ethereum aims at; a sixth is what the rollup does, which is exceeded by
    // twice as much: 1,000 * 2 / 250 more.
    let (fee, excess) = next(chain_named("mainnet").ok());
    assert_eq!(fee, Some(1_000));
    assert_ne!(excess, Some(0));
    assert_eq!(next(None), (fee, excess));
    assert_eq!(next(chain_named("zora").ok()), (Some(1_008), Some(0)));
}
