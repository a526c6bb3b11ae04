//! Are blocks with access lists (EIP-7928) recorded, and does the list tell what headers did not?
//!
//! In: a block under Amsterdam's rules. Out: recordings, and a lie that only the list gives away.

use std::sync::Arc;

use alloy_primitives::U256;
use serde_json::json;
use slotcast_corpus::{Era, Plan, Scenario};
use slotcast_lab::{RunSettings, run_block};
use slotcast_node::{RecordError, RecordSettings, Recording, Way};

use crate::{
    chain::Link,
    mock::{Act, Manner, Mock, TRACING, TRACING_AND_PROOFS, honest, without},
    recording::recorder,
};

fn link(era: Era, scenario: Scenario) -> Link {
    let plan = Plan { seed: 4, n_txs: 30, scenario, era, ..Plan::default() };
    Link::of(&plan, 0)
}

fn record(link: &Link, manner: Manner) -> Result<Recording, RecordError> {
    let mock = Mock::start(std::slice::from_ref(link), manner);
    recorder(&mock, RecordSettings::default()).record(link.block.number())
}

#[test]
fn a_block_with_an_access_list_is_recorded_each_way_and_runs() {
    let link = link(Era::Amsterdam, Scenario::Mixed);
    let traced = record(&link, honest()).expect("an honest node");
    let proven = record(&link, without(TRACING)).expect("an honest node");
    assert_eq!((traced.way, proven.way), (Way::Traced, Way::Fetched));
    assert_eq!(traced.block, proven.block);
    let settings = RunSettings::new(2, None).expect("threads can be started");
    let report = run_block(&traced.block, &settings).expect("it runs");
    assert_eq!(report.spec, "Amsterdam");
    assert_eq!(report.matches_header.block_access_list, Some(true));
    assert!(report.holds());
}

/// Tells every balance that is not zero by one wei too high, without proofs.
fn all_richer() -> Manner {
    let honest = without(TRACING_AND_PROOFS);
    Arc::new(move |before, method, answer| match honest(before, method, answer) {
        Act::Answer(answer) if method == "eth_getBalance" => {
            let balance: U256 = serde_json::from_value(answer).expect("a balance");
            let told = if balance.is_zero() { balance } else { balance + U256::from(1) };
            Act::Answer(json!(told))
        }
        other => other,
    })
}

#[test]
fn false_balances_on_which_nothing_depends_are_noticed_by_the_list() {
    let osaka = link(Era::Osaka, Scenario::Erc20);
    assert!(record(&osaka, all_richer()).is_ok(), "no header before Amsterdam's tells");
    let amsterdam = link(Era::Amsterdam, Scenario::Erc20);
    assert!(record(&amsterdam, without(TRACING_AND_PROOFS)).is_ok());
    let error = record(&amsterdam, all_richer()).expect_err("the list has balances");
    let RecordError::Contradicted { field, .. } = error else { panic!("{error}") };
    assert_eq!(field, "blockAccessListHash");
}
