//! Is what was written read back, and is what was written by hand understood or refused?

use slotcast_model::{Location, StateRead};

use crate::hints::{Head, Hint};

use super::*;

fn slot(account: u8, key: u64) -> Slot {
    Slot::new(Address::with_last_byte(account), U256::from(key))
}

fn changes() -> Vec<(Address, AccountLeft)> {
    let (nonces, code) = (1, Some([0xfe].into()));
    let created = AccountLeft { nonces, code, ..AccountLeft::default() };
    let destroyed = AccountLeft { is_destroyed: true, ..AccountLeft::default() };
    vec![(Address::with_last_byte(8), created), (Address::with_last_byte(9), destroyed)]
}

fn example() -> IndexVec<TxIndex, Prediction> {
    let storage = StorageAccess {
        reads: vec![slot(1, 2)],
        writes: vec![slot(1, 1)],
        deltas: vec![slot(2, 7)],
    };
    let accounts = AccountAccess {
        nonces: vec![Address::with_last_byte(9)],
        created: vec![Address::with_last_byte(8)],
        ..AccountAccess::default()
    };
    let word = StateRead { location: Location::from(slot(1, 2)), value: U256::from(3) };
    let gaps = vec![Gap::UnknownKey, Gap::Loop];
    let wild = vec![Address::with_last_byte(3)];
    let empty = || (StorageAccess::default(), AccountAccess::default());
    IndexVec::from(vec![
        Prediction::new(storage, accounts, wild, vec![word], gaps)
            .with_balance_changes(vec![(Address::with_last_byte(1), U256::MAX)])
            .with_account_changes(changes()),
        Prediction::new(empty().0, empty().1, vec![], vec![word], vec![]),
        Prediction::default(),
    ])
}

fn error(text: &str) -> String {
    parse(text.as_bytes(), "p.json").unwrap_err().to_string()
}

#[test]
fn the_file_has_the_fields_of_the_format() {
    let expected = concat!(
        r#"{"schemaVersion":1,"block":5,"txs":[{"index":0,"reads":["#,
        r#"["0x0000000000000000000000000000000000000001","#,
        r#""0x0000000000000000000000000000000000000000000000000000000000000001"],"#,
        r#"["0x0000000000000000000000000000000000000001","#,
        r#""0x0000000000000000000000000000000000000000000000000000000000000002"]],"#,
        r#""writes":[["0x0000000000000000000000000000000000000001","#,
        r#""0x0000000000000000000000000000000000000000000000000000000000000001"]],"#,
        r#""deltas":[["0x0000000000000000000000000000000000000002","#,
        r#""0x0000000000000000000000000000000000000000000000000000000000000007"]],"#,
        r#""balances":[["0x0000000000000000000000000000000000000001","#,
        r#""0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"]],"#,
        r#""accountChanges":[{"account":"0x0000000000000000000000000000000000000008","nonces":1,"#,
        r#""code":"0xfe"},"#,
        r#"{"account":"0x0000000000000000000000000000000000000009","destroyed":true}],"#,
        r#""wildcards":["0x0000000000000000000000000000000000000003"],"complete":false,"#,
        r#""coverage":"partial","why":"loop not unrolled, unknown storage key","stateReads":1,"#,
        r#""accounts":{"balanceReads":[],"balanceDebits":[],"balanceCredits":[],"#,
        r#""nonces":["0x0000000000000000000000000000000000000009"],"codeReads":[],"#,
        r#""created":["0x0000000000000000000000000000000000000008"],"destroyed":[]}},"#,
        r#"{"index":1,"#,
    );
    let text = print(5, &example());
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn what_was_written_is_read_back_and_written_the_same() {
    let text = print(5, &example());
    let read = of_block(&parse(text.as_bytes(), "p.json").unwrap(), 5, 3).unwrap();
    assert_eq!(print(5, &read), text);
    for (before, after) in example().iter().zip(&read) {
        assert_eq!(before.access_set(), after.access_set());
        assert_eq!(before.coverage(), after.coverage());
        assert_eq!(before.gaps(), after.gaps());
        assert_eq!(before.account_changes(), after.account_changes());
        assert_eq!(before.n_state_reads(), after.n_state_reads());
    }
}

#[test]
fn files_written_by_hand_work() {
    let text = r#"{"block": 5, "by": "me", "txs": [
        {"index": 2, "reads": [["0x0000000000000000000000000000000000000001", "0x2"]], "x": 1},
        {"index": 0, "complete": true},
        {"index": 1, "coverage": "assuming", "complete": false, "accounts": {"nonces": []}}
    ]}"#;
    let read = of_block(&parse(text.as_bytes(), "p.json").unwrap(), 5, 4).unwrap();
    let coverage: Vec<_> = read.iter().map(Prediction::coverage).collect();
    let (complete, assuming, partial) = (Coverage::Complete, Coverage::Assuming, Coverage::Partial);
    assert_eq!(coverage, [complete, assuming, partial, partial]);
    assert_eq!(read[TxIndex(2)].storage().reads, [slot(1, 2)]);
    assert_eq!(read[TxIndex(3)].gaps(), [Gap::Stated]);
}

#[test]
fn a_file_may_hold_several_blocks() {
    let text = format!("{}\n{}\n", print(5, &example()), print(6, &IndexVec::new()));
    let stated = parse(text.as_bytes(), "p.json").unwrap();
    assert_eq!(of_block(&stated, 5, 3).unwrap().len(), 3);
    assert_eq!(of_block(&stated, 6, 0).unwrap().len(), 0);
    assert_eq!(
        of_block(&stated, 7, 0).unwrap_err().to_string(),
        "p.json: block: the predictions are for 2 blocks from 5 to 6 but block 7 was asked for; \
         predict that block, or name the one the file is for"
    );
    let twice = format!("{text}{text}");
    assert_eq!(error(&twice), "p.json: block: 5 occurs twice; keep one of them");
}

#[test]
fn errors_name_the_file_and_the_field() {
    let text = print(5, &example());
    let cut = error(&text[..text.len() - 9]);
    assert!(cut.starts_with("p.json: not valid JSON: EOF while parsing"), "{cut}");
    assert_eq!(error(r#"{"txs": []}"#), "p.json: top level: missing field `block`");
    assert_eq!(error(r#"{"block": 1, "txs": [{}]}"#), "p.json: txs[0]: missing field `index`");
    let wrong = |tx: &str| error(&format!(r#"{{"block": 1, "txs": [{tx}]}}"#));
    assert_eq!(
        wrong(r#"{"index": 0, "coverage": "total"}"#),
        "p.json: txs[0].coverage: `total` is none of complete, assuming and partial; \
         leave it out if unsure"
    );
    assert_eq!(
        wrong(r#"{"index": 0, "reads": [["0x0000000000000000000000000000000000000001", "12"]]}"#),
        "p.json: txs[0].reads[0][1]: `12` is not a slot; write it as 0x… in hexadecimal"
    );
    assert_eq!(
        wrong(r#"{"index": 3}, {"index": 3}"#),
        "p.json: txs[1].index: 3 occurs twice; keep one of them"
    );
    assert!(error(r#"{"schemaVersion": 2, "block": 1, "txs": []}"#).contains("use a newer"));
    let stated = parse(text.as_bytes(), "p.json").unwrap();
    assert_eq!(
        of_block(&stated, 5, 2).unwrap_err().to_string(),
        "p.json: txs: there is no transaction 2 in block 5, which has 2"
    );
}

#[test]
fn what_predictions_hold_for_comes_back_whole() {
    let code = (Address::with_last_byte(1), B256::with_last_byte(9));
    let head = Head { chain_id: 10, block: 5, analyzer: 3 };
    let hints: Vec<Hint> =
        example().into_iter().map(|it| Hint::new(it, vec![code], head.analyzer)).collect();
    let of = |n: usize| TxIndex::from_usize(n);
    let text = print_hints(head, hints.iter().enumerate().map(|(n, hint)| (of(n), hint)));
    let stated = parse(text.as_bytes(), "p.json").unwrap();
    assert_eq!(stated[0].head(), head);
    assert!(stated[0].hints().map(|(_, hint)| hint).eq(&hints));
    let wanted = ExpectedBlock { chain_id: 10, block: 5, n_txs: 3 };
    assert_eq!(hints_for(&stated, wanted).unwrap().as_slice(), hints);
    let other =
        hints_for(&stated, ExpectedBlock { chain_id: 1, ..wanted }).unwrap_err().to_string();
    assert_eq!(
        other,
        "p.json: chainId: the predictions are for chain 10 but the block is of chain 1; predict \
         that block"
    );
    // Who says of no chain may mean any.
    let unsaid = parse(print(5, &example()).as_bytes(), "p.json").unwrap();
    assert!(hints_for(&unsaid, ExpectedBlock { chain_id: 1, ..wanted }).is_ok());
}

#[test]
fn a_state_word_has_a_slot_or_a_field() {
    let address = format!("{:#x}", Address::with_last_byte(1));
    let word = |rest: &str| {
        let word = format!(r#"{{"address": "{address}", "value": "0x1"{rest}}}"#);
        parse(
            format!(r#"{{"block": 1, "txs": [{{"index": 0, "reliedOn": [{word}]}}]}}"#).as_bytes(),
            "p.json",
        )
    };
    assert!(word(r#", "field": "nonce""#).is_ok());
    for rest in
        ["", r#", "field": "colour""#, &format!(r#", "field": "code", "slot": "{}""#, B256::ZERO)]
    {
        let error = word(rest).unwrap_err().to_string();
        assert!(error.starts_with("p.json: txs[0].reliedOn[0]"), "{rest}: {error}");
    }
}

#[test]
fn a_later_version_is_told_from_a_fault() {
    let error = error(r#"{"schemaVersion": 7, "block": "0x1", "transactions": []}"#);
    assert!(error.starts_with("p.json: schemaVersion: 7 is newer than 1"), "{error}");
}
