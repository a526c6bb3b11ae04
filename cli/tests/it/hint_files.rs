//! Do files of predictions do what predicting does, and are wrong ones refused?

use std::fs;

use serde_json::{Value, json};

use crate::command::{Folder, json_lines, run};

/// A block whose predictions rely on state, and files of them, as JSON and packed.
fn written(folder: &Folder) -> [String; 3] {
    let block = folder.generate("b.json", &["--txs", "30", "--scenario", "erc20", "--seed", "6"]);
    let [stated, packed] = ["p.json", "p.bin"].map(|name| folder.path(name));
    let ran = run(&["predict", "--out", &stated, &block]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let line = json_lines(&["predict", "--format", "packed", "--json", "-o", &packed, &block]);
    let n_bytes = fs::metadata(&packed).unwrap().len();
    assert_eq!(line[0]["bytes"], n_bytes);
    assert_eq!(line[0]["txs"], 30);
    assert!(line[0]["bytesPerSlot"].as_f64().unwrap() < 100.0, "{line:?}");
    assert!(n_bytes * 4 < fs::metadata(&stated).unwrap().len());
    [block, stated, packed]
}

fn refused(folder: &Folder, args: &[&str]) -> String {
    let ran = run(args);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
    folder.without_path(ran.stderr.trim_end())
}

#[test]
fn a_file_of_predictions_gives_what_predicting_gives() {
    let folder = Folder::new();
    let [block, stated, packed] = written(&folder);
    let digests = |more: &[&str]| {
        let report = json_lines(&[&["run", "--json", &block], more].concat()).remove(0);
        assert_eq!(report["matchesSequential"], true);
        report["digests"].clone()
    };
    let schedule = |more: &[&str]| json_lines(&[&["schedule", "--json", &block], more].concat());
    let exact = |more: &[&str]| {
        let lines = json_lines(&[&["score", "--json", &block], more].concat());
        [&lines[1]["total"]["slotRecall"], &lines[1]["total"]["exactShare"]].map(Clone::clone)
    };
    let gzipped = folder.path("p.bin.gz");
    assert_eq!(run(&["predict", "--format", "packed", "-o", &gzipped, &block]).code, 0);
    assert!(fs::metadata(&gzipped).unwrap().len() < fs::metadata(&packed).unwrap().len());
    for file in [&stated, &packed, &gzipped] {
        assert_eq!(digests(&["--hints", file]), digests(&[]), "{file}");
        assert_eq!(schedule(&["--hints", file]), schedule(&[]), "{file}");
        assert_eq!(exact(&["--predictions", file]), exact(&[]), "{file}");
    }
}

#[test]
fn a_file_says_what_its_predictions_hold_for() {
    let folder = Folder::new();
    let [_, stated, _] = written(&folder);
    let file: Value = serde_json::from_slice(&fs::read(stated).unwrap()).unwrap();
    assert_eq!(file["chainId"], 1);
    assert!(file["analyzer"].is_u64());
    for tx in file["txs"].as_array().unwrap() {
        let relied_on = tx["reliedOn"].as_array().unwrap();
        assert_eq!(tx["stateReads"], relied_on.len());
        let codes = tx["codes"].as_array().unwrap();
        assert_eq!(codes.len(), tx["accounts"]["codeReads"].as_array().unwrap().len());
    }
}

#[test]
fn files_of_another_block_chain_or_version_are_refused() {
    let folder = Folder::new();
    let [block, stated, packed] = written(&folder);
    let text = fs::read_to_string(&stated).unwrap();
    let other_chain = folder.write("chain.json", text.replace("\"chainId\":1,", "\"chainId\":5,"));
    let error = refused(&folder, &["run", "--hints", &other_chain, &block]);
    let expected = "error: <folder>/chain.json: chainId: the predictions are for chain 5 but the \
                    block is of chain 1; predict that block";
    assert_eq!(error, expected);
    let newer = json!({"schemaVersion": 2, "block": 1, "txs": {"0": []}});
    let newer = folder.write_json("newer.json", &newer);
    let error = refused(&folder, &["schedule", "--hints", &newer, &block]);
    assert!(error.contains("newer.json: schemaVersion: 2 is newer than 1"), "{error}");
    let other = folder.generate("c.json", &["--txs", "3", "--era", "london"]);
    for file in [&stated, &packed] {
        let error = refused(&folder, &["run", "--hints", file, &other]);
        assert!(error.contains(": block: the predictions are for block 24500000"), "{error}");
    }
    let short = folder.generate("d.json", &["--txs", "2", "--scenario", "erc20", "--seed", "6"]);
    for file in [&stated, &packed] {
        let error = refused(&folder, &["run", "--hints", file, &short]);
        assert!(error.contains("there is no transaction"), "{error}");
    }
    let cut = fs::read(&packed).unwrap();
    let cut = folder.write("cut.bin", &cut[..cut.len() / 2]);
    let error = refused(&folder, &["run", "--hints", &cut, &block]);
    assert!(error.contains("cut.bin: packed predictions: input too short"), "{error}");
    let error = refused(&folder, &["predict", "--format", "packed", &block]);
    assert_eq!(error, "error: --format packed: is no text; name a file with --out");
}

#[test]
fn only_predictions_that_relied_on_what_changed_are_stale() {
    let folder = Folder::new();
    let [block, _, packed] = written(&folder);
    let stated = folder.path("parent.json");
    assert_eq!(run(&["predict", "--basis", "parent", "--out", &stated, &block]).code, 0);
    let file: Value = serde_json::from_slice(&fs::read(&stated).unwrap()).unwrap();
    let txs = file["txs"].as_array().unwrap();
    let is_slot = |word: &&Value| word.get("slot").is_some();
    let of_tx = |tx: &Value| tx["reliedOn"].as_array().unwrap().clone();
    let word = txs.iter().flat_map(of_tx).find(|word| is_slot(&word)).unwrap();
    let relies = |tx: &&Value| tx["reliedOn"].as_array().unwrap().contains(&word);
    let expected: Vec<Value> = txs.iter().filter(relies).map(|tx| tx["index"].clone()).collect();
    let stale = |value: &Value| {
        let [address, slot] = ["address", "slot"].map(|name| word[name].as_str().unwrap());
        let changed = json!({"result": {"post": {address: {"storage": {slot: value}}}}});
        let changed = folder.write_json("changed.json", &changed);
        let line = json_lines(&["revalidate", "--json", "--hints", &stated, &changed]).remove(0);
        assert_eq!(line["txs"], 30);
        line["stale"].as_array().unwrap().iter().map(|tx| tx["tx"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(stale(&word["value"]), [Value::Null; 0], "it holds what it held");
    assert_eq!(stale(&json!("0x123456789")), expected);
    // The recorded block has the state that all of them were made on.
    let ran = run(&["revalidate", "--hints", &stated, &block]);
    assert_eq!((ran.code, ran.stdout.lines().last()), (0, Some("all of them hold")));
    let error = refused(&folder, &["revalidate", "--hints", &packed, &block]);
    assert!(error.contains("p.bin: the packed form has no values of state words"), "{error}");
}

#[test]
fn predictions_of_a_call_of_an_account_that_delegates_otherwise_now_are_stale() {
    let folder = Folder::new();
    let args = ["--scenario", "delegation", "--txs", "40", "--seed", "3"];
    let block = folder.generate_value(&args);
    let accounts = block["preState"].as_object().unwrap();
    let (authority, code) = accounts
        .iter()
        .filter_map(|(address, account)| Some((address, account["code"].as_str()?)))
        .find(|(_, code)| code.starts_with("0xef0100"))
        .unwrap();
    let path = folder.write_json("b.json", &block);
    let stated = folder.path("stated.json");
    assert_eq!(run(&["predict", "--basis", "parent", "--out", &stated, &path]).code, 0);
    let stale = |code: &str| {
        let changed = json!({"post": {authority: {"code": code}}});
        let changed = folder.write_json("changed.json", &changed);
        json_lines(&["revalidate", "--json", "--hints", &stated, &changed]).remove(0)["stale"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(stale(code), [Value::Null; 0], "it delegates as it did");
    let other = format!("0xef0100{}", "77".repeat(20));
    for now in [other.as_str(), "0x"] {
        let stale = stale(now);
        assert!(!stale.is_empty(), "{now}");
        for tx in stale {
            let location = tx["words"][0]["location"].as_str().unwrap();
            assert_eq!(location.to_lowercase(), format!("{authority}.code"));
        }
    }
}
