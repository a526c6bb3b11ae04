//! Does `slotcast lint` say what makes users wait, and fail when told to?

use insta::assert_snapshot;
use serde_json::Value;

use crate::command::{json_lines, keys, run};

/// One of our own contracts.
fn contract(name: &str) -> String {
    format!("{}/../corpus/data/contracts/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn findings_as_text() {
    let contracts = ["Staking", "Token", "Counter", "AmmPair", "Vault"].map(contract);
    let mut args = vec!["lint"];
    args.extend(contracts.iter().map(String::as_str));
    let ran = run(&args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "findings alone do not fail");
    assert_snapshot!(ran.stdout);
}

#[test]
fn every_contract_of_ours_is_judged() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts");
    let ran = run(&["lint", "-q", folder]);
    assert_eq!(ran.code, 0);
    // One line for each contract, one for each finding.
    let is_kept = |line: &&str| !line.starts_with("    ") && !line.contains("own unless keys");
    let lines: Vec<&str> = ran.stdout.lines().filter(is_kept).collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_is_denied_fails() {
    let (staking, token) = (contract("Staking"), contract("Token"));
    let code = |args: &[&str]| run(&[&["lint", "-q"], args].concat()).code;
    assert_eq!(code(&["--deny", "warning", &token]), 0, "it has a note alone");
    assert_eq!(code(&["--deny", "note", &token]), 1);
    assert_eq!(code(&["--deny", "shared-total", &token]), 1);
    assert_eq!(code(&["--deny", "note", "--allow", "shared-total", &token]), 0);
    assert_eq!(code(&["--deny", "note", &staking]), 1, "a level denies those above it");
    assert_eq!(code(&["--deny", "used-counter", &staking]), 0);
    assert_eq!(code(&["--deny", "used-counter", "--deny", "shared-write", &staking]), 1);
    let denied = run(&["lint", "--deny", "warning", &staking]);
    assert_eq!((denied.code, denied.stderr.as_str()), (1, "denied: 2 findings\n"));
    let unknown = run(&["lint", "--deny", "everything", &staking]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("shared-write"), "{}", unknown.stderr);
}

#[test]
fn findings_as_json() {
    let (staking, token) = (contract("Staking"), contract("Token"));
    let lines = json_lines(&["lint", "--json", &staking, &token]);
    assert_eq!(lines.len(), 2);
    let members = [
        "codeHash",
        "contract",
        "findings",
        "functions",
        "keyed",
        "schemaVersion",
        "source",
        "traffic",
    ];
    assert_eq!(keys(&lines[0]), members);
    let finding = &lines[0]["findings"][1];
    let members = ["adds", "effect", "level", "pairs", "reads", "rule", "slot", "writes"];
    assert_eq!(keys(finding), members);
    assert_eq!(
        (&finding["rule"], &finding["slot"]),
        (&"shared-write".into(), &"rewardIndex".into())
    );
    assert_eq!(keys(&finding["pairs"][0]), ["first", "isCertain", "isPacked", "then"]);
    assert_eq!(finding["effect"]["withoutSoFar"], 1);
    assert_eq!(lines[1]["traffic"]["chainOrdered"], 16);
}

#[test]
fn findings_as_sarif() {
    let ran = run(&["lint", "--format", "sarif", &contract("Staking"), &contract("Token")]);
    assert_eq!(ran.code, 0);
    let log: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 3);
    assert_eq!(log["runs"][0]["tool"]["driver"]["version"], env!("CARGO_PKG_VERSION"));
}
