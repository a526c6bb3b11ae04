//! How much memory does running a block by its prediction take, beside sequential execution?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example memory [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given.
//! Out: for the block with the most gas and the one with the most transactions, the peak resident sets
//! of processes that read it and run it on two threads at most: by the lean loop; sequentially; predicted
//! with summaries that another process left in a store, scheduled and run (warm); the same with
//! summaries made on the way (cold). Then the resident set of one process after 100 and after 1,000
//! blocks in a row.
//!
//! Every figure is of a process of its own, which is this program again. What reading the file takes
//! is forgotten before the block is run, where the system lets a process forget its peak; what opening
//! the store and reading summaries takes is not.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use slotcast::{
    PredictSettings, Prepared, Summaries,
    executor::{Advice, Settings, execute, execute_baseline},
    graph::Waits,
};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_store::Store;
use slotcast_tests::checkout;

const WAYS: [&str; 4] = ["lean", "in-order", "warm", "cold"];
/// What a store may hold.
const STORE_BYTES: u64 = 1 << 30;
/// After how many blocks in a row the resident set is looked at.
const MILESTONES: [usize; 4] = [1, 100, 500, 1_000];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [way, file, store] if way == "keep" => keep(Path::new(file), Path::new(store)),
        [way, file, store] => run_one(way, Path::new(file), Path::new(store)),
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
    let scratch = tempfile::tempdir().expect("a temporary folder can be made");
    println!("| block | way | before, KiB | predicting | running | peak over the lean loop's |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    for file in largest {
        let number = read(file).number();
        let store = scratch.path().join(format!("{number}.db")).display().to_string();
        let file = file.display().to_string();
        ask(&["keep", &file, &store]);
        let mut lean = None;
        for way in WAYS {
            let said = ask(&[way, &file, &store]);
            let numbers = said.split_whitespace().map(|word| word.parse().unwrap_or(0));
            let numbers: Vec<u64> = numbers.collect();
            let [before, predicting, running] = numbers[..] else { panic!("{way}: {said}") };
            let peak = predicting.max(running);
            let ratio = peak as f64 / (*lean.get_or_insert(peak)).max(1) as f64;
            println!("| {number} | {way} | {before} | {predicting} | {running} | {ratio:.2} |");
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

fn read(file: &Path) -> Prepared {
    let block = corpus::read_file(file).expect("recorded blocks can be read");
    prepare(&block).expect("recorded blocks are well formed")
}

/// Leaves the summaries that a block needs in a store.
fn keep(file: &Path, store: &Path) {
    let (prepared, settings) = (read(file), PredictSettings::default());
    let summaries = prepared.summaries(&settings);
    prepared.predict_with(&summaries, &settings);
    let store = Store::open(store, STORE_BYTES).expect("a store can be made");
    let all = summaries.all();
    store.keep(all.iter().map(AsRef::as_ref)).expect("there is room for summaries");
}

/// Runs one block and prints the resident set before, and the peaks while it is predicted and while it
/// is run.
fn run_one(way: &str, file: &Path, store: &Path) {
    let (prepared, predict) = (read(file), PredictSettings::default());
    let settings = Settings::with_threads(2).expect("two threads can be had");
    forget_peak();
    let before = status("VmRSS");
    let (block, state) = (prepared.block(), prepared.state());
    let mut predicting = 0;
    let predicted = || predicting = peak();
    match way {
        "lean" => drop(execute_baseline(block, state).expect("recorded blocks can be executed")),
        "in-order" => {
            drop(execute(block, state, Advice::None).expect("recorded blocks can be executed"))
        }
        "warm" => {
            let store = Store::open_to_read(store).expect("a store can be opened");
            let summaries = prepared.summaries_on(Arc::new(store), &predict);
            run(&prepared, &summaries, &settings, predicted);
        }
        _ => run(&prepared, &prepared.summaries(&predict), &settings, predicted),
    }
    println!("{before} {predicting} {}", peak());
}

/// Predicts, schedules and runs on two threads; `predicted` is called when all is predicted.
fn run(prepared: &Prepared, summaries: &Summaries, settings: &Settings, predicted: impl FnOnce()) {
    let predictions = prepared.predict_once(summaries, &PredictSettings::default());
    predicted();
    let (block, state) = (prepared.block(), prepared.state());
    let mut waits = Waits::new(block, state, settings.mode);
    let mut next = |tx| waits.next(&predictions[tx]);
    execute(block, state, Advice::Streamed(&mut next, settings))
        .expect("recorded blocks can be executed");
}

/// Runs all blocks over and over, and prints the resident set now and then.
fn run_many(folder: &Path) {
    let files = corpus::list(folder).expect("the folder can be listed");
    let blocks: Vec<Prepared> = files.iter().map(PathBuf::as_path).map(read).collect();
    let settings = Settings::with_threads(2).expect("two threads can be had");
    println!("{} blocks over and over, resident set:", blocks.len());
    for (n, prepared) in blocks.iter().cycle().take(MILESTONES[3]).enumerate() {
        run(prepared, &prepared.summaries(&Default::default()), &settings, || ());
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

/// The peak resident set since it was forgotten, which starts again from here.
fn peak() -> u64 {
    let peak = status("VmHWM");
    forget_peak();
    peak
}

/// Lets the peak start again from here (Linux, `proc(5)`); where that is not possible, reading the
/// file counts too, for all ways alike.
fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}
