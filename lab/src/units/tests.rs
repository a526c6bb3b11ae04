//! Tests of: what do the steps of executing a block cost on this machine?

use super::*;

#[test]
fn a_line_is_found_where_there_is_one() {
    let block = |n_calls: f64, gas_beyond: f64| Block {
        n_calls,
        gas_beyond,
        calls_nanos: 1_500.0 * n_calls + 0.25 * gas_beyond,
        ..Block::default()
    };
    let blocks = [block(1.0, 9e6), block(200.0, 1e6), block(60.0, 4e6)];
    assert_eq!(line(&blocks), CostModel { base_nanos: 1_500, picos_per_gas: 250 });
    assert_eq!(line(&[]), CostModel { base_nanos: 0, picos_per_gas: 0 });
}
