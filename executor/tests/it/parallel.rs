//! Is the parallel outcome the sequential one, on recorded blocks, for schedules of every quality?

use slotcast_executor::{
    Block, MemoryState, SequentialSettings, Settings, execute, execute_sequential,
};
use slotcast_model::TxIndex;
use slotcast_scheduler::Schedule;

use crate::recorded;

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

/// Runs every blind schedule with every number of threads; all must agree with the sequential
/// outcome and with each other.
pub(crate) fn check(name: &str, block: &Block, state: &MemoryState, settings: &[Settings]) {
    let sequential =
        execute_sequential(block, state, &SequentialSettings { is_observed: false }).unwrap();
    for (schedule_name, schedule) in blind_schedules(block.n_transactions(), block.header.number) {
        let mut first: Option<(Vec<TxIndex>, usize)> = None;
        for settings in settings {
            let threads = settings.pool.threads();
            let context = format!("{name}, {schedule_name}, {threads} threads");
            let parallel = execute(block, &schedule, state, settings).unwrap();
            assert!(parallel.outcome == sequential.outcome, "{context}");
            let work = (parallel.reexecuted, parallel.n_executions);
            assert!(work.1 <= 2 * block.n_transactions(), "{context}");
            let expected = first.get_or_insert_with(|| work.clone());
            assert_eq!(*expected, work, "{context}");
        }
    }
}

fn settings(threads: &[usize]) -> Vec<Settings> {
    threads.iter().map(|threads| Settings::with_threads(*threads).unwrap()).collect()
}

#[test]
fn every_recorded_block_has_its_sequential_outcome() {
    let settings = settings(&[2]);
    for (number, path) in recorded::paths() {
        let recorded = recorded::load(&path);
        check(&number.to_string(), &recorded.block, &recorded.state, &settings);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let settings = settings(&[1, 2, 3, 4, 8]);
    for (number, path) in recorded::paths().into_iter().step_by(5) {
        let recorded = recorded::load(&path);
        check(&number.to_string(), &recorded.block, &recorded.state, &settings);
    }
}
