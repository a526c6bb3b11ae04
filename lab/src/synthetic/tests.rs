//! Tests of: what would a block of so much gas be like, if all of its transactions were of one kind?

use super::*;
use slotcast::graph::predicted_accesses;
use slotcast_corpus::prepare;
use slotcast_executor::{SequentialSettings, TxOutcome, TxStatus, execute_sequential};
use slotcast_model::TxIndex;
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
            prepared.block().tx_indices().map(|tx| schedule.deltas(tx).len()).sum();
        let meet = schedule.dag().n_edges() + n_added;
        match scenario {
            Scenario::OnePool | Scenario::OneCounter => assert_ne!(meet, 0, "{scenario:?}"),
            // Payments to one account are sums.
            _ => assert_eq!(meet, 0, "{scenario:?}"),
        }
    }
}

#[test]
fn workloads_depend_on_each_other_as_their_names_say() {
    const N_TXS: usize = 32;
    for &scenario in Scenario::WORKLOADS {
        let plan = Plan { n_txs: N_TXS, scenario, ..Plan::default() };
        let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
        let block = prepared.block();
        let settings = SequentialSettings { is_observed: true };
        let run = execute_sequential(block, prepared.state(), &settings).unwrap();
        let gas: Vec<u64> = run.outcome.txs.iter().map(|tx| tx.gas_used().unwrap()).collect();
        // A check of pairings that is refused would take all the gas there is.
        let most = if scenario == Scenario::Bn254Pairing { 200_000 } else { 850_000 };
        for (tx, gas) in run.outcome.txs.iter().zip(&gas) {
            let TxOutcome::Executed(executed) = tx else { panic!("{scenario:?} {tx:?}") };
            assert_eq!(executed.status, TxStatus::Success, "{scenario:?}");
            assert!(*gas < most, "{scenario:?} takes {gas}");
        }
        let slow: Vec<usize> = (0..N_TXS).filter(|tx| 500_000 < gas[*tx]).collect();
        let reads = |tx: TxIndex| &run.observations[tx].reads;
        let shared = |tx: &TxIndex| {
            reads(*tx).iter().filter(|slot| reads(TxIndex(0)).contains(slot)).count()
        };
        let n_shared: usize = block.tx_indices().skip(1).map(|tx| shared(&tx)).sum();
        let n_reads = |tx: TxIndex| reads(tx).len();
        let written = run.observations.iter().filter(|it| !it.writes.is_empty()).count();
        let all: Vec<usize> = (0..N_TXS).collect();
        let expected = match scenario {
            Scenario::SharedStorageWarm => (256, 31 * 256, 0, all),
            // Four calls of each contract, so three besides the first.
            Scenario::IndependentStorageWarm => (256, 3 * 256, 0, all),
            Scenario::SharedStorageCold | Scenario::IndependentStorageCold => (256, 0, 0, all),
            Scenario::ConflictingStorageCold => (257, 31, N_TXS, all),
            Scenario::SlowWindowHeads => (0, 0, 0, vec![0, 16]),
            Scenario::SlowWindowTails => (0, 0, 0, vec![15, 31]),
            Scenario::ExpensiveOrderedPolicy => (1, 31, N_TXS, vec![]),
            _ => (0, 0, 0, vec![]),
        };
        assert_eq!((n_reads(TxIndex(5)), n_shared, written, slow), expected, "{scenario:?}");
        let senders: std::collections::BTreeSet<_> =
            block.transactions.iter().map(|tx| tx.signer()).collect();
        let is_chain = scenario == Scenario::SameSenderNonceChain;
        assert_eq!(senders.len(), if is_chain { 1 } else { N_TXS }, "{scenario:?}");
    }
}

#[test]
fn storage_of_workloads_is_foreseen_to_the_last_slot() {
    for &scenario in Scenario::WORKLOADS {
        let plan = Plan { n_txs: 8, scenario, ..Plan::default() };
        let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
        let predictions = prepared.predict(&Default::default()).predictions;
        let counts = crate::judge_block(&prepared, &predictions).unwrap().score.total;
        let figures = [counts.slot_recall(), counts.slot_precision(), counts.edge_recall()];
        assert_eq!(figures, [1.0; 3], "{scenario:?}");
    }
}
