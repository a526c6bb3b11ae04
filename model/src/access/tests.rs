//! Tests of: what does one transaction touch, and do two transactions meet?

use alloy_primitives::Address;

use super::*;

fn balance(n: u8) -> Location {
    Location::Balance(Address::with_last_byte(n))
}

#[test]
fn lists_are_sorted_and_an_add_to_an_observed_location_is_a_write() {
    let set = AccessSet::new(
        vec![balance(2), balance(1), balance(2)],
        vec![balance(3)],
        vec![balance(4), balance(3), balance(1)],
    );
    assert_eq!(set.reads(), [balance(1), balance(2)]);
    assert_eq!(set.writes(), [balance(1), balance(3)]);
    assert_eq!(set.adds(), [balance(4)]);
}

#[test]
fn a_later_read_waits_for_an_observed_add() {
    let looked_and_was_paid = AccessSet::new(vec![balance(1)], vec![], vec![balance(1)]);
    let reader = AccessSet::new(vec![balance(1)], vec![], vec![]);
    assert!(reader.reads_from(&looked_and_was_paid));
}

#[test]
fn only_a_read_depends() {
    let writer = AccessSet::new(vec![], vec![balance(1)], vec![]);
    let adder = AccessSet::new(vec![], vec![], vec![balance(1)]);
    let reader = AccessSet::new(vec![balance(0), balance(1)], vec![], vec![]);
    assert!(reader.reads_from(&writer));
    assert!(reader.reads_from(&adder));
    assert!(!adder.reads_from(&adder));
    assert!(!writer.reads_from(&reader));
}

#[test]
fn containment_is_by_kind() {
    let wide = AccessSet::new(vec![balance(1), balance(2)], vec![balance(2)], vec![balance(5)]);
    assert!(wide.contains(&AccessSet::new(vec![balance(1)], vec![], vec![balance(5)])));
    assert!(wide.contains(&AccessSet::new(vec![], vec![], vec![balance(2)])));
    assert!(!wide.contains(&AccessSet::new(vec![], vec![balance(1)], vec![])));
    assert!(!wide.contains(&AccessSet::new(vec![balance(5)], vec![], vec![])));
}
