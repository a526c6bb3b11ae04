//! Does everything that a guide shows work as it stands there?

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::command::{Folder, run, run_in};

fn checkout() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All guides, by name.
fn guides() -> BTreeMap<String, String> {
    let read = |path: PathBuf| {
        (path.file_name()?.to_str()?.to_owned(), fs::read_to_string(&path).ok()?).into()
    };
    let paths = fs::read_dir(checkout().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let guides: BTreeMap<String, String> = paths.filter_map(read).collect();
    assert!(3 < guides.len(), "the guides are found");
    guides
}

/// Those of one guide are run one after the other in a folder of its own, so that one may use what
/// another wrote.
#[test]
fn the_commands_of_guides_succeed() {
    for (name, n_commands) in [
        ("builders.md", 11),
        ("batches.md", 11),
        ("schedules.md", 5),
        ("partition.md", 5),
        ("sequencers.md", 6),
    ] {
        check(&guides()[name], n_commands);
    }
}

fn check(guide: &str, n_commands: usize) {
    let commands: Vec<&str> =
        guide.lines().filter_map(|line| line.strip_prefix("$ slotcast ")).collect();
    assert!(n_commands <= commands.len(), "the commands are found");
    let folder = Folder::new();
    for command in commands {
        let typed = command.split('#').next().unwrap_or_default();
        let args: Vec<&str> = typed.split_whitespace().collect();
        let ran = run_in(&folder, &args);
        assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
        let is_written = typed.contains("--out") || typed.contains(" -o ");
        assert!(is_written || !ran.stdout.is_empty(), "{command}");
    }
}

#[test]
fn the_index_lists_every_guide() {
    let guides = guides();
    for name in guides.keys().filter(|name| *name != "README.md") {
        assert!(guides["README.md"].contains(&format!("]({name})")), "{name} is not listed");
    }
}

/// Code that nothing compiles is wrong sooner or later, so a guide with Rust in it is a test of some
/// crate.
#[test]
fn every_guide_with_a_program_is_compiled_somewhere() {
    let folders = ["", "integrations", "contracts"]
        .map(|folder| fs::read_dir(checkout().join(folder)).unwrap());
    let sources = folders.into_iter().flatten().flat_map(|entry| {
        let source = entry.unwrap().path().join("src");
        ["lib.rs", "hints.rs", "snapshot.rs"].map(|name| fs::read_to_string(source.join(name)).ok())
    });
    let roots: Vec<String> = sources.flatten().collect();
    for (name, text) in guides() {
        let is_tested = roots.iter().any(|root| root.contains(&format!("docs/{name}\")]")));
        assert!(is_tested || !text.contains("```rust"), "{name} is compiled nowhere");
    }
}

#[test]
fn the_commands_of_the_service_guide_are_understood() {
    let guide = &guides()["service.md"];
    let commands = guide.lines().filter_map(|line| line.strip_prefix("$ slotcast "));
    let mut n_commands = 0;
    for command in commands {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.push("--help");
        let ran = run(&args);
        assert!(ran.code == 0 && ran.stdout.contains("Limits:"), "{command}: {}", ran.stderr);
        n_commands += 1;
    }
    assert!(4 <= n_commands, "the commands are found");
}
