//! Tests of: which pairs of transactions conflict?

use super::*;

#[test]
fn the_longest_chain_counts_gas_not_steps() {
    let tx = TxIndex;
    let edges = [(tx(0), tx(1)), (tx(0), tx(3)), (tx(1), tx(2))];
    let gas = IndexVec::from(vec![5, 1, 1, 9]);
    assert_eq!(critical_path(&edges, &gas), 14);
    assert_eq!(critical_path(&[], &gas), 9);
}
