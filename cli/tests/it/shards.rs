//! Do `partition` and `capacity` say what they promise, and refuse what makes no sense?

use serde_json::Value;

use crate::command::{Folder, json_lines, keys, run};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// The rows of generated traffic, without the seconds, which differ from run to run.
fn rows(more: &[&str]) -> Vec<Value> {
    let args = ["partition", "-q", "--json", "--shards", "3,6", "--generate", "400"];
    let mut rows = json_lines(&[&args[..], &["--block-txs", "200"], more].concat());
    rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("seconds")));
    rows
}

#[test]
fn plans_from_predictions_cross_least_and_hold_the_bound() {
    let rows = rows(&[]);
    assert_eq!(rows.len(), 10, "five ways for each of two numbers of shards");
    assert_eq!(
        keys(&rows[0]),
        [
            "blocks",
            "boundPercent",
            "crossingShare",
            "division",
            "isSimulated",
            "load",
            "loadLimit",
            "loadPredicted",
            "misroutedShare",
            "movedShare",
            "partialTxs",
            "roundTripMicros",
            "schemaVersion",
            "shardThreads",
            "shards",
            "throughput",
            "traffic",
            "txs",
        ]
    );
    for rows in rows.chunks(5) {
        let of = |division: &str| rows.iter().find(|row| row["division"] == division).unwrap();
        let crossing = |division| number(&of(division)["crossingShare"]);
        assert!(crossing("predicted") < crossing("hashedAccounts"));
        assert!(crossing("predicted") < crossing("hashedSlots"));
        let predicted = of("predicted");
        assert!(number(&predicted["loadPredicted"]) <= number(&predicted["loadLimit"]) + 1e-6);
        assert!(number(&predicted["misroutedShare"]) <= 0.001);
    }
    assert_eq!(rows, self::rows(&[]), "the same traffic gives the same rows");
}

#[test]
fn a_plan_names_shards_of_transactions_and_state_without_running_any() {
    let folder = Folder::new();
    let block = folder.generate("block.json", &["--txs", "60", "--scenario", "erc20"]);
    let args = ["partition", "--shards", "3", "--plan", "--json", &block];
    let plans = json_lines(&args);
    let [plan] = &plans[..] else { panic!("one block, one plan") };
    let txs = plan["txs"].as_array().unwrap();
    assert_eq!(txs.len(), 60);
    let mut crossing = 0;
    for (n, tx) in txs.iter().enumerate() {
        let shards = tx["shards"].as_array().unwrap();
        assert_eq!(tx["index"], n);
        assert!(shards.contains(&tx["home"]) && shards.iter().all(|it| it.as_u64().unwrap() < 3));
        crossing += usize::from(1 < shards.len());
    }
    assert_eq!(plan["crossing"], crossing);
    let loads = plan["loads"].as_array().unwrap();
    assert!(loads.iter().all(|load| load.as_u64() <= plan["loadLimit"].as_u64()));
    let locations = plan["locations"].as_array().unwrap();
    assert!(locations.iter().any(|it| it.get("slot").is_some()));
    assert!(locations.iter().any(|it| it.get("slot").is_none()));
    assert_eq!(plans, json_lines(&args));
}

#[cfg(unix)]
#[test]
fn a_divider_divides_the_accounts_of_the_past() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let folder = Folder::new();
    let script = |name: &str, text: &str| {
        let path = folder.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let last = script("last", "#!/bin/sh\nawk -v n=\"$1\" 'NR > 1 { print n - 1 }'\n");
    let rows = rows(&["--divider", &last]);
    assert_eq!(rows.len(), 12);
    let divider = rows.iter().find(|row| row["division"] == "dividerOnPastAccounts").unwrap();
    assert!(
        0.0 < number(&divider["movedShare"]),
        "what is known moves to the last shard: {divider}"
    );
    let too_few = script("few", "#!/bin/sh\necho 0\n");
    let words = script("words", "#!/bin/sh\necho none\n");
    let fails = script("fails", "#!/bin/sh\nexit 3\n");
    for (divider, reason) in [
        (&too_few[..], "--divider: the divider must name one of 2 parts for each of"),
        (&words, "must name one of 2 parts"),
        (&fails, "exit status: 3"),
        ("./no-such-program", "no-such-program: "),
    ] {
        let args = ["partition", "--shards", "2", "--generate", "60", "--block-txs", "30"];
        let ran = run(&[&args[..], &["--divider", divider]].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(reason), "{}", ran.stderr);
    }
}

#[test]
fn capacity_names_the_threads_of_each_engine() {
    let folder = Folder::new();
    let block = folder.generate("block.json", &["--txs", "60", "--scenario", "tokens-apart"]);
    let args = |mgas: &'static str| {
        let wanted = ["capacity", "--json", "--mgas-per-second", mgas];
        json_lines(&[&wanted[..], &["--price", "0.04", "--watts", "5", &block]].concat()).remove(0)
    };
    let little = args("0.5");
    let engines = little["engines"].as_array().unwrap();
    let names: Vec<&str> = engines.iter().map(|row| row["engine"].as_str().unwrap()).collect();
    assert_eq!(names, ["sequential", "optimistic", "cold", "pooled", "hinted"]);
    assert_eq!(little["isSimulated"], true);
    for row in engines {
        assert_eq!(row["threads"], 1, "half a million gas a second takes one thread: {row}");
        assert!(0.0 < number(&row["costPerMillionTxs"]));
        assert!(0.0 < number(&row["wattHoursPerMillionTxs"]));
        let points = row["points"].as_array().unwrap();
        let rate = |threads: u64| {
            number(&points.iter().find(|it| it["threads"] == threads).unwrap()["mgasPerSecond"])
        };
        match row["engine"].as_str().unwrap() {
            "sequential" => assert!((rate(64) - rate(1)).abs() < 1e-6, "{row}"),
            // Where nothing is known, a block as small as this may not be worth predicting.
            "cold" | "pooled" => assert!(rate(1) <= rate(8), "{row}"),
            _ => assert!(rate(1) < rate(8), "nothing conflicts in this block: {row}"),
        }
    }
    let much = args("100000000");
    for row in much["engines"].as_array().unwrap() {
        assert_eq!(row["threads"], Value::Null);
        assert_eq!(row["at"]["threads"], row["paysUpTo"]);
    }
}

#[test]
fn capacity_and_partition_print_tables_and_say_what_is_simulated() {
    let ran = run(&["capacity", "--mgas-per-second", "100"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("more threads simulated"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ours, pooled") && ran.stdout.contains("pays up to"));
    let ran = run(&["partition", "--shards", "2"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("simulated: 4 threads a shard"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ours, predicted sets"));
    let ran = run(&["partition", "--shards", "2", "--plan"]);
    assert!(ran.stdout.starts_with("block ") && ran.stdout.contains("on 2 shards"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for args in [
        &["partition", "--shards", "0"][..],
        &["partition", "--shards", "many"],
        &["partition", "--bound", "99"],
        &["partition", "--block-txs", "10"],
        &["partition", "--generate", "10", "--plan", "--shards", "2"],
        &["partition", "--plan"],
        &["partition", "nowhere.json"],
        &["capacity"],
        &["capacity", "--mgas-per-second", "0"],
        &["capacity", "--mgas-per-second", "5", "--price", "-1"],
        &["capacity", "--mgas-per-second", "NaN"],
        &["capacity", "--mgas-per-second", "5", "nowhere.json"],
    ] {
        let ran = run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{args:?}: {}", ran.stderr);
    }
    for (command, words) in [("partition", "consecutive blocks"), ("capacity", "simulated")] {
        let ran = run(&[command, "--help"]);
        assert!(ran.code == 0 && ran.stdout.contains(words), "{}", ran.stdout);
        assert!(ran.stdout.contains("Examples:"), "{}", ran.stdout);
    }
}
