//! Does what is packed come back whole, and is anything else refused?

use slotcast_model::StateRead;

use super::*;

fn account(n: u8) -> Address {
    Address::repeat_byte(n)
}

/// What can be said of accounts, with the code of another as long as a contract's.
fn changes() -> Vec<(Address, AccountLeft)> {
    let change = |is_destroyed, nonces, code| AccountLeft { is_destroyed, nonces, code };
    vec![
        (account(1), change(false, 2, None)),
        (account(7), change(false, 1, Some(Bytes::new()))),
        (account(8), change(false, 1, Some(vec![0xfe; 300].into()))),
        (account(9), change(true, 0, None)),
    ]
}

/// Everything a prediction can say.
fn prediction() -> Prediction {
    let slot = |contract, key: u64| Slot::new(account(contract), U256::from(key));
    let storage = StorageAccess {
        reads: vec![slot(2, 1), Slot::new(account(7), U256::MAX / U256::from(3))],
        writes: vec![slot(2, 0)],
        deltas: vec![slot(2, 9)],
    };
    let accounts = AccountAccess {
        balance_reads: vec![account(1)],
        balance_debits: vec![account(1)],
        balance_credits: vec![account(2)],
        nonces: vec![account(1)],
        code_reads: vec![account(2), account(7)],
        created: vec![account(8)],
        delegated: vec![account(7)],
        destroyed: vec![account(9)],
    };
    let word = |location| StateRead { location, value: U256::from(7) };
    let relied_on = vec![
        word(slot(2, 1).into()),
        word(slot(7, 0).into()),
        word(Location::Balance(account(9))),
        word(Location::Nonce(account(4))),
        word(Location::Code(account(2))),
    ];
    let gaps = vec![Gap::Loop, Gap::Stated];
    Prediction::new(storage, accounts, vec![account(6)], relied_on, gaps)
        .with_values(vec![(slot(2, 0), U256::from(3))])
        .with_balance_changes(vec![(account(1), U256::from(9)), (account(5), U256::ZERO)])
        .with_account_changes(changes())
}

const HEAD: Head = Head { chain_id: 10, block: 24_500_000, analyzer: 3 };

#[test]
fn everything_comes_back_but_values() {
    let predictions = [(TxIndex(3), prediction()), (TxIndex(5), Prediction::default())];
    let bytes = pack(HEAD, predictions.iter().map(|(tx, it)| (*tx, it)));
    let two = [bytes.clone(), pack(1.into(), [])].concat();
    let blocks = unpack(&two).unwrap();
    assert_eq!((blocks[0].head, blocks[1].head), (HEAD, Head::from(1)));
    assert_eq!(blocks[1].txs, []);
    for ((tx, sent), came) in predictions.iter().zip(&blocks[0].txs) {
        let it = &came.prediction;
        assert_eq!((came.tx, it.storage(), it.accounts()), (*tx, sent.storage(), sent.accounts()));
        assert_eq!((it.values(), it.balance_changes()), (sent.values(), sent.balance_changes()));
        assert_eq!(it.account_changes(), sent.account_changes());
        assert_eq!((it.wildcards(), it.gaps()), (sent.wildcards(), sent.gaps()));
        assert_eq!((it.coverage(), it.n_state_reads()), (sent.coverage(), sent.n_state_reads()));
        let locations: Vec<_> = sent.relied_on().iter().map(|word| word.location).collect();
        assert_eq!(came.relied_on, locations);
    }
    assert_eq!(bytes, pack(HEAD, predictions.iter().map(|(tx, it)| (*tx, it))));
}

#[test]
fn an_address_and_a_slot_stand_once_in_a_block() {
    let without_code = || prediction().with_account_changes(vec![]);
    let one = pack(HEAD, [(TxIndex(0), &without_code())]).len();
    let again =
        pack(HEAD, (0..2).map(TxIndex).map(|tx| (tx, PREDICTION.get_or_init(without_code))));
    assert!(again.len() < one + 120, "{one}, {}", again.len());
}

static PREDICTION: std::sync::OnceLock<Prediction> = std::sync::OnceLock::new();

#[test]
fn bytes_that_are_cut_changed_or_of_another_version_are_refused_or_read() {
    let bytes = pack(HEAD, [(TxIndex(3), &prediction())]);
    for n in 0..bytes.len() {
        assert_eq!(unpack(&bytes[..n]), Err(Error::InputTooShort), "{n}");
        assert_eq!(is_packed(&bytes[..n]), 12 <= n, "{n}");
    }
    assert!(!is_packed(b"{}") && unpack(b"{}").is_err());
    assert!(unpack(&[&bytes[..], b"more"].concat()).is_err());
    let place = bytes.windows(MAGIC.len()).position(|it| it == MAGIC).unwrap() + MAGIC.len();
    let mut newer = bytes.clone();
    newer[place] = 9;
    assert!(unpack(&newer).unwrap_err().to_string().contains("another version"));
    let mut n_refused = 0;
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut other = bytes.clone();
            other[at] ^= flip;
            // A panic or an endless loop would end the test.
            n_refused += usize::from(unpack(&other).is_err());
        }
    }
    assert!(bytes.len() / 2 < n_refused, "{n_refused}");
}

#[test]
fn a_number_that_stands_for_nothing_is_refused() {
    let of = |row: Row| Body::default().tx(&row).unwrap_err().to_string();
    for row in [
        Row { accounts: vec![vec![0]], ..Row::default() },
        Row { storage: vec![vec![], vec![0]], ..Row::default() },
        Row { relied_on: vec![vec![0]], ..Row::default() },
        Row { relied_on: vec![vec![], vec![], vec![0]], ..Row::default() },
        Row { coverage: 3, ..Row::default() },
    ] {
        assert_eq!(of(row), "a number is out of range");
    }
    let change = Changed { address: 0, is_destroyed: false, nonces: 0, code: Vec::new() };
    assert_eq!(
        of(Row { changes: vec![change.clone()], ..Row::default() }),
        of(Row { coverage: 3, ..Row::default() })
    );
    let twice = Changed { code: vec![Bytes::new(); 2], ..change };
    let error = of(Row { changes: vec![twice], ..Row::default() });
    assert_eq!(error, "an account is left with one code at most");
    assert_eq!(of(Row { gaps: vec!["mood".to_owned()], ..Row::default() }), "an unknown gap");
}
