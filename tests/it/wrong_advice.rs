//! Is the outcome the sequential one whatever is predicted, and is the waste bounded and always the
//! same?
//!
//! In: made-up blocks of every scenario, and recorded blocks where there are any, with predictions
//! of every quality. Out: assertions.
//!
//! Every advice is followed with every number of threads; policies go round from block to block, so
//! that each meets each advice.

mod advice;

use slotcast::{
    Prepared,
    executor::{FallbackRule, Mode, Pool, Settings, execute},
    forecasts,
    model::TxIndex,
    scheduler::{Policy, schedule},
};
use slotcast_corpus::{self as corpus, Era, Plan, Scenario, prepare};
use slotcast_lab::seal;
use slotcast_tests::recorded_blocks;

use self::advice::{Advice, advice_for};

/// The numbers of threads.
const THREADS: [usize; 5] = [1, 2, 3, 4, 8];

/// How many transactions a made-up block has.
const N_TXS: usize = 48;

#[test]
fn made_up_blocks_of_every_scenario() {
    let crews = crews();
    for (n, &scenario) in Scenario::ALL.iter().enumerate() {
        // Every scenario as early as it makes sense, and today.
        for era in [scenario.since(), Era::Osaka, Era::Amsterdam] {
            let plan = Plan { seed: n as u64 + 1, n_txs: N_TXS, scenario, era, ..Plan::default() };
            let block = seal(corpus::generate(&plan).unwrap()).unwrap();
            let name = format!("{} in {}", scenario.name(), era.name());
            check(&name, &prepare(&block).unwrap(), n, &crews);
        }
    }
}

#[test]
fn recorded_blocks_of_every_age() {
    let Some(folder) = recorded_blocks("recorded_blocks_of_every_age") else { return };
    let crews = crews();
    for (n, path) in corpus::list(&folder).unwrap().iter().enumerate() {
        let block = corpus::read_file(path).unwrap();
        let name = format!("block {}", block.number());
        check(&name, &prepare(&block).unwrap(), n, &crews);
    }
}

fn crews() -> Vec<Settings> {
    let crew = |mode, threads: &usize| Settings {
        pool: Pool::new(*threads).unwrap(),
        // Giving up early would hide what bad advice does later in the block.
        fallback: FallbackRule::NEVER,
        mode,
    };
    let of_mode = |mode| THREADS.iter().map(move |threads| crew(mode, threads));
    [Mode::Layers, Mode::Dataflow].into_iter().flat_map(of_mode).collect()
}

/// Follows every advice with every crew.
fn check(name: &str, prepared: &Prepared, n: usize, crews: &[Settings]) {
    let (block, state) = (prepared.block(), prepared.state());
    let (sequential, all_advice) = advice_for(prepared);
    for (advice_idx, Advice { kind, predictions }) in all_advice.iter().enumerate() {
        let policy = Policy::ALL[(n + advice_idx) % Policy::ALL.len()];
        let schedule = schedule(&forecasts(block, predictions), &policy);
        let mut first: [Option<(Vec<TxIndex>, usize)>; 2] = [None, None];
        for crew in crews {
            let (threads, mode) = (crew.pool.threads(), crew.mode.text());
            let context = format!("{name}, {kind} advice, {policy}, {mode}, {threads} threads");
            let parallel = execute(block, &schedule, state, crew).unwrap();
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
    let (pool, fallback) = (Pool::new(2).unwrap(), FallbackRule::NEVER);
    let crew = Settings { pool, fallback, mode: Mode::Layers };
    let plan = Plan { n_txs: 200, scenario: Scenario::Mixed, ..Plan::default() };
    let block = seal(corpus::generate(&plan).unwrap()).unwrap();
    let prepared = prepare(&block).unwrap();
    let (_, all_advice) = advice_for(&prepared);
    let n_again = |wanted: &str| {
        let advice = all_advice.iter().find(|advice| advice.kind == wanted).unwrap();
        let forecasts = forecasts(prepared.block(), &advice.predictions);
        let schedule = schedule(&forecasts, &Policy::Optimistic);
        let parallel = execute(prepared.block(), &schedule, prepared.state(), &crew).unwrap();
        parallel.reexecuted.len()
    };
    let (perfect, none) = (n_again("perfect"), n_again("empty"));
    assert!(perfect * 5 < none, "{perfect} with perfect advice, {none} with none");
}
