//! Does a reader wait for the last change before it?

use alloy_primitives::Address;

use super::*;

fn slot(n: u8) -> Slot {
    Slot::new(Address::with_last_byte(n), U256::ZERO)
}

/// What is left whatever is found.
fn leaves(value: Option<U256>) -> Leaves {
    Leaves { value, ..Leaves::default() }
}

/// The horizon, and the values of slots.
fn turn(changes: &mut LastChanges) -> (TxIndex, Vec<(Slot, U256)>) {
    let Found { horizon, expected, accounts } = changes.turn();
    assert_eq!(accounts, []);
    (horizon, expected)
}

#[test]
fn a_reader_waits_for_the_last_change_before_it() {
    let account = Address::with_last_byte;
    let location = |n| Location::Balance(account(n));
    let mut changes = LastChanges::with_room_for(6);
    let mut next = |read: &[u8], changed: &[u8]| {
        read.iter().for_each(|n| changes.read(&location(*n)));
        changed.iter().for_each(|n| changes.change_balance(account(*n), None));
        changes.turn().horizon.0
    };
    assert_eq!(next(&[1], &[1]), 0);
    assert_eq!(next(&[2], &[2]), 0);
    assert_eq!(next(&[1], &[]), 1);
    assert_eq!(next(&[1, 2], &[2]), 2);
    assert_eq!(next(&[], &[1]), 0);
    assert_eq!(next(&[1], &[]), 5);
    changes.read(&location(2));
    changes.change_balance(account(2), None);
    assert_eq!(changes.turn().horizon.0, 4);
    changes.read(&location(2));
    changes.change_balance(account(2), None);
    assert_eq!(changes.turn().horizon.0, 7);
}

#[test]
fn a_forgotten_value_is_waited_for() {
    let mut changes = LastChanges::with_room_for(3);
    changes.read_and_change(slot(1), leaves(Some(U256::ONE)));
    assert_eq!(changes.touched(), Touched::Nowhere);
    changes.turn();
    changes.read_and_change(slot(1), leaves(Some(U256::ONE)));
    assert_eq!(changes.touched(), Touched::Elsewhere, "the first changed it");
    changes.forget_value(&slot(1));
    assert_eq!(turn(&mut changes), (TxIndex(0), vec![(slot(1), U256::ONE)]));
    assert_eq!(changes.touched(), Touched::Nowhere, "of the next nothing is told yet");
    changes.read_slot(slot(1));
    assert_eq!(turn(&mut changes), (TxIndex(2), vec![]));
}

#[test]
fn a_delta_does_not_wait_and_is_waited_for() {
    let mut changes = LastChanges::with_room_for(4);
    assert!(!changes.add(slot(1), leaves(None)));
    assert_eq!(changes.turn().horizon.0, 0);
    assert!(changes.add(slot(1), leaves(None)));
    assert_eq!(changes.turn().horizon.0, 0);
    changes.read_slot(slot(1));
    assert_eq!(changes.turn().horizon.0, 2);
    changes.read_slot(slot(1));
    assert!(!changes.add(slot(1), leaves(None)), "it waits for that change anyway");
    assert_eq!(changes.turn().horizon.0, 2);
}

#[test]
fn a_known_value_is_found_and_not_waited_for() {
    let (one, two, word) = (slot(1), slot(2), |n: u64| Some(U256::from(n)));
    let mut changes = LastChanges::with_room_for(6);
    changes.read_and_change(two, leaves(word(20)));
    changes.read_and_change(one, leaves(word(10)));
    assert_eq!(turn(&mut changes), (TxIndex(0), vec![]));
    changes.read_slot(two);
    changes.read_and_change(one, leaves(None));
    assert_eq!(
        turn(&mut changes),
        (TxIndex(0), vec![(one, U256::from(10)), (two, U256::from(20))])
    );
    // One is unknown now and waited for, so that two is found among what is committed.
    changes.read_slot(one);
    changes.read_slot(two);
    assert_eq!(turn(&mut changes), (TxIndex(2), vec![]));
    // What is added to is found as well, and left.
    assert!(!changes.add(two, leaves(word(21))));
    assert_eq!(turn(&mut changes), (TxIndex(0), vec![(two, U256::from(20))]));
    changes.read_slot(two);
    assert_eq!(turn(&mut changes), (TxIndex(0), vec![(two, U256::from(21))]));
}

#[test]
fn a_delta_waits_for_the_last_writer_alone() {
    let mut changes = LastChanges::with_room_for(4);
    changes.read_and_change(slot(1), leaves(None));
    assert_eq!(changes.turn().horizon.0, 0);
    for _ in 0..2 {
        changes.add(slot(1), leaves(None));
        assert_eq!(changes.turn().horizon.0, 1);
    }
    changes.read_slot(slot(1));
    assert_eq!(changes.turn().horizon.0, 3);
}

#[test]
fn a_known_change_of_a_balance_is_told_and_not_waited_for() {
    let (one, two) = (Address::with_last_byte(1), Address::with_last_byte(2));
    let (five, minus) = (U256::from(5), U256::from(2).wrapping_neg());
    let mut changes = LastChanges::with_room_for(8);
    let read = |changes: &mut LastChanges, it| changes.read(&Location::Balance(it));
    let told = |changes: &mut LastChanges| {
        let Found { horizon, accounts, .. } = changes.turn();
        let balances = accounts.into_iter().map(|(address, told)| (address, told.balance));
        (horizon.0, balances.collect::<Vec<_>>())
    };
    changes.change_balance(one, Some(five));
    assert_eq!(told(&mut changes), (0, vec![]));
    // Its own change is not what it finds.
    read(&mut changes, one);
    assert_eq!(changes.touched(), Touched::Elsewhere);
    changes.change_balance(one, Some(minus));
    changes.change_balance(one, Some(minus));
    assert_eq!(told(&mut changes), (0, vec![(one, five)]));
    changes.change_balance(two, Some(U256::ZERO));
    assert_eq!(told(&mut changes), (0, vec![]));
    // What was passed on leaves nothing to tell.
    read(&mut changes, two);
    assert_eq!(changes.touched(), Touched::Nowhere);
    read(&mut changes, one);
    assert_eq!(told(&mut changes), (0, vec![(one, U256::from(3))]));
    // An unknown change is waited for, by itself as well as by others.
    read(&mut changes, one);
    changes.change_balance(one, None);
    assert_eq!(told(&mut changes), (0, vec![(one, U256::from(3))]));
    changes.change_balance(one, Some(five));
    assert_eq!(told(&mut changes), (0, vec![]));
    read(&mut changes, one);
    assert_eq!(told(&mut changes), (5, vec![(one, five)]));
    // What lies below a horizon that another location sets is found there.
    changes.wait_for(Some(TxIndex(5)));
    read(&mut changes, one);
    assert_eq!(told(&mut changes), (6, vec![]));
}

#[test]
fn code_that_is_put_in_place_is_told_and_what_is_unknown_waited_for() {
    let (one, code) = (Address::with_last_byte(1), Bytes::from_static(&[0xfe]));
    let mut changes = LastChanges::with_room_for(8);
    let read = |changes: &mut LastChanges| changes.read(&Location::Code(one));
    read(&mut changes);
    changes.change_code(one, Some(code.clone()));
    changes.change_nonce(one, Some(1));
    assert_eq!(changes.touched(), Touched::Nowhere, "its own change is not what it finds");
    assert_eq!(changes.turn(), Found::default());
    let told = |nonces, code: &Bytes| {
        let code = Some(Code::new(code.clone()));
        vec![(one, ToldAccount { nonces, code, ..ToldAccount::default() })]
    };
    // Both the next reader and one that changes it again are told, the latter what it finds.
    read(&mut changes);
    changes.change_code(one, Some(Bytes::new()));
    changes.change_nonce(one, Some(2));
    assert_eq!(changes.touched(), Touched::Elsewhere);
    assert_eq!(changes.turn().accounts, told(1, &code));
    read(&mut changes);
    assert_eq!(changes.turn().accounts, told(3, &Bytes::new()));
    // Below the horizon it is found.
    changes.wait_for(Some(TxIndex(1)));
    read(&mut changes);
    assert_eq!(changes.turn(), Found { horizon: TxIndex(2), ..Found::default() });
    read(&mut changes);
    changes.change_code(one, None);
    assert_eq!(changes.turn().horizon.0, 0);
    read(&mut changes);
    assert_eq!(changes.turn().horizon.0, 5);
}

#[test]
fn of_a_destroyed_account_nothing_is_left_but_what_comes_after() {
    let account = slot(1).address;
    let balance = Location::Balance(account);
    let mut changes = LastChanges::with_room_for(8);
    changes.change_balance(account, Some(U256::from(5)));
    changes.read_and_change(slot(1), leaves(Some(U256::from(7))));
    changes.turn();
    // Who destroys it finds what was there.
    changes.read(&balance);
    changes.destroy(account);
    let found = changes.turn().accounts;
    assert_eq!(
        (found.len(), found[0].1.balance, found[0].1.is_destroyed),
        (1, U256::from(5), false)
    );
    changes.read(&balance);
    changes.read_slot(slot(1));
    changes.change_balance(account, Some(U256::from(2)));
    let Found { horizon, expected, accounts } = changes.turn();
    assert_eq!((horizon.0, expected), (0, vec![(slot(1), U256::ZERO)]));
    let gone = ToldAccount { is_destroyed: true, ..ToldAccount::default() };
    assert_eq!(accounts, vec![(account, gone.clone())]);
    changes.read(&balance);
    changes.fill(slot(1), U256::from(9));
    let told = ToldAccount { balance: U256::from(2), ..gone };
    assert_eq!(changes.turn().accounts, vec![(account, told)]);
    changes.read_slot(slot(1));
    assert_eq!(turn(&mut changes), (TxIndex(0), vec![(slot(1), U256::from(9))]));
}
