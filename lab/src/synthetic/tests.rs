//! Tests of: what would a block of so much gas be like, if all of its transactions were of one kind?

use super::*;
use slotcast::graph::predicted_accesses;
use slotcast_corpus::prepare;
use slotcast_scheduler::schedule;

#[test]
fn independent_transactions_have_no_edges_and_conflicts_are_found() {
    let gas = 8_000_000;
    for scenario in SYNTHETIC {
        let block = synthetic_block(scenario, gas).unwrap();
        let used = block.header.gas_used;
        assert!((gas * 9 / 10..gas * 11 / 10).contains(&used), "{scenario:?} uses {used}");
        let prepared = prepare(&block).unwrap();
        let predictions = prepared.predict(&Default::default()).predictions;
        let predicted = predicted_accesses(prepared.block(), &predictions, prepared.state());
        let schedule = schedule(&predicted);
        let n_added: usize =
            prepared.block().tx_indices().map(|tx| schedule.additions(tx).len()).sum();
        let meet = schedule.dag().n_edges() + n_added;
        match scenario {
            Scenario::OnePool | Scenario::OneCounter => assert_ne!(meet, 0, "{scenario:?}"),
            // Payments to one account are sums.
            _ => assert_eq!(meet, 0, "{scenario:?}"),
        }
    }
}
