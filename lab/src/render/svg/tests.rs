//! Tests of: how are dependencies and times drawn?

use core::num::NonZeroUsize;

use alloy_primitives::Address;
use slotcast_model::{AccessSet, IndexVec, Location};
use slotcast_scheduler::{Mode, PredictedAccess, Work, WorkSpan, schedule};

use super::*;
use crate::render::DrawnTx;

/// Transactions one after the other, each as long as its place says, in microseconds.
fn in_a_row(n_txs: usize) -> Lanes {
    let takes = |tx: TxIndex| 1_000 * (u64::from(tx.0) + 1);
    let (mut spans, mut now) = (Vec::new(), 0);
    for tx in (0..n_txs).map(TxIndex::from_usize) {
        spans.push(WorkSpan { work: Work::Run(tx), thread: 0, start: now, end: now + takes(tx) });
        now += takes(tx);
    }
    let horizons = (0..n_txs).map(TxIndex::from_usize).collect();
    let threads = NonZeroUsize::new(2).unwrap();
    Lanes { mode: Mode::Dataflow, threads, spans, horizons, sequential: now, limit: now / 2 }
}

#[test]
fn every_transaction_and_the_reason_of_every_edge_is_drawn() {
    let balance = Location::Balance(Address::with_last_byte(9));
    let access = AccessSet::new(vec![balance], vec![balance], vec![]);
    let predicted = PredictedAccess { access, weight: 30_000 };
    let predicted = IndexVec::from_elem(predicted, 3);
    let schedule = schedule(&predicted);
    let calls = |callee| DrawnTx { callee, ..DrawnTx::default() };
    let txs = [Some(Address::ZERO), None, Some(Address::ZERO)].map(calls).to_vec().into();
    let lanes = [in_a_row(3)];
    let drawing = Drawing { block: 5, schedule: &schedule, txs: &txs, lanes: &lanes };
    let svg = drawing.svg();
    assert_eq!(svg.matches("<rect class=\"t c\"").count(), 6, "in the graph and in a lane");
    assert_eq!(svg.matches("class=\"e p\"").count(), 2);
    assert!(svg.contains(&format!("<title>1 waits for 0: {balance}</title>")));
    assert!(svg.contains(
        "simulated on 2 threads from estimated gas, dataflow mode: 6 µs, 6 µs sequential"
    ));
    assert!(!svg.contains("<script") && !svg.contains("href"));
}

#[test]
fn a_drawing_of_very_many_layers_leaves_some_out_and_says_so() {
    let n_txs = MOST_LAYERS + 60;
    let schedule = slotcast_scheduler::Schedule::sequential(n_txs);
    let txs = IndexVec::from_elem(DrawnTx::default(), n_txs);
    let lanes = [in_a_row(n_txs)];
    let drawing = Drawing { block: 5, schedule: &schedule, txs: &txs, lanes: &lanes };
    let svg = drawing.svg();
    let width = MOST_LAYERS * LEAST_COLUMN + 40;
    assert!(svg.contains(&format!(" width=\"{width}\"")), "no wider than what is drawn");
    assert!(svg.contains("300 layers, of which the first 240 are drawn"));
    assert_eq!(svg.matches("<rect class=\"t c\"").count(), MOST_LAYERS + n_txs);
    assert_eq!(svg.matches("class=\"e p\"").count(), MOST_LAYERS - 1);
}
