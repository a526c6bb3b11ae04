//! Does binding compute what revm computes?
//!
//! In: synthetic programs. Out: assertions, and the number of words compared.
//!
//! The fuzz target `eval_matches_revm` runs the same check on a fuzzer's bytes.

use std::io::{self, Write};

use slotcast_tests::{arithmetic::check, random::Random};

/// Generated programs.
const N_CASES: u64 = 40_000;

#[test]
fn made_up_programs_leave_the_words_that_revm_leaves() {
    let mut n_words = 0;
    for seed in 0..N_CASES {
        match std::panic::catch_unwind(|| check(&mut Random::new(seed))) {
            Ok(n) => n_words += n,
            Err(_) => panic!("seed {seed}"),
        }
    }
    let _ =
        writeln!(io::stderr(), "{N_CASES} synthetic programs, {n_words} words as revm leaves them");
    assert!(N_CASES as usize <= n_words);
}
