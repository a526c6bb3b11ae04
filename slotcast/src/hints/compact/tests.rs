//! Does what is packed come back whole, and is it short where it can be?

use alloy_primitives::{U256, keccak256};
use slotcast_model::{AccountAccess, Gap, Slot, StateRead, StorageAccess};

use super::*;

fn account(n: u8) -> Address {
    Address::repeat_byte(n)
}

fn mapping(word: impl AsRef<[u8]>, slot: U256) -> U256 {
    let mut pair = [0; 64];
    let word = word.as_ref();
    pair[32 - word.len()..32].copy_from_slice(word);
    pair[32..].copy_from_slice(&slot.to_be_bytes::<32>());
    keccak256(pair).into()
}

/// A call of `transferFrom(9, 8, _)` on account 2 by account 1.
fn known(_: TxIndex) -> KnownTx {
    let mut input = vec![0x23, 0xb8, 0x72, 0xdd];
    for address in [account(9), account(8)] {
        input.extend(address.into_word());
    }
    KnownTx { sender: account(1), to: Some(account(2)), input: input.into() }
}

/// Two balances, an allowance, a flag behind it, an array element, a number, and a key from nowhere.
fn prediction() -> Prediction {
    let token = |key| Slot::new(account(2), key);
    let [from, to] = [account(9), account(8)].map(|owner| mapping(owner, U256::from(3)));
    let allowance = mapping(account(1), mapping(account(9), U256::from(4)));
    let storage = StorageAccess {
        reads: vec![
            token(allowance),
            token(allowance + U256::from(1)),
            token(U256::from_be_bytes(keccak256(U256::from(6).to_be_bytes::<32>()).0)),
            token(U256::from(5)),
            Slot::new(account(7), U256::MAX / U256::from(3)),
        ],
        writes: vec![token(from)],
        deltas: vec![token(to)],
    };
    let accounts = AccountAccess {
        nonces: vec![account(1)],
        balance_debits: vec![account(1)],
        code_reads: vec![account(2), account(7)],
        ..AccountAccess::default()
    };
    let word = |location| StateRead { location, value: U256::from(7) };
    let relied_on = vec![
        word(token(allowance).into()),
        word(Slot::new(account(7), U256::ZERO).into()),
        word(Location::Balance(account(9))),
        word(Location::Code(account(2))),
    ];
    Prediction::new(storage, accounts, vec![account(6)], relied_on, vec![Gap::Loop, Gap::Stated])
}

/// Packs transactions 0 and 4, unpacks them, and compares; how many bytes each took comes back.
fn check(prediction: &Prediction, known: impl Fn(TxIndex) -> KnownTx) -> [usize; 2] {
    let mut packer = Packer::new();
    let one = packer.pack(5, [(TxIndex(0), prediction)], &known);
    let both = packer.pack(5, [(TxIndex(0), prediction), (TxIndex(4), prediction)], &known);
    let (number, txs) = unpack(&both, &known).unwrap();
    assert_eq!((number, txs.len(), txs[1].tx), (5, 2, TxIndex(4)));
    for unpacked in txs {
        assert_eq!(unpacked.prediction.storage(), prediction.storage());
        assert_eq!(unpacked.prediction.accounts(), prediction.accounts());
        assert_eq!(unpacked.prediction.wildcards(), prediction.wildcards());
        assert_eq!(unpacked.prediction.coverage(), prediction.coverage());
        assert_eq!(unpacked.prediction.gaps(), prediction.gaps());
        assert_eq!(unpacked.prediction.n_state_reads(), prediction.n_state_reads());
        let relied_on = prediction.relied_on().iter().map(|word| word.location);
        assert!(unpacked.relied_on.into_iter().eq(relied_on));
    }
    [one.len(), both.len() - one.len()]
}

#[test]
fn nothing_but_values_is_lost() {
    let (prediction, nothing) = (prediction(), |_: TxIndex| KnownTx::default());
    let [first, second] = check(&prediction, known);
    // Two accounts and a key are written out; nothing is the second time.
    assert!(first < 150 && second < 45, "{first} and {second} bytes");
    let [without, _] = check(&prediction, nothing);
    assert!(first + 60 < without, "{without} bytes without knowledge");
    check(&Prediction::default(), nothing);
}

#[test]
fn keys_hashed_slot_first_are_found_too() {
    let mut pair = U256::from(2).to_be_bytes::<32>().to_vec();
    pair.extend(account(9).into_word());
    let slot = Slot::new(account(2), keccak256(pair).into());
    let storage = StorageAccess { reads: vec![slot], ..StorageAccess::default() };
    let prediction = Prediction::new(storage, AccountAccess::default(), vec![], vec![], vec![]);
    assert!(check(&prediction, known)[0] < 32);
}

#[test]
fn damaged_bytes_are_refused_or_mean_something_else() {
    let bytes = Packer::new().pack(5, [(TxIndex(0), &prediction())], known);
    for n in 0..bytes.len() {
        assert!(unpack(&bytes[..n], known).is_err(), "cut at {n}");
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[n] ^= 1 << bit;
            // Whatever comes back, it comes back.
            drop(unpack(&damaged, known));
        }
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(unpack(&longer, known), Err(UnpackError::Trailing { at: bytes.len() }));
    assert_eq!(unpack(b"SLOTHINT\x03", known), Err(UnpackError::Version { found: 3 }));
    assert_eq!(unpack(b"{}", known), Err(UnpackError::NotPacked));
    let other = unpack(&bytes, |_| KnownTx::default()).unwrap_err().to_string();
    assert!(other.contains("unpack with the same transactions"), "{other}");
}
