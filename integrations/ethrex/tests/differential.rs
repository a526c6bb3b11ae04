//! Do three engines agree: ethrex's, Slotcast's sequential and Slotcast's parallel one?
//!
//! In: recorded blocks since the merge, where there are any beside the checkout, and synthetic ones of
//! every scenario in every era that ethrex has rules of. Out: assertions.
//!
//! From Amsterdam on all three make a block access list (EIP-7928). ethrex shares no code of an EVM with
//! the other two.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, Write},
    path::Path,
    sync::LazyLock,
};

use slotcast::{
    Engine, EngineSettings, ExecutionRule,
    executor::{BlockOutcome, ExecutionMode, SequentialSettings, execute_sequential},
};
use slotcast_corpus::{self as corpus, Era, Plan, RecordedBlock, Scenario};
use slotcast_ethrex::{
    HostBlock, HostError, differences, execute, execute_by_list, over, stated_list,
};
use slotcast_lab::seal;

/// Executes every block on several threads, whether they win anything or not.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    Engine::with_settings(2, EngineSettings { execution, ..EngineSettings::default() }).unwrap()
});

/// Slotcast's outcome, sequential and parallel.
fn outcome_of(host: &HostBlock) -> BlockOutcome {
    let (block, state) = (host.prepared.block(), host.prepared.state());
    let settings = SequentialSettings { is_observed: false };
    let sequential = execute_sequential(block, state, &settings).unwrap().outcome;
    let executed = ENGINE.execute(block, state).unwrap();
    executed.check_access_list(&block.header, None).unwrap();
    let parallel = executed.execution.into_outcome(state).unwrap();
    assert_eq!(parallel, sequential, "block {}", host.number());
    sequential
}

/// How ethrex differs about the block.
fn differing(host: &HostBlock) -> Vec<String> {
    match execute(host, over(host.state.clone())) {
        Ok(executed) => differences(host, &executed, &outcome_of(host)).unwrap(),
        Err(error) => vec![error.to_string()],
    }
}

fn made(scenario: Scenario, era: Era, seed: u64, n_txs: usize) -> RecordedBlock {
    let plan = Plan { seed, n_txs, scenario, era, ..Plan::default() };
    seal(corpus::generate(&plan).unwrap()).unwrap()
}

#[test]
fn recorded_blocks_have_one_outcome() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/blocks");
    if !folder.is_dir() {
        let _ = writeln!(io::stderr(), "recorded blocks: SKIPPED, there are none");
        return;
    }
    let (mut n_blocks, mut n_txs, mut found) = (0, 0, Vec::new());
    for file in corpus::list(&folder).unwrap() {
        let recorded = corpus::read_file(&file).unwrap();
        let number = recorded.number();
        match HostBlock::new(recorded) {
            Ok(host) => {
                n_blocks += 1;
                n_txs += host.recorded.transactions.len();
                found.extend(differing(&host).into_iter().map(|it| format!("{number}: {it}")));
            }
            Err(HostError::BeforeTheMerge(_)) => {}
            Err(error) => found.push(format!("{number}: {error}")),
        }
    }
    let _ = writeln!(io::stderr(), "{n_blocks} recorded blocks, {n_txs} transactions");
    assert_eq!(found.join("\n"), "");
    assert!(0 < n_txs);
}

/// The eras that ethrex has rules of.
fn eras() -> impl Iterator<Item = Era> {
    Era::ALL.into_iter().filter(|era| Era::Paris <= *era)
}

#[test]
fn synthetic_blocks_have_one_outcome() {
    let (mut n_blocks, mut n_txs, mut found) = (0, 0, Vec::new());
    for era in eras() {
        for &scenario in Scenario::ALL.iter().filter(|scenario| scenario.since() <= era) {
            for seed in 0..3 {
                let host = HostBlock::new(made(scenario, era, seed, 40)).unwrap();
                let name = format!("{} {} {seed}", era.name(), scenario.name());
                n_blocks += 1;
                n_txs += host.recorded.transactions.len();
                found.extend(differing(&host).into_iter().map(|it| format!("{name}: {it}")));
            }
        }
    }
    let _ = writeln!(io::stderr(), "{n_blocks} synthetic blocks, {n_txs} transactions");
    assert_eq!(found.join("\n"), "");
}

#[test]
fn ethrex_executes_in_parallel_by_the_list_that_slotcast_states() {
    let mut found = Vec::new();
    for &scenario in Scenario::ALL {
        let host = HostBlock::new(made(scenario, Era::Amsterdam, 7, 60)).unwrap();
        let list = stated_list(&host).unwrap().unwrap();
        match execute_by_list(&host, list, over(host.state.clone())) {
            Ok(executed) => {
                assert_eq!(executed.gas_used, host.recorded.header.gas_used);
                let root = executed.receipts_root.0;
                assert_eq!(root, host.recorded.header.receipts_root.0);
            }
            Err(error) => found.push(format!("{}: {error}", scenario.name())),
        }
    }
    assert_eq!(found.join("\n"), "");
}

#[test]
fn ethrex_refuses_a_list_that_leaves_an_account_out() {
    let host = HostBlock::new(made(Scenario::Erc20, Era::Amsterdam, 7, 20)).unwrap();
    let list = stated_list(&host).unwrap().unwrap();
    let with_slots = list.accounts().iter().position(|it| !it.storage_changes.is_empty()).unwrap();
    let mut accounts = list.accounts().to_vec();
    accounts.remove(with_slots);
    let short = ethrex_common::types::block_access_list::BlockAccessList::from_accounts(accounts);
    execute_by_list(&host, short, over(host.state.clone())).unwrap_err();
}

#[test]
fn a_header_that_states_something_else_is_noticed() {
    let mut recorded = made(Scenario::Mixed, Era::Osaka, 1, 10);
    let sound = HostBlock::new(recorded.clone()).unwrap();
    assert_eq!(differing(&sound), [""; 0]);
    recorded.header.receipts_root.0[0] ^= 1;
    recorded.hash = recorded.header.hash_slow();
    let host = HostBlock::new(recorded).unwrap();
    assert_eq!(differing(&host).len(), 1);
}

#[test]
fn rules_before_the_merge_are_said_to_be_missing() {
    let recorded = made(Scenario::Transfers, Era::London, 1, 3);
    let error = HostBlock::new(recorded).unwrap_err();
    assert!(matches!(error, HostError::BeforeTheMerge(_)), "{error}");
}
