//! Do the steps of the GitHub action and the pre-commit hooks do what they say?
//!
//! The last step of `action.yml` is run as a runner runs it: by a shell, in a project that a real forge
//! compiled (`tests/setup/artifacts.sh`), with the inputs' defaults where none is given. Without the
//! project the tests say so and pass.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::command::Folder;

const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(name: &str) -> String {
    fs::read_to_string(format!("{CHECKOUT}/{name}")).unwrap()
}

/// The keys and plain values of the lines that start with so many spaces below the line `head`.
fn members<'a>(text: &'a str, head: &str, indent: usize) -> Vec<(&'a str, &'a str)> {
    let lines = text.lines().skip_while(move |line| *line != head).skip(1);
    let below = lines
        .take_while(move |line| line.is_empty() || indent <= line.len() - line.trim_start().len());
    let is_here = move |line: &&str| indent == line.len() - line.trim_start().len();
    let member = |line: &'a str| {
        let (key, value) = line.trim().split_once(':')?;
        Some((key, value.trim().trim_matches('"')))
    };
    below.filter(is_here).filter_map(member).collect()
}

/// The defaults of the action's inputs, by name.
fn defaults(action: &str) -> BTreeMap<&str, &str> {
    let default = |(name, _)| {
        let of_input = members(action, &format!("  {name}:"), 4);
        (name, of_input.iter().find(|(key, _)| *key == "default").unwrap().1)
    };
    members(action, "inputs:", 2).into_iter().map(default).collect()
}

/// The project that forge compiled, in a folder of its own; none where it was not fetched.
fn project() -> Option<Folder> {
    let from = format!("{CHECKOUT}/target/artifacts/foundry");
    if !Path::new(&from).is_dir() {
        // Not by a macro, whose output a passing test keeps to itself.
        let message = b"skipped: no foundry project; tests/setup/artifacts.sh compiles it\n";
        std::io::stderr().write_all(message).unwrap();
        return None;
    }
    let folder = Folder::new();
    let copied = Command::new("cp").args(["-r", &format!("{from}/."), &folder.path("")]).status();
    assert!(copied.unwrap().success());
    Some(folder)
}

/// Exit code and output of a shell in a project, where `slotcast` is the command under test.
fn shell(folder: &Folder, line: &str, variables: &[(String, String)]) -> (i32, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_slotcast")).parent().unwrap();
    let line = format!("PATH=\"$0:$PATH\"; {line}");
    let mut shell = Command::new("bash");
    shell.args(["-e", "-o", "pipefail", "-c", &line]).arg(binary);
    shell.current_dir(folder.path("")).stdin(Stdio::null());
    let output = shell.envs(variables.iter().cloned()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
}

/// Runs the action with these inputs.
fn act(folder: &Folder, inputs: &[(&str, &str)]) -> (i32, String) {
    let action = read("action.yml");
    let mut values = defaults(&action);
    for (name, value) in inputs.iter().chain(&[("slotcast", "slotcast")]) {
        assert!(values.insert(name, value).is_some(), "{name} is an input");
    }
    let step = members(&action, "      id: check", 6);
    let run = step.iter().find(|(key, _)| *key == "run").unwrap().1;
    let mut variables: Vec<(String, String)> = members(&action, "      env:", 8)
        .into_iter()
        .map(|(name, value)| {
            let input = value.strip_prefix("${{ inputs.").and_then(|it| it.strip_suffix(" }}"));
            (name.to_owned(), values[input.unwrap()].to_owned())
        })
        .collect();
    assert_eq!(variables.len(), values.len(), "every input is used");
    variables.push(("GITHUB_ACTION_PATH".into(), CHECKOUT.into()));
    variables.push(("GITHUB_OUTPUT".into(), folder.path("output")));
    shell(folder, run, &variables)
}

#[test]
fn the_action_fails_on_drift_and_on_what_is_denied() {
    let Some(folder) = project() else { return };
    let (code, text) = act(&folder, &[("fail-on", "none")]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("::notice::there is no access-snapshots"), "{text}");
    let (code, text) = shell(&folder, "slotcast snapshot . --update", &[]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = act(&folder, &[("fail-on", "none")]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(": as kept"), "{text}");

    let (code, text) = act(&folder, &[]);
    assert_eq!(code, 1, "by default warnings are denied: {text}");
    assert!(text.contains("warning[shared-write]") && text.contains("::error::lint"), "{text}");
    let (code, _) = act(&folder, &[("fail-on", "used-counter, shared-total")]);
    assert_eq!(code, 1);
    let (code, text) = act(&folder, &[("fail-on", "nothing")]);
    assert_eq!(code, 2, "no such level or rule: {text}");
    let (code, _) = act(&folder, &[("target", "nowhere"), ("fail-on", "none")]);
    assert_eq!(code, 2);

    // As if `increment` had not added to `count` when the texts were kept.
    let drift = "sed -i '/^increment()/,/^$/s/add count$/nothing/' access-snapshots/*Counter*";
    assert_eq!(shell(&folder, drift, &[]).0, 0);
    let (code, text) = act(&folder, &[("fail-on", "none")]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("-   nothing\n+   add count\n"), "{text}");
    assert!(text.contains("::error::the contracts do not touch"), "{text}");
    let (code, _) = act(&folder, &[("fail-on", "none"), ("snapshots", "")]);
    assert_eq!(code, 0, "nothing to compare with");
}

#[test]
fn the_action_writes_sarif_whether_it_fails_or_not() {
    let Some(folder) = project() else { return };
    for (fail_on, expected) in [("warning", 1), ("none", 0)] {
        let (code, text) = act(&folder, &[("fail-on", fail_on), ("sarif", "found.sarif")]);
        assert_eq!(code, expected, "{text}");
        let log: Value =
            serde_json::from_slice(&fs::read(folder.path("found.sarif")).unwrap()).unwrap();
        assert!(!log["runs"][0]["results"].as_array().unwrap().is_empty());
        let output = fs::read_to_string(folder.path("output")).unwrap();
        assert_eq!(output.lines().last(), Some("sarif=found.sarif"));
    }
}

#[test]
fn hooks_fail_as_the_commands_do() {
    let hooks = read(".pre-commit-hooks.yaml");
    let value = |hook: &str, key: &str| {
        let of_hook = members(&hooks, &format!("- id: {hook}"), 2);
        of_hook.iter().find(|(name, _)| *name == key).unwrap().1.to_owned()
    };
    let lines = ["slotcast-snapshot", "slotcast-lint"].map(|hook| {
        let args: Vec<String> = serde_json::from_str(&value(hook, "args")).unwrap();
        format!("{} {}", value(hook, "entry"), args.join(" "))
    });
    let Some(folder) = project() else { return };
    assert_eq!(shell(&folder, &lines[0], &[]).0, 1, "nothing is kept");
    assert_eq!(shell(&folder, &format!("{} --update", lines[0]), &[]).0, 0);
    assert_eq!(shell(&folder, &lines[0], &[]).0, 0);
    assert_eq!(shell(&folder, &lines[1], &[]).0, 1);
}

/// What a team pastes names inputs that there are.
#[test]
fn the_guide_names_inputs_of_the_action() {
    let (action, guide) = (read("action.yml"), read("docs/contracts.md"));
    let inputs = defaults(&action);
    let pasted = members(&guide, "  with:", 4);
    assert!(!pasted.is_empty());
    for (name, _) in pasted {
        assert!(inputs.contains_key(name), "{name}");
    }
    let hooks = read(".pre-commit-hooks.yaml");
    for id in ["slotcast-snapshot", "slotcast-lint"] {
        assert!(guide.contains(id) && hooks.contains(&format!("- id: {id}\n")));
    }
}
