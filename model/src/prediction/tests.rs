//! Tests of: what is predicted for one transaction, and how far may the prediction be trusted?

use super::*;

fn slot(n: u64) -> Slot {
    Slot::new(Address::with_last_byte(1), U256::from(n))
}

#[test]
fn lists_are_normalised() {
    let storage = StorageAccess {
        reads: vec![slot(3), slot(1)],
        writes: vec![slot(2), slot(2)],
        deltas: vec![slot(4), slot(2)],
    };
    let prediction =
        Prediction::new(storage, AccountAccess::default(), vec![], vec![], vec![Gap::Loop]);
    assert_eq!(prediction.storage().reads, [slot(1), slot(2), slot(3)]);
    assert_eq!(prediction.storage().writes, [slot(2)]);
    assert_eq!(prediction.storage().deltas, [slot(4)]);
}

#[test]
fn accounts_can_be_added() {
    let (a, b) = (Address::with_last_byte(1), Address::with_last_byte(2));
    let accounts = AccountAccess { nonces: vec![b], ..AccountAccess::default() };
    let prediction =
        Prediction::new(StorageAccess::default(), accounts, vec![], vec![], vec![Gap::Loop]);
    let more = prediction.clone().with_accounts(|accounts| accounts.nonces.extend([b, a]));
    assert_eq!(more.accounts().nonces, [a, b]);
    assert_eq!(more.gaps(), prediction.gaps());
}

#[test]
fn coverage_follows_from_what_is_known() {
    let with = |relied_on: Vec<StateRead>, gaps: Vec<Gap>| {
        Prediction::new(StorageAccess::default(), AccountAccess::default(), vec![], relied_on, gaps)
            .coverage()
    };
    let word = StateRead { location: slot(1).into(), value: U256::ZERO };
    assert_eq!(with(vec![], vec![]), Coverage::Complete);
    assert_eq!(with(vec![word], vec![]), Coverage::Assuming);
    assert_eq!(with(vec![word], vec![Gap::UnknownKey]), Coverage::Partial);
}

#[test]
fn a_statement_is_believed() {
    let stated = |coverage, gaps, n_state_reads| {
        let (storage, accounts) = (StorageAccess::default(), AccountAccess::default());
        Prediction::stated(storage, accounts, vec![], coverage, gaps, n_state_reads)
    };
    let partial = stated(Coverage::Partial, vec![], 2);
    assert_eq!((partial.coverage(), partial.gaps()), (Coverage::Partial, &[Gap::Stated][..]));
    assert_eq!(partial.n_state_reads(), 2);
    for coverage in [Coverage::Complete, Coverage::Assuming] {
        let prediction = stated(coverage, vec![Gap::Loop], 0);
        assert_eq!((prediction.coverage(), prediction.gaps()), (coverage, &[][..]));
    }
}

#[test]
fn gaps_are_known_by_their_texts() {
    for gap in Gap::ALL {
        assert_eq!(Gap::from_text(gap.text()), Some(*gap));
    }
    assert_eq!(Gap::from_text("weather"), None);
}

#[test]
fn a_spent_balance_is_no_plain_credit() {
    let (payer, payee) = (Address::with_last_byte(1), Address::with_last_byte(2));
    let accounts = AccountAccess {
        balance_debits: vec![payer],
        balance_credits: vec![payer, payee],
        nonces: vec![payer],
        ..AccountAccess::default()
    };
    let set =
        Prediction::new(StorageAccess::default(), accounts, vec![], vec![], vec![]).access_set();
    assert_eq!(set.reads(), [Location::Balance(payer), Location::Nonce(payer)]);
    assert_eq!(set.writes(), set.reads());
    assert_eq!(set.adds(), [Location::Balance(payee)]);
}
