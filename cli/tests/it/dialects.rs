//! Do predictions and schedules have the shape of their dialects?

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::Value;

use crate::command::{Folder, json_lines, run};

/// A small block whose predictions do not depend on any contract.
fn block(folder: &Folder) -> String {
    folder.generate("b.json", &["--txs", "5", "--scenario", "transfers", "--seed", "4"])
}

fn predicted(dialect: &str, more: &[&str]) -> Value {
    let folder = Folder::new();
    let block = block(&folder);
    let mut lines = json_lines(&[&["predict", "--format", dialect, &block], more].concat());
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

#[test]
fn the_prediction_file() {
    let mut file = predicted("slotcast", &["--tx", "1"]);
    // It changes with every version of the analysis.
    assert!(file["analyzer"].take().is_u64());
    assert_json_snapshot!(file);
    let all = predicted("slotcast", &[]);
    assert_eq!(all["txs"].as_array().unwrap().len(), 5);
    assert_eq!(predicted("slotcast", &["--json"]), all);
}

#[test]
fn json_without_a_format_is_the_prediction_file() {
    let folder = Folder::new();
    let block = block(&folder);
    let file = run(&["predict", "--format", "slotcast", &block]).stdout;
    assert_eq!(run(&["predict", "--json", &block]).stdout, file);
}

#[test]
fn access_lists() {
    assert_json_snapshot!(predicted("eip2930", &["--tx", "1"]));
}

#[test]
fn block_access_list_keys() {
    assert_json_snapshot!(predicted("bal", &["--tx", "1"]));
}

#[test]
fn the_transaction_dag() {
    assert_json_snapshot!(predicted("txdag", &[]));
}

#[test]
fn predictions_as_text() {
    let folder = Folder::new();
    let block = block(&folder);
    assert_snapshot!(run(&["predict", "--tx", "1", &block]).stdout);
}

#[test]
fn a_schedule_as_text() {
    let folder = Folder::new();
    let block = block(&folder);
    assert_snapshot!(run(&["schedule", &block]).stdout);
}

#[test]
fn a_schedule_as_json() {
    let folder = Folder::new();
    let block = block(&folder);
    let lines = json_lines(&["schedule", "--json", &block]);
    assert_eq!(json_lines(&["schedule", "--format", "json", &block]), lines);
    assert_json_snapshot!(lines[0]);
}

#[test]
fn a_schedule_as_a_graph() {
    let folder = Folder::new();
    let block = block(&folder);
    assert_snapshot!(run(&["schedule", "--format", "dot", &block]).stdout);
}

#[test]
fn a_fetch_plan_names_every_account_once() {
    let plan = predicted("fetch", &[]);
    let accounts = plan["accounts"].as_array().unwrap();
    let addresses: Vec<&str> = accounts.iter().map(|it| it["address"].as_str().unwrap()).collect();
    assert!(!addresses.is_empty() && addresses.is_sorted_by(|a, b| a < b), "{addresses:?}");
}

#[test]
fn a_schedule_as_a_drawing() {
    let folder = Folder::new();
    let block = block(&folder);
    let svg = run(&["schedule", "--format", "svg", "--lanes", "2", &block]).stdout;
    assert!(svg.starts_with("<svg ") && svg.contains("simulated on 2 threads"), "{svg}");
    let html = run(&["schedule", "--format", "html", "--lanes", "2", &block]).stdout;
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("\"threads\":2"), "{html}");
    let layers = run(&["schedule", "--format", "svg", "--mode", "layers", &block]).stdout;
    assert!(layers.contains("layers mode") && svg.contains("values mode"), "{layers}");
    assert_eq!(run(&["schedule", "--format", "svg", "--lanes", "0", &block]).code, 2);
}

#[test]
fn shells_complete_and_the_manual_tells_of_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(&["completions", shell]);
        assert!(ran.code == 0 && ran.stdout.contains("schedule"), "{shell}");
    }
    let page = run(&["man"]).stdout;
    assert!(page.starts_with(".ie") && page.contains("slotcast\\-schedule"), "{page}");
}
