//! Are generated blocks of rollups real: do they run equal on every engine, pay for data and operator, and
//! are they predicted?
//!
//! In: every fork of the OP Stack, in its first block and later. Out: assertions.

use std::sync::Arc;

use alloy_primitives::{Address, U256, address};
use slotcast::executor::{ChainRules, OpChain, OpFork};
use slotcast_corpus::{
    self as corpus, Plan, PreAccount, RecordedBlock, RecordedReceipt, Rollup, Scenario, generate,
    prepare_by,
};
use slotcast_lab::{
    MatchesHeader, RunPredictions, RunSettings, judge_block, run_prepared, seal_by,
};

const N_TXS: usize = 40;
const TIME: u64 = 1_771_600_007;
const L1_FEE_VAULT: Address = address!("0x420000000000000000000000000000000000001a");
const OPERATOR_FEE_VAULT: Address = address!("0x420000000000000000000000000000000000001b");

fn sealed(
    fork: OpFork,
    since: u64,
    seed: u64,
    scenario: Scenario,
) -> (RecordedBlock, Arc<ChainRules>) {
    let before = OpFork::ALL[(fork as usize).saturating_sub(1)];
    let chain = OpChain::new([(before, 0), (fork, since)]);
    let rules = Arc::new(ChainRules::optimism("generated", 4242, chain.clone()));
    let rollup = Some(Rollup { chain, timestamp: TIME });
    let plan = Plan { seed, n_txs: N_TXS, scenario, chain_id: 4242, rollup, ..Plan::default() };
    let block = seal_by(generate(&plan).unwrap(), Some(Arc::clone(&rules))).unwrap();
    let text = corpus::print(&block).unwrap();
    assert_eq!(corpus::parse(&text, "printed").unwrap(), block);
    (block, rules)
}

/// Runs the block, and says how storage was predicted.
fn check(block: &RecordedBlock, rules: &Arc<ChainRules>, fork: OpFork) -> [f64; 2] {
    let prepared = prepare_by(block, Some(Arc::clone(rules))).unwrap();
    let settings = RunSettings::new(2, Some(Default::default())).unwrap();
    let made = prepared.predict(&Default::default()).predictions;
    let given = RunPredictions::Given(made.clone());
    let report = run_prepared(block, &prepared, given, &settings).unwrap();
    assert!(report.holds(), "{fork:?}: {:?}", report.matches_header);
    assert!(report.rejected.is_empty(), "{fork:?}: {:?}", report.rejected);
    let held = Some(true);
    let expected = MatchesHeader {
        gas_used: held,
        receipts_root: held,
        logs_bloom: held,
        state_root: held,
        block_access_list: None,
        base_fee_per_gas: held,
        withdrawals_root: held.filter(|_| OpFork::Isthmus <= fork),
        da_footprint: held.filter(|_| OpFork::Jovian <= fork),
        receipts: held,
        post_state: held,
    };
    assert_eq!(report.matches_header, expected, "{fork:?}");
    let counts = judge_block(&prepared, &made).unwrap().score.total;
    [counts.slot_recall(), counts.slot_precision()]
}

fn gained(block: &RecordedBlock, vault: Address) -> U256 {
    let balance = |account: &PreAccount| account.balance;
    let before = block.pre_state.get(&vault).map(balance).unwrap_or_default();
    let left = block.around.post_state.as_ref().unwrap().get(&vault).cloned().flatten();
    left.map_or(before, |account| account.balance) - before
}

fn sum(receipts: &[RecordedReceipt], fee: fn(&RecordedReceipt) -> Option<U256>) -> U256 {
    receipts.iter().filter_map(fee).sum()
}

#[test]
fn blocks_of_every_fork_run_equal_and_are_predicted() {
    for fork in OpFork::ALL {
        for (since, seed) in [(0, 1), (0, 2), (TIME, 3)] {
            let (block, rules) = sealed(fork, since, seed, Scenario::Mixed);
            let [recall, precision] = check(&block, &rules, fork);
            assert!(0.98 < recall && 0.98 < precision, "{fork:?} {since}: {recall} {precision}");
        }
    }
}

#[test]
fn every_scenario_runs_on_a_rollup() {
    let kinds = Scenario::ALL.iter().filter(|scenario| **scenario != Scenario::Blobs);
    for (n, &scenario) in kinds.enumerate() {
        let forks = [OpFork::Granite, OpFork::Isthmus, OpFork::Jovian, OpFork::Karst];
        let fork = match scenario {
            Scenario::Delegation => OpFork::Karst,
            _ => forks[n % forks.len()],
        };
        let (block, rules) = sealed(fork, 0, 7, scenario);
        check(&block, &rules, fork);
    }
}

#[test]
fn data_and_operator_are_paid_and_deposits_that_fail_stay() {
    for fork in OpFork::ALL {
        let (block, _) = sealed(fork, 0, 5, Scenario::Erc20);
        let receipts = block.receipts.as_deref().unwrap();
        let n_deposits = receipts.iter().filter(|receipt| receipt.tx_type == 0x7e).count();
        assert_eq!(n_deposits, 9);
        let is_first_good = receipts[0].success == Some(true);
        let failed = receipts[..n_deposits].iter().filter(|it| it.success == Some(false)).count();
        assert!(is_first_good && failed == 3, "{fork:?}: {failed}");
        let has_nonce = |it: &RecordedReceipt| it.rollup.deposit_nonce.is_some();
        let n_nonces = receipts.iter().filter(|it| has_nonce(it)).count();
        assert_eq!(n_nonces, if fork < OpFork::Regolith { 0 } else { n_deposits }, "{fork:?}");

        let signed = &receipts[n_deposits..];
        let pays = |fee: &U256| !fee.is_zero();
        assert!(signed.iter().all(|it| it.rollup.l1_fee.as_ref().is_some_and(pays)), "{fork:?}");
        let data = sum(receipts, |it| it.rollup.l1_fee);
        assert_eq!(gained(&block, L1_FEE_VAULT), data, "{fork:?}");
        let operator = sum(receipts, |it| it.rollup.operator_fee);
        assert_eq!(gained(&block, OPERATOR_FEE_VAULT), operator, "{fork:?}");
        assert_eq!(operator.is_zero(), fork < OpFork::Isthmus, "{fork:?}");
        let passer = block.around.message_passer;
        assert!(passer.is_none_or(|(before, after)| before != Some(after)), "{fork:?}");
    }
}
