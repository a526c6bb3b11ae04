//! Do receipts state what nodes answer?

use slotcast::executor::L1Params;

use super::*;

#[test]
fn scalars_are_decimal_text_as_nodes_answer_it() {
    let text = |millionths: u64| decimal(U256::from(millionths));
    assert_eq!(
        [text(0), text(684_000), text(1_000_000), text(10_000_000), text(1_000_001)],
        ["0", "0.684", "1", "10", "1.000001"]
    );
}

#[test]
fn a_chain_whose_data_costs_nothing_states_zeros_and_leaves_nothing_out() {
    let older = RollupFees {
        params: L1Params { is_before_ecotone: true, ..L1Params::default() },
        ..RollupFees::default()
    };
    let fields = RollupFields::of_fees(&older);
    assert_eq!(fields.l1_fee_scalar.as_deref(), Some("0"));
    assert_eq!((fields.l1_fee, fields.l1_base_fee_scalar), (Some(U256::ZERO), None));
    let newer = RollupFields::of_fees(&RollupFees::default());
    assert_eq!((newer.l1_fee_scalar, newer.l1_base_fee_scalar), (None, Some(U64::ZERO)));
    assert_eq!(newer.l1_blob_base_fee, Some(U256::ZERO));
}
