//! How much memory does running a block by its forecast take, beside running it in order?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example memory [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given.
//! Out: for the block with the most gas and the one with the most transactions, the peak resident set
//! of processes that read it and run it: by the lean loop, in order, and predicted, scheduled and run
//! on two threads; then the resident set of one process after 100 and after 1,000 blocks in a row.
//!
//! Every figure is of a process of its own, which is this program again. What reading the file takes
//! is forgotten before the block is run, where the system lets a process forget its peak.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use slotcast::{
    PredictSettings, Prepared, Waits, corpus,
    executor::{FallbackRule, Pool, execute_baseline, execute_in_order, execute_streamed},
    prepare,
};
use slotcast_tests::checkout;

const WAYS: [&str; 3] = ["lean", "in-order", "predicted"];
/// After how many blocks in a row the resident set is looked at.
const MILESTONES: [usize; 4] = [1, 100, 500, 1_000];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [way, file] if WAYS.contains(&&way[..]) => run_one(way, Path::new(file)),
        [way, folder] if way == "many" => run_many(Path::new(folder)),
        [folder] => compare(Path::new(folder)),
        _ => compare(&checkout().join("../shared/blocks")),
    }
}

/// Starts the others, and prints what they say.
fn compare(folder: &Path) {
    let files = corpus::list(folder).expect("the folder can be listed");
    let read = |path: &PathBuf| corpus::read_file(path).expect("recorded blocks can be read");
    let most = |of: fn(&corpus::RecordedBlock) -> u64| {
        files.iter().max_by_key(|path| of(&read(path))).expect("the folder holds blocks")
    };
    let largest = [most(|it| it.header.gas_used), most(|it| it.transactions.len() as u64)];
    println!("| block | way | before, KiB | peak, KiB | peak over the lean loop's |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for file in largest {
        let mut lean = None;
        for way in WAYS {
            let said = ask(&[way, &file.display().to_string()]);
            let mut numbers = said.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
            let (before, peak) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
            let lean = *lean.get_or_insert(peak);
            let ratio = peak as f64 / lean.max(1) as f64;
            println!("| {} | {way} | {before} | {peak} | {ratio:.2} |", read(file).number());
        }
    }
    println!("\n{}", ask(&["many", &folder.display().to_string()]).trim());
}

fn ask(arguments: &[&str]) -> String {
    let program = std::env::current_exe().expect("a program knows where it is");
    let output = Command::new(program).args(arguments).output().expect("a program can run itself");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs one block and prints the resident set before and the peak meanwhile.
fn run_one(way: &str, file: &Path) {
    let prepared = prepare(&corpus::read_file(file).expect("recorded blocks can be read"));
    let prepared = prepared.expect("recorded blocks are well formed");
    forget_peak();
    let before = status("VmRSS");
    let (block, state) = (prepared.block(), prepared.state());
    match way {
        "lean" => drop(execute_baseline(block, state).expect("recorded blocks can be executed")),
        "in-order" => {
            drop(execute_in_order(block, state).expect("recorded blocks can be executed"))
        }
        _ => run(&prepared, &Pool::new(2).expect("two threads can be had")),
    }
    println!("{before} {}", status("VmHWM"));
}

/// Summarises, predicts, schedules and runs.
fn run(prepared: &Prepared, pool: &Pool) {
    let settings = PredictSettings::default();
    let summaries = prepared.summaries(&settings);
    let predictions = prepared.predict_once(&summaries, &settings);
    let (block, state) = (prepared.block(), prepared.state());
    let mut waits = Waits::new(block, state);
    let next = |tx| waits.next(&predictions[tx]);
    execute_streamed(block, state, pool, FallbackRule::DEFAULT, next)
        .expect("recorded blocks can be executed");
}

/// Runs all blocks over and over, and prints the resident set now and then.
fn run_many(folder: &Path) {
    let read = |path: &PathBuf| {
        let block = corpus::read_file(path).expect("recorded blocks can be read");
        prepare(&block).expect("recorded blocks are well formed")
    };
    let blocks: Vec<Prepared> =
        corpus::list(folder).expect("the folder can be listed").iter().map(read).collect();
    let pool = Pool::new(2).expect("two threads can be had");
    println!("{} blocks over and over, resident set:", blocks.len());
    for (n, prepared) in blocks.iter().cycle().take(MILESTONES[3]).enumerate() {
        run(prepared, &pool);
        if MILESTONES.contains(&(n + 1)) {
            println!("after {:>5} blocks {:>8} KiB", n + 1, status("VmRSS"));
        }
    }
}

/// A line of this process's status, in KiB; zero where the system keeps none.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Lets the peak start again from here (Linux, `proc(5)`); where that is not possible, reading the
/// file counts too, for all ways alike.
fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}
