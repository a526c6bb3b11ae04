//! Does anything depend on timing, when timing is disturbed on purpose?
//!
//! In: random blocks that conflict wherever they can, schedules of every quality and one that claims
//! that everything is only added to, seeds of pauses.
//! Out: outcome, retried transactions and number of runs, the same for every seed and number of
//! threads.

use slotcast_executor::{
    FallbackRule, Fork, Mode, Pool, SequentialSettings, Settings, execute_sequential,
};

use crate::{
    parallel::{added_schedule, blind_schedules, run},
    random::random_block,
};

/// Disturbances, all in all.
const N_SEEDS: u64 = 10_000;

#[test]
fn disturbing_the_timing_changes_nothing() {
    let observed = SequentialSettings { is_observed: true };
    let forks = [Fork::Homestead, Fork::Byzantium, Fork::London, Fork::Prague];
    let mut seed = 0;
    while seed < N_SEEDS {
        let fork = forks[(seed % 4) as usize];
        let (block, state) = random_block(seed, fork).build();
        let sequential = execute_sequential(&block, &state, &observed).unwrap();
        let expected = sequential.outcome;
        let mut schedules = blind_schedules(block.n_transactions(), seed);
        schedules.push(("all added".to_owned(), added_schedule(&sequential.observations)));
        for (name, schedule) in schedules {
            for mode in Mode::ALL {
                let mut first = None;
                for threads in [1, 2, 3, 8, 2, 3, 8] {
                    seed += 1;
                    let pool = Pool::new(threads).unwrap().with_chaos(seed);
                    let fallback = FallbackRule { n_forgiven: 3, one_in: 4 };
                    let settings = Settings { fallback, mode, ..Settings::of(pool) };
                    let ran = run(&block, &schedule, &state, &settings).unwrap();
                    let work = (ran.reexecuted, ran.n_executions);
                    let mode = mode.text();
                    let context = format!("{fork}, {name}, {mode}, {threads} threads, seed {seed}");
                    assert_eq!(*first.get_or_insert_with(|| work.clone()), work, "{context}");
                    assert!(ran.outcome == expected, "{context}");
                }
            }
        }
    }
}
