//! Do commands print what the guide for contract developers shows?
//!
//! Its console blocks are executed sequentially, in one folder, by a shell.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use slotcast_contracts::artifacts::Tool;
use tempfile::TempDir;

/// The folder of the guides' contracts.
const CONTRACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts");
/// What stands in a guide for output that does not matter there.
const LEFT_OUT: &str = "...";

fn guide() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/contracts.md")).unwrap()
}

/// The commands of a guide's console blocks, each with the lines that it should print.
fn sessions(guide: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut is_console = false;
    for line in guide.lines() {
        match (is_console, line.strip_prefix("```"), line.strip_prefix("$ ")) {
            (_, Some(kind), _) => is_console = kind == "console",
            (true, None, Some(command)) => found.push((command, Vec::new())),
            (true, None, None) => found.last_mut().unwrap().1.push(line),
            (false, ..) => {}
        }
    }
    found
}

/// What a shell prints in `folder`, where `slotcast` is the command under test.
fn shell(folder: &Path, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_slotcast"));
    // What stands behind the command is `$0` to it.
    let command = format!("PATH=\"$0:$PATH\"; {command}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).arg(binary.parent().unwrap());
    let output = shell.current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    text(output.stdout) + &text(output.stderr)
}

/// Whether `lines` are as expected, where [`LEFT_OUT`] stands for any lines or for the rest of one.
fn matches(expected: &[&str], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&LEFT_OUT, rest)) => (0..=lines.len()).any(|n| matches(rest, &lines[n..])),
        Some((first, rest)) => lines.split_first().is_some_and(|(line, others)| {
            let is_same = match first.strip_suffix(LEFT_OUT) {
                Some(beginning) => line.starts_with(beginning),
                None => first == line,
            };
            is_same && matches(rest, others)
        }),
    }
}

#[test]
fn the_guide_for_contract_developers_shows_what_commands_print() {
    let folder = TempDir::new().unwrap();
    for contract in ["Counter.json", "Staking.json"] {
        fs::copy(format!("{CONTRACTS}/{contract}"), folder.path().join(contract)).unwrap();
    }
    let guide = guide();
    let sessions = sessions(&guide);
    assert!(8 < sessions.len(), "the commands are found");
    for (command, expected) in sessions {
        let printed = shell(folder.path(), command);
        let lines: Vec<&str> = printed.lines().collect();
        assert!(matches(&expected, &lines), "$ {command}\n{printed}\nexpected:\n{expected:#?}");
    }
    let log = fs::read_to_string(folder.path().join("slotcast.sarif")).unwrap();
    assert!(log.contains("\"version\": \"2.1.0\""));
}

#[test]
fn the_guide_has_the_lines_that_analyze_asks_for() {
    let guide = guide();
    for tool in [Tool::Foundry, Tool::Hardhat, Tool::Waffle, Tool::Solc] {
        let line = tool.layout_advice().split('`').nth(1).unwrap();
        assert!(guide.contains(&format!("`{line}`")), "{line}");
    }
}
