//! Are files found in order, written whole, and named when they cannot be read?

use super::*;
use crate::{BlockResults, Plan, generate};
use alloy_primitives::{B256, Bloom};

fn block() -> RecordedBlock {
    let plan = Plan { n_txs: 3, ..Plan::default() };
    generate(&plan).unwrap().seal(BlockResults {
        pre_state_root: B256::repeat_byte(2),
        state_root: B256::repeat_byte(3),
        gas_used: 63_000,
        receipts_root: B256::ZERO,
        logs_bloom: Bloom::ZERO,
        requests_hash: None,
        block_access_list: None,
        receipts: None,
        rollup: None,
    })
}

#[test]
fn a_folder_is_listed_by_block_number() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "ethereum-100.json.gz",
        "ethereum-9.json",
        "notes.json",
        "2-of-3-chain1-20.json",
        "README.md",
        ".hidden-1.json",
    ];
    for name in names {
        fs::write(folder.path().join(name), b"{}").unwrap();
    }
    fs::create_dir(folder.path().join("5.json")).unwrap();
    let found: Vec<String> = list(folder.path())
        .unwrap()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let expected =
        ["ethereum-9.json", "2-of-3-chain1-20.json", "ethereum-100.json.gz", "notes.json"];
    assert_eq!(found, expected);
}

#[test]
fn a_file_stands_for_itself_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("block");
    fs::write(&file, b"{}").unwrap();
    assert_eq!(list(&file).unwrap(), [file]);
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = list(folder.path()).unwrap_err().to_string();
    assert!(error.contains("holds no *.json or *.json.gz file"), "{error}");
    let missing = folder.path().join("missing.json");
    for error in [list(&missing).unwrap_err(), read_file(&missing).unwrap_err()] {
        let error = error.to_string();
        assert!(error.starts_with(&format!("{}: cannot be read: ", missing.display())), "{error}");
    }
    let nowhere = folder.path().join("no/such/folder.json");
    let error = write_file(&nowhere, &block()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot be written: ", nowhere.display())), "{error}");
}

#[test]
fn what_was_written_is_read_back_and_nothing_is_left_over() {
    let folder = tempfile::tempdir().unwrap();
    let block = block();
    for name in ["a.json", "a.json.gz"] {
        let file = folder.path().join(name);
        fs::write(&file, b"an older file, longer than nothing").unwrap();
        write_file(&file, &block).unwrap();
        assert_eq!(read_file(&file).unwrap(), block);
        let first = fs::read(&file).unwrap();
        write_file(&file, &block).unwrap();
        assert_eq!(fs::read(&file).unwrap(), first);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
