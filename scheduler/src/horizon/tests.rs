//! Does a reader wait for the last change before it?

use alloy_primitives::Address;

use super::*;

#[test]
fn a_reader_waits_for_the_last_change_before_it() {
    let location = |n| Location::Balance(Address::with_last_byte(n));
    let mut horizons = Horizons::with_room_for(6);
    let mut next = |reads: &[u8], changes: &[u8]| {
        reads.iter().for_each(|n| horizons.read(&location(*n)));
        changes.iter().for_each(|n| horizons.change(location(*n)));
        horizons.turn().0
    };
    assert_eq!(next(&[1], &[1]), 0);
    assert_eq!(next(&[2], &[2]), 0);
    assert_eq!(next(&[1], &[]), 1);
    assert_eq!(next(&[1, 2], &[2]), 2);
    assert_eq!(next(&[], &[1]), 0);
    assert_eq!(next(&[1], &[]), 5);
    horizons.read_and_change(location(2));
    assert_eq!(horizons.turn().0, 4);
    horizons.read_and_change(location(2));
    assert_eq!(horizons.turn().0, 7);
}

#[test]
fn what_is_not_forecast_is_waited_for_by_all_behind_it() {
    let slot = |n| Slot::new(Address::with_last_byte(n), Default::default());
    let location = |n| Location::Storage(slot(n));
    let mut horizons = Horizons::with_room_for(5);
    horizons.change(location(1));
    assert_eq!(horizons.turn().0, 0);
    horizons.pass();
    horizons.read(&location(1));
    assert!(!horizons.add(slot(2)));
    assert_eq!(horizons.turn().0, 2);
    assert!(horizons.add(slot(2)), "whom it adds to is not waited for");
    assert_eq!(horizons.turn().0, 2);
    horizons.read(&location(2));
    assert_eq!(horizons.turn().0, 4);
}

#[test]
fn an_addition_waits_for_the_last_writer_alone() {
    let slot = Slot::new(Address::ZERO, Default::default());
    let mut horizons = Horizons::with_room_for(4);
    horizons.change(slot.into());
    assert_eq!(horizons.turn().0, 0);
    for _ in 0..2 {
        horizons.add(slot);
        assert_eq!(horizons.turn().0, 1);
    }
    horizons.read(&slot.into());
    assert_eq!(horizons.turn().0, 3);
}

#[test]
fn an_addition_waits_for_no_addition_and_is_waited_for() {
    let slot = |n| Slot::new(Address::with_last_byte(n), Default::default());
    let location = |n| Location::Storage(slot(n));
    let mut horizons = Horizons::with_room_for(4);
    assert!(!horizons.add(slot(1)));
    assert_eq!(horizons.turn().0, 0);
    assert!(horizons.add(slot(1)));
    assert_eq!(horizons.turn().0, 0);
    horizons.read(&location(1));
    assert_eq!(horizons.turn().0, 2);
    horizons.read(&location(1));
    assert!(!horizons.add(slot(1)), "it waits for that change anyway");
    assert_eq!(horizons.turn().0, 2);
}
