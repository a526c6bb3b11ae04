//! Do results have the fields other tools read, and the exit codes scripts rely on?

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use insta::assert_snapshot;
use serde_json::{Value, json};
use slotcast_corpus as corpus;

use crate::command::{Folder, command, json_lines, keys, run};

/// What a line of `score` says besides figures.
const PARTS: [&str; 4] = ["accounts", "deltas", "reasons", "strata"];

const FIGURES: [&str; 19] = [
    "assumingClaimsSound",
    "balanceExactShare",
    "completeClaimsSound",
    "criticalPathInflation",
    "edgePrecision",
    "edgeRecall",
    "edgeRecallNear",
    "exactShare",
    "predictMicros",
    "sequentialMicros",
    "slotPrecision",
    "slotRecall",
    "stateReadsPerTx",
    "storageTxs",
    "supersetShare",
    "txs",
    "valueExactShare",
    "wildcardTxShare",
    "writeRecall",
];

/// The one value of `lines` with the members in `without` taken out.
fn only(mut lines: Vec<Value>, without: &[&str]) -> Value {
    assert_eq!(lines.len(), 1);
    let mut line = lines.remove(0);
    for member in without {
        assert!(line.as_object_mut().unwrap().remove(*member).is_some(), "{member}");
    }
    line
}

#[test]
fn run_reports_what_other_tools_read() {
    let report = only(json_lines(&["run", "--json", "-j", "2"]), &[]);
    let expected = [
        "block",
        "chainId",
        "criticalPathGas",
        "digests",
        "edges",
        "executions",
        "gasUsed",
        "layers",
        "matchesHeader",
        "matchesSequential",
        "micros",
        "missing",
        "missingBlockHashes",
        "reexecuted",
        "rejected",
        "schedule",
        "schemaVersion",
        "spec",
        "threads",
        "txs",
    ];
    assert_eq!(keys(&report), expected);
    let fields = ["gasUsed", "logsBloom", "receiptsRoot", "stateRoot"];
    assert_eq!(keys(&report["matchesHeader"]), fields);
    assert_eq!(keys(&report["digests"]), ["outcome", "prediction", "schedule"]);
    let micros = ["analyze", "execute", "predict", "schedule", "sequential", "total"];
    assert_eq!(keys(&report["micros"]), micros);
    let embedded = corpus::embedded().unwrap();
    assert_eq!(report["block"], embedded.number());
    assert_eq!(report["gasUsed"], embedded.header.gas_used);
    assert_eq!((&report["txs"], &report["threads"]), (&json!(400), &json!(2)));
    assert_eq!(report["schedule"], "values");
    assert_eq!(report["matchesSequential"], true);
    assert_eq!(
        report["matchesHeader"],
        json!({"gasUsed": true, "receiptsRoot": true, "logsBloom": true, "stateRoot": true})
    );
    let n_again = report["reexecuted"].as_array().unwrap().len();
    assert!(report["executions"].as_u64().unwrap() <= 400 + n_again as u64);
    let path = report["criticalPathGas"].as_u64().unwrap();
    assert!(0 < path && path <= embedded.header.gas_used);
}

#[test]
fn the_number_of_threads_changes_the_times_only() {
    let of = |threads| only(json_lines(&["run", "--json", "-j", threads]), &["micros", "threads"]);
    let one = of("1");
    assert_eq!(of("2"), one);
    assert_eq!(of("3"), one);
}

fn figures_and(more: &[&'static str]) -> Vec<&'static str> {
    let mut names = [&FIGURES[..], more].concat();
    names.sort_unstable();
    names
}

#[test]
fn score_reports_what_other_tools_read() {
    let folder = Folder::new();
    let block = folder.generate("b.json.gz", &["--txs", "60", "--seed", "9"]);
    let lines = json_lines(&["score", "--json", &block, &block]);
    let [first, second, last] = lines.as_slice() else { panic!("{lines:?}") };
    for line in [first, second] {
        assert_eq!(keys(line), figures_and(&[&PARTS[..], &["block", "schemaVersion"]].concat()));
    }
    assert_eq!(keys(last), ["schemaVersion", "total"]);
    let total = &last["total"];
    assert_eq!(keys(total), figures_and(&PARTS));
    let kinds = [
        "balanceCredits",
        "balanceDebits",
        "balanceReads",
        "codeReads",
        "created",
        "delegated",
        "destroyed",
        "nonces",
    ];
    assert_eq!(keys(&total["accounts"]), kinds);
    assert_eq!(keys(&total["accounts"]["nonces"]), ["precision", "predicted", "recall", "true"]);
    assert_eq!(total["accounts"]["nonces"]["recall"], 1.0);
    let deltas = ["claimed", "confirmed", "confirmedShare", "edges", "explainedEdgeShare"];
    assert_eq!(keys(&total["deltas"]), deltas);
    assert_eq!(keys(&total["strata"]), ["erc20", "other", "transfer"]);
    let part = |stratum: &str| {
        assert_eq!(keys(&total["strata"][stratum]), FIGURES);
        total["strata"][stratum]["txs"].as_u64().unwrap()
    };
    assert_eq!(part("transfer") + part("erc20") + part("other"), 120);
    assert_eq!(total["txs"], 120);
    assert_eq!(total["slotRecall"], first["slotRecall"], "a block counted twice scores the same");
    assert!(total["sequentialMicros"].as_u64().is_some());
    assert_eq!(total["strata"]["other"]["sequentialMicros"], Value::Null);
}

#[test]
fn refunds_are_studied_if_asked_for() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "6", "--scenario", "shared-storage-warm"]);
    let lines = json_lines(&["score", "--json", "--refunds", &block, &block]);
    // Five of six read 256 slots that the first has warmed.
    let gas = 5 * 256 * 2_000;
    let hits = |gas: u64| json!({"exactShare": 1.0, "exactShareOfRefunded": 1.0, "gas": gas, "over": 0, "under": 0});
    let of = |n: u64| {
        json!({"txs": n * 6, "refunded": n * 5, "partial": 0, "trueGas": n * gas,
            "ahead": hits(n * gas), "inOrder": hits(n * gas)})
    };
    assert_eq!(lines[0]["refunds"], of(1));
    assert_eq!(lines[2]["total"]["refunds"], of(2));
    let text = run(&["score", "--refunds", &block]).stdout;
    assert!(text.contains("refunds of warmth                 ahead     in order\n"), "{text}");
    assert!(
        text.contains("\nof 6 transactions 5 have a refund, 2560000 gas in all; 0 predictions"),
        "{text}"
    );
    assert!(!run(&["score", &block]).stdout.contains("refund"));
}

#[test]
fn blocks_are_made_by_the_rules_of_a_chain() {
    let folder = Folder::new();
    let fork = |args: &[&str]| json_lines(&[&["run", "--json"], args].concat())[0]["spec"].clone();
    for (chain, era, expected) in [
        ("op-mainnet", "osaka", "Jovian"),
        ("zora", "cancun", "Ecotone"),
        ("linea", "osaka", "Osaka"),
    ] {
        let block = folder.generate("b.json", &["--txs", "4", "--chain", chain, "--era", era]);
        assert_eq!(fork(&[&block]), expected, "{chain}");
    }
    let rules = r#"{"chainId": 4242, "londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0,
        "cancunTime": 0, "pragueTime": 1771000000}"#;
    let rules = folder.write("genesis.json", rules);
    let block = folder.generate("own.json", &["--txs", "4", "--chain", &rules]);
    assert_eq!(fork(&["--chain", &rules, &block]), "Prague");
    assert!(run(&["run", &block]).stderr.contains("the rules of chain id 4242 are not known"));
}

#[test]
fn generated_blocks_of_rollups_are_run_predicted_and_scored() {
    let folder = Folder::new();
    for fork in [
        "regolith", "canyon", "ecotone", "fjord", "granite", "holocene", "isthmus", "jovian",
        "karst",
    ] {
        let args = ["--txs", "30", "--chain", "op-mainnet", "--era", fork, "--scenario", "erc20"];
        let block = folder.generate("b.json.gz", &args);
        let ran = json_lines(&["run", "--json", &block])[0].clone();
        assert_eq!(ran["spec"].as_str().unwrap().to_lowercase(), fork);
        let matches = ran["matchesHeader"].as_object().unwrap();
        assert!(matches.values().all(|held| *held == true), "{fork}: {matches:?}");
        for field in ["stateRoot", "baseFeePerGas", "receipts", "postState"] {
            assert!(matches.contains_key(field), "{fork}: {field}");
        }
        let predicted = json_lines(&["predict", "--json", &block])[0].clone();
        assert_eq!(predicted["txs"].as_array().unwrap().len(), 30, "{fork}");
        let score = json_lines(&["score", "--json", &block])[0].clone();
        assert!(0.99 < score["slotRecall"].as_f64().unwrap(), "{fork}: {score}");
    }
}

#[test]
fn predictions_written_and_read_back_score_the_same() {
    let folder = Folder::new();
    let block = folder.generate("b.json.gz", &["--txs", "60", "--seed", "9"]);
    let file = folder.write("p.json", run(&["predict", "--json", &block]).stdout);
    let figures = |args: &[&str]| {
        let mut lines = json_lines(&[&["score", "--json", &block], args].concat());
        lines.truncate(1);
        // How many words were read is counted from the words themselves, which a file does not list,
        // and without them fewer reasons can be told.
        only(lines, &["predictMicros", "reasons", "sequentialMicros", "stateReadsPerTx", "strata"])
    };
    let ours = figures(&[]);
    assert_eq!(figures(&["--predictions", &file]), ours);
    let none = folder.write("none.json", r#"{"block": 24500000, "txs": []}"#);
    let nothing = figures(&["--predictions", &none]);
    assert_eq!(nothing["slotRecall"], 0.0);
    assert_eq!(nothing["edgeRecall"], 0.0);
}

#[test]
fn other_predictions_stand_beside_ours() {
    let folder = Folder::new();
    let block = folder.generate("b.json.gz", &["--txs", "80", "--seed", "9"]);
    let without = json_lines(&["score", "--json", &block]);
    let with = json_lines(&["score", "--json", "--baseline", &block]);
    for (with, without) in with.iter().zip(&without) {
        let of = |line: &Value| line.get("total").unwrap_or(line).clone();
        let (with, without) = (of(with), of(without));
        for other in ["baseline", "parent"] {
            assert_eq!(keys(&with[other]), FIGURES);
            assert_eq!(with[other]["txs"], 80);
            assert!(with[other]["predictMicros"].as_u64().is_some());
            assert_eq!(without.get(other), None);
        }
        assert_eq!(
            with["slotRecall"], without["slotRecall"],
            "the baseline changes nothing of ours"
        );
        assert_eq!(with["reasons"], without["reasons"]);
    }
    let text = run(&["score", "--baseline", &block]).stdout;
    assert!(text.contains("  on parent   baseline\n"), "{text}");
}

#[test]
fn what_is_missing_is_listed_with_its_reason() {
    let folder = Folder::new();
    let block = folder.generate("b.json.gz", &["--txs", "20", "--seed", "9"]);
    let of_file = |predictions: &str, more: &[&str]| {
        let file = folder.write("p.json", predictions);
        run(&[&["score", "--predictions", &file, &block], more].concat()).stdout
    };
    let gap =
        r#"{"block": 24500000, "txs": [{"index": 3, "complete": false, "why": "call depth"}]}"#;
    let text = of_file(gap, &["--misses"]);
    let misses: Vec<&str> = text.lines().filter(|line| line.starts_with("  tx ")).collect();
    assert!(20 < misses.len(), "{text}");
    for miss in &misses {
        let reason = if miss.starts_with("  tx 3:") { "call depth" } else { "stated partial" };
        assert!(miss.contains(": missing 0x") && miss.contains(reason), "{miss}");
    }
    assert_eq!(of_file(gap, &[]).lines().filter(|line| line.starts_with("  tx ")).count(), 0);
    let json = of_file(gap, &["--misses", "--json"]);
    let line: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(line["misses"].as_array().unwrap().len(), misses.len());
    assert_eq!(keys(&line["misses"][0]), ["fault", "reason", "slot", "tx"]);
    let counted = line["reasons"].as_array().unwrap().iter();
    let n: u64 = counted.map(|bar| bar["missing"].as_u64().unwrap()).sum();
    assert_eq!(n, misses.len() as u64);
}

#[test]
fn claims_that_slots_are_only_added_to_are_put_to_the_test() {
    let folder = Folder::new();
    let args = ["--txs", "60", "--seed", "9", "--scenario", "erc20"];
    let block = folder.generate("b.json.gz", &args);
    let mut stated: Value =
        serde_json::from_str(&run(&["predict", "--json", &block]).stdout).unwrap();
    // Every write is claimed to be a delta, which of balances is true where there was something
    // before.
    let mut n_claims = 0;
    for tx in stated["txs"].as_array_mut().unwrap() {
        let writes = tx["writes"].take();
        let is_kept = |slot: &Value| !writes.as_array().unwrap().contains(slot);
        tx["reads"].as_array_mut().unwrap().retain(is_kept);
        let mut claims = tx["deltas"].as_array().unwrap().clone();
        claims.extend(writes.as_array().unwrap().iter().cloned());
        n_claims += claims.len() as u64;
        tx["writes"] = json!([]);
        tx["deltas"] = json!(claims);
    }
    let file = folder.write("p.json", stated.to_string());
    let claimed = json_lines(&["score", "--json", "--predictions", &file, &block]).remove(0);
    let plain = json_lines(&["score", "--json", &block]).remove(0);
    let deltas = &claimed["deltas"];
    assert_eq!(deltas["claimed"], n_claims);
    let confirmed = deltas["confirmed"].as_u64().unwrap();
    assert!(n_claims / 4 < confirmed && confirmed < n_claims, "{deltas}");
    assert!(0.0 < deltas["explainedEdgeShare"].as_f64().unwrap(), "{deltas}");
    assert_eq!(plain["deltas"]["edges"], deltas["edges"], "the edges without claims are the same");
    assert_eq!(claimed["slotRecall"], plain["slotRecall"], "what is added to is touched");
    assert_eq!(claimed["edgePrecision"], 1.0, "what is only added to is no predicted edge");
}

#[test]
fn a_header_with_another_result_fails_the_check() {
    let folder = Folder::new();
    let path = folder.generate("b.json", &["--txs", "3"]);
    let mut block = corpus::read_file(path.as_ref()).unwrap();
    block.header.gas_used += 1;
    block.hash = block.header.hash_slow();
    block.receipts = None;
    corpus::write_file(path.as_ref(), &block).unwrap();
    let ran = run(&["run", &path]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert!(ran.stdout.contains("differs: gasUsed\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1/1 equal to sequential execution, 0/1 to their headers"));
    let report = run(&["run", "--json", &path]);
    assert_eq!(report.code, 1);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["matchesHeader"]["gasUsed"], false);
    assert_eq!(report["matchesSequential"], true);
}

#[test]
fn the_state_root_is_checked_where_the_whole_state_is_recorded() {
    let folder = Folder::new();
    for era in ["byzantium", "london", "prague"] {
        let path = folder.generate("b.json", &["--txs", "20", "--era", era]);
        let whole = corpus::read_file(path.as_ref()).unwrap();
        assert_eq!(json_lines(&["run", "--json", &path])[0]["matchesHeader"]["stateRoot"], true);
        let mut other = whole.clone();
        other.header.state_root.0[31] ^= 1;
        other.hash = other.header.hash_slow();
        corpus::write_file(path.as_ref(), &other).unwrap();
        let ran = run(&["run", &path]);
        assert!(ran.code == 1 && ran.stdout.contains("differs: stateRoot\n"), "{}", ran.stdout);
        let mut partial = whole.clone();
        partial.pre_state_root = None;
        corpus::write_file(path.as_ref(), &partial).unwrap();
        let report = &json_lines(&["run", "--json", &path])[0];
        assert_eq!(keys(&report["matchesHeader"]), ["gasUsed", "logsBloom", "receiptsRoot"]);
        let mut less = whole;
        less.pre_state.pop_last();
        corpus::write_file(path.as_ref(), &less).unwrap();
        let ran = run(&["run", &path]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("preStateRoot: is 0x"), "{}", ran.stderr);
    }
}

#[test]
fn a_folder_is_worked_through_in_block_order() {
    let folder = Folder::new();
    for (name, era) in [("b-9.json", "london"), ("b-10.json.gz", "osaka"), ("b-2.json", "berlin")] {
        folder.generate(name, &["--txs", "2", "--scenario", "transfers", "--era", era]);
    }
    let reports = json_lines(&["run", "--json", &folder.path("")]);
    let specs: Vec<_> = reports.iter().map(|report| report["spec"].as_str().unwrap()).collect();
    assert_eq!(specs, ["Berlin", "London", "Osaka"]);
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "2"]);
    assert!(!run(&["run", &block]).stdout.contains('\x1b'));
    assert!(!run(&["run", "--color", "never", &block]).stdout.contains('\x1b'));
    assert!(run(&["run", "--color", "always", &block]).stdout.contains("\x1b[32mok"));
    assert!(!run(&["run", "--color", "always", "--json", &block]).stdout.contains('\x1b'));
    let missing = folder.path("missing.json");
    assert!(run(&["run", "--color", "always", &missing]).stderr.contains("\x1b["));
}

#[test]
fn more_is_said_when_asked_for_and_less_as_well() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "2"]);
    assert_eq!(run(&["run", &block]).stderr, "");
    assert!(run(&["run", "-v", &block]).stdout.contains("re-executed"));
    let out = folder.path("c.json");
    assert!(run(&["generate", "--txs", "1", "--out", &out]).stderr.contains("1 transaction"));
    assert_eq!(run(&["generate", "--txs", "1", "--out", &out, "-q"]).stderr, "");
}

#[test]
fn a_reader_who_leaves_is_no_error() {
    let mut child =
        command(&["predict"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "block 24500000: 400 transactions\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn the_help_lists_the_commands() {
    let ran = run(&["--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_snapshot!(ran.stdout);
}

#[test]
fn analyze_reports_what_other_tools_read() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts");
    let (token, weth) = (format!("{contracts}/Token.json"), format!("{contracts}/Weth.json"));
    let lines = json_lines(&["analyze", "--json", &token, &weth]);
    assert_eq!(lines.len(), 2);
    let expected = [
        "blocks",
        "codeHash",
        "functions",
        "micros",
        "name",
        "schemaVersion",
        "size",
        "source",
        "stopReason",
        "unresolvedJumps",
    ];
    assert_eq!(keys(&lines[0]), expected);
    assert_eq!((&lines[0]["name"], &lines[0]["stopReason"]), (&json!("Token"), &json!("finished")));
    let functions = lines[0]["functions"].as_array().unwrap();
    let transfer = functions.iter().find(|of| of["selector"] == "0xa9059cbb").unwrap();
    assert_eq!(keys(transfer), ["accesses", "calls", "coverage", "name", "requires", "selector"]);
    assert_eq!(transfer["name"], "transfer(address,uint256)");
    assert_eq!(transfer["coverage"], "complete");
    let accesses = transfer["accesses"].as_array().unwrap();
    let names: Vec<_> = accesses.iter().map(|access| access["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["balanceOf[to]", "balanceOf[caller]"]);
    for access in accesses {
        assert_eq!(keys(access), ["certainty", "contract", "kind", "name", "slot"]);
        assert_eq!((&access["contract"], &access["certainty"]), (&json!("this"), &json!("must")));
    }
}

#[test]
fn analyze_takes_code_in_any_form() {
    // Stores the caller in slot 5.
    let hash = |argument: &str| {
        let line = only(json_lines(&["analyze", "--json", argument]), &["micros", "name"]);
        assert_eq!(line["functions"][0]["accesses"][0]["slot"], "5");
        assert_eq!(line["functions"][0]["selector"], Value::Null);
        line
    };
    let folder = Folder::new();
    let expected = hash("0x33600555");
    assert_eq!(expected["size"], 4);
    assert_eq!(hash("33600555"), expected);
    assert_eq!(hash(&folder.write("code.hex", "0x33600555\n")), expected);
    assert_eq!(hash(&folder.write("code.bin", [0x33, 0x60, 0x05, 0x55])), expected);
    let artifact = r#"{"deployedBytecode": "0x33600555"}"#;
    assert_eq!(hash(&folder.write("out.json", artifact)), expected);
    let text = run(&["analyze", "0x33600555"]).stdout;
    assert!(text.ends_with("\n\nfallback\n  write [5]\n"), "{text}");
}
