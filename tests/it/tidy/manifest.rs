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
    ("slotcast-contracts", &["slotcast-analyzer", "slotcast-model"]),
    ("slotcast", LIBRARY),
    ("slotcast-corpus", &["slotcast", "slotcast-contracts"]),
    ("slotcast-lab", LAB),
    ("slotcast-alloy", &["slotcast"]),
    ("slotcast-node", &["slotcast", "slotcast-corpus"]),
    ("slotcast-serve", &["slotcast", "slotcast-corpus", "slotcast-node", "slotcast-store"]),
    ("slotcast-store", &["slotcast"]),
    ("slotcast-cli", PROGRAM),
    ("slotcast-tests", PROGRAM),
    ("slotcast-fuzz", &["slotcast-tests"]),
    ("slotcast-ethrex", &["slotcast", "slotcast-corpus"]),
    ("slotcast-against-op-revm", &["slotcast", "slotcast-corpus"]),
    ("slotcast-metis", &[]),
    ("slotcast-python", &["slotcast", "slotcast-contracts", "slotcast-corpus", "slotcast-lab"]),
];

/// Everything below the library.
const LIBRARY: &[&str] =
    &["slotcast-analyzer", "slotcast-executor", "slotcast-model", "slotcast-scheduler"];

/// What measures knows the parts, and recorded blocks.
const LAB: &[&str] = &[
    "slotcast",
    "slotcast-analyzer",
    "slotcast-corpus",
    "slotcast-executor",
    "slotcast-model",
    "slotcast-scheduler",
];

/// What the command links.
const PROGRAM: &[&str] = &[
    "slotcast",
    "slotcast-alloy",
    "slotcast-contracts",
    "slotcast-corpus",
    "slotcast-lab",
    "slotcast-node",
    "slotcast-serve",
    "slotcast-store",
];

/// The dependencies the crate with this manifest must not have; its tests and examples may use any
/// crate of ours.
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

/// The crates of ours named under any heading of dependencies but those of tests.
fn own_dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let dependencies = lines_with_section(manifest).filter_map(|(section, line)| {
        if section.contains("dev-dependencies") {
            return None;
        }
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
mod tests;
