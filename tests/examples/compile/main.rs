//! How long does it take to summarise a contract, and where do the limits stop it?
//!
//! In: files or folders with recorded blocks and with contracts, one JSON object a line. Out: for
//! each of the two sets the times to make whole summaries, and of the blocks also the times to make
//! only what their transactions call; how often each limit was hit, and the memory it took.
//! Invariant: every distinct code counts once in its set, under the rules of the first fork that
//! runs it; the times decide nothing.
//!
//! ```text
//! cargo run --release -p slotcast-tests --example compile -- FOLDER... [--list]
//! ```

#![allow(clippy::print_stdout, reason = "an example that reports to its reader")]

mod measure;
mod sources;

use std::{error::Error, path::Path, process::ExitCode};

use crate::{
    measure::{Table, measure},
    sources::Sources,
};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_listing = arguments.iter().any(|argument| argument == "--list");
    arguments.retain(|argument| argument != "--list");
    match run(&arguments, is_listing) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run(paths: &[String], is_listing: bool) -> Result<(), Box<dyn Error>> {
    let mut sources = Sources::default();
    for path in paths {
        sources.read(Path::new(path)).map_err(|error| format!("{path}: {error}"))?;
    }
    if paths.is_empty() {
        sources.embedded()?;
    }
    for (name, codes) in sources.sets() {
        let table: Table = codes.values().map(measure).collect();
        if is_listing {
            print!("{}", table.list());
        }
        println!("{name}\n{table}");
    }
    Ok(())
}
