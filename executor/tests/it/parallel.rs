//! Is the parallel outcome the sequential one, on recorded blocks, for schedules of every quality?

use std::collections::BTreeMap;

use revm::{database::BundleState, database_interface::DatabaseRef};
use slotcast_executor::{
    Advice, Block, BlockOutcome, ExecutionError, FallbackRule, MemoryState, Mode, Pool,
    SequentialSettings, Settings, execute, execute_sequential, execute_sequential_with_bundle,
    execute_with_bundle,
};
use slotcast_model::{AccountAccess, IndexVec, Observation, Prediction, StorageAccess, TxIndex};
use slotcast_scheduler::{PredictedAccess, Schedule, schedule};

use crate::recorded;

/// What is compared of a block that was executed in parallel.
pub(crate) struct Ran {
    pub(crate) outcome: BlockOutcome,
    pub(crate) reexecuted: Vec<TxIndex>,
    pub(crate) n_executions: usize,
    pub(crate) n_moved_slots: usize,
}

/// Executes a block by a schedule.
pub(crate) fn run<DB: DatabaseRef + Sync>(
    block: &Block,
    schedule: &Schedule,
    state: &DB,
    settings: &Settings,
) -> Result<Ran, ExecutionError> {
    let execution = execute(block, state, Advice::Schedule(schedule, settings))?;
    Ok(Ran {
        reexecuted: execution.reexecuted().to_vec(),
        n_executions: execution.n_executions(),
        n_moved_slots: execution.n_moved_slots(),
        outcome: execution.into_outcome(state)?,
    })
}

/// Schedules that know nothing about the block, from one layer to all layers.
pub(crate) fn blind_schedules(n: usize, seed: u64) -> Vec<(String, Schedule)> {
    let mut schedules = vec![
        ("single layer".to_owned(), Schedule::single_layer(n)),
        ("sequential".to_owned(), Schedule::sequential(n)),
    ];
    let layers = |layers: Vec<Vec<TxIndex>>| {
        let layers = layers.into_iter().filter(|layer| !layer.is_empty()).collect();
        Schedule::from_layers(n, layers).unwrap()
    };
    let reversed = (0..n).rev().map(|tx| vec![TxIndex(tx as u32)]).collect();
    schedules.push(("reversed".to_owned(), layers(reversed)));
    for n_layers in [2, 3, 7, 40] {
        let mut random = Random(seed + n_layers);
        let mut chosen = vec![vec![]; n_layers as usize];
        for tx in 0..n {
            chosen[(random.next() % n_layers) as usize].push(TxIndex(tx as u32));
        }
        schedules.push((format!("{n_layers} random layers"), layers(chosen)));
    }
    schedules
}

/// A small reproducible sequence of numbers.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Runs every blind schedule and the perfect one with every number of threads; all must agree with
/// the sequential outcome and with each other.
pub(crate) fn check(name: &str, block: &Block, state: &MemoryState, settings: &[Settings]) {
    let schedules = blind_schedules(block.n_transactions(), block.header.number);
    check_by(name, block, state, schedules, settings);
}

/// The same for these blind schedules; gives how many transactions were run again in layers, by the
/// name of the schedule.
fn check_by(
    name: &str,
    block: &Block,
    state: &MemoryState,
    mut schedules: Vec<(String, Schedule)>,
    settings: &[Settings],
) -> BTreeMap<String, usize> {
    let sequential =
        execute_sequential(block, state, &SequentialSettings { is_observed: true }).unwrap();
    let alone = execute(block, state, Advice::None).unwrap();
    assert_eq!(alone.n_executions(), block.n_transactions(), "{name}, sequentially");
    assert!(alone.into_outcome(state).unwrap() == sequential.outcome, "{name}, sequentially");
    check_bundle(name, block, state);
    schedules.push(("perfect".to_owned(), perfect_schedule(&sequential.observations)));
    schedules.push(("all added".to_owned(), added_schedule(&sequential.observations)));
    let mut n_again = BTreeMap::new();
    for (schedule_name, schedule) in schedules {
        let mut first: [Option<(Vec<TxIndex>, usize)>; 3] = [const { None }; 3];
        for settings in settings {
            let (threads, mode) = (settings.pool.threads(), settings.mode);
            let context = format!("{name}, {schedule_name}, {}, {threads} threads", mode.text());
            let parallel = run(block, &schedule, state, settings).unwrap();
            assert!(parallel.outcome == sequential.outcome, "{context}");
            let work = (parallel.reexecuted, parallel.n_executions);
            assert!(work.1 <= 2 * block.n_transactions(), "{context}");
            let expected = first[mode as usize].get_or_insert_with(|| work.clone());
            assert_eq!(*expected, work, "{context}");
        }
        let in_layers = first[Mode::Layers as usize].as_ref();
        n_again.insert(schedule_name, in_layers.map_or(0, |(again, _)| again.len()));
    }
    n_again
}

/// A host that keeps a bundle gets the one that sequential execution gives.
fn check_bundle(name: &str, block: &Block, state: &MemoryState) {
    let unobserved = SequentialSettings { is_observed: false };
    let (sequential, expected) = execute_sequential_with_bundle(block, state, &unobserved).unwrap();
    let schedule = Schedule::single_layer(block.n_transactions());
    let settings = Settings { fallback: FallbackRule::NEVER, ..Settings::with_threads(2).unwrap() };
    let advice = Advice::Schedule(&schedule, &settings);
    let (execution, bundle) = execute_with_bundle(block, state, advice).unwrap();
    assert_eq!(execution.receipts(), sequential.outcome.receipts, "{name}, bundle");
    assert_eq!(execution.requests(), &sequential.outcome.requests, "{name}, bundle");
    assert_eq!(bundle.state, expected.state, "{name}, bundle");
    assert_eq!(bundle.contracts, expected.contracts, "{name}, bundle");
    // Reverts of one block are in no particular order.
    let sorted = |bundle: &BundleState| {
        let mut reverts: Vec<_> = bundle.reverts.iter().flatten().cloned().collect();
        reverts.sort_unstable_by_key(|(address, _)| *address);
        reverts
    };
    assert_eq!(sorted(&bundle), sorted(&expected), "{name}, bundle");
    assert_eq!(bundle.state_size, expected.state_size, "{name}, bundle");
}

/// Settings that never give up, so that nothing hides behind the fallback.
fn settings(threads: &[usize]) -> Vec<Settings> {
    settings_with(threads, FallbackRule::NEVER)
}

/// Settings for every mode and number of threads, layers first.
pub(crate) fn settings_with(threads: &[usize], fallback: FallbackRule) -> Vec<Settings> {
    let of_mode = |mode| {
        let pools = threads.iter().map(|threads| Pool::new(*threads).unwrap());
        pools.map(move |pool| Settings { fallback, mode, ..Settings::of(pool) })
    };
    Mode::ALL.into_iter().flat_map(of_mode).collect()
}

/// The schedule by what every transaction really touches.
fn perfect_schedule(observations: &IndexVec<TxIndex, Observation>) -> Schedule {
    let predicted = observations.iter().map(|seen| {
        let storage = StorageAccess {
            reads: seen.reads.clone(),
            writes: seen.writes.clone(),
            deltas: vec![],
        };
        let prediction = Prediction::new(storage, seen.accounts.clone(), vec![], vec![], vec![]);
        PredictedAccess { access: prediction.access_set(), weight: 1 }
    });
    schedule(&predicted.collect())
}

/// The schedule by the claim that every slot is only added to, so that no transaction waits.
pub(crate) fn added_schedule(observations: &IndexVec<TxIndex, Observation>) -> Schedule {
    let predicted = observations.iter().map(|seen| {
        let storage = StorageAccess { deltas: seen.reads.clone(), ..StorageAccess::default() };
        let accounts = AccountAccess::default();
        let prediction = Prediction::new(storage, accounts, vec![], vec![], vec![]);
        PredictedAccess { access: prediction.access_set(), weight: 1 }
    });
    schedule(&predicted.collect())
}

/// Blocks run on two threads by schedules that are empty, perfect, false and, in turns, random; some
/// of them on other numbers of threads too.
#[test]
fn every_recorded_block_has_its_sequential_outcome_on_any_number_of_threads() {
    let (two, several) = (settings(&[2]), settings(&[1, 2, 3, 8]));
    let (mut n_transactions, mut n_blind, mut n_perfect) = (0, 0, 0);
    for (n, (number, recorded)) in recorded::all().iter().enumerate() {
        let (block, state) = (&recorded.block, &recorded.state);
        let mut schedules = blind_schedules(block.n_transactions(), *number);
        // Of the blind ones a single layer, the reversed one, and one of the random ones.
        let random = schedules.swap_remove(3 + n % 4);
        schedules.truncate(3);
        schedules.remove(1);
        schedules.push(random);
        let settings = if n % 6 == 0 { &several } else { &two };
        let n_again = check_by(&number.to_string(), block, state, schedules, settings);
        n_transactions += block.n_transactions();
        n_blind += n_again["single layer"];
        n_perfect += n_again["perfect"];
    }
    assert!(100 * n_perfect <= n_transactions, "{n_perfect} of {n_transactions} were run again");
    println!(
        "of {n_transactions} transactions {n_blind} were run again in a single layer, {n_perfect} \
         in perfect ones"
    );
}
