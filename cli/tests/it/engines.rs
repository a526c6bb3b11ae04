//! Do engines that others wrote agree with what blocks are said to do?
//!
//! In: the comparisons of `tests/compare`, on synthetic blocks of a few transactions. Out: assertions.
//! Invariant: a comparison whose engine is not there says so and passes; `tests/setup` has a script that
//! fetches each.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// How many transactions a block has here; by hand the comparisons take more.
const N_TXS: &str = "6";

#[test]
fn the_execution_specification_agrees() {
    let python = checkout().join("target/tools/eels/bin/python");
    if !python.is_file() {
        return skip("the execution specification", "tests/setup/eels.sh");
    }
    // Of each of these the specification has another version of the rules.
    let ran = compare(&python, "against_eels.py", &["--eras", "byzantium,london,osaka"]);
    // 13, 15 and 20 scenarios, and the embedded block.
    assert_agrees(&ran, 49, &["gas used", "receipts root", "bloom", "state root"]);
}

#[test]
fn ethereumjs_agrees_block_access_lists_included() {
    let package = checkout().join("target/tools/ethereumjs/node_modules/@ethereumjs/vm");
    if !package.is_dir() {
        return skip("ethereumjs", "tests/setup/ethereumjs.sh");
    }
    let eras = ["--eras", "osaka,amsterdam"];
    let ran = compare("node".as_ref(), "against_ethereumjs.mjs", &eras);
    let fields = ["gas used", "gas of each transaction", "receipts root", "state root"];
    assert_agrees(&ran, 41, &fields);
    assert!(said(&ran).contains("\n| block access list | 20 | 0 |\n"), "{}", said(&ran));
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn compare(program: &Path, script: &str, more: &[&str]) -> Output {
    let script = checkout().join("tests/compare").join(script);
    let arguments = [script.as_os_str(), OsStr::new("--txs"), OsStr::new(N_TXS)];
    let mut command = Command::new(program);
    command.args(arguments).args(more).env("SLOTCAST", env!("CARGO_BIN_EXE_slotcast"));
    command.output().unwrap()
}

fn said(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// All of `n_blocks` blocks must agree in each of these fields, and nothing may differ.
fn assert_agrees(ran: &Output, n_blocks: usize, fields: &[&str]) {
    let said = said(ran);
    let context = format!("{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{context}");
    for field in fields {
        assert!(said.contains(&format!("\n| {field} | {n_blocks} | 0 |\n")), "{field}: {context}");
    }
}

fn skip(engine: &str, script: &str) {
    // Not by a macro, whose output a passing test keeps to itself.
    let message = format!("skipped: {engine} is not in target/tools; {script} fetches it\n");
    std::io::stderr().write_all(message.as_bytes()).unwrap();
}
