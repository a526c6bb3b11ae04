//! Is the parallel outcome the sequential one, on blocks and predictions that a fuzzer chooses?
//!
//! In: bytes that decide the block and what is predicted of it. Out: a crash where
//! `slotcast_tests::blocks` finds a difference; `tests/it/random_blocks.rs` runs it on seeds.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use slotcast_tests::{
    blocks::{Crews, check},
    random::Random,
};

/// Threads are started once, not for each block.
static CREWS: LazyLock<Crews> = LazyLock::new(Crews::new);

fuzz_target!(|bytes: &[u8]| {
    check(&mut Random::from_bytes(bytes), &CREWS);
});
