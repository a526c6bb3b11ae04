//! Does the walk find every basic block that runs?
//!
//! In: the embedded block, and some recorded blocks where there are any. Out: assertions, and counts.
//! `cargo run --release -p slotcast-tests --example executed` looks at all recorded blocks.

use std::io::{self, Write};

use slotcast_corpus::{self as corpus, prepare};
use slotcast_tests::{executed::Executed, recorded_blocks};

/// One recorded block in so many is looked at.
const EVERY: usize = 8;

#[test]
fn what_runs_of_the_embedded_block_was_found_by_the_walk() {
    let mut executed = Executed::default();
    executed.run(&prepare(&corpus::embedded().unwrap()).unwrap());
    check(executed, 100);
}

#[test]
fn what_runs_was_found_by_the_walk() {
    let name = "recorded blocks of what_runs_was_found_by_the_walk";
    let Some(folder) = recorded_blocks(name) else { return };
    let mut executed = Executed::default();
    for path in corpus::list(&folder).unwrap().iter().step_by(EVERY) {
        executed.run(&prepare(&corpus::read_file(path).unwrap()).unwrap());
    }
    check(executed, 1_000);
}

/// Nothing that ran was missed, and at least so many basic blocks ran.
fn check(mut executed: Executed, n_least: usize) {
    executed.compare();
    let _ = writeln!(io::stderr(), "{}", executed.text());
    assert!(n_least < executed.n_blocks, "{}", executed.text());
    assert!(executed.missed.is_empty(), "{}: {:?}", executed.text(), executed.missed);
}
