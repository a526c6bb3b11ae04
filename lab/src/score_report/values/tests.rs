//! Tests of: does a transaction read what the predictions of those before it say they leave?

use alloy_primitives::Address;
use slotcast_model::{AccountAccess, StorageAccess};

use super::*;

const A: Address = Address::repeat_byte(0xa);
const B: Address = Address::repeat_byte(0xb);

fn slot(address: Address, key: u64) -> Slot {
    Slot::new(address, U256::from(key))
}

fn prediction(writes: Vec<Slot>, destroyed: Vec<Address>, values: Vec<(Slot, U256)>) -> Prediction {
    let storage = StorageAccess { writes, ..StorageAccess::default() };
    let accounts = AccountAccess { destroyed, ..AccountAccess::default() };
    Prediction::new(storage, accounts, vec![], vec![], vec![]).with_values(values)
}

#[test]
fn the_last_value_counts_and_one_that_is_not_known_is_unknown() {
    let mut left = Left::default();
    let base = || U256::from(7);
    let (one, two) = (slot(A, 1), slot(A, 2));
    assert_eq!(left.value(&one, base), Some(U256::from(7)));
    left.add(&prediction(vec![one, two], vec![], vec![(one, U256::from(8))]));
    assert_eq!(left.value(&one, base), Some(U256::from(8)));
    assert_eq!(left.value(&two, base), None);
    left.add(&prediction(vec![one, two], vec![], vec![(two, U256::from(9))]));
    assert_eq!(left.value(&one, base), None);
    assert_eq!(left.value(&two, base), Some(U256::from(9)));
}

#[test]
fn what_a_destroyed_account_held_is_gone() {
    let mut left = Left::default();
    let base = || U256::from(7);
    left.add(&prediction(vec![slot(A, 1)], vec![], vec![(slot(A, 1), U256::ONE)]));
    left.add(&prediction(vec![], vec![A], vec![]));
    assert_eq!(left.value(&slot(A, 1), base), Some(U256::ZERO));
    assert_eq!(left.value(&slot(A, 2), base), Some(U256::ZERO));
    assert_eq!(left.value(&slot(B, 1), base), Some(U256::from(7)));
}
