//! Do analysis and binding end within their limits on whatever they are given?
//!
//! In: synthetic codes, calldata and states of every design; the code of the corpus is the beginning of
//! some. Out: assertions, and what was done.
//!
//! The fuzz target `analyze_any_bytes` runs the same check on a fuzzer's bytes.

use std::io::{self, Write};

use slotcast::{
    analyzer::{
        analyze, effort,
        limits::{Limits, StopReason},
    },
    model::Fork,
};
use slotcast_corpus::Contract;
use slotcast_tests::{
    asm::assemble,
    checkout,
    totality::{Counts, Input, check},
};

/// Cases run.
const N_CASES: u64 = 400;

#[test]
fn any_bytes_end_within_limits() {
    let folder = checkout().join("corpus/data/contracts");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let contracts: Vec<Vec<u8>> =
        paths.iter().map(|path| Contract::read_file(path).unwrap().runtime.to_vec()).collect();
    let mut total = Counts::default();
    for seed in 0..N_CASES {
        let input = Input::made(seed, &contracts);
        match std::panic::catch_unwind(|| check(&input)) {
            Ok(counts) => total.add(&counts),
            Err(_) => panic!("seed {seed}, {} bytes of code", input.code.len()),
        }
    }
    // Written past the test runner's capture: the number of cases is part of what the test says.
    let _ = writeln!(io::stderr(), "{total}");
    assert_eq!(total.n_inputs as u64, N_CASES);
    // Limits that are never met are not tested.
    for n in [total.n_stopped, total.n_out_of_budget, total.n_slots, total.n_questions] {
        assert!(N_CASES / 20 < n as u64, "{total:?}");
    }
}

#[test]
fn a_walk_that_holds_too_many_bytes_ends_and_says_so() {
    let path = checkout().join("corpus/data/contracts/Token.json");
    let code = Contract::read_file(&path).unwrap().runtime;
    let stop = |bytes_per_function| {
        let limits = Limits { bytes_per_function, ..Limits::default() };
        analyze(&code, Fork::Osaka, &limits).entry(None).stop
    };
    assert_eq!(stop(64), StopReason::MemoryLimit);
    assert_eq!(stop(Limits::default().bytes_per_function), StopReason::Finished);
}

/// A function that calls itself from two places, as a sort does for both halves.
const SORT: &str = "
    push done 0 calldataload push sort jump
    done: stop
    sort: dup1 push more jumpi          ; [return, n]
    sload pop jump
    more: dup1 1 and push odd jumpi
    push left 1 dup3 sub push sort jump
    odd: push right 1 dup3 sub push sort jump
    left: pop jump
    right: pop jump";

#[test]
fn a_function_that_calls_itself_twice_leaves_fuel_for_the_rest() {
    let code = assemble(SORT).unwrap();
    let limits = Limits { fuel_per_function: 16_000_000, ..Limits::default() };
    let effort = effort(&code, Fork::Osaka, &limits);
    assert_eq!(effort.stop, StopReason::RecursionLimit);
    assert!(effort.n_nodes < limits.nodes_per_function / 4, "{effort:?}");
    assert!(effort.fuel < limits.fuel_per_function / 4, "{effort:?}");
}
