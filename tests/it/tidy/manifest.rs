//! Which crate of the workspace may depend on which?
//!
//! In: the text of a `Cargo.toml`. Out: the dependencies on other crates of ours that are not on
//! the list of allowed ones.
//! Invariant: a crate that is not listed may have none, so a new one has to be thought about.

/// Each crate and those it may depend on; what a crate must not know is what is absent here.
const ALLOWED: &[(&str, &[&str])] = &[
    ("slotcast-model", &[]),
    ("slotcast-analyzer", &["slotcast-model"]),
    ("slotcast-scheduler", &["slotcast-model"]),
    ("slotcast-executor", &["slotcast-model", "slotcast-scheduler"]),
    ("slotcast-corpus", &[]),
    ("slotcast-hints", &["slotcast-model", "slotcast-scheduler"]),
    ("slotcast-artifacts", &["slotcast-analyzer", "slotcast-model"]),
    ("slotcast-snapshot", CONTRACTS),
    ("slotcast-lint", CONTRACTS),
    ("slotcast-report", &["slotcast-model", "slotcast-scheduler"]),
    ("slotcast", LIBRARIES),
    ("slotcast-node", &["slotcast"]),
    ("slotcast-store", &["slotcast"]),
    ("slotcast-alloy", &["slotcast"]),
    ("slotcast-batch", &[]),
    ("slotcast-trie", &["slotcast-executor"]),
    ("slotcast-serve", &["slotcast", "slotcast-node", "slotcast-report", "slotcast-store"]),
    ("slotcast-cli", PROGRAM),
    ("slotcast-tests", PRODUCT),
    ("slotcast-bench", PRODUCT),
    ("slotcast-fuzz", &["slotcast-tests"]),
];

/// Everything below the facade.
const LIBRARIES: &[&str] = &[
    "slotcast-analyzer",
    "slotcast-corpus",
    "slotcast-executor",
    "slotcast-hints",
    "slotcast-model",
    "slotcast-scheduler",
    "slotcast-trie",
];

/// Everything that is linked into programs; these must not know one another.
const PRODUCT: &[&str] = &[
    "slotcast",
    "slotcast-alloy",
    "slotcast-analyzer",
    "slotcast-artifacts",
    "slotcast-corpus",
    "slotcast-executor",
    "slotcast-hints",
    "slotcast-lint",
    "slotcast-model",
    "slotcast-scheduler",
    "slotcast-snapshot",
    "slotcast-store",
];

/// What the command links; what needs the network is in a crate of its own.
const PROGRAM: &[&str] = &[
    "slotcast",
    "slotcast-artifacts",
    "slotcast-batch",
    "slotcast-lint",
    "slotcast-node",
    "slotcast-report",
    "slotcast-serve",
    "slotcast-snapshot",
    "slotcast-store",
];

/// What contract developers use; it knows no blocks.
const CONTRACTS: &[&str] = &["slotcast-analyzer", "slotcast-artifacts", "slotcast-model"];

/// The dependencies the crate with this manifest must not have, for tests or otherwise.
pub(crate) fn forbidden_edges(manifest: &str) -> impl Iterator<Item = String> {
    let package = package_name(manifest).unwrap_or("a manifest without a package");
    let allowed = ALLOWED.iter().find(|(name, _)| *name == package).map_or(&[][..], |row| row.1);
    own_dependencies(manifest)
        .filter(move |dependency| !allowed.contains(dependency))
        .map(move |dependency| format!("{package} must not depend on {dependency}"))
}

fn package_name(manifest: &str) -> Option<&str> {
    let package = lines_with_section(manifest).filter(|(section, _)| *section == "package");
    let name = package.filter_map(|(_, line)| line.split_once('='));
    name.filter(|(key, _)| key.trim() == "name")
        .map(|(_, name)| name.trim().trim_matches('"'))
        .next()
}

/// The crates of ours named under any heading of dependencies.
fn own_dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let dependencies = lines_with_section(manifest).filter_map(|(section, line)| {
        // Either `[dependencies]` with one crate a line, or `[dependencies.crate]`.
        match section.rsplit_once("dependencies.") {
            Some((_, name)) => Some(name),
            None if section.ends_with("dependencies") => {
                line.split(['.', '=']).next().map(str::trim)
            }
            None => None,
        }
    });
    dependencies.filter(|name| *name == "slotcast" || name.starts_with("slotcast-"))
}

/// Each line that is neither empty, a comment nor a heading, with the heading it stands under.
fn lines_with_section(manifest: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    manifest.lines().map(str::trim).filter_map(move |line| {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = heading.trim();
            return None;
        }
        (!line.is_empty() && !line.starts_with('#')).then_some((section, line))
    })
}

#[cfg(test)]
mod tests {
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
            "[dev-dependencies]\nslotcast-executor.workspace = true\n",
            "[target.'cfg(unix)'.dependencies]\nslotcast-executor.workspace = true\n",
            "[build-dependencies.slotcast-executor]\nworkspace = true\n",
        ] {
            check(&format!("{package}{section}"), &wrong);
        }
    }

    #[test]
    fn a_crate_nobody_listed_may_have_none() {
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
}
