//! Are forbidden edges between crates found?
//!
//! In: manifests. Out: the edges that are not allowed.

use super::*;

fn check(manifest: &str, expected: &[&str]) {
    assert_eq!(forbidden_edges(manifest).collect::<Vec<_>>(), expected);
}

#[test]
fn allowed_edges_and_foreign_crates_pass() {
    check(
        "[package]\nname = \"slotcast-scheduler\"\n\n[dependencies]\n# Why.\n\
         petgraph.workspace = true\nslotcast-model.workspace = true\n",
        &[],
    );
}

#[test]
fn forbidden_edges_are_found_however_they_are_written() {
    let wrong = ["slotcast-scheduler must not depend on slotcast-executor"];
    let package = "[package]\nname = \"slotcast-scheduler\"\n";
    for section in [
        "[dependencies]\nslotcast-executor.workspace = true\n",
        "[dependencies]\nslotcast-executor = { path = \"../executor\" }\n",
        "[target.'cfg(unix)'.dependencies]\nslotcast-executor.workspace = true\n",
        "[build-dependencies.slotcast-executor]\nworkspace = true\n",
    ] {
        check(&format!("{package}{section}"), &wrong);
    }
}

#[test]
fn tests_may_use_any_crate() {
    let package = "[package]\nname = \"slotcast-scheduler\"\n";
    check(&format!("{package}[dev-dependencies]\nslotcast.workspace = true\n"), &[]);
}

#[test]
fn a_crate_that_is_not_listed_may_have_none() {
    check(
        "[package]\nname = \"slotcast-new\"\n[dependencies]\nslotcast.workspace = true\n",
        &["slotcast-new must not depend on slotcast"],
    );
}

#[test]
fn the_list_has_no_cycle() {
    // Taking away crates all of whose dependencies are gone must empty the list.
    let mut left: Vec<_> = ALLOWED.to_vec();
    loop {
        let n_left = left.len();
        let names: Vec<&str> = left.iter().map(|(name, _)| *name).collect();
        left.retain(|(_, allowed)| allowed.iter().any(|name| names.contains(name)));
        if left.len() == n_left {
            break;
        }
    }
    assert_eq!(left, []);
}
