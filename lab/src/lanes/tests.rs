//! Tests of: what would run when, and on which thread, by what is predicted?

use slotcast_corpus::{Plan, Scenario, generate, prepare};
use slotcast_model::Index as _;

use super::*;
use crate::seal;

/// A block whose transactions meet at pools.
fn block() -> Prepared {
    let plan = Plan { n_txs: 60, scenario: Scenario::Amm, ..Plan::default() };
    prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap()
}

#[test]
fn every_transaction_runs_once_after_what_it_waits_for_and_before_it_is_decided() {
    let prepared = block();
    let predictions = prepared.predict(&Default::default()).predictions;
    for mode in Mode::ALL {
        for n in [1, 2, 5] {
            let lanes = Lanes::new(&prepared, &predictions, mode, NonZeroUsize::new(n).unwrap());
            let executions = lanes.executions();
            let decided = |tx: TxIndex| {
                let is_it = |span: &&WorkSpan| span.work == Work::Decide(tx);
                let mut spans = lanes.spans.iter().filter(is_it);
                let end = spans.next().unwrap().end;
                assert_eq!(spans.next(), None, "decided once");
                end
            };
            for (tx, horizon) in lanes.horizons.iter_enumerated() {
                let span = executions[tx].unwrap();
                assert!(span.thread < n && span.end <= decided(tx));
                if *horizon != TxIndex(0) {
                    assert!(decided(TxIndex::from_usize(horizon.as_usize() - 1)) <= span.start);
                }
            }
            for (a, left) in lanes.spans.iter().enumerate() {
                for right in &lanes.spans[a + 1..] {
                    let is_apart = left.end <= right.start || right.end <= left.start;
                    assert!(left.thread != right.thread || is_apart, "{left:?} {right:?}");
                }
            }
            assert!(lanes.limit <= lanes.end());
        }
    }
}

#[test]
fn values_wait_for_less_than_dataflow_and_that_for_less_than_layers() {
    let prepared = block();
    let predictions = prepared.predict(&Default::default()).predictions;
    let threads = NonZeroUsize::new(4).unwrap();
    let [layers, dataflow, values] =
        Mode::ALL.map(|mode| Lanes::new(&prepared, &predictions, mode, threads));
    let sum = |lanes: &Lanes| lanes.horizons.iter().map(|it| it.as_usize()).sum::<usize>();
    assert!(sum(&values) < sum(&dataflow) && sum(&dataflow) < sum(&layers));
    assert!(values.end() < dataflow.end() && dataflow.end() <= layers.end());
}
