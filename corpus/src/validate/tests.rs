//! Do real blocks pass, and does every kind of contradiction fail?
//!
//! In: recorded mainnet blocks where the checkout has them beside it, and one block of the
//! generator, tampered with in every checked field.

use std::path::PathBuf;

use alloy_consensus::{TxEnvelope, transaction::Recovered};
use alloy_primitives::{Address, B256, Bloom};
use slotcast::executor::{ChainRules, OpFork};

use crate::{
    BlockResults, Plan, RecordedBlock, RecordedReceipt, generate, list, parse, print, read_file,
};

/// The recorded blocks beside the checkout, if they are there.
fn recorded() -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/blocks");
    if folder.is_dir() {
        return Some(list(&folder).unwrap());
    }
    // Written past the test runner's capture, so that a skipped test is seen to be skipped.
    let line = b"skipped the recorded blocks: none in ../shared/blocks\n";
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
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

fn good() -> RecordedBlock {
    let unsealed = generate(&Plan { n_txs: 6, ..Plan::default() }).unwrap();
    let receipts = (1..=6)
        .zip(&unsealed.block().transactions)
        .map(|(n, transaction)| RecordedReceipt {
            tx_type: 0,
            success: Some(true),
            cumulative_gas_used: n * 21_000,
            gas_used: 21_000,
            logs: vec![],
            transaction_hash: *transaction.tx_hash(),
            rollup: Default::default(),
        })
        .collect();
    unsealed.seal(BlockResults {
        pre_state_root: B256::repeat_byte(2),
        state_root: B256::repeat_byte(3),
        gas_used: 126_000,
        receipts_root: B256::ZERO,
        logs_bloom: Bloom::ZERO,
        requests_hash: None,
        block_access_list: None,
        receipts: Some(receipts),
        rollup: None,
    })
}

/// The message for the good block after `change`; its hash is renewed unless that is what changed.
fn message_after(change: impl FnOnce(&mut RecordedBlock)) -> String {
    let mut block = good();
    block.validate().unwrap();
    let stated = block.hash;
    change(&mut block);
    if block.hash == stated && block.header.gas_limit != 1 {
        block.hash = block.header.hash_slow();
    }
    block.validate().unwrap_err().to_string()
}

#[test]
fn a_header_that_is_not_the_hashed_one() {
    let message = message_after(|block| block.header.gas_limit = 1);
    assert!(message.contains("header hashes to 0x"), "{message}");
    assert!(message.ends_with("a header field is missing or changed"), "{message}");
}

#[test]
fn transactions_that_are_not_the_header_s() {
    let message = message_after(|block| block.transactions.swap(0, 1));
    assert!(message.contains("transactions give transactionsRoot 0x"), "{message}");
    let message = message_after(|block| block.transactions.truncate(5));
    assert!(message.contains("transactions give transactionsRoot 0x"), "{message}");
}

#[test]
fn a_transaction_that_states_another_hash() {
    let message = message_after(|block| {
        let transaction = &block.transactions[2];
        let Some(TxEnvelope::Eip1559(signed)) = transaction.as_signed() else {
            panic!("the third transaction has a dynamic fee")
        };
        let (tx, signature, _) = signed.clone().into_parts();
        let renamed = alloy_consensus::Signed::new_unchecked(tx, signature, B256::ZERO);
        let renamed = TxEnvelope::from(renamed);
        block.transactions[2] = Recovered::new_unchecked(renamed.into(), transaction.signer());
    });
    assert!(message.contains("transaction 2 hashes to 0x"), "{message}");
}

#[test]
fn withdrawals_that_are_not_the_header_s() {
    let message = message_after(|block| block.withdrawals.as_mut().unwrap()[3].amount += 1);
    assert!(message.contains("withdrawals give withdrawalsRoot 0x"), "{message}");
    let message = message_after(|block| block.withdrawals = None);
    assert!(message.contains("withdrawalsRoot without withdrawals"), "{message}");
    let message = message_after(|block| block.header.withdrawals_root = None);
    assert!(message.contains("withdrawals without withdrawalsRoot"), "{message}");
}

#[test]
fn uncles_and_a_parent_that_the_header_denies() {
    let message = message_after(|block| block.uncles.push(B256::ZERO));
    assert!(message.contains("uncles without sha3Uncles"), "{message}");
    let message = message_after(|block| {
        let parent = block.number() - 1;
        block.block_hashes.insert(parent, B256::ZERO);
    });
    assert!(message.contains("blockHashes gives the parent as 0x000000"), "{message}");
}

#[test]
fn a_code_hash_that_is_not_the_code_s() {
    let message = message_after(|block| {
        let account = block.pre_state.values_mut().find(|account| account.code.is_some()).unwrap();
        account.code_hash = Some(B256::ZERO);
    });
    assert!(message.contains("but codeHash is 0x00000000"), "{message}");
}

#[test]
fn a_touched_account_may_lack_its_code() {
    let mut block = good();
    let account = block.pre_state.values_mut().find(|account| account.code.is_some()).unwrap();
    account.code_hash = Some(account.code_hash());
    account.code = None;
    block.validate().unwrap();
}

#[test]
fn receipts_of_another_block() {
    let message = message_after(|block| block.receipts.as_mut().unwrap().truncate(5));
    assert!(message.contains("receipts have 5 entries but the block has 6"), "{message}");
    let message = message_after(|block| block.header.gas_used = 1);
    assert!(message.contains("receipts have 126000 gas used but the block has 1"), "{message}");
}

#[test]
fn another_chain() {
    let message = message_after(|block| block.chain_id = 5);
    assert!(
        message.contains("is signed for chain 1 but chainId is 5; correct chainId"),
        "{message}"
    );
}

#[test]
fn a_sender_who_did_not_sign() {
    let mut block = good();
    block.validate_senders().unwrap();
    let transaction = block.transactions[4].inner().clone();
    block.transactions[4] = Recovered::new_unchecked(transaction, Address::ZERO);
    block.validate().unwrap();
    let message = block.validate_senders().unwrap_err().to_string();
    assert!(
        message.contains("transaction 4 is from 0x0000000000000000000000000000000000000000 but")
    );
}

#[test]
fn the_withdrawals_root_of_a_rollup_is_no_root_of_a_list_from_isthmus_on() {
    let mut block = good();
    block.header.withdrawals_root = Some(B256::repeat_byte(9));
    block.hash = block.header.hash_slow();
    let stated = |fork| {
        let chain = slotcast::executor::OpChain::new([(fork, 0)]);
        ChainRules::optimism("test", block.chain_id, chain)
    };
    let refused = block.validate_by(&stated(OpFork::Holocene)).unwrap_err();
    assert!(refused.to_string().contains("withdrawalsRoot"), "{refused}");
    block.validate_by(&stated(OpFork::Isthmus)).unwrap();
}
