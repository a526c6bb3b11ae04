//! Tests of: which blocks have their results already?

use std::{fs, path::PathBuf};

use super::*;

fn source(name: &str) -> Source {
    Source::File(PathBuf::from(name), None)
}

fn names(results: &Results, names: &[&str]) -> Vec<String> {
    let mut sources: Vec<_> = names.iter().copied().map(source).collect();
    let said = results.missing(&mut sources);
    assert_eq!(said.is_some(), sources.len() < names.len());
    sources.iter().map(Source::name).collect()
}

#[test]
fn what_has_results_is_not_done_again_and_a_line_broken_off_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    let mut results = Results::open(Some(&path)).unwrap();
    results.keep("a", &[1, 2]).unwrap();
    results.keep("b", &[3]).unwrap();
    drop(results);
    let whole = fs::read_to_string(&path).unwrap();
    assert_eq!(whole, "{\"file\":\"a\",\"results\":[1,2]}\n{\"file\":\"b\",\"results\":[3]}\n");
    for cut in 1..20 {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let mut results = Results::open(Some(&path)).unwrap();
        assert_eq!(names(&results, &["a", "b", "c"]), ["b", "c"]);
        results.keep("b", &[3]).unwrap();
        drop(results);
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    }
}

#[test]
fn a_file_of_something_else_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for text in ["my notes\n", "my notes"] {
        fs::write(&path, text).unwrap();
        let error = Results::open(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("notes.txt") && error.contains("--resume"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn without_a_file_everything_is_done_and_nothing_is_kept() {
    let mut results = Results::open(None).unwrap();
    results.keep("a", &[1]).unwrap();
    assert_eq!(names(&results, &["a"]), ["a"]);
}
