//! What do the tests that cross crate boundaries share?
//!
//! In: the place of this checkout. Out: where things are that tests look at, and what is missing;
//! [`check`], which holds a stage's text forms against the cases of its folder.

pub mod arithmetic;
pub mod asm;
pub mod blocks;
pub mod case;
pub mod conformance;
pub mod executed;
pub mod ran;
pub mod random;
pub mod totality;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::case::Case;

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
    shared("blocks", test)
}

/// A folder of `../shared` beside the checkout, if there is one; else says that `test` is skipped.
pub fn shared(name: &str, test: &str) -> Option<PathBuf> {
    let folder = checkout().join("../shared").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past the test runner's capture, so that a skipped test is seen to be skipped. If
    // standard error is closed there is no reader.
    let _ = writeln!(io::stderr(), "skipped {test}: no files in ../shared/{name}");
    None
}

/// Holds what `stage` says of each case in `folder` against what the case expects of it.
///
/// With `UPDATE_CASES=1` in the environment the cases are rewritten instead, to be reviewed.
///
/// # Panics
///
/// When a text differs, or when there is no case.
pub fn check(folder: &Path, stage: impl Fn(&Case) -> String) {
    #[expect(clippy::disallowed_methods, reason = "a person asks for the update")]
    let is_update = std::env::var("UPDATE_CASES").is_ok_and(|value| value == "1");
    let entries = folder.read_dir().expect("the cases are part of the checkout");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    let mut differences = String::new();
    for path in paths {
        let case = Case::read(&path);
        let actual = stage(&case);
        if is_update {
            case.update(&path, &actual);
        } else if actual != case.expected {
            let name = path.file_name().unwrap_or_default().display();
            differences += &format!("{name} expects\n{}but gives\n{actual}\n", case.expected);
        }
    }
    assert!(differences.is_empty(), "{differences}UPDATE_CASES=1 rewrites the cases");
}
