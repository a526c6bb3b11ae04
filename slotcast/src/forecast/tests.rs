//! Tests of: what does the scheduler get to know of each transaction?

use slotcast_scheduler::Schedule;

use super::*;

#[test]
fn zeros_are_counted_beyond_what_a_byte_holds() {
    let bytes: Vec<u8> = (0..3_000).map(|n| u8::from(n % 3 == 0)).collect();
    assert_eq!(n_zeros(&bytes), 2_000);
    assert_eq!(n_zeros(&[0; 1_021]), 1_021);
    assert_eq!(n_zeros(&[]), 0);
}

#[test]
fn the_heaviest_chain_counts_gas_not_steps() {
    let tx = TxIndex;
    let edges = [(tx(0), tx(1)), (tx(0), tx(3)), (tx(1), tx(2))];
    let schedule = Schedule::from_edges(4, edges).unwrap();
    assert_eq!(heaviest_chain(&schedule, &IndexVec::from(vec![5, 1, 1, 9])), 14);
    assert_eq!(heaviest_chain(&Schedule::sequential(0), &IndexVec::new()), 0);
}
