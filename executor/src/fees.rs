//! Which balances may change under a transaction without changing what it does?
//!
//! In: how a run used an account. Out: [`Use`], and for a balance that was only added to or spent
//! from, the balance it ends with when it starts from another.
//! Invariants: what nobody explained counts as looked at in full; a rebased balance is what running
//! again would have given.
//!
//! Every transaction pays the beneficiary, many pay the same exchange, and a contract that wraps
//! ether takes deposits all day. If being paid counted as a write and loading an account as a read
//! of its balance, each of them would wait for the one before. So the instructions that really look
//! at a balance say so, and the rest is arithmetic:
//!
//! - *added to*: the final balance is the committed one plus what was added;
//! - *spent from*: the same, as long as every check passes that passed before. All checks are of
//!   the form "there is at least this much", so it is enough to know how much there was to spare at
//!   the tightest one.
//!
//! Worked example: a run found 100, checked for 30, was paid 50, spent 120. To spare were 70 at the
//! first check and 30 at the second; it ends with 30. If 80 is committed, 20 less than it found, the
//! tightest check still passes by 10 and it ends with 10. With 60 it would not, and is run again.

use alloy_primitives::U256;
use revm::state::AccountInfo;

/// Balances from here on are compared exactly.
///
/// Below, no sum of all balances of one transaction can wrap around, so that no check for overflow
/// can fail; and no chain has that much to give.
const LARGEST_LAZY_BALANCE: U256 = U256::from_limbs([0, 0, 0, 1 << 8]);

/// How a run used an account it loaded.
///
/// Code is not listed: it counts as looked at whenever an account is loaded, because it changes
/// rarely and is used nearly always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Use {
    is_explained: bool,
    looks_at_balance: bool,
    looks_at_nonce: bool,
    looks_at_existence: bool,
    spare: Option<U256>,
}

impl Use {
    /// Notes that the account was loaded for a purpose that looks at nothing but its code.
    pub(crate) const fn explain(&mut self) {
        self.is_explained = true;
    }

    /// Notes that the balance was looked at.
    pub(crate) const fn look_at_balance(&mut self) {
        self.looks_at_balance = true;
    }

    /// Notes that the nonce was looked at or advanced.
    pub(crate) const fn look_at_nonce(&mut self) {
        self.looks_at_nonce = true;
    }

    /// Notes that it made a difference whether the account exists and is empty.
    pub(crate) const fn look_at_existence(&mut self) {
        self.looks_at_existence = true;
    }

    /// Notes that everything was looked at.
    pub(crate) const fn look_at_all(&mut self) {
        self.looks_at_balance = true;
        self.looks_at_nonce = true;
        self.looks_at_existence = true;
    }

    /// Notes a check that at least `amount` is there, when there was `balance`.
    pub(crate) fn spend(&mut self, balance: U256, amount: U256) {
        match balance.checked_sub(amount) {
            Some(spare) => {
                self.spare = Some(self.spare.map_or(spare, |tightest| tightest.min(spare)));
            }
            // The check failed, and for how much it would pass is not known.
            None => self.looks_at_balance = true,
        }
    }

    /// Whether the run would have gone the same way with `committed` where it found `found`.
    pub(crate) fn allows(
        &self,
        found: Option<&AccountInfo>,
        committed: Option<&AccountInfo>,
    ) -> bool {
        let absent = AccountInfo::default();
        let (before, now) = (found.unwrap_or(&absent), committed.unwrap_or(&absent));
        let is_same_kind =
            before.is_empty() == now.is_empty() && found.is_some() == committed.is_some();
        let all = !self.is_explained;
        before.code_hash == now.code_hash
            && (!(all || self.looks_at_nonce) || before.nonce == now.nonce)
            && (!(all || self.looks_at_existence) || is_same_kind)
            && self.allows_balance(all, before.balance, now.balance)
    }

    fn allows_balance(&self, all: bool, before: U256, now: U256) -> bool {
        if before == now {
            return true;
        }
        if all || self.looks_at_balance {
            return false;
        }
        let is_lazy = before < LARGEST_LAZY_BALANCE && now < LARGEST_LAZY_BALANCE;
        // Whoever was only paid has everything to spare.
        is_lazy && self.spare.is_none_or(|spare| before <= now.saturating_add(spare))
    }
}

/// Whether balances next to this one may be treated as sums.
pub(crate) fn is_lazy(info: Option<&AccountInfo>) -> bool {
    info.is_none_or(|info| info.balance < LARGEST_LAZY_BALANCE)
}

/// The balance a run ends with when it starts from `now` instead of `before`; nothing when it would
/// have spent what is not there.
pub(crate) fn rebase(before: U256, after: U256, now: U256) -> Option<U256> {
    match after.checked_sub(before) {
        Some(gain) => now.checked_add(gain),
        None => now.checked_sub(before - after),
    }
}

#[cfg(test)]
mod tests {
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
    fn what_nobody_explained_was_looked_at() {
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
}
