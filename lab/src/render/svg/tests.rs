//! Tests of: how are dependencies and times drawn?

use core::num::NonZeroUsize;

use slotcast_model::{AccessSet, IndexVec, Location};
use slotcast_scheduler::{PredictedAccess, schedule};

use super::*;

#[test]
fn every_transaction_and_the_reason_of_every_edge_is_drawn() {
    let balance = Location::Balance(Address::with_last_byte(9));
    let access = AccessSet::new(vec![balance], vec![balance], vec![]);
    let predicted = PredictedAccess { access, weight: 30_000 };
    let predicted = IndexVec::from_elem(predicted, 3);
    let schedule = schedule(&predicted);
    let costs = IndexVec::from(vec![1_000, 2_000, 3_000]);
    let callees = IndexVec::from(vec![Some(Address::ZERO), None, Some(Address::ZERO)]);
    let threads = NonZeroUsize::new(2).unwrap();
    let drawing =
        Drawing { block: 5, schedule: &schedule, costs: &costs, callees: &callees, threads };
    let svg = drawing.svg();
    assert_eq!(svg.matches("<rect class=\"t c\"").count(), 6, "in the graph and in a lane");
    assert_eq!(svg.matches("class=\"e p\"").count(), 2);
    assert!(svg.contains(&format!("<title>1 waits for 0: {balance}</title>")));
    assert!(svg.contains("6 µs, 6 µs in order"));
    assert!(!svg.contains("<script") && !svg.contains("href"));
    assert!(drawing.html().contains(&svg));
}

#[test]
fn a_drawing_of_very_many_layers_leaves_some_out_and_says_so() {
    let n_txs = MOST_LAYERS + 60;
    let schedule = slotcast_scheduler::Schedule::sequential(n_txs);
    let costs = IndexVec::from_elem(1_000, n_txs);
    let callees = IndexVec::from_elem(None, n_txs);
    let threads = NonZeroUsize::MIN;
    let drawing =
        Drawing { block: 5, schedule: &schedule, costs: &costs, callees: &callees, threads };
    let svg = drawing.svg();
    let width = MOST_LAYERS * LEAST_COLUMN + 40;
    assert!(svg.contains(&format!(" width=\"{width}\"")), "no wider than what is drawn");
    assert!(svg.contains("300 layers, of which the first 240 are drawn"));
    assert_eq!(svg.matches("<rect class=\"t c\"").count(), MOST_LAYERS + n_txs);
    assert_eq!(svg.matches("class=\"e p\"").count(), MOST_LAYERS - 1);
}
