//! Does more gas take longer?

use super::*;

#[test]
fn a_transfer_costs_the_base_and_gas_beyond_it_costs_more() {
    let model = CostModel { base_nanos: 2_000, picos_per_gas: 500 };
    assert_eq!(model.nanos(0), 2_000);
    assert_eq!(model.nanos(21_000), 2_000);
    assert_eq!(model.nanos(23_000), 3_000);
    assert_eq!(CostModel::default().nanos(113_000) / 1_000, 28);
}

#[test]
fn absurd_gas_does_not_overflow() {
    let model = CostModel { base_nanos: u64::MAX, picos_per_gas: u64::MAX };
    assert_eq!(model.nanos(u64::MAX), u64::MAX);
}
