//! Do analysis and binding end within their limits on a fuzzer's bytes?
//!
//! In: bytes: what decides limits and state, the length of the calldata, calldata, code. Out: a crash
//! where `slotcast_tests::totality` finds one; `tests/it/totality.rs` runs it on synthetic bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slotcast_tests::totality::{Input, check};

fuzz_target!(|bytes: &[u8]| {
    check(&Input::from_bytes(bytes));
});
