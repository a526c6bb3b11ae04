//! Tests of: which pieces of state can two transactions meet at?

use super::*;

#[test]
fn order_keeps_an_account_together() {
    let (a, b) = (Address::with_last_byte(1), Address::with_last_byte(2));
    let mut locations = [
        Location::Balance(b),
        Location::Storage(Slot::new(a, U256::from(7))),
        Location::Code(a),
        Location::Storage(Slot::new(a, U256::from(3))),
        Location::Nonce(a),
        Location::Balance(a),
    ];
    locations.sort();
    assert_eq!(
        locations,
        [
            Location::Balance(a),
            Location::Nonce(a),
            Location::Code(a),
            Location::Storage(Slot::new(a, U256::from(3))),
            Location::Storage(Slot::new(a, U256::from(7))),
            Location::Balance(b),
        ]
    );
}

#[test]
fn interning_is_by_value_and_in_order_of_mention() {
    let mut table = LocationTable::new();
    let first = table.intern(Location::Balance(Address::with_last_byte(9)));
    let second = table.intern(Location::Nonce(Address::with_last_byte(9)));
    assert_eq!((first, second), (LocationId(0), LocationId(1)));
    assert_eq!(table.intern(Location::Balance(Address::with_last_byte(9))), first);
    assert_eq!(table.resolve(second), Location::Nonce(Address::with_last_byte(9)));
    assert_eq!(table.get(&Location::Code(Address::ZERO)), None);
    assert_eq!(table.len(), 2);
}
