//! Which balances may change under a transaction?

use super::*;

fn with_balance(balance: u64) -> Option<AccountInfo> {
    Some(AccountInfo { balance: U256::from(balance), nonce: 1, ..AccountInfo::default() })
}

fn allows(usage: &Use, found: u64, committed: u64) -> bool {
    usage.allows(with_balance(found).as_ref(), with_balance(committed).as_ref())
}

#[test]
fn the_tightest_check_decides() {
    let mut usage = Use::default();
    usage.explain();
    usage.spend(U256::from(100), U256::from(30));
    usage.spend(U256::from(150), U256::from(120));
    assert!(allows(&usage, 100, 80));
    assert!(allows(&usage, 100, 70));
    assert!(!allows(&usage, 100, 69));
    assert!(allows(&usage, 100, 1_000));
    let rebased = |now: u64| rebase(U256::from(100), U256::from(30), U256::from(now));
    assert_eq!(rebased(80), Some(U256::from(10)));
    assert_eq!(rebased(70), Some(U256::ZERO));
    assert_eq!(rebased(60), None);
}

#[test]
fn a_check_that_failed_looks_at_the_balance() {
    let mut usage = Use::default();
    usage.explain();
    usage.spend(U256::from(5), U256::from(6));
    assert!(!allows(&usage, 5, 4));
    assert!(allows(&usage, 5, 5));
}

#[test]
fn what_nothing_explained_was_looked_at() {
    let mut usage = Use::default();
    assert!(!allows(&usage, 5, 6));
    usage.explain();
    assert!(allows(&usage, 5, 6));
    usage.look_at_balance();
    assert!(!allows(&usage, 5, 6));
}

#[test]
fn nonce_existence_and_code_count_when_looked_at() {
    let mut usage = Use::default();
    usage.explain();
    let account = |nonce| Some(AccountInfo { nonce, ..AccountInfo::default() });
    let (one, two) = (account(1), account(2));
    assert!(usage.allows(one.as_ref(), two.as_ref()));
    assert!(usage.allows(None, one.as_ref()));
    usage.look_at_existence();
    assert!(!usage.allows(None, one.as_ref()));
    assert!(usage.allows(one.as_ref(), two.as_ref()));
    usage.look_at_nonce();
    assert!(!usage.allows(one.as_ref(), two.as_ref()));
    let mut with_code = one.clone();
    with_code.as_mut().unwrap().code_hash = alloy_primitives::B256::ZERO;
    assert!(!usage.allows(one.as_ref(), with_code.as_ref()));
}

#[test]
fn absurd_balances_are_compared_exactly() {
    let mut usage = Use::default();
    usage.explain();
    let huge = |balance| Some(AccountInfo { balance, ..AccountInfo::default() });
    let (a, b) = (huge(LARGEST_LAZY_BALANCE), huge(LARGEST_LAZY_BALANCE - U256::from(1)));
    assert!(!usage.allows(a.as_ref(), b.as_ref()));
    assert!(usage.allows(a.as_ref(), a.as_ref()));
}
