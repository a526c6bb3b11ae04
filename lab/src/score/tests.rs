//! Tests of: how good was a prediction?

use alloy_primitives::{Address, U256};
use slotcast_model::StorageAccess;

use super::*;

#[test]
fn only_a_confirmed_delta_takes_an_edge_away() {
    let slot = Slot::new(Address::with_last_byte(1), U256::ONE);
    let truth = Observation { reads: vec![slot], writes: vec![slot], accounts: Default::default() };
    let deltas = StorageAccess { deltas: vec![slot], ..StorageAccess::default() };
    let prediction = Prediction::new(deltas, Default::default(), vec![], vec![], vec![]);
    let confirmed = [slot];
    let of = |confirmed| {
        let scored = Scored {
            prediction: &prediction,
            truth: &truth,
            confirmed,
            words_held: false,
            values_held: false,
            stratum: Stratum::Other,
            gas: 10,
        };
        score(&IndexVec::from(vec![scored, scored]))
    };
    let (with, without) = (of(&confirmed), of(&[]));
    assert_eq!((with.total.exact, without.total.exact), (2, 2));
    assert_eq!((with.total.true_edges, without.total.true_edges), (0, 1));
    assert_eq!((with.total.edge_recall(), without.total.edge_recall()), (1.0, 0.0));
    assert_eq!((with.total.true_path_gas, without.total.true_path_gas), (10, 20));
    let figures = |deltas: DeltaCounts| {
        (deltas.edges, deltas.confirmed_share(), deltas.explained_edge_share())
    };
    assert_eq!(figures(with.deltas), (1, 1.0, 1.0));
    assert_eq!(figures(without.deltas), (1, 0.0, 0.0));
}
