//! Is each account and slot fetched once?

use alloy_primitives::U256;
use slotcast_model::{AccountAccess, Slot, StorageAccess};

use super::*;

#[test]
fn everything_touched_is_loaded_once_in_order() {
    let account = Address::with_last_byte;
    let slot = |n, key: u64| Slot::new(account(n), U256::from(key));
    let first = StorageAccess {
        reads: vec![slot(5, 2)],
        writes: vec![slot(5, 1)],
        deltas: vec![slot(2, 9)],
    };
    let second = StorageAccess { reads: vec![slot(5, 1)], ..StorageAccess::default() };
    let accounts = AccountAccess {
        nonces: vec![account(7)],
        code_reads: vec![account(5), account(1)],
        ..AccountAccess::default()
    };
    let predictions = [(first, accounts), (second, AccountAccess::default())]
        .map(|(storage, it)| Prediction::new(storage, it, vec![], vec![], vec![]));
    let plan = FetchPlan::of(&predictions);
    let row = |n, code, keys: &[u8]| AccountFetch {
        address: account(n),
        code,
        slots: keys.iter().map(|&key| B256::with_last_byte(key)).collect(),
    };
    let expected =
        [row(1, true, &[]), row(2, false, &[9]), row(5, true, &[1, 2]), row(7, false, &[])];
    assert_eq!(plan.accounts, expected);
    assert_eq!((plan.n_accounts(), plan.n_slots()), (4, 3));
    assert_eq!(serde_json::from_str::<FetchPlan>(&crate::hints::print(&plan)).unwrap(), plan);
}
