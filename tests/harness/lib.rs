//! What do the tests that cross crate boundaries share?
//!
//! In: the place of this checkout. Out: where things are that tests look at, and what is missing.
//! Invariant: nothing here judges; the tests do.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The root of the checkout.
pub fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this package is a folder of the checkout").to_path_buf()
}

/// The folder of recorded blocks beside the checkout, if there is one.
///
/// Recorded blocks are too large to live in the repository. Without them `test` is to return after
/// this call, which has said so.
pub fn recorded_blocks(test: &str) -> Option<PathBuf> {
    let folder = checkout().join("../shared/blocks");
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past the test runner's capture, so that a skipped test is seen to be skipped. If
    // standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "skipped {test}: no recorded blocks in ../shared/blocks");
    None
}
