//! Is every kind of bad file told what is wrong with it, and is a good one read in full?
//!
//! In: a small file written by hand, and changes to it.

use alloy_primitives::{Address, Bytes, Log, U64, U256, address};
use proptest::prelude::*;

use super::*;
use crate::{PreAccount, RecordedReceipt, gzip};

/// A block of one transfer, as a node and geth's tracer would write it, with keys of other tools.
const FILE: &str = r#"{
"chainId": "0x1",
"block": {
  "hash": "0x4e3a3754410177e6937ef1f84bba68ea139e8d1a2258c5f85db9f1cd715a1bdd",
  "parentHash": "0x5a41d0e66b4120775176c09fcf39e7c0520517a13d2b57b18d33d342df038bfc",
  "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
  "miner": "0xe6a7a1d47ff21b6321162aea7c6cb457d5476bca",
  "stateRoot": "0x0e0df2706b0a4fb8bd08c9246d472abbe850af446405d9eba1db41db18b4a169",
  "transactionsRoot": "0x4513310fcb9f6f616972a3b948dc5d547f280849a87ebb5af0191f98b87be598",
  "receiptsRoot": "0xfe2bf2a941abf41d72637e5b91750332a30283efd40c424dc522b77e6f0ed8c4",
  "logsBloom": "0xBLOOM",
  "difficulty": "0x153886c1bbd", "number": "0xb443", "gasLimit": "0x520b", "gasUsed": "0x5208",
  "timestamp": "0x55c42659", "extraData": "0x657468706f6f6c2e6f7267",
  "mixHash": "0xb48c515a9dde8d346c3337ea520aa995a4738bb595495506125449c1149d6cf4",
  "nonce": "0xba4f8ecd18aab215", "size": "0x26a", "totalDifficulty": "0x97a50222edba99",
  "uncles": [],
  "transactions": [{
    "blockHash": "0x4e3a3754410177e6937ef1f84bba68ea139e8d1a2258c5f85db9f1cd715a1bdd",
    "blockNumber": "0xb443", "transactionIndex": "0x0", "type": "0x0",
    "from": "0xa1e4380a3b1f749673e270229993ee55f35663b4",
    "to": "0x5df9b87991262f6ba471f09758cde1c0fc1de734",
    "gas": "0x5208", "gasPrice": "0x2d79883d2000", "input": "0x", "nonce": "0x0", "value": "0x7a69",
    "hash": "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060", "v": "0x1c",
    "r": "0x88ff6cf0fefd94db46111149ae4bfc179e9b94721fffd821d38d16464b3f71d0",
    "s": "0x45e0aff800961cfce805daef7016b9b675c137a6a41a548f7b60a3484c06a33a"
  }]
},
"preState": {
  "0xA1e4380a3b1f749673e270229993eE55F35663b4": {"balance": "0x6c6b935b8bbd400000", "nonce": 0},
  "0xe6a7a1d47ff21b6321162aea7c6cb457d5476bca": {
    "balance": "0x1", "code": "0x6001", "storage": {"0x0": "0x05", "0x01": "0x6"}
  }
},
"blockHashes": {"46146": "0x5a41d0e66b4120775176c09fcf39e7c0520517a13d2b57b18d33d342df038bfc"},
"receipts": [{
  "cumulativeGasUsed": "0x5208", "gasUsed": "0x5208", "logs": [], "status": "0x1", "type": "0x0",
  "transactionHash": "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"
}],
"check": {"anything": true}
}"#;

fn file() -> String {
    FILE.replace("BLOOM", &"0".repeat(512))
}

/// The error of the file in which `old` is replaced by `new`.
fn error_with(old: &str, new: &str) -> String {
    let text = file();
    assert!(text.contains(old), "`{old}` is in the file");
    parse(text.replace(old, new).as_bytes(), "a.json").unwrap_err().to_string()
}

#[test]
fn a_node_s_answer_with_a_tracer_s_state_is_read() {
    let block = parse(file().as_bytes(), "a.json").unwrap();
    block.validate().unwrap();
    block.validate_senders().unwrap();
    assert_eq!((block.chain_id, block.number()), (1, 46_147));
    let sender = address!("0xa1e4380a3b1f749673e270229993ee55f35663b4");
    assert_eq!(block.transactions[0].signer(), sender);
    let contract = &block.pre_state[&block.header.beneficiary];
    assert_eq!(contract.storage[&U256::from(1)], U256::from(6));
    assert_eq!(contract.nonce, 0, "a tracer leaves zero out");
    assert_eq!(block.block_hashes[&46_146], block.header.parent_hash);
    assert_eq!(block.receipts.as_ref().unwrap()[0].success, Some(true));
}

#[test]
fn packed_or_not_is_seen_from_the_contents() {
    let plain = parse(file().as_bytes(), "a.json").unwrap();
    assert_eq!(parse(&gzip::pack(file().as_bytes()), "a.json").unwrap(), plain);
}

#[test]
fn what_was_printed_reads_the_same_and_prints_the_same() {
    let block = parse(file().as_bytes(), "a.json").unwrap();
    let printed = print(&block).unwrap();
    let again = parse(&printed, "b.json").unwrap();
    assert_eq!(again, block);
    assert_eq!(print(&again).unwrap(), printed);
}

#[test]
fn a_packed_file_cut_short() {
    let packed = gzip::pack(file().as_bytes());
    let error = parse(&packed[..packed.len() / 2], "a.json.gz").unwrap_err().to_string();
    assert!(error.starts_with("a.json.gz: gzip data is damaged or cut short ("), "{error}");
    assert!(error.ends_with("); fetch or record the file again"), "{error}");
}

#[test]
fn text_that_is_no_json() {
    let text = file();
    let error = parse(&text.as_bytes()[..text.len() / 2], "a.json").unwrap_err().to_string();
    assert!(error.starts_with("a.json: not valid JSON: EOF while parsing"), "{error}");
    assert!(error.contains(" at line ") && error.ends_with("record the file again"), "{error}");
    let error = parse(b"", "a.json").unwrap_err().to_string();
    assert!(error.starts_with("a.json: not valid JSON: EOF"), "{error}");
    let error = error_with("\"check\": {\"anything\": true}\n}", "\"check\": 1}}");
    assert!(error.starts_with("a.json: not valid JSON: trailing characters"), "{error}");
}

#[test]
fn fields_that_are_missing() {
    let error = error_with("\"chainId\": \"0x1\",", "");
    assert_eq!(error, "a.json: top level: missing field `chainId`");
    let error = error_with("\"gasLimit\": \"0x520b\",", "");
    assert_eq!(error, "a.json: block: missing field `gasLimit`");
    let error = error_with("\"value\": \"0x7a69\",", "");
    assert_eq!(error, "a.json: block.transactions[0]: missing field `value`");
    let error = error_with("\"balance\": \"0x1\", ", "");
    let account = "0xe6a7a1d47ff21b6321162aea7c6cb457d5476bca";
    assert_eq!(error, format!("a.json: preState.{account}: missing field `balance`"));
    let error = parse(b"[]", "a.json").unwrap_err().to_string();
    assert!(error.ends_with("expected an object with chainId, block and preState"), "{error}");
}

#[test]
fn numbers_that_are_not_hexadecimal() {
    let error = error_with("\"chainId\": \"0x1\"", "\"chainId\": \"1\"");
    let advice = "write numbers as 0x… in hexadecimal";
    assert_eq!(error, format!("a.json: chainId: invalid hex `1`: {advice}"));
    let error = error_with("\"chainId\": \"0x1\"", "\"chainId\": 1");
    assert!(error.contains("invalid type: integer `1`, expected a number as a 0x… string"));
    let error = error_with("\"0x05\"", "\"0xzz\"");
    let account = "preState.0xe6a7a1d47ff21b6321162aea7c6cb457d5476bca";
    assert_eq!(error, format!("a.json: {account}.storage.0x0: invalid hex `0xzz`: {advice}"));
    let error = error_with("\"0x6001\"", "\"0x600\"");
    assert_eq!(error, format!("a.json: {account}.code: invalid hex `0x600`: odd number of digits"));
    let error = error_with("\"gasPrice\": \"0x2d79883d2000\"", "\"gasPrice\": \"much\"");
    let place = "block.transactions[0].gasPrice";
    assert_eq!(error, format!("a.json: {place}: invalid hex `much`: {advice}"));
    let error = error_with("\"timestamp\": \"0x55c42659\"", "\"timestamp\": \"later\"");
    assert!(error.starts_with("a.json: block.timestamp: "), "{error}");
    let error = error_with("\"0xA1e4380a3b1f749673e270229993eE55F35663b4\"", "\"0x12\"");
    assert_eq!(error, "a.json: preState.0x12: address `0x12` has 1 bytes instead of 20");
    let error = error_with("\"46146\"", "\"latest\"");
    assert_eq!(error, format!("a.json: blockHashes.latest: invalid hex `latest`: {advice}"));
}

#[test]
fn entries_that_occur_twice() {
    let error = error_with(
        "\"0xe6a7a1d47ff21b6321162aea7c6cb457d5476bca\": {\n",
        "\"0xa1e4380a3b1f749673e270229993ee55f35663b4\": {\n",
    );
    let account = "0xa1e4380a3b1f749673e270229993ee55f35663b4";
    assert!(error.ends_with(&format!("account {account} occurs twice; keep one of them")));
    assert!(error.starts_with("a.json: preState"), "{error}");
    let error = error_with("\"0x01\": \"0x6\"", "\"0x00\": \"0x6\"");
    assert!(error.ends_with("storage slot 0x0 occurs twice; keep one of them"), "{error}");
}

#[test]
fn a_block_of_another_chain() {
    // The signature says chain 1 once `v` is 37 or 38.
    let signed = file().replace("\"v\": \"0x1c\"", "\"v\": \"0x25\"");
    let text = signed.replace("\"chainId\": \"0x1\"", "\"chainId\": \"0x5\"");
    let error = parse(text.as_bytes(), "a.json").unwrap_err().to_string();
    let place = "block.transactions[0].chainId";
    let what = "signed for chain 1, but the file's chainId is 5; correct chainId";
    assert_eq!(error, format!("a.json: {place}: {what}"));
}

#[test]
fn a_block_with_hashes_instead_of_transactions() {
    let text = file();
    let start = text.find("[{\n    \"blockHash\"").unwrap();
    let end = text.find("}]\n}").unwrap() + 2;
    let text = format!("{}[\"0x5c50\"]{}", &text[..start], &text[end..]);
    let error = parse(text.as_bytes(), "a.json").unwrap_err().to_string();
    let what = "is a hash only; record the block with full transactions";
    assert_eq!(error, format!("a.json: block.transactions[0]: {what}"));
}

#[test]
fn a_file_of_a_later_version() {
    let error = error_with("\"chainId\": \"0x1\",", "\"chainId\": \"0x1\", \"schemaVersion\": 2,");
    let what = "2 is newer than 1, which this slotcast reads; use a newer slotcast";
    assert_eq!(error, format!("a.json: schemaVersion: {what}"));
    let stated =
        file().replace("\"chainId\": \"0x1\",", "\"chainId\": \"0x1\", \"schemaVersion\": 1,");
    parse(stated.as_bytes(), "a.json").unwrap();
}

#[test]
fn receipts_that_cannot_be() {
    let error = error_with("\"status\": \"0x1\", \"type\": \"0x0\"", "\"type\": \"0x100\"");
    assert_eq!(error, "a.json: receipts[0].type: transaction types have one byte");
    let topics = vec![format!("\"0x{}\"", "0".repeat(64)); 5].join(",");
    let log = format!(
        "\"logs\": [{{\"address\": \"{:#x}\", \"data\": \"0x\", \"topics\": [{topics}]}}]",
        Address::ZERO
    );
    let error = error_with("\"logs\": []", &log);
    assert_eq!(error, "a.json: receipts[0].logs: a log has at most four topics");
}

fn any_word() -> impl Strategy<Value = U256> {
    any::<[u8; 32]>().prop_map(U256::from_be_bytes)
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from)
}

fn any_account() -> impl Strategy<Value = PreAccount> {
    (
        any_word(),
        any::<u64>(),
        prop::option::of(any_bytes()),
        prop::option::of(any_word().prop_map(B256::from)),
        prop::collection::btree_map(any_word(), any_word(), 0..5),
    )
        .prop_map(|(balance, nonce, code, code_hash, storage)| PreAccount {
            balance,
            nonce,
            code,
            code_hash,
            storage,
        })
}

fn any_receipt() -> impl Strategy<Value = RecordedReceipt> {
    let topics = prop::collection::vec(any_word().prop_map(B256::from), 0..5);
    let log = (any_word(), topics, any_bytes()).prop_map(|(address, topics, data)| {
        Log::new(Address::from_word(address.into()), topics, data).unwrap()
    });
    (any::<(u8, u64, u64)>(), prop::option::of(any::<bool>()), prop::collection::vec(log, 0..3))
        .prop_map(|((tx_type, cumulative_gas_used, gas_used), success, logs)| RecordedReceipt {
            tx_type,
            success,
            cumulative_gas_used,
            gas_used,
            logs,
            transaction_hash: B256::repeat_byte(tx_type),
            rollup: Default::default(),
        })
}

proptest! {
    #[test]
    fn any_state_and_receipts_survive_writing_and_reading(
        chain_id: u64,
        accounts in prop::collection::btree_map(
            any_word().prop_map(|word| Address::from_word(word.into())), any_account(), 0..6,
        ),
        hashes in prop::collection::btree_map(any::<u64>(), any_word().prop_map(B256::from), 0..4),
        receipts in prop::option::of(prop::collection::vec(any_receipt(), 0..4)),
    ) {
        let mut block = parse(file().as_bytes(), "a.json").unwrap();
        block.chain_id = chain_id;
        block.pre_state = accounts;
        block.block_hashes = hashes;
        block.receipts = receipts;
        let printed = print(&block).unwrap();
        prop_assert_eq!(parse(&printed, "b.json").unwrap(), block);
    }

    /// Whatever happens to a file, reading it gives a block or an error that names it.
    #[test]
    fn a_file_with_any_bytes_changed_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = file().into_bytes();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        match parse(&bytes, "a.json") {
            Ok(block) => drop(block.validate()),
            Err(error) => prop_assert!(error.to_string().starts_with("a.json: "), "{error}"),
        }
    }
}

/// The file with a deposit in front, and with what rollups add.
fn rollup_file(deposit: &str) -> String {
    let added = r#""parent": {"timestamp": "0x1", "gasLimit": "0x2", "gasUsed": "0x3",
            "baseFeePerGas": "0x4", "blobGasUsed": null, "extraData": "0x00"},
        "postState": {"0x0000000000000000000000000000000000000002": null},
        "messagePasserStorageRoot": {
            "before": "0x0000000000000000000000000000000000000000000000000000000000000005",
            "after": "0x0000000000000000000000000000000000000000000000000000000000000006"},
        "receipts": [{"type": "0x7e", "status": "0x1", "cumulativeGasUsed": "0x5208",
        "gasUsed": "0x5208", "logs": [], "depositNonce": "0x7", "depositReceiptVersion": "0x1",
        "transactionHash": "0x0000000000000000000000000000000000000000000000000000000000000001"},
        {"#;
    file().replacen("\"transactions\": [", &format!("\"transactions\": [{deposit}, "), 1).replacen(
        "\"receipts\": [{",
        added,
        1,
    )
}

const DEPOSIT: &str = r#"{"type": "0x7e", "from": "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001",
    "sourceHash": "0x0000000000000000000000000000000000000000000000000000000000000003",
    "to": null, "value": "0x0", "gas": "0x30d40", "input": "0x00", "nonce": "0x7",
    "hash": "0x0000000000000000000000000000000000000000000000000000000000000001"}"#;

#[test]
fn deposits_and_what_else_rollups_have_survive_writing_and_reading() {
    let block = parse(rollup_file(DEPOSIT).as_bytes(), "a.json").unwrap();
    let deposit = block.transactions[0].as_deposit().unwrap();
    assert!(deposit.to.is_create() && deposit.mint == 0 && !deposit.is_system_transaction);
    assert_eq!(block.transactions[0].signer(), deposit.from);
    assert_eq!(*block.transactions[0].tx_hash(), B256::with_last_byte(1));
    assert_eq!(block.receipts.as_ref().unwrap()[0].rollup.deposit_nonce, Some(U64::from(7)));
    assert_eq!(block.around.parent.as_ref().unwrap().base_fee, 4);
    assert_eq!(block.around.message_passer.unwrap().1, B256::with_last_byte(6));
    assert_eq!(block.around.post_state.as_ref().unwrap().len(), 1);
    let text = print(&block).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("\"nonce\":\"0x7\""));
    assert_eq!(parse(&text, "b.json").unwrap(), block);
}

#[test]
fn a_transaction_that_pays_in_another_currency_is_refused_by_name() {
    let other = DEPOSIT.replace("0x7e", "0x7b");
    let error = parse(rollup_file(&other).as_bytes(), "a.json").unwrap_err().to_string();
    assert!(error.contains("transactions[0].type") && error.contains("CIP-64"), "{error}");
}
