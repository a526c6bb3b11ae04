//! Is every bad input refused with exit code 2, nothing on stdout, and one line that names the file
//! and the field and says what to do?

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};
use slotcast::{
    model::{IndexVec, Prediction},
    prediction_file,
};
use slotcast_corpus as corpus;

use crate::command::{Folder, run};

/// Runs `slotcast args file`, which must be refused, and gives the error.
fn refused(folder: &Folder, args: &[&str]) -> String {
    let ran = run(args);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{args:?}: {}", ran.stderr);
    folder.without_path(ran.stderr.trim_end())
}

/// What `slotcast run` says of a small block with this change.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let folder = Folder::new();
    let mut block = folder.block();
    change(&mut block);
    let path = folder.write_json("changed.json", &block);
    refused(&folder, &["run", &path])
}

#[test]
fn a_file_that_is_not_there() {
    let folder = Folder::new();
    let path = folder.path("nowhere.json");
    let error = refused(&folder, &["run", &path]);
    assert_snapshot!(error, @"error: <folder>/nowhere.json: cannot be read: No such file or directory (os error 2); name a recorded block or a folder of them");
}

#[test]
fn an_empty_folder() {
    let folder = Folder::new();
    let path = folder.path("");
    let error = refused(&folder, &["score", &path]);
    assert_snapshot!(error, @"error: <folder>/: holds no *.json or *.json.gz file; name a folder of recorded blocks");
}

#[test]
fn gzip_cut_short() {
    let folder = Folder::new();
    let path = folder.generate("b.json.gz", &["--txs", "5"]);
    let bytes = fs::read(&path).unwrap();
    let cut = folder.write("cut.json.gz", &bytes[..bytes.len() / 2]);
    let error = refused(&folder, &["run", &cut]);
    for command in ["predict", "score", "schedule"] {
        assert_eq!(refused(&folder, &[command, &cut]), error);
    }
    assert_snapshot!(error, @"error: <folder>/cut.json.gz: gzip data is damaged or cut short (incomplete deflate stream); fetch or record the file again");
}

#[test]
fn text_that_is_no_json() {
    let folder = Folder::new();
    let path = folder.generate("b.json", &["--txs", "5"]);
    let bytes = fs::read(&path).unwrap();
    let cut = folder.write("cut.json", &bytes[..1000]);
    assert_snapshot!(refused(&folder, &["run", &cut]), @"error: <folder>/cut.json: not valid JSON: EOF while parsing a string at line 1 column 1000; fetch or record the file again");
    let prose = folder.write("prose.json", "a block");
    assert_snapshot!(refused(&folder, &["run", &prose]), @"error: <folder>/prose.json: not valid JSON: expected value at line 1 column 1; fetch or record the file again");
}

#[test]
fn a_missing_field() {
    let error = changed(|file| {
        file["block"].as_object_mut().unwrap().remove("timestamp");
    });
    assert_snapshot!(error, @"error: <folder>/changed.json: block: missing field `timestamp`");
    let error = changed(|file| {
        file.as_object_mut().unwrap().remove("preState");
    });
    assert_snapshot!(error, @"error: <folder>/changed.json: top level: missing field `preState`");
    let error = changed(|file| {
        file["block"]["transactions"][7].as_object_mut().unwrap().remove("gas");
    });
    assert_snapshot!(error, @"error: <folder>/changed.json: block.transactions[7]: missing field `gas`");
}

#[test]
fn a_field_of_the_wrong_kind() {
    let error = changed(|file| file["block"]["transactions"][2]["value"] = json!("ten"));
    assert_snapshot!(error, @"error: <folder>/changed.json: block.transactions[2].value: invalid hex `ten`: write numbers as 0x… in hexadecimal");
}

#[test]
fn a_header_that_does_not_match() {
    let error = changed(|file| file["block"]["gasUsed"] = json!("0x1"));
    assert!(error.contains("changed.json: block 24500000: header hashes to "), "{error}");
    assert!(error.ends_with("a header field is missing or changed"), "{error}");
    let error = changed(|file| {
        file["block"]["transactions"].as_array_mut().unwrap().pop();
        file.as_object_mut().unwrap().remove("receipts");
    });
    assert!(error.contains("transactions give transactionsRoot"), "{error}");
}

#[test]
fn a_sender_who_did_not_sign() {
    let error = changed(|file| {
        file["block"]["transactions"][0]["from"] = json!(format!("0x{}", "ab".repeat(20)));
    });
    assert!(error.contains("changed.json: block 24500000: transaction 0 is from "), "{error}");
}

#[test]
fn a_called_account_without_code() {
    let only_hashes = |file: &mut Value| {
        let called: Vec<Value> = file["block"]["transactions"].as_array().unwrap().clone();
        for to in called.iter().filter_map(|tx| tx["to"].as_str()) {
            let Some(account) = file["preState"].get_mut(to) else { continue };
            let account = account.as_object_mut().unwrap();
            if account.remove("code").is_some() {
                account.insert("codeHash".to_owned(), json!(format!("0x{}", "ab".repeat(32))));
            }
        }
    };
    let error = changed(only_hashes);
    assert!(
        error.contains("is not recorded: the account was touched but never executed"),
        "{error}"
    );
    assert!(error.contains("changed.json: block 24500000: "), "{error}");
    assert!(error.contains("code of 0x"), "{error}");
    assert!(error.ends_with("record the block again with everything it touches"), "{error}");
    // Predicting needs no code: what cannot be known is said to be unknown.
    let folder = Folder::new();
    let mut block = folder.block();
    only_hashes(&mut block);
    let path = folder.write_json("changed.json", &block);
    assert_eq!(run(&["predict", &path]).code, 0);
    assert!(refused(&folder, &["score", &path]).contains("code of 0x"));
}

#[test]
fn a_wrong_chain() {
    assert_snapshot!(changed(|file| file["chainId"] = json!("0x5")), @"error: <folder>/changed.json: block.transactions[0].chainId: signed for chain 1, but the file's chainId is 5; correct chainId");
    let folder = Folder::new();
    let mut block = folder.generate_value(&["--scenario", "transfers", "--txs", "0"]);
    block["chainId"] = json!("0x3e7");
    let path = folder.write_json("unknown.json", &block);
    assert_snapshot!(refused(&folder, &["run", &path]), @"error: <folder>/unknown.json: block 24500000: the rules of chain id 999 are not known; state them with --chain: a genesis file, or one of mainnet, sepolia, holesky, hoodi, development, anvil, op-mainnet, op-sepolia, base, base-sepolia, unichain, celo-sepolia, rise, linea, linea-sepolia, ink, lisk, metal, mode, soneium, zora");
}

#[test]
fn a_chain_of_other_rules() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--scenario", "transfers", "--txs", "1"]);
    let error = refused(&folder, &["run", "--chain", "gnosis", &block]);
    assert_snapshot!(error, @"error: --chain: gnosis (chain id 100) has rules of its own: base fees go to an account, and system calls of contracts pay rewards and withdrawals after the transactions; a genesis file in geth's form, named with --chain, describes its forks and nothing of that, so predict by it, but do not expect blocks to equal their headers");
    let mut of_gnosis = folder.generate_value(&["--scenario", "transfers", "--txs", "0"]);
    of_gnosis["chainId"] = json!("0x64");
    let path = folder.write_json("gnosis.json", &of_gnosis);
    let error = refused(&folder, &["run", &path]);
    assert!(
        error.contains("gnosis.json: block 24500000: gnosis (chain id 100) has rules"),
        "{error}"
    );
    // A file of that name is read.
    let named = folder.write(
        "gnosis",
        r#"{"chainId": 1, "londonBlock": 0, "terminalTotalDifficulty": 0,
        "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0, "osakaTime": 0}"#,
    );
    assert_eq!(run(&["run", "--chain", &named, &block]).code, 0);
    let error = refused(&folder, &["run", "--chain", "nowhere", &block]);
    assert!(error.contains("name a genesis file, or one of mainnet, sepolia"), "{error}");
    assert!(
        error.ends_with("rise, linea, linea-sepolia, ink, lisk, metal, mode, soneium, zora"),
        "{error}"
    );
}

#[test]
fn a_block_that_a_known_chain_made_by_other_rules() {
    let folder = Folder::new();
    let mut block = folder.generate_value(&["--txs", "0", "--chain", "linea"]);
    assert_eq!(run(&["run", &folder.write_json("linea.json", &block)]).code, 0);
    block["block"]["difficulty"] = json!("0x2");
    let error = refused(&folder, &["run", &folder.write_json("clique.json", &block)]);
    assert!(
        error.contains("clique.json: block 24500000: Clique made this chain's blocks"),
        "{error}"
    );
}

#[test]
fn predictions_for_another_block() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "2"]);
    let empty: IndexVec<_, Prediction> = IndexVec::new();
    let other = folder.write("other.json", prediction_file::print(7, &empty));
    let error = refused(&folder, &["score", "--predictions", &other, &block]);
    assert_snapshot!(error, @"error: <folder>/other.json: block: the predictions are for block 7 but block 24500000 was asked for; predict that block, or name the one the file is for");
    let too_many = IndexVec::from(vec![Prediction::default(); 3]);
    let long = folder.write("long.json", prediction_file::print(24_500_000, &too_many));
    let error = refused(&folder, &["score", "--predictions", &long, &block]);
    assert_snapshot!(error, @"error: <folder>/long.json: txs: there is no transaction 2 in block 24500000, which has 2");
}

#[test]
fn predictions_that_cannot_be_read() {
    let folder = Folder::new();
    let missing = folder.path("missing.json");
    let error = refused(&folder, &["score", "--predictions", &missing]);
    assert_snapshot!(error, @"error: <folder>/missing.json: cannot be read: No such file or directory (os error 2); name a file written by `slotcast predict --json`");
    let torn = folder.write("torn.json", "{\"block\": 1, \"txs\": [");
    let error = refused(&folder, &["score", "--predictions", &torn]);
    assert_snapshot!(error, @"error: <folder>/torn.json: not valid JSON: EOF while parsing a list at line 1 column 21; write it with `slotcast predict --json`");
    let wrong = folder.write("wrong.json", r#"{"block": 1, "txs": [{"index": 0, "reads": 3}]}"#);
    let error = refused(&folder, &["score", "--predictions", &wrong]);
    assert_snapshot!(error, @"error: <folder>/wrong.json: txs[0].reads: invalid type: integer `3`, expected a sequence");
}

#[test]
fn a_transaction_that_is_not_there() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "2"]);
    assert_snapshot!(refused(&folder, &["predict", "--tx", "2", &block]), @"error: <folder>/b.json: --tx 2: the block has 2 transactions, counted from 0");
}

#[test]
fn a_plan_that_cannot_be_carried_out() {
    let folder = Folder::new();
    let out = folder.path("b.json");
    let args = ["generate", "--scenario", "blobs", "--era", "london", "--out", &out];
    assert_snapshot!(refused(&folder, &args), @"error: --scenario: scenario `blobs` needs cancun or later, not london; choose another --era");
    let args = ["generate", "--chain", "linea", "--era", "cancun", "--out", &out];
    assert_snapshot!(refused(&folder, &args), @"error: --era: at block 20000000, time 1717281407, linea is at London, which comes before Cancun; choose an earlier one");
    let args = ["generate", "--chain", "op-mainnet", "--era", "bedrock", "--out", &out];
    assert_snapshot!(refused(&folder, &args), @"error: --era: op-mainnet never is at Bedrock; choose another one");
    let args = ["generate", "--era", "fjord", "--out", &out];
    assert_snapshot!(refused(&folder, &args), @"error: --era: fjord is a fork of the OP Stack, and mainnet is no chain of it; choose an era of Ethereum");
    let args = ["generate", "--chain", "op-mainnet", "--scenario", "blobs", "--out", &out];
    assert_snapshot!(refused(&folder, &args), @"error: --scenario: scenario `blobs` is not for rollups, whose blocks have no blobs; choose another");
    let args = ["generate", "--chain-id", "5", "--out", &out];
    assert_snapshot!(refused(&folder, &args), @"error: the rules of chain id 5 are not known; state them with --chain: a genesis file, or one of mainnet, sepolia, holesky, hoodi, development, anvil, op-mainnet, op-sepolia, base, base-sepolia, unichain, celo-sepolia, rise, linea, linea-sepolia, ink, lisk, metal, mode, soneium, zora");
}

#[test]
fn a_chain_file_with_rules_that_are_not_known() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "2"]);
    let chain =
        folder.write("chain.json", r#"{"config": {"chainId": 1, "londonBlock": 0, "bor": {}}}"#);
    assert_snapshot!(refused(&folder, &["run", "--chain", &chain, &block]), @"error: <folder>/chain.json: config.bor: fees leave logs, and blocks bring state in from Ethereum, which our rules cannot say; take the key out to go by the forks alone, and expect no block that it concerns to equal its header");
    let chain = folder.write("chain.json", r#"{"chainId": 1, "moonTime": 7}"#);
    assert_snapshot!(refused(&folder, &["run", "--chain", &chain, &block]), @"error: <folder>/chain.json: moonTime: is not known here and may change how blocks run; take the key out if it does not, or expect blocks that it concerns not to equal their headers");
}

#[test]
fn code_that_is_none() {
    let folder = Folder::new();
    assert_snapshot!(refused(&folder, &["analyze", "nowhere.json"]), @"error: nowhere.json: is neither a file nor hexadecimal code; name a file, or write code as 0x…");
    assert_snapshot!(refused(&folder, &["analyze", "0x600"]), @"error: 0x600: has an odd number of hexadecimal digits; one is missing");
    let interface = folder.write("interface.json", r#"{"abi": [], "deployedBytecode": "0x"}"#);
    assert_snapshot!(refused(&folder, &["analyze", &interface]), @"error: <folder>/interface.json: holds no runtime code (deployedBytecode); compile with it, or name a contract that is no interface");
    let unlinked = folder.write("unlinked.json", r#"{"deployedBytecode": "0x60__$f0$__"}"#);
    assert_snapshot!(refused(&folder, &["analyze", &unlinked]), @"error: <folder>/unlinked.json: deployedBytecode: ends inside the placeholder of a library; compile it again");
    let torn = folder.write("torn.json", r#"{"deployedBytecode": "#);
    assert_snapshot!(refused(&folder, &["analyze", &torn]), @"error: <folder>/torn.json: not valid JSON: EOF while parsing a value at line 1 column 20; compile it again");
}

#[test]
fn arguments_that_make_no_sense() {
    for args in [&["run", "-j", "0"][..], &["predict", "--format", "yaml"], &["fly"], &[]] {
        let ran = run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.contains("--help") || ran.stderr.contains("Usage: "), "{}", ran.stderr);
    }
}

#[test]
fn results_before_the_bad_file_are_kept() {
    let folder = Folder::new();
    let good = folder.generate("1.json", &["--txs", "2"]);
    let bad = folder.write("2.json", "{}");
    let ran = run(&["run", "--json", &good, &bad]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (2, 1));
    assert!(ran.stderr.contains("2.json: top level: missing field"), "{}", ran.stderr);
    // The embedded block parses, whatever the files say.
    assert_eq!(corpus::embedded().unwrap().transactions.len(), 400);
}
