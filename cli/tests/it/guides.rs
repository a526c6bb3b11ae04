//! Does everything that a guide shows work as it stands there?

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::command::{Folder, command, run, run_in};

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

/// They are run one after the other in a folder of their own, so that one may use what another wrote.
#[test]
fn the_commands_of_the_builders_guide_succeed() {
    let guide = &guides()["builders.md"];
    let commands: Vec<&str> =
        guide.lines().filter_map(|line| line.strip_prefix("$ slotcast ")).collect();
    assert!(10 < commands.len(), "the commands are found");
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
    let roots: Vec<String> = fs::read_dir(checkout())
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("src/lib.rs")).ok())
        .collect();
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

#[test]
fn a_service_says_where_it_listens_and_ends_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let mut child = command(&["serve", "--json", "--listen", "127.0.0.1:0", "--log-json"])
            .env_remove("ETH_RPC_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let listening: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(listening["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{line}");
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let mut logs = String::new();
        child.stderr.take().unwrap().read_to_string(&mut logs).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{logs}");
        for log in logs.lines() {
            let log: serde_json::Value = serde_json::from_str(log).unwrap();
            assert!(log["level"].is_string(), "{log}");
        }
        assert!(logs.contains("stopped"), "{logs}");
    }
}

#[test]
fn what_cannot_be_served_is_bad_input() {
    let ran = run(&["serve", "--blocks", "there/is/nothing", "-q"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("there/is/nothing: cannot be read"), "{}", ran.stderr);
    let ran = run(&["serve", "--rpc-url", "ftp://node", "-q"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--rpc-url: only http and https"), "{}", ran.stderr);
}
