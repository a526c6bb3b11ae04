//! What is left of a file for which there is no room?
//!
//! In: commands that write files, in a shell that lets none grow beyond some blocks, which needs no
//! disk that is really full. Out: a message, code 2, and no file.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::command::{Folder, run};

/// Runs a command whose files may have half a kilobyte.
fn run_cramped(folder: &Folder, command: &str) -> (Option<i32>, String) {
    // The signal is ignored, so that writing fails as it does on a full disk.
    let line = format!("trap '' XFSZ; ulimit -f 1; exec \"$0\" -q {command}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line, env!("CARGO_BIN_EXE_slotcast")]).current_dir(folder.path(""));
    let output = shell.stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn files(folder: &Folder) -> Vec<String> {
    let names = fs::read_dir(folder.path("")).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_does_not_fit_is_said_and_leaves_no_file() {
    let folder = Folder::new();
    folder.generate("b.json", &["--txs", "40"]);
    assert_eq!(
        run(&["codes", "-q", &folder.path("b.json"), "--output", &folder.path("c")]).code,
        0
    );
    let before = files(&folder);
    let router = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts/AmmRouter.json");
    let snapshot = format!("snapshot {router} --update --snapshots .");
    for (command, file) in [
        (snapshot.as_str(), ".access"),
        ("generate --out made.json", "made.json"),
        ("codes b.json --output codes.gz", "codes.gz"),
        ("predict --out p.json b.json", "p.json"),
        ("predict --format packed --out p.bin b.json", "p.bin"),
        ("report -o r.html b.json", "r.html"),
        ("score --scoreboard board.json b.json", "board.json"),
    ] {
        let (code, said) = run_cramped(&folder, command);
        assert_eq!(code, Some(2), "{command}: {said}");
        let expected = format!("{file}: cannot be written: File too large");
        assert!(said.contains(&expected), "{command}: {said}");
        assert_eq!(files(&folder), before, "{command}");
    }
}

#[test]
fn a_batch_that_does_not_fit_keeps_what_is_done() {
    let folder = Folder::new();
    folder.generate("b.json", &["--txs", "120"]);
    let (input, output) = (folder.path("c"), folder.path("out.gz"));
    assert_eq!(run(&["codes", "-q", &folder.path("b.json"), "--output", &input]).code, 0);
    let (code, said) = run_cramped(&folder, "analyze --input c --output out.gz");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("out.gz.part: cannot be written: File too large"), "{said}");
    assert!(said.contains("run the same command again"), "{said}");
    assert!(!files(&folder).contains(&"out.gz".to_owned()));
    assert_eq!(run(&["analyze", "-q", "--input", &input, "--output", &output]).code, 0);
    assert!(files(&folder).contains(&"out.gz".to_owned()));
}
