//! Does the repository keep its own rules?
//!
//! In: the files of the checkout. Out: one failing test per broken rule, naming every place.
//! Invariant: an exception is written down here with its reason, and one that is no longer needed
//! fails too, so the lists only shrink.

mod manifest;
mod source;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use slotcast_tests::checkout;

use self::source::Source;

/// The longest function allowed, from its first line to its closing brace.
const MAX_FUNCTION_LINES: usize = 70;

/// The longest file allowed, tests apart.
const MAX_FILE_LINES: usize = 600;

/// Flat listings, one line per opcode or the like, that may exceed the limit: file, function, why.
const LONG_LISTINGS: &[(&str, &str, &str)] =
    &[("analyzer/src/bytecode/opcode.rs", "kind", "one line for each opcode of the table")];

/// Names that say nothing of the question a file answers, so that it ends up answering many.
const BANNED_NAMES: &[&str] =
    &["common", "helper", "helpers", "misc", "mod", "type", "types", "util", "utils"];

/// Words that promise work instead of doing it, spelt so that this file holds none of them.
const BANNED_WORDS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// What is skipped, besides everything that starts with a dot: what builds and installs leave.
const SKIPPED_FOLDERS: &[&str] = &["node_modules", "target"];

#[test]
fn every_source_file_opens_with_its_question() {
    assert_none(sources().iter().filter(|source| !source.opens_with_doc()).map(Source::name));
}

#[test]
fn functions_fit_on_a_screen() {
    let mut unused: BTreeSet<(&str, &str)> =
        LONG_LISTINGS.iter().map(|&(path, function, _)| (path, function)).collect();
    let mut long = Vec::new();
    for source in &sources() {
        for function in source.functions() {
            let is_listing = LONG_LISTINGS
                .iter()
                .any(|&(path, name, _)| (path, name) == (source.path.as_str(), &function.name));
            if function.n_lines <= MAX_FUNCTION_LINES {
                continue;
            }
            match is_listing {
                true => unused.retain(|&entry| entry != (&source.path, &function.name)),
                false => long.push(format!(
                    "{}:{} {} has {} lines",
                    source.path, function.line, function.name, function.n_lines
                )),
            }
        }
    }
    long.extend(unused.iter().map(|(path, name)| format!("{path} {name} needs no exception")));
    assert_none(long);
}

#[test]
fn files_answer_one_question() {
    let long = |source: &Source| {
        let n_lines = source.n_product_lines();
        (MAX_FILE_LINES < n_lines).then(|| format!("{} has {n_lines} lines", source.path))
    };
    assert_none(sources().iter().filter_map(long));
}

#[test]
fn no_file_is_named_after_nothing() {
    let is_banned = |part: &str| BANNED_NAMES.contains(&part.trim_end_matches(".rs"));
    assert_none(
        sources().iter().filter(|source| source.path.split('/').any(is_banned)).map(Source::name),
    );
}

#[test]
fn nothing_is_put_off() {
    let mut found = Vec::new();
    for (path, text) in texts(&["rs", "toml", "md", "yml", "sh"]) {
        for (n, line) in text.lines().enumerate() {
            if BANNED_WORDS.iter().any(|word| source::holds_word(line, word)) {
                found.push(format!("{path}:{}", n + 1));
            }
        }
    }
    assert_none(found);
}

/// Words that the glossary of ARCHITECTURE.md replaces, spelt so that this file holds none of them.
const REPLACED_WORDS: &[&str] = &[
    concat!("no", "body"),
    concat!("some", "body"),
    concat!("who", "ever"),
    concat!("every", "body"),
    concat!("an", "ew"),
    concat!("made", "-up"),
    concat!("fore", "cast"),
    concat!("fore", "casts"),
    concat!("fore", "casting"),
    concat!("ri", "val"),
    concat!("ri", "vals"),
    concat!("addi", "tions"),
];

#[test]
fn words_are_those_of_the_glossary() {
    let mut found = Vec::new();
    for (path, text) in texts(&["rs", "toml", "md", "sh", "py", "js", "mjs", "html"]) {
        // What changed in earlier versions keeps the words of its time.
        if path == "CHANGELOG.md" {
            continue;
        }
        for (n, line) in text.lines().map(source::spelt_out).enumerate() {
            let words = REPLACED_WORDS.iter().filter(|word| source::holds_word(&line, word));
            found.extend(words.map(|word| format!("{path}:{} says {word}", n + 1)));
        }
    }
    assert_none(found);
}

/// Names that stood for types of several crates when the rule was made; the list only shrinks.
const SHARED_TYPE_NAMES: &[&str] = &[
    "Contract",
    "CriticalPath",
    "Effect",
    "Fault",
    "Limits",
    "Node",
    "Part",
    "Reason",
    "RejectedTx",
    "Report",
    "Settings",
    "Simulated",
    "Source",
    "Variable",
];

#[test]
fn a_public_type_has_a_name_of_its_own() {
    let mut crates: std::collections::BTreeMap<String, BTreeSet<String>> = Default::default();
    for Source { path, text } in &sources() {
        let Some((owner, _)) = path.split_once("/src/") else { continue };
        for line in text.lines() {
            let item = ["pub struct ", "pub enum ", "pub trait "].iter();
            let Some(rest) = item.filter_map(|item| line.strip_prefix(item)).next() else {
                continue;
            };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            crates.entry(name).or_default().insert(owner.to_owned());
        }
    }
    assert!(100 < crates.len(), "the types are found");
    crates.retain(|_, owners| 1 < owners.len());
    let needless = SHARED_TYPE_NAMES.iter().filter(|name| !crates.contains_key(**name));
    let needless: Vec<_> = needless.map(|name| format!("{name} needs no exception")).collect();
    crates.retain(|name, _| !SHARED_TYPE_NAMES.contains(&name.as_str()));
    let wrong = crates.iter().map(|(name, owners)| format!("{name} stands in {owners:?}"));
    assert_none(wrong.chain(needless));
}

#[test]
fn no_test_is_switched_off() {
    let attribute = concat!("#[", "ignore");
    assert_none(
        sources()
            .iter()
            .filter(|source| source.text.lines().any(|line| line.trim().starts_with(attribute)))
            .map(Source::name),
    );
}

/// The most names that a program which links the library has to know of.
const MAX_FACADE_NAMES: usize = 30;

#[test]
fn the_library_has_few_names() {
    let sources = sources();
    let facade = sources.iter().find(|source| source.path == "slotcast/src/lib.rs");
    let names = source::public_names(&facade.expect("it is there").text);
    assert!(names.contains(&"Engine") && names.contains(&"hints"), "they are found: {names:?}");
    assert!(names.len() <= MAX_FACADE_NAMES, "{} names: {names:?}", names.len());
}

#[test]
fn crates_depend_on_one_another_one_way() {
    let manifests: Vec<(String, String)> =
        texts(&["toml"]).into_iter().filter(|(path, _)| path.ends_with("/Cargo.toml")).collect();
    assert!(8 <= manifests.len(), "the crates are found");
    let mut wrong = Vec::new();
    for (path, text) in &manifests {
        wrong.extend(manifest::forbidden_edges(text).map(|edge| format!("{path}: {edge}")));
    }
    assert_none(wrong);
}

/// Parent-state simulation runs transactions to see what they touch. Its name stands where it is made, where it is
/// exported and where it is scored, and nowhere else in what we ship, so no prediction is made of it.
#[test]
fn what_runs_transactions_to_predict_them_is_only_scored() {
    const PLACES: [&str; 3] =
        ["executor/src/alone.rs", "executor/src/lib.rs", "lab/src/score_report/baseline.rs"];
    let sources = sources();
    let is_product = |source: &&Source| source.path.contains("/src/");
    let names_it = |source: &&Source| source.text.contains("execute_alone");
    let places: Vec<_> = sources.iter().filter(is_product).filter(names_it).collect();
    assert_eq!(places.iter().map(|source| source.path.as_str()).collect::<Vec<_>>(), PLACES);
}

/// Fails with everything that was found, so that one run shows all there is to do.
fn assert_none(found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

/// All Rust files of the checkout.
fn sources() -> Vec<Source> {
    let sources: Vec<Source> =
        texts(&["rs"]).into_iter().map(|(path, text)| Source { path, text }).collect();
    assert!(20 <= sources.len(), "the sources are found");
    sources
}

/// Paths below the checkout, with forward slashes, and texts of all files with these extensions.
fn texts(extensions: &[&str]) -> Vec<(String, String)> {
    let root = checkout();
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    let is_wanted = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("the sources are UTF-8");
        let below = path.strip_prefix(&root).expect("the walk stays below the root");
        let parts: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
        (parts.join("/"), text)
    };
    paths.into_iter().filter(is_wanted).map(read).collect()
}

/// Collects all files below `folder`, in order of name.
fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the checkout can be read");
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the checkout can be read").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".");
            !name.starts_with('.') && !SKIPPED_FOLDERS.contains(&name)
        })
        .collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => walk(&path, paths),
            false => paths.push(path),
        }
    }
}
