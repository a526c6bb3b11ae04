//! Does `slotcast record` record what `--block` names, go on where it stopped, and say what went wrong?
//!
//! In: a node of our own that answers from synthetic blocks. Out: assertions on files, lines and exit
//! codes.

use std::{fs, sync::Arc};

use serde_json::{Value, json};
use slotcast_corpus::Scenario;

use crate::{
    chain::Link,
    command::{Folder, Ran, json_lines, run},
    mock::{Act, Mock, honest, without},
};

/// Blocks of consecutive numbers.
fn links(n: u64) -> Vec<Link> {
    (0..n).map(|above| Link::new(above, 6, Scenario::Erc20, above)).collect()
}

fn record(mock: &Mock, blocks: &str, out: &str) -> Ran {
    let url = mock.url();
    run(&["record", "--rpc-url", &url, "--block", blocks, "--out", out, "--retries", "1"])
}

/// The names of the files in a folder, sorted.
fn files(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn name(link: &Link) -> String {
    slotcast_node::file_name(1, link.block.number())
}

#[test]
fn the_latest_block_is_recorded_and_runs() {
    let (links, folder) = (links(2), Folder::new());
    let (mock, out) = (Mock::start(&links, honest()), folder.path("blocks"));
    let ran = record(&mock, "latest", &out);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(files(&out), [name(&links[1])]);
    assert!(ran.stdout.starts_with("recorded  ") && ran.stdout.contains("6 transactions, traced"));
    assert!(ran.stderr.contains("1 block, 0 failed; "), "{}", ran.stderr);
    assert_eq!(run(&["run", &out]).code, 0);
}

#[test]
fn a_range_is_gone_on_with() {
    let (links, folder) = (links(3), Folder::new());
    let (mock, out) = (Mock::start(&links, honest()), folder.path("blocks"));
    let (first, last) = (links[0].block.number(), links[2].block.number());
    let (url, range) = (mock.url(), format!("{first}..{last}"));
    let args = ["record", "-q", "--json", "-r", &url, "-b", &range, "--out", &out];
    let results = |lines: Vec<Value>| -> Vec<(u64, String)> {
        let text = |line: &Value| line["result"].as_str().unwrap().to_owned();
        let mut all: Vec<_> =
            lines.iter().map(|line| (line["block"].as_u64().unwrap(), text(line))).collect();
        all.sort();
        all
    };
    let new = |number| (number, "recorded".to_owned());
    let kept = |number| (number, "kept".to_owned());
    assert_eq!(results(json_lines(&args)), [new(first), new(first + 1), new(last)]);
    let whole = |link: &Link| fs::read(format!("{out}/{}", name(link))).unwrap();
    let before: Vec<_> = links.iter().map(whole).collect();

    // One file is cut short, as by a disk, and one is gone.
    fs::write(format!("{out}/{}", name(&links[0])), &before[0][..before[0].len() / 2]).unwrap();
    fs::remove_file(format!("{out}/{}", name(&links[2]))).unwrap();
    assert_eq!(results(json_lines(&args)), [new(first), kept(first + 1), new(last)]);
    assert_eq!(links.iter().map(whole).collect::<Vec<_>>(), before);

    // `A..latest` is a range too.
    let ran = record(&mock, &format!("{first}..latest"), &out);
    assert_eq!((ran.code, ran.stdout.matches("kept  ").count()), (0, 3), "{}", ran.stderr);
}

#[test]
fn what_names_no_blocks_is_refused_before_anything_is_written() {
    let (links, folder) = (links(1), Folder::new());
    let (mock, out) = (Mock::start(&links, honest()), folder.path("blocks"));
    for blocks in
        ["7..5", "five", "5..", "..5", "5-7", "", "-1", "18446744073709551616", "earliest"]
    {
        let url = mock.url();
        let blocks_flag = format!("--block={blocks}");
        let ran = run(&["record", "--rpc-url", &url, &blocks_flag, "--out", &out]);
        assert_eq!(ran.code, 2, "{blocks}: {}", ran.stdout);
        assert!(ran.stderr.contains("give a number, a range such as"), "{blocks}: {}", ran.stderr);
        assert!(files(&out).is_empty(), "{blocks}");
    }
    let number = links[0].block.number();
    let ran = record(&mock, &format!("{}", number + 9), &out);
    assert_eq!(ran.code, 2);
    let expected = format!("the node does not have it; its newest block is {number}");
    assert!(ran.stderr.contains(&expected) && files(&out).is_empty(), "{}", ran.stderr);
}

#[test]
fn a_node_that_lies_is_caught_with_code_1_and_other_blocks_are_recorded() {
    let (links, folder) = (links(2), Folder::new());
    let out = folder.path("blocks");
    let words = without(crate::mock::TRACING_AND_PROOFS);
    let false_root = links[1].block.header.parent_hash;
    // The second block is said to have used other gas than its hash commits to.
    let mock = Mock::start(
        &links,
        Arc::new(move |before, method, answer| match (method, words(before, method, answer)) {
            ("eth_getBlockByNumber", Act::Answer(mut block)) => {
                if block["parentHash"] == json!(false_root) && block["gasUsed"].is_string() {
                    block["gasUsed"] = json!("0x5208");
                }
                Act::Answer(block)
            }
            (_, act) => act,
        }),
    );
    let (first, last) = (links[0].block.number(), links[1].block.number());
    let ran = record(&mock, &format!("{first}..{last}"), &out);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(files(&out), [name(&links[0])]);
    assert!(ran.stdout.contains("failed    ") && ran.stderr.contains("1 failed"), "{}", ran.stdout);
}

#[test]
fn a_node_that_is_not_there_is_named_without_its_key() {
    let folder = Folder::new();
    let mock = Mock::start(&links(1), honest());
    let url = format!("{}/v3/secret", mock.url());
    drop(mock);
    let out = folder.path("blocks");
    let args = ["record", "-r", &url, "-b", "latest", "--out", &out, "--retries", "0"];
    let ran = run(&args);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("127.0.0.1") && !ran.stderr.contains("secret"), "{}", ran.stderr);
    assert!(files(&out).is_empty());
}

#[test]
fn each_new_block_is_followed_by_a_line() {
    let (links, folder) = (links(1), Folder::new());
    let (mock, out) = (Mock::start(&links, honest()), folder.path("followed.jsonl"));
    let (url, number) = (mock.url(), links[0].block.number());
    let ran = run(&["follow", "-r", &url, "--blocks", "1", "--threads", "2", "--out", &out]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let row = ran.stdout.lines().last().unwrap();
    assert!(row.contains(&number.to_string()) && row.ends_with("ok"), "{row}");
    let line: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!((&line["block"], &line["hash"]), (&json!(number), &json!(links[0].block.hash)));
    assert_eq!(line["parentHash"], json!(links[0].block.header.parent_hash));
    assert_eq!((&line["score"]["slotRecall"], &line["score"]["txs"]), (&json!(1.0), &json!(6)));
    assert_eq!(line["run"]["matchesSequential"], true);
}
