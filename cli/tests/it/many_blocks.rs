//! Can a folder of many blocks be worked through in bounded memory, and in several goes?
//!
//! In: 900 generated blocks. Out: assertions, and how much memory the command took for 200 of them
//! and for all.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    process::Stdio,
    thread,
    time::Duration,
};

use serde_json::Value;
use slotcast_corpus::{Plan, generate, write_file};
use slotcast_lab::seal;

use crate::command::{Folder, command, json_lines, run};

/// Enough that what the command keeps of contracts is full.
const FEW: usize = 200;
const MANY: usize = 900;

/// So many blocks, each with contracts and senders of its own.
fn blocks(folder: &Folder, name: &str, n: usize) -> String {
    let path = folder.path(name);
    fs::create_dir(&path).unwrap();
    for number in 0..n {
        let plan = Plan { seed: 1 + number as u64, n_txs: 4, ..Plan::default() };
        let block = seal(generate(&plan).unwrap()).unwrap();
        write_file(&Path::new(&path).join(format!("{number}.json")), &block).unwrap();
    }
    path
}

/// The most memory that a run of the command had in use, in KiB, as Linux counts it.
fn peak_kib(args: &[&str]) -> Option<u64> {
    let mut child = command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        if let Ok(text) = fs::read_to_string(&status) {
            let of_line = |line: &str| line.split_whitespace().nth(1)?.parse().ok();
            let line = text.lines().find(|line| line.starts_with("VmHWM:"));
            peak = line.and_then(of_line).or(peak);
        }
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{args:?}");
            return peak;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn many_blocks_take_no_more_memory_than_some() {
    let folder = Folder::new();
    let many = blocks(&folder, "many", MANY);
    let few: Vec<String> = (0..FEW).map(|number| format!("{many}/{number}.json")).collect();
    for of in ["score", "run"] {
        let at = |paths: &[String]| {
            let paths = paths.iter().map(String::as_str);
            peak_kib(&[of, "--json", "--threads", "2"].into_iter().chain(paths).collect::<Vec<_>>())
        };
        let (Some(of_few), Some(of_many)) = (at(&few), at(core::slice::from_ref(&many))) else {
            let _ = writeln!(io::stderr(), "skipped: this system does not tell a process's memory");
            return;
        };
        let (n_few, n_many) = (of_few >> 10, of_many >> 10);
        let _ =
            writeln!(io::stderr(), "{of}: {n_few} MiB for {FEW} blocks, {n_many} MiB for {MANY}");
        assert!(of_many < of_few + of_few / 3, "{of}: {of_few} KiB, then {of_many} KiB");
    }
}

#[test]
fn what_was_done_is_not_done_again() {
    let folder = Folder::new();
    let some = blocks(&folder, "some", 5);
    let results = folder.path("results.jsonl");
    for of in ["score", "run", "bench"] {
        let _ = fs::remove_file(&results);
        let first = format!("{some}/0.json");
        let with = |path: &str| json_lines(&[of, "--json", "--resume", &results, path]);
        let lines = |document: &Value| document.get("block").is_some();
        assert_eq!(with(&first).iter().filter(|it| lines(it)).count(), 1, "{of}");
        let ran = run(&[of, "--json", "--resume", &results, &some]);
        assert_eq!(ran.code, 0);
        let said =
            format!("1 of 5 blocks have their results in {results}; the totals are of the rest\n");
        assert_eq!(ran.stderr, said, "{of}");
        let kept = fs::read_to_string(&results).unwrap();
        let kept: Vec<Value> =
            kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(kept.len(), 5, "{of}");
        for (n, line) in kept.iter().enumerate() {
            assert_eq!(line["file"], format!("{some}/{n}.json"));
            assert!(line["results"][0]["block"].is_u64(), "{of}: {line}");
        }
    }
}
