//! Is what was noted found, and little else?

use alloy_primitives::U256;

use super::*;

#[test]
fn what_was_noted_is_found_and_little_else() {
    let filter = Filter::new(100);
    let slot = |n: u64| Slot::new(Address::with_last_byte(7), U256::from(n));
    let hashed = |n: u64| Address::from_word(alloy_primitives::keccak256(n.to_be_bytes()));
    for n in 0..100 {
        filter.note(Place::of_slot(&slot(n)));
        filter.note(Place::of_account(&hashed(n)));
    }
    for n in 0..100 {
        assert!(filter.may_have(Place::of_slot(&slot(n))));
        assert!(filter.may_have(Place::of_account(&hashed(n))));
    }
    let others = 1_000..2_000;
    let n_slots = others.clone().filter(|n| filter.may_have(Place::of_slot(&slot(*n)))).count();
    let n_accounts = others.filter(|n| filter.may_have(Place::of_account(&hashed(*n)))).count();
    assert!(n_slots < 150 && n_accounts < 150, "{n_slots} and {n_accounts} of 1000");
}
