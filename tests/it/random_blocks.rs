//! Is the parallel outcome the sequential one, on synthetic blocks that conflict wherever they can, for
//! synthetic predictions, on any number of threads, waiting between layers or not?
//!
//! In: seeds. Out: assertions, and what happened in the blocks; a scenario that hardly ever happens
//! fails the test.
//!
//! The fuzz target `parallel_matches_sequential` runs the same check on a fuzzer's bytes.

use std::io::{self, Write};

use slotcast_tests::{
    blocks::{Crews, Event, Events, N_ADVICE, check},
    random::Random,
};

/// Generated blocks.
const N_BLOCKS: u64 = 1_000;

#[test]
fn made_up_blocks_have_their_sequential_outcome() {
    let crews = Crews::new();
    let mut events = Events::default();
    for seed in 0..N_BLOCKS {
        let run = std::panic::AssertUnwindSafe(|| check(&mut Random::new(seed), &crews));
        match std::panic::catch_unwind(run) {
            Ok(here) => events.add(&here),
            Err(_) => panic!("seed {seed}"),
        }
    }
    let n_runs = N_BLOCKS as usize * N_ADVICE * crews.len();
    // Written past the test runner's capture: the number of cases is part of what the test says.
    let _ =
        writeln!(io::stderr(), "{N_BLOCKS} blocks, {n_runs} parallel runs; blocks with {events}");
    for event in Event::ALL {
        assert!(10 <= events.count(*event), "hardly ever tried: {}", event.text());
    }
    assert_eq!(events.forks.len(), 14, "{:?}", events.forks);
}
