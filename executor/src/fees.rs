//! Which balances may change under a transaction without changing what it does?
//!
//! In: how a run used an account. Out: [`Use`], and for a balance that was only added to or spent
//! from, the balance it ends with when it starts from another.
//! Invariants: what has no explanation counts as observed in full; a rebased balance is what running
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
        // An account that was only paid has everything to spare.
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
mod tests;
