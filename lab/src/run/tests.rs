//! Tests of: what happens to one recorded block?

use slotcast_model::{IndexVec, TxIndex};
use slotcast_scheduler::Schedule;

use super::heaviest_chain;

#[test]
fn the_heaviest_chain_counts_gas_not_steps() {
    let tx = TxIndex;
    let edges = [(tx(0), tx(1)), (tx(0), tx(3)), (tx(1), tx(2))];
    let schedule = Schedule::from_edges(4, edges).unwrap();
    assert_eq!(heaviest_chain(&schedule, &IndexVec::from(vec![5, 1, 1, 9])), 14);
    assert_eq!(heaviest_chain(&Schedule::sequential(0), &IndexVec::new()), 0);
}
