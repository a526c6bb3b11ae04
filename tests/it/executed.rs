//! Does the walk find every basic block that runs?
//!
//! In: some recorded blocks; skipped where there are none. Out: assertions, and counts.
//! `cargo run --release -p slotcast-tests --example executed` looks at all recorded blocks.

use std::io::{self, Write};

use slotcast::{corpus, prepare};
use slotcast_tests::{executed::Executed, recorded_blocks};

/// One recorded block in so many is looked at.
const EVERY: usize = 8;

#[test]
fn what_runs_was_found_by_the_walk() {
    let name = "recorded blocks of what_runs_was_found_by_the_walk";
    let Some(folder) = recorded_blocks(name) else { return };
    let mut executed = Executed::default();
    for path in corpus::list(&folder).unwrap().iter().step_by(EVERY) {
        executed.run(&prepare(&corpus::read_file(path).unwrap()).unwrap());
    }
    executed.compare();
    let _ = writeln!(io::stderr(), "{}", executed.text());
    assert!(1_000 < executed.n_blocks, "{}", executed.text());
    assert!(executed.missed.is_empty(), "{}: {:?}", executed.text(), executed.missed);
}
