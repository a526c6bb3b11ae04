//! Is the outcome the sequential one whatever is predicted, and is the waste bounded and always the
//! same?
//!
//! In: synthetic blocks of every scenario, and recorded blocks where there are any, with predictions
//! of every quality. Out: assertions.
//!
//! Every advice is followed in every mode with every number of threads.

mod advice;

use slotcast::{
    Prepared,
    executor::{FallbackRule, Mode, Pool, Settings},
    graph::{predicted_accesses, schedule_of},
    model::TxIndex,
    scheduler::schedule,
};
use slotcast_corpus::{self as corpus, Era, Plan, Scenario, prepare};
use slotcast_lab::seal;
use slotcast_tests::{
    ran::{run, run_waiting},
    recorded_blocks,
};

use self::advice::{Advice, advice_for};

/// The numbers of threads.
const THREADS: [usize; 3] = [1, 3, 8];

/// How many transactions a synthetic block has.
const N_TXS: usize = 32;

#[test]
fn made_up_blocks_of_every_scenario() {
    let crews = crews();
    for (n, &scenario) in Scenario::KINDS.iter().enumerate() {
        // Every scenario as early as it makes sense, and today.
        for era in [scenario.since(), Era::Osaka, Era::Amsterdam] {
            let plan = Plan { seed: n as u64 + 1, n_txs: N_TXS, scenario, era, ..Plan::default() };
            let block = seal(corpus::generate(&plan).unwrap()).unwrap();
            let name = format!("{} in {}", scenario.name(), era.name());
            check(&name, &prepare(&block).unwrap(), &crews);
        }
    }
}

#[test]
fn made_up_blocks_of_every_workload() {
    let crews = crews();
    for &scenario in Scenario::WORKLOADS {
        let plan = Plan { n_txs: 8, scenario, ..Plan::default() };
        let block = seal(corpus::generate(&plan).unwrap()).unwrap();
        check(scenario.name(), &prepare(&block).unwrap(), &crews);
    }
}

#[test]
fn recorded_blocks_of_every_age() {
    let Some(folder) = recorded_blocks("recorded_blocks_of_every_age") else { return };
    // Every second block, in one mode and on few threads; synthetic blocks are run in all modes.
    let crews = Mode::ALL.map(|mode| crews_in(mode, &[1, 3]));
    let paths = corpus::list(&folder).unwrap();
    for (path, crews) in paths.iter().step_by(2).zip(crews.iter().cycle()) {
        let block = corpus::read_file(path).unwrap();
        let name = format!("block {}", block.number());
        check(&name, &prepare(&block).unwrap(), crews);
    }
}

fn crews() -> Vec<Settings> {
    Mode::ALL.into_iter().flat_map(|mode| crews_in(mode, &THREADS)).collect()
}

fn crews_in(mode: Mode, threads: &[usize]) -> Vec<Settings> {
    // Giving up early would hide what bad advice does later in the block.
    let fallback = FallbackRule::NEVER;
    let crew =
        |threads: &usize| Settings { fallback, mode, ..Settings::of(Pool::new(*threads).unwrap()) };
    threads.iter().map(crew).collect()
}

/// Follows every advice with every crew.
fn check(name: &str, prepared: &Prepared, crews: &[Settings]) {
    let (block, state) = (prepared.block(), prepared.state());
    let (sequential, all_advice) = advice_for(prepared);
    for Advice { kind, predictions } in &all_advice {
        let schedule = schedule(&predicted_accesses(block, predictions, state));
        let mut first: [Option<(Vec<TxIndex>, usize)>; Mode::ALL.len()] =
            [const { None }; Mode::ALL.len()];
        for crew in crews {
            let (threads, mode) = (crew.pool.threads(), crew.mode.text());
            let context = format!("{name}, {kind} advice, {mode}, {threads} threads");
            let parallel = match crew.mode {
                Mode::Values => run_waiting(block, predictions, state, crew).unwrap(),
                Mode::Layers | Mode::Dataflow => run(block, &schedule, state, crew).unwrap(),
            };
            assert!(parallel.outcome == sequential, "{context}: another outcome");
            let n_txs = block.n_transactions();
            assert!(n_txs <= parallel.n_executions, "{context}: something was not run");
            assert!(parallel.n_executions <= 2 * n_txs, "{context}: something ran three times");
            let waste = (parallel.reexecuted, parallel.n_executions);
            let expected = first[crew.mode as usize].get_or_insert_with(|| waste.clone());
            assert_eq!(*expected, waste, "{context}: the waste depends on the threads");
        }
    }
}

#[test]
fn perfect_advice_wastes_less_than_none() {
    let fallback = FallbackRule::NEVER;
    let crew = Settings { fallback, ..Settings::with_threads(2).unwrap() };
    let plan = Plan { n_txs: 200, scenario: Scenario::Mixed, ..Plan::default() };
    let block = seal(corpus::generate(&plan).unwrap()).unwrap();
    let prepared = prepare(&block).unwrap();
    let (_, all_advice) = advice_for(&prepared);
    let n_again = |wanted: &str| {
        let advice = all_advice.iter().find(|advice| advice.kind == wanted).unwrap();
        let schedule = schedule_of(&prepared, &advice.predictions);
        let parallel = run(prepared.block(), &schedule, prepared.state(), &crew).unwrap();
        parallel.reexecuted.len()
    };
    let (perfect, none) = (n_again("perfect"), n_again("empty"));
    assert!(perfect * 5 < none, "{perfect} with perfect advice, {none} with none");
}
