//! Does binding compute what revm computes, on programs that a fuzzer chooses?
//!
//! In: bytes that decide the program and its calldata. Out: a crash where
//! `slotcast_tests::arithmetic` finds a difference; `tests/it/arithmetic.rs` runs it on seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slotcast_tests::{arithmetic::check, random::Random};

fuzz_target!(|bytes: &[u8]| {
    check(&mut Random::from_bytes(bytes));
});
