//! Do the executors pass all Ethereum state tests?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example conformance [FOLDER] [EVERY]
//! ```
//!
//! In: a folder of packed state tests, `../shared/conformance` beside the checkout unless another is
//! given, and a rate, all files unless it is given. Out: counts, every exclusion with its reason,
//! the first failures; status 1 when there is one.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{path::PathBuf, process::ExitCode};

use slotcast_tests::{
    checkout,
    conformance::{Tally, run_archive},
};

/// Failures that are printed.
const N_SHOWN: usize = 40;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let folder =
        arguments.next().map_or_else(|| checkout().join("../shared/conformance"), PathBuf::from);
    let every = arguments.next().map_or(1, |text| text.parse().expect("a rate is a number"));
    let entries = folder.read_dir().expect("the folder can be listed");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .collect();
    paths.sort();
    let mut total = Tally::default();
    for path in paths {
        let mut tally = Tally::default();
        run_archive(&path, every, &mut tally);
        println!("{}: {tally}", path.file_name().unwrap_or_default().display());
        for failure in tally.failures.iter().take(N_SHOWN) {
            println!("  {}", failure.chars().take(400).collect::<String>());
        }
        total.add(tally);
    }
    println!("all: {total}");
    if total.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
