//! Does a committed scoreboard hold the line?

use std::fs;

use serde_json::Value;

use crate::command::{Folder, json_lines, run};

const EMBEDDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scoreboard/embedded.json");
const EMBEDDED_TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scoreboard/embedded.md");

#[test]
fn the_embedded_block_is_predicted_as_well_as_committed() {
    let ran = run(&["score", "--against", EMBEDDED]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let folder = Folder::new();
    let table = folder.path("board.md");
    assert_eq!(run(&["score", "--scoreboard", &table]).code, 0);
    let head = |path: &str| fs::read_to_string(path).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(head(&table), head(EMBEDDED_TABLE));
}

#[test]
fn a_scoreboard_is_the_same_for_any_number_of_threads() {
    let folder = Folder::new();
    for (n, scenario) in ["mixed", "amm", "erc20", "hotspot", "transfers"].into_iter().enumerate() {
        let (name, seed) = (format!("b{n}.json.gz"), n.to_string());
        folder.generate(&name, &["--txs", "40", "--seed", &seed, "--scenario", scenario]);
    }
    let blocks = folder.path("");
    let of = |threads: &str| {
        let path = folder.path("board.out");
        let ran = run(&["score", "-j", threads, "--scoreboard", &path, &blocks]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        bytes
    };
    let one = of("1");
    assert!(1_000 < one.len());
    for threads in ["2", "3", "8"] {
        assert_eq!(of(threads), one, "{threads} threads");
    }
}

#[test]
fn what_got_worse_is_named_and_fails_and_what_got_better_does_not() {
    let folder = Folder::new();
    let path = folder.path("now.json");
    assert_eq!(run(&["score", "--scoreboard", &path]).code, 0);
    let committed: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    // A committed figure that is raised or lowered makes the figure of today worse or better.
    let against = |figure: &str, by: f64| {
        let mut changed = committed.clone();
        let place = &mut changed["sections"]["total"][figure];
        *place = (place.as_f64().unwrap() + by).into();
        folder.write_json("board.json", &changed)
    };
    let higher = against("slotRecall", 0.25);
    let worse = run(&["score", "--against", &higher]);
    assert_eq!(worse.code, 1);
    assert!(worse.stdout.starts_with("worse: total slotRecall: "), "{}", worse.stdout);
    assert!(worse.stdout.ends_with(" (by 0.25)\n"), "{}", worse.stdout);
    let line = run(&["score", "--json", "--against", &higher]);
    assert_eq!(line.code, 1);
    let line: Value = serde_json::from_str(&line.stdout).unwrap();
    assert_eq!((&line["verdict"], &line["figure"]), (&"worse".into(), &"slotRecall".into()));
    let better = run(&["score", "--against", &against("slotRecall", -0.25)]);
    assert_eq!(better.code, 0);
    assert!(better.stdout.starts_with("better: total slotRecall: "), "{}", better.stdout);
    assert!(better.stderr.contains("rewrite it with --scoreboard"), "{}", better.stderr);
    let other = run(&["score", "--against", &against("stateReadsPerTx", 1.0)]);
    assert_eq!(other.code, 0);
    assert!(other.stdout.starts_with("changed: total stateReadsPerTx: "), "{}", other.stdout);
}

#[test]
fn a_scoreboard_of_other_blocks_is_bad_input() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "5"]);
    let ran = run(&["score", "--against", EMBEDDED, &block]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("embedded.json: its 1 blocks are not the 1 to be"),
        "{}",
        ran.stderr
    );
    let no_board = folder.write("no.json", "{}");
    let ran = run(&["score", "--against", &no_board]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no.json: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("missing field"), "{}", ran.stderr);
    let missing = folder.path("missing.json");
    assert_eq!(run(&["score", "--against", &missing]).code, 2);
}

#[test]
fn what_is_missing_can_be_read_as_json() {
    let lines = json_lines(&["score", "--json", "--misses"]);
    assert!(lines[0]["misses"].is_array());
    assert_eq!(lines[1]["total"].get("misses"), None);
}
