//! How much of a contract's storage layout does its code alone show?
//!
//! In: a file of contracts, one JSON object a line, packed or not, each with `code` and solc's
//! `storageLayout`. Out: precision and recall of recovered (base slot, kind) pairs, and with
//! `--list` every pair that is missing or wrong.
//! Invariant: the truth is solc's layout; nothing the analyzer says decides what is counted.
//!
//! ```text
//! cargo run --release -p slotcast-tests --example layouts -- ../shared/contracts/layouts.jsonl.gz
//! ```

#![allow(clippy::print_stdout, reason = "an example that reports to its reader")]

mod evidence;
mod score;
mod truth;

use std::{
    error::Error,
    fs::File,
    io::{BufRead, BufReader, Read},
    process::ExitCode,
};

use flate2::read::MultiGzDecoder;
use slotcast::{
    analyzer::{limits::Limits, recover_layout},
    model::Fork,
};

use crate::{
    score::{Score, Totals},
    truth::Contract,
};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_listing = arguments.iter().any(|argument| argument == "--list");
    arguments.retain(|argument| argument != "--list");
    let [path] = arguments.as_slice() else {
        println!("usage: layouts FILE [--list]");
        return ExitCode::from(2);
    };
    match run(path, is_listing) {
        Ok(totals) => {
            println!("{totals}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(path: &str, is_listing: bool) -> Result<Totals, Box<dyn Error>> {
    let mut totals = Totals::default();
    for line in lines(path)? {
        let contract = Contract::parse(&line?)?;
        let layout = recover_layout(&contract.code, Fork::Osaka, &Limits::default());
        let score = Score::new(&contract, &layout);
        if is_listing {
            print!("{score}");
        }
        totals.add(&contract.set, &score);
    }
    Ok(totals)
}

/// The lines of a file, unpacked if its first bytes say that it is packed.
fn lines(path: &str) -> Result<impl Iterator<Item = std::io::Result<String>>, std::io::Error> {
    let mut file = BufReader::new(File::open(path)?);
    let is_packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let plain: Box<dyn Read> =
        if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(BufReader::new(plain).lines())
}
