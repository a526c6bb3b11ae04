//! What does each stage of the analysis make of a small program?
//!
//! In: the cases in `tests/cases`, one folder for each stage. Out: assertions on text.
//! Each case is minimal and says in prose what it is about; together they are the description of
//! what the stages do.

mod world;

use slotcast::analyzer::{Pass, describe, ir_text, limits::Limits, program_text};
use slotcast_tests::{case::Case, check, checkout};

/// Which blocks there are and where they lead: the paragraphs of the intermediate form without
/// their effects.
#[test]
fn cfg() {
    check(&checkout().join("tests/cases/cfg"), |case| {
        let text = ir(case);
        let is_effect = |line: &&str| line.starts_with("  0x");
        let lines = text.lines().filter(|line| !is_effect(line));
        lines.map(|line| format!("{line}\n")).collect()
    });
}

/// Terms and effects of the nodes.
#[test]
fn intermediate_form() {
    check(&checkout().join("tests/cases/ir"), ir);
}

/// The program that runs, or what it is after the pass that the case names.
#[test]
fn lowering() {
    check(&checkout().join("tests/cases/lower"), |case| {
        let pass = match case.settings.as_slice() {
            [] => Pass::RegisterAllocation,
            [(name, pass)] if name == ".pass" => {
                let is_named = |known: &Pass| format!("{known:?}").eq_ignore_ascii_case(pass);
                Pass::ALL.into_iter().find(is_named).unwrap_or_else(|| panic!("`{pass}`"))
            }
            unknown => panic!("{unknown:?}"),
        };
        program_text(&case.code, case.fork, case.entry, pass, &Limits::default())
    });
}

/// What a transaction is predicted to touch, to leave behind, and to depend on.
#[test]
fn binding() {
    check(&checkout().join("tests/cases/bind"), world::bound);
}

/// What is said of it to a reader.
#[test]
fn summary() {
    check(&checkout().join("tests/cases/summary"), |case| {
        describe(&case.code, case.fork, &Limits::default()).to_string()
    });
}

fn ir(case: &Case) -> String {
    ir_text(&case.code, case.fork, case.entry, &Limits::default())
}
