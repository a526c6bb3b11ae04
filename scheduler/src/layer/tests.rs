//! Are layers and critical paths those of the graph?

use super::*;
use crate::{Edge, Reason};

fn dag(n_txs: usize, pairs: &[(u32, u32)]) -> Dag {
    let edge = |&(from, to): &(u32, u32)| Edge {
        from: TxIndex(from),
        to: TxIndex(to),
        reason: Reason::Given,
    };
    Dag::new(n_txs, pairs.iter().map(edge).collect()).unwrap()
}

#[test]
fn a_transaction_stands_below_its_lowest_predecessor() {
    let layer_of = layer_of_each(&dag(5, &[(0, 1), (1, 3), (0, 3), (0, 4)]));
    assert_eq!(layer_of.into_vec(), [0, 1, 0, 2, 1].map(LayerIndex));
}

#[test]
fn the_critical_path_goes_by_weight_not_by_length() {
    let weights = IndexVec::from(vec![1, 1, 10, 1]);
    let path = critical_path(&dag(4, &[(0, 1), (1, 3), (2, 3)]), &weights);
    assert_eq!(path, CriticalPath { weight: 11, txs: vec![TxIndex(2), TxIndex(3)] });
}

#[test]
fn ties_go_to_the_lowest_index() {
    let weights = IndexVec::from(vec![5, 5, 1, 6]);
    let path = critical_path(&dag(4, &[(0, 2), (1, 2)]), &weights);
    assert_eq!(path, CriticalPath { weight: 6, txs: vec![TxIndex(0), TxIndex(2)] });
}

#[test]
fn an_empty_block_has_an_empty_path() {
    assert_eq!(critical_path(&dag(0, &[]), &IndexVec::new()), CriticalPath::default());
    assert!(group(&layer_of_each(&dag(0, &[]))).is_empty());
}
