//! Does the walk find every basic block that runs in recorded blocks?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example executed [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given.
//! Out: counts, and every block that was not found; status 1 when there is one.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{path::PathBuf, process::ExitCode};

use slotcast_corpus::{self as corpus, prepare};
use slotcast_tests::{checkout, executed::Executed};

fn main() -> ExitCode {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let mut executed = Executed::default();
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        executed.run(&prepare(&block).expect("recorded blocks are well formed"));
    }
    executed.compare();
    println!("{}", executed.text());
    for (hash, block) in &executed.missed {
        println!("  {hash} at {block:#x}");
    }
    if executed.missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
