//! Is anything built that is not needed, or twice?
//!
//! In: the dependency tree, as `cargo tree` tells it from the lock file, and the manifests. Out: one failing
//! test for each rule.
//! Invariant: a list of exceptions only shrinks; one that is no longer needed fails too.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    process::Command,
};

use slotcast_tests::checkout;

/// Crates of others that are there in two versions, since crates that we depend on ask for different ones.
const TWICE: &[&str] = &[
    "base64",
    "block-buffer",
    "cpufeatures",
    "crypto-common",
    "darling",
    "darling_core",
    "darling_macro",
    "digest",
    "foldhash",
    "getrandom",
    "hashbrown",
    "rand",
    "rand_chacha",
    "rand_core",
    // Alloy's and revm's; only with `fast-precompiles`.
    "secp256k1",
    "secp256k1-sys",
    "sha2",
    "syn",
];

/// What the main job has no use for: what talks over a network, or is another language's.
const NOT_IN_THE_MAIN_JOB: &[&str] = &[
    "hyper",
    "jsonrpsee",
    "metrics",
    "pyo3",
    "ring",
    "rustls",
    "slotcast-alloy",
    "slotcast-node",
    "slotcast-serve",
    "tokio",
    "tower",
    "tracing-subscriber",
    "ureq",
];

/// What a program that links the library must not pull in, besides.
const NOT_IN_THE_LIBRARY: &[&str] =
    &["clap", "flate2", "slotcast-contracts", "slotcast-corpus", "slotcast-lab", "slotcast-store"];

/// Stacks of TLS besides rustls, and its other provider.
const OTHER_TLS: &[&str] =
    &["aws-lc-rs", "aws-lc-sys", "boring", "native-tls", "openssl", "openssl-sys", "s2n-tls"];

/// Dependencies that a crate's own files do not name: its tests take in a file of another crate's.
const NAMED_ELSEWHERE: &[(&str, &str)] = &[
    ("integrations/serve", "alloy-rlp"),
    ("integrations/serve", "alloy-trie"),
    ("cli", "alloy-consensus"),
    ("cli", "alloy-eips"),
    ("cli", "alloy-rlp"),
    ("cli", "alloy-trie"),
];

/// What `cargo tree` prints of these, each crate once: name and version.
fn tree(args: &[&str]) -> BTreeSet<(String, String)> {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let always = ["tree", "--offline", "--locked", "-e", "normal", "--prefix", "none"];
    let tree =
        Command::new(cargo).args(always).args(args).current_dir(checkout()).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let of = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        words.next().zip(words.next())
    };
    let found: BTreeSet<_> = text.lines().filter_map(of).collect();
    assert!(found.iter().any(|(name, _)| name == "slotcast-executor"), "the tree is read");
    found
}

/// The names of these that are in the tree.
fn among(tree: &BTreeSet<(String, String)>, names: &[&str]) -> Vec<String> {
    let is_one = |name: &&String| names.contains(&name.as_str());
    tree.iter().map(|(name, _)| name).filter(is_one).cloned().collect()
}

#[test]
fn no_crate_is_built_in_two_versions_but_for_those_that_others_ask_for() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, version) in tree(&["--workspace"]) {
        versions.entry(name).or_default().insert(version);
    }
    versions.retain(|_, versions| 1 < versions.len());
    let twice: Vec<&str> = versions.keys().map(String::as_str).collect();
    assert_eq!(twice, TWICE, "{versions:?}");
}

#[test]
fn none_of_ours_asks_for_an_old_version() {
    let root = fs::read_to_string(checkout().join("Cargo.toml")).unwrap();
    let asked = root.lines().filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    let twice: Vec<&str> = asked.filter(|name| TWICE.contains(name)).collect();
    assert_eq!(twice, [""; 0], "of a crate that is there twice we would choose a version");
}

#[test]
fn the_main_job_and_the_library_pull_in_nothing_that_others_need() {
    let command = tree(&["-p", "slotcast-cli"]);
    assert_eq!(among(&command, NOT_IN_THE_MAIN_JOB), [""; 0], "of the command");
    let library = tree(&["-p", "slotcast"]);
    let not = [NOT_IN_THE_MAIN_JOB, NOT_IN_THE_LIBRARY].concat();
    assert_eq!(among(&library, &not), [""; 0], "of the library");
    assert!(!among(&command, &["clap", "flate2", "slotcast-lab"]).is_empty(), "names are right");
}

#[test]
fn there_is_one_stack_of_tls() {
    let all = tree(&["-p", "slotcast-cli", "--features", "node,serve"]);
    assert_eq!(among(&all, OTHER_TLS), [""; 0]);
    assert_eq!(among(&all, &["ring", "rustls"]), ["ring", "rustls"]);
    let missing = NOT_IN_THE_MAIN_JOB.iter().filter(|name| among(&all, &[name]).is_empty());
    let missing: Vec<_> = missing.collect();
    assert_eq!(missing, [&"pyo3", &"slotcast-alloy"], "the other names are right");
}

#[test]
fn every_dependency_is_used() {
    let mut unused = Vec::new();
    let root = fs::read_to_string(checkout().join("Cargo.toml")).unwrap();
    let (_, members) = root.split_once("members = [").unwrap();
    let (members, _) = members.split_once(']').unwrap();
    let members = members.split('"').skip(1).step_by(2).collect::<Vec<_>>();
    assert!(13 < members.len(), "the members are found: {members:?}");
    for member in members {
        let folder = checkout().join(member);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let mut code = String::new();
        read_code(&folder, &mut code);
        let mut is_list = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                is_list = line.ends_with("dependencies]");
            }
            let Some(name) =
                line.split(['.', ' ', '=']).next().filter(|it| is_list && !it.is_empty())
            else {
                continue;
            };
            let is_name = name.starts_with(|letter: char| letter.is_ascii_lowercase());
            if is_name && !code.contains(&name.replace('-', "_")) {
                unused.push((member, name.to_owned()));
            }
        }
    }
    let unused: Vec<_> = unused.iter().map(|(member, name)| (*member, name.as_str())).collect();
    assert_eq!(unused, NAMED_ELSEWHERE);
}

/// Appends all Rust code below `folder`, but that of packages of their own.
fn read_code(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.join("Cargo.toml").exists() && !path.ends_with("target") {
            read_code(&path, code);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            code.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
