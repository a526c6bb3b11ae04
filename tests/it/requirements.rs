//! What does a function require of the state before it?
//!
//! In: programs that check words which they may have stored themselves. Out: the requirements that their
//! texts state: those of what was there before, and no others.

use slotcast::{
    analyzer::{describe::describe, limits::Limits},
    model::Fork,
};
use slotcast_tests::asm::assemble;

/// The requirements of a program's fallback.
fn requires(program: &str) -> Vec<String> {
    let code = assemble(program).unwrap();
    let described = describe(&code, Fork::Osaka, &Limits::default());
    described.functions.into_iter().next().unwrap().requires.into_iter().map(|it| it.text).collect()
}

/// Fails if the word at slot 1 is zero.
const CHECK: &str = "push 1 sload push good jumpi push 0 push 0 revert good: stop";

#[test]
fn a_word_that_may_have_been_stored_is_not_required_to_have_been_there() {
    // Set unless it is set, as an initializer does, and then checked.
    let set = "push 1 sload push on jumpi push 1 push 1 sstore on: ";
    assert!(requires(&(set.to_owned() + CHECK)).is_empty());
    // A part of the word is put in place for certain.
    let packed = "push 1 sload push 255 or push 1 sstore ";
    assert!(requires(&(packed.to_owned() + CHECK)).is_empty());
}

#[test]
fn a_word_that_was_not_stored_is_required() {
    assert_eq!(requires(CHECK), ["storage[1] != 0"]);
    // A store elsewhere, and one that comes after.
    let elsewhere = "push 1 push 2 sstore ".to_owned() + CHECK;
    assert_eq!(requires(&elsewhere), ["storage[1] != 0"]);
    let after = CHECK.replace("good: stop", "good: push 1 push 1 sstore stop");
    assert_eq!(requires(&after), ["storage[1] != 0"]);
}
