//! Are synthetic blocks repeatable, well signed and in order, in every scenario and era?
//!
//! Whether they execute as intended is for those who can execute; see the tests of the workspace.

use std::collections::BTreeMap;

use alloy_consensus::{Header, Transaction as _, Typed2718 as _};
use alloy_primitives::{Address, B256, Bloom, U256};
use proptest::prelude::*;

use super::*;
use crate::{RecordedBlock, parse, print, print_packed};

fn sealed(plan: &Plan) -> RecordedBlock {
    let unsealed = generate(plan).unwrap();
    let Header { requests_hash, block_access_list_hash, .. } = unsealed.block().header;
    let block_access_list = block_access_list_hash.map(|_| Vec::new());
    unsealed.seal(BlockResults {
        pre_state_root: B256::repeat_byte(2),
        state_root: B256::repeat_byte(3),
        gas_used: 21_000,
        receipts_root: B256::repeat_byte(1),
        logs_bloom: Bloom::ZERO,
        requests_hash,
        block_access_list,
        receipts: None,
        rollup: None,
    })
}

/// Checks what every synthetic block promises.
fn check(plan: &Plan) -> RecordedBlock {
    let block = sealed(plan);
    assert_eq!(block.transactions.len(), plan.n_txs, "{plan:?}");
    block.validate().unwrap();
    block.validate_senders().unwrap();
    check_nonces(&block);
    check_blobs(&block);
    let packed = print_packed(&block).unwrap();
    assert_eq!(packed, print_packed(&sealed(plan)).unwrap(), "{plan:?}");
    assert_eq!(parse(&packed, "packed").unwrap(), block, "{plan:?}");
    block
}

/// Nonces go up by one per sender, from what the state says; valid authorizations take one too.
fn check_nonces(block: &RecordedBlock) {
    let mut nonces: BTreeMap<Address, u64> =
        block.pre_state.iter().map(|(&address, account)| (address, account.nonce)).collect();
    for transaction in &block.transactions {
        let next = nonces.entry(transaction.signer()).or_default();
        assert_eq!(transaction.nonce(), *next, "{}", transaction.tx_hash());
        *next += 1;
        for authorization in transaction.authorization_list().unwrap_or_default() {
            let authority = authorization.recover_authority().unwrap();
            let next = nonces.entry(authority).or_default();
            if authorization.nonce() == *next {
                *next += 1;
            }
        }
    }
}

fn check_blobs(block: &RecordedBlock) {
    let n_blobs: u64 = block.transactions.iter().filter_map(|tx| tx.blob_count()).sum();
    assert_eq!(block.header.blob_gas_used.unwrap_or(0), n_blobs * 131_072);
    assert!(n_blobs <= 9);
}

#[test]
fn every_scenario_keeps_its_promises_in_every_era_that_knows_it() {
    for &scenario in Scenario::ALL {
        for era in Era::ALL {
            let plan = Plan { seed: 5, n_txs: 16, scenario, era, ..Plan::default() };
            match scenario.since() <= era {
                true => drop(check(&plan)),
                false => {
                    let since = scenario.since();
                    let error = PlanError::TooEarly { scenario, since, era };
                    assert_eq!(generate(&plan).unwrap_err(), error);
                }
            }
        }
    }
}

#[test]
fn the_default_block_looks_like_mainnet() {
    let block = check(&Plan::default());
    let total = block.transactions.len();
    let plain = block.transactions.iter().filter(|tx| tx.input().is_empty()).count();
    assert!((total * 45 / 100..total * 65 / 100).contains(&plain), "{plain} of {total} are plain");
    let of_type = |ty| block.transactions.iter().filter(|tx| tx.ty() == ty).count();
    for ty in 0..5 {
        assert_ne!(of_type(ty), 0, "type {ty} occurs");
    }
    assert!(total / 2 < of_type(2), "most transactions have a dynamic fee");
    let creations = block.transactions.iter().filter(|tx| tx.to().is_none()).count();
    assert_ne!(creations, 0, "something is deployed");
    let unprotected = block.transactions.iter().filter(|tx| tx.chain_id().is_none()).count();
    assert_ne!(unprotected, 0, "a few wallets sign for no chain");
}

#[test]
fn independent_senders_send_once() {
    for scenario in [Scenario::PaymentsApart, Scenario::TokensApart, Scenario::PoolsApart] {
        let block = check(&Plan { n_txs: 40, scenario, ..Plan::default() });
        let mut senders: Vec<Address> = block.transactions.iter().map(|tx| tx.signer()).collect();
        senders.sort_unstable();
        senders.dedup();
        assert_eq!(senders.len(), 40, "{scenario:?}");
    }
}

#[test]
fn another_seed_is_another_block() {
    let plan = Plan { n_txs: 5, ..Plan::default() };
    let other = Plan { seed: 2, ..plan.clone() };
    assert_ne!(generate(&plan).unwrap(), generate(&other).unwrap());
}

#[test]
fn every_sender_can_pay_where_its_transaction_stands() {
    // Every sender can pay for gas and value with what it had or was sent by plain transfers.
    for &scenario in Scenario::ALL {
        let block = sealed(&Plan { seed: 9, n_txs: 60, scenario, ..Plan::default() });
        let mut balances: BTreeMap<Address, U256> =
            block.pre_state.iter().map(|(&address, account)| (address, account.balance)).collect();
        for transaction in &block.transactions {
            let price = U256::from(transaction.max_fee_per_gas());
            let blobs = U256::from(transaction.max_fee_per_blob_gas().unwrap_or(0))
                * U256::from(transaction.blob_gas_used().unwrap_or(0));
            let cost = transaction.value() + U256::from(transaction.gas_limit()) * price + blobs;
            let balance = balances.entry(transaction.signer()).or_default();
            *balance = balance.checked_sub(cost).expect("the sender can pay");
            match transaction.to() {
                Some(to) if transaction.gas_limit() == 21_000 => {
                    *balances.entry(to).or_default() += transaction.value();
                }
                _ => {}
            }
        }
    }
}

#[test]
fn an_impossible_plan_says_what_it_needs() {
    let plan = Plan { scenario: Scenario::Delegation, era: Era::London, ..Plan::default() };
    let error = generate(&plan).unwrap_err().to_string();
    assert_eq!(error, "scenario `delegation` needs prague or later, not london");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_plan_survives_writing_and_reading(
        seed: u64,
        n_txs in 0usize..12,
        scenario in 0..Scenario::ALL.len(),
        chain_id in 1u64..10_000,
    ) {
        let scenario = Scenario::ALL[scenario];
        let plan = Plan { seed, n_txs, scenario, chain_id, ..Plan::default() };
        let block = sealed(&plan);
        prop_assert_eq!(&parse(&print(&block).unwrap(), "plain").unwrap(), &block);
        prop_assert_eq!(&parse(&print_packed(&block).unwrap(), "packed").unwrap(), &block);
    }
}
