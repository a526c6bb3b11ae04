//! Do predictions and parallel runs hold under Amsterdam's rules, which no recorded block has yet?
//!
//! In: synthetic blocks of every scenario. Out: assertions. The rules differ in what decides an outcome:
//! gas in two dimensions (EIP-8037), logs of transfers (EIP-7708), block access lists (EIP-7928).
//! `tests/compare` holds the same blocks against an engine by others.

use std::collections::BTreeSet;

use alloy_eips::eip7928::compute_block_access_list_hash;
use alloy_primitives::{Address, B256, U256};
use slotcast::{
    Engine, EngineSettings, ExecutionRule, Prepared,
    executor::{ExecutionMode, block_access_list, fork_of},
    hints::AccountKeys,
    model::{Fork, IndexVec, Prediction, Slot},
    predict::words_of,
};
use slotcast_corpus::{self as corpus, Era, Plan, RecordedBlock, Scenario, prepare};
use slotcast_lab::{RunPredictions, RunSettings, run_block, run_prepared, seal};

fn made(scenario: Scenario, n_txs: usize) -> RecordedBlock {
    let plan = Plan { seed: 2, n_txs, scenario, era: Era::Amsterdam, ..Plan::default() };
    seal(corpus::generate(&plan).unwrap()).unwrap()
}

fn settings(threads: usize) -> RunSettings {
    RunSettings::new(threads, None).unwrap()
}

#[test]
fn blocks_of_every_scenario_run_in_parallel_as_their_headers_say() {
    for &scenario in Scenario::KINDS {
        let block = made(scenario, 24);
        let one = run_block(&block, &settings(1)).unwrap();
        let four = run_block(&block, &settings(4)).unwrap();
        let name = scenario.name();
        assert_eq!(one.spec, "Amsterdam", "{name}");
        assert!(one.holds() && four.holds(), "{name}: {:?}", four.matches_header);
        assert_eq!(four.matches_header.gas_used, Some(true), "{name}");
        assert_eq!(four.matches_header.receipts_root, Some(true), "{name}");
        assert_eq!(four.matches_header.state_root, Some(true), "{name}");
        assert_eq!(four.matches_header.block_access_list, Some(true), "{name}");
        assert_eq!(one.digests, four.digests, "{name}");
        assert_eq!(one.reexecuted, four.reexecuted, "{name}");
    }
}

#[test]
fn predictions_name_the_slots_of_the_access_list() {
    let (mut n_listed, mut n_predicted, mut n_both) = (0, 0, 0);
    for &scenario in Scenario::KINDS {
        let prepared = prepare(&made(scenario, 24)).unwrap();
        let (listed, predicted) = (listed(&prepared), predicted(&prepared));
        n_listed += listed.len();
        n_predicted += predicted.len();
        n_both += listed.intersection(&predicted).count();
    }
    assert!(500 < n_listed, "{n_listed}");
    assert!(
        98 * n_predicted <= 100 * n_both,
        "{n_both} of {n_predicted} predicted slots are listed"
    );
    // Slots of contracts that a transaction creates are listed and no part of a prediction.
    assert!(90 * n_listed <= 100 * n_both, "{n_both} of {n_listed} listed slots are predicted");
}

/// The slots of the block's access list, without the books of the protocol's own contracts, which
/// are those that no transaction of these blocks touches.
fn listed(prepared: &Prepared) -> BTreeSet<(Address, B256)> {
    let list = block_access_list(prepared.block(), prepared.state()).unwrap();
    let keys = list.iter().map(AccountKeys::from);
    let last = prepared.block().n_transactions() as u64;
    keys.filter(|account| !is_of_protocol(account, last))
        .flat_map(|AccountKeys { address, storage_changes, storage_reads, .. }| {
            let changed = storage_changes.into_iter().map(|slot| slot.key);
            changed.chain(storage_reads).map(move |key| (address, key))
        })
        .collect()
}

/// Whether the protocol alone changes the account, before or after the transactions, or only looks.
fn is_of_protocol(account: &AccountKeys, last: u64) -> bool {
    let at = account.storage_changes.iter().flat_map(|slot| &slot.changes);
    let by_protocol = at.map(|change| change.index.to::<u64>()).all(|at| at == 0 || last < at);
    let is_request =
        account.address.ends_with(&[0x70, 0x02]) || account.address.ends_with(&[0x72, 0x51]);
    is_request || (by_protocol && !account.storage_changes.is_empty())
}

fn predicted(prepared: &Prepared) -> BTreeSet<(Address, B256)> {
    let predictions = prepared.predict(&Default::default()).predictions;
    let slots = predictions.iter().flat_map(|prediction| {
        let storage = prediction.storage();
        storage.reads.iter().chain(&storage.writes).chain(&storage.deltas)
    });
    slots.map(|slot: &Slot| (slot.address, slot.key.into())).collect()
}

#[test]
fn gas_has_two_dimensions_and_transfers_have_logs() {
    let block = made(Scenario::Transfers, 24);
    let receipts = block.receipts.as_ref().unwrap();
    let paid = receipts.last().unwrap().cumulative_gas_used;
    assert!(block.header.gas_used < paid, "{} of {paid}", block.header.gas_used);
    assert!(receipts.iter().any(|receipt| !receipt.logs.is_empty()));
    let before = Plan { scenario: Scenario::Transfers, n_txs: 24, seed: 2, ..Plan::default() };
    let before = seal(corpus::generate(&before).unwrap()).unwrap();
    assert!(before.receipts.unwrap().iter().all(|receipt| receipt.logs.is_empty()));
}

#[test]
fn a_header_with_another_access_list_is_found_out() {
    let mut block = made(Scenario::Erc20, 6);
    block.header.block_access_list_hash = Some(B256::repeat_byte(1));
    block.hash = block.header.hash_slow();
    let prepared = prepare(&block).unwrap();
    let predictions = prepared.predict(&Default::default()).predictions;
    let given = RunPredictions::Given(predictions);
    let report = run_prepared(&block, &prepared, given, &settings(2)).unwrap();
    assert_eq!(report.matches_header.block_access_list, Some(false));
    assert!(report.matches_sequential && !report.holds());
}

#[test]
fn a_parallel_run_gives_the_access_list_whatever_the_advice() {
    for &scenario in Scenario::KINDS {
        let block = made(scenario, 24);
        let prepared = prepare(&block).unwrap();
        let right = block_access_list(prepared.block(), prepared.state()).unwrap();
        let known = prepared.predict(&Default::default()).predictions;
        let empty = IndexVec::from_elem(Prediction::default(), known.len());
        for threads in [1, 2, 8] {
            let execution = ExecutionRule::Always(ExecutionMode::Parallel);
            let settings = EngineSettings { execution, ..EngineSettings::default() };
            let engine = Engine::with_settings(threads, settings).unwrap();
            for advice in [&known, &empty] {
                let executed =
                    engine.execute_predicted(prepared.block(), prepared.state(), advice).unwrap();
                let name = scenario.name();
                assert_eq!(
                    executed.access_list.as_ref(),
                    Some(&right),
                    "{name}, {threads} threads"
                );
                let header = &prepared.block().header;
                assert_eq!(executed.check_access_list(header, Some(&right)), Ok(()));
            }
        }
    }
}

#[test]
fn the_first_entry_that_differs_is_named() {
    let mut block = made(Scenario::Erc20, 6);
    let list = block.around.block_access_list.as_mut().unwrap();
    let changed = list.iter().position(|account| !account.storage_changes.is_empty()).unwrap();
    list[changed].storage_changes[0].changes[0].new_value += U256::ONE;
    let address = list[changed].address;
    block.header.block_access_list_hash = Some(compute_block_access_list_hash(list));
    block.hash = block.header.hash_slow();
    let printed = corpus::print(&block).unwrap();
    assert_eq!(corpus::parse(&printed, "printed").unwrap(), block);
    let report = run_block(&block, &settings(2)).unwrap();
    assert_eq!(report.matches_header.block_access_list, Some(false));
    let difference = report.access_list.unwrap();
    assert!(difference.contains(&address.to_string()), "{difference}");
    assert!(difference.contains("storage_changes"), "{difference}");
}

#[test]
fn the_header_says_which_rules_hold_and_which_slot_it_is() {
    let block = made(Scenario::Transfers, 1);
    let prepared = prepare(&block).unwrap();
    assert_eq!(fork_of(prepared.block()).unwrap(), Fork::Amsterdam);
    let words = words_of(prepared.block(), prepared.fork());
    assert_eq!(Some(words.slot_number), block.header.slot_number);
    assert_ne!(words.slot_number, 0);
}
