//! Do real blocks pass, and does every kind of contradiction fail?
//!
//! In: recorded mainnet blocks where the checkout has them beside it, and one block of the
//! generator, tampered with in every checked field.

use std::path::PathBuf;

use crate::{list, parse, print, read_file};

/// The recorded blocks beside the checkout, if they are there.
fn recorded() -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/blocks");
    if folder.is_dir() {
        return Some(list(&folder).unwrap());
    }
    println!("skipped: no recorded blocks beside the checkout");
    None
}

#[test]
fn every_recorded_block_is_valid_and_survives_writing() {
    let Some(files) = recorded() else { return };
    let mut last = 0;
    for file in &files {
        let block = read_file(file).unwrap();
        block.validate().unwrap();
        assert!(last < block.number(), "files are listed by block number");
        last = block.number();
        let printed = print(&block).unwrap();
        assert_eq!(parse(&printed, "printed").unwrap(), block);
    }
    assert_eq!(files.len(), 61);
}

#[test]
fn every_recorded_sender_is_the_signer() {
    let Some(files) = recorded() else { return };
    for file in &files {
        read_file(file).unwrap().validate_senders().unwrap();
    }
}
