//! Does an explanation say where slots come from, in text and as JSON?

use serde_json::Value;

use crate::command::{Folder, json_lines, keys, run};

/// A block of token transfers; the first one that touches storage.
fn transfer(folder: &Folder) -> (String, String) {
    let args = ["--txs", "20", "--seed", "9", "--scenario", "erc20"];
    let block = folder.generate("b.json.gz", &args);
    let predicted = json_lines(&["predict", "--json", &block]).remove(0);
    let mut txs = predicted["txs"].as_array().unwrap().iter();
    let tx = txs.position(|tx| !tx["writes"].as_array().unwrap().is_empty()).unwrap();
    (block, tx.to_string())
}

#[test]
fn every_slot_has_a_function_an_expression_and_values() {
    let folder = Folder::new();
    let (block, tx) = transfer(&folder);
    let explained = json_lines(&["explain", "--json", "--tx", &tx, &block]).remove(0);
    let parts = ["block", "dag", "from", "outcome", "prediction", "schemaVersion", "to", "tx"];
    assert_eq!(keys(&explained), parts);
    let prediction = &explained["prediction"];
    let parts = ["coverage", "frames", "gaps", "misses", "reliedOn", "slots"];
    assert_eq!(keys(prediction), parts);
    assert_eq!(prediction["frames"][0]["codeAt"], explained["to"]);
    let slots = prediction["slots"].as_array().unwrap();
    let places = slots.iter().flat_map(|slot| slot["places"].as_array().unwrap());
    let places: Vec<&Value> = places.collect();
    assert!(slots.len() <= places.len());
    let names_caller = |place: &&&Value| {
        place["expression"].as_str().is_some_and(|text| text.contains("keccak(caller . "))
    };
    let place = places.iter().find(names_caller).expect("a balance of the caller's is touched");
    let (caller, from) = (place["values"]["caller"].as_str(), explained["from"].as_str());
    assert!(caller.unwrap().eq_ignore_ascii_case(from.unwrap()), "the sender calls");
    for word in prediction["reliedOn"].as_array().unwrap() {
        assert_eq!(word["value"], word["actual"], "the prediction is right");
    }
    assert_eq!(explained["outcome"]["executions"], 1);
    let text = run(&["explain", "--tx", &tx, &block]).stdout;
    for part in ["prediction: ", "keccak(caller . ", "caller = 0x", "relied on 0x", "dag: layer"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("nothing is missing or wrong\n"), "{text}");
    assert!(text.lines().last().unwrap().starts_with("outcome: "), "{text}");
}

#[test]
fn stages_print_the_forms_of_the_cases() {
    let folder = Folder::new();
    let (block, tx) = transfer(&folder);
    let stage = |stage: &str| run(&["explain", "--tx", &tx, "--stage", stage, &block]).stdout;
    let (cfg, ir, summary) = (stage("cfg"), stage("ir"), stage("summary"));
    assert!(cfg.contains("\nn0 (pc 0x0)\n"), "{cfg}");
    assert!(ir.contains("\nn0 (pc 0x0)\n") && ir.contains("  0x") && !cfg.contains("\n  0x"));
    assert!(summary.contains("\n0x") && summary.contains(" keccak("), "{summary}");
    assert_eq!(stage("outcome").lines().count(), 2);
    for name in ["cfg", "ir", "summary", "prediction", "dag", "outcome"] {
        let args = ["explain", "--json", "--tx", &tx, "--stage", name, &block];
        let line = json_lines(&args).remove(0);
        assert_eq!(line["stage"], name);
        let part = if ["cfg", "ir", "summary"].contains(&name) { "texts" } else { name };
        assert_eq!(keys(&line), sorted(["block", "schemaVersion", "stage", "tx", part]));
    }
}

fn sorted<const N: usize>(mut names: [&str; N]) -> [&str; N] {
    names.sort_unstable();
    names
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let of = |threads| run(&["explain", "--tx", "23", "-j", threads]).stdout;
    let one = of("1");
    assert!(one.contains("\n  after 3, which changes "), "{one}");
    assert_eq!(of("3"), one);
}

#[test]
fn what_cannot_be_explained_is_bad_input() {
    let ran = run(&["explain", "--tx", "400"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--tx 400: the block has 400 transactions, counted from 0"));
    let folder = Folder::new();
    for name in ["a.json", "b.json"] {
        folder.generate(name, &["--txs", "2"]);
    }
    let ran = run(&["explain", "--tx", "0", &folder.path("")]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("holds several blocks; name the one"), "{}", ran.stderr);
}
