//! Do the executors pass the Ethereum state tests?
//!
//! In: the packed state tests beside the checkout, where there are any. Out: assertions, and the
//! counts behind them.
//!
//! One file in [`EVERY`] is run here; `cargo run --release -p slotcast-tests --example conformance`
//! runs all of them.

use std::io::{self, Write};

use slotcast_tests::{
    checkout,
    conformance::{Tally, run_archive},
};

/// The archives, and how many cases of a sample pass at least: fewer means that the tests are not
/// where they are looked for.
const ARCHIVES: [(&str, usize); 3] = [
    ("EIPTests.tar.gz", 0),
    ("GeneralStateTests.tar.gz", 500),
    ("GeneralStateTests-cancun-constantinople.tar.gz", 4_000),
];

/// One file in so many is run.
const EVERY: usize = 23;

#[test]
fn ethereum_state_tests_pass() {
    let folder = checkout().join("../shared/conformance");
    let mut total = Tally::default();
    for (name, n_least) in ARCHIVES {
        let path = folder.join(name);
        if !path.is_file() {
            // Written past the test runner's capture, so that a skipped test is seen to be skipped.
            let line = format!("skipped {name}: no state tests in ../shared/conformance");
            let _ = writeln!(io::stderr(), "{line}");
            continue;
        }
        let mut tally = Tally::default();
        run_archive(&path, EVERY, &mut tally);
        assert!(n_least <= tally.n_passed, "{name}: {tally}");
        total.add(tally);
    }
    let _ = writeln!(io::stderr(), "state tests, one file in {EVERY}: {total}");
    let shown = &total.failures[..total.failures.len().min(20)];
    assert!(total.failures.is_empty(), "{total}\n{}", shown.join("\n"));
}
