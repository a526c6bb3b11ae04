//! Does `analyze --input` say of very many codes what `analyze` says of each?
//!
//! In: the codes of synthetic blocks. Out: what the command writes and says.

use std::{fs, io::Read};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::command::{Folder, command, json_lines, run};

fn lines(path: &str) -> Vec<Value> {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Codes of a block, and where they are.
fn codes(folder: &Folder) -> (String, Vec<Value>) {
    let block = folder.generate("b.json", &["--txs", "60"]);
    let path = folder.path("codes.jsonl.gz");
    let ran = run(&["codes", &block, "--output", &path]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let codes = lines(&path);
    assert!(10 < codes.len());
    (path, codes)
}

#[test]
fn each_line_says_what_analyze_says_of_the_code() {
    let folder = Folder::new();
    let (input, codes) = codes(&folder);
    let output = folder.path("out.gz");
    let total = &json_lines(&["analyze", "--json", "--input", &input, "--output", &output])[0];
    assert_eq!((&total["codes"], &total["codesBefore"]), (&codes.len().into(), &0.into()));
    let written = lines(&output);
    assert_eq!(written.len(), codes.len());
    for (line, code) in written.iter().zip(&codes) {
        let alone = &json_lines(&["analyze", "--json", code["code"].as_str().unwrap()])[0];
        for key in ["codeHash", "size", "stopReason", "blocks", "unresolvedJumps", "functions"] {
            assert_eq!(line[key], alone[key], "{key}");
        }
        assert!(line.get("micros").is_none(), "a line depends on its code alone");
    }
    let ran = run(&["analyze", "--input", &input, "--output", &output]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert!(ran.stderr.contains("is finished; remove it to make it again"), "{}", ran.stderr);
    let ran = run(&["analyze", "--fork", "London", "--input", &input, "--output", &output]);
    assert!(ran.code == 2 && ran.stderr.contains("of another job"), "{}", ran.stderr);
}

#[test]
fn shards_and_threads_and_being_killed_change_nothing() {
    let folder = Folder::new();
    let (input, codes) = codes(&folder);
    let whole = folder.path("whole.gz");
    json_lines(&["analyze", "--json", "-j", "1", "--input", &input, "--output", &whole]);
    let mut all = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let output = folder.path(&format!("{}.gz", shard.replace('/', "-")));
        let args =
            ["analyze", "--json", "-j2", "--input", &input, "--output", &output, "--shard", shard];
        let mut child = command(&args).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        // It may be done already, which is no harm.
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(run(&args).code, 0);
        all.extend(lines(&output));
    }
    assert_eq!(all.len(), codes.len());
    all.sort_by_key(|line| line["codeHash"].to_string());
    assert_eq!(all, lines(&whole));
}

#[test]
fn a_batch_fills_a_store() {
    let folder = Folder::new();
    let (input, codes) = codes(&folder);
    let (output, store) = (folder.path("out.gz"), folder.path("s"));
    let ran = run(&["analyze", "--input", &input, "--output", &output, "--store", &store]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let kept = &json_lines(&["store", "stat", "--json", &store])[0];
    assert_eq!(kept["usable"], codes.len());
    let block = folder.path("b.json");
    let ran = run(&["predict", "--store", &store, &block]);
    let line = ran.stderr.lines().find(|line| line.contains(" from the store, ")).unwrap();
    let words: Vec<&str> = line.rsplit_once(": ").unwrap().1.split(' ').collect();
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    // Code that the block's transactions bring along is in no account before the block.
    assert!(number(2) <= number(0) + 1, "what the block needs is there: {line}");
}

#[test]
fn bad_lines_and_arguments_are_bad_input() {
    let folder = Folder::new();
    let input = folder.write("codes", "{\"code\":\"0x00\"}\n{\"code\":\"0x0\"}\n");
    let output = folder.path("out.gz");
    let args = ["analyze", "--input", &input, "--output", &output];
    let ran = run(&args);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert_eq!(
        folder.without_path(ran.stderr.trim_end()),
        "error: <folder>/codes: line 2: code: odd number of digits; correct it and run the same \
         command again, which goes on from there"
    );
    assert!(!fs::exists(&output).unwrap());
    for more in [&["--shard", "0/2"][..], &["--shard", "x"], &["0x00"], &["--names", "x"]] {
        assert_eq!(run(&[&args[..], more].concat()).code, 2, "{more:?}");
    }
    assert_eq!(run(&["analyze", "--input", &input]).code, 2, "nowhere to write");
    let nowhere = folder.path("nowhere");
    let ran = run(&["analyze", "--input", &nowhere, "--output", &output]);
    assert!(ran.code == 2 && ran.stderr.contains("nowhere: cannot be read"), "{}", ran.stderr);
}
