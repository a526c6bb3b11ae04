//! What happened to one account or one slot?
//!
//! In: versions ascending by stamp. Out: the last one below a stamp.
//! Invariant: a cell has at least one version; most have no more, so only the others are on the
//! heap.

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use revm::state::AccountInfo;

use crate::{
    outcome::{AccountChange, AccountFields, SlotChange},
    versions::Stamp,
};

/// What is left of an account. Most have no code, and then the rest is little, so that thousands of
/// them are written and read in little memory.
#[derive(Clone, Debug)]
pub(super) enum Left {
    /// Nothing.
    Nobody,
    /// An account without code.
    Plain {
        /// Its balance.
        balance: U256,
        /// Its nonce.
        nonce: u64,
    },
    /// An account with code.
    Coded(Box<AccountInfo>),
}

impl Left {
    /// The account.
    pub(super) fn info(&self) -> Option<AccountInfo> {
        match self {
            Self::Nobody => None,
            Self::Plain { balance, nonce } => Some(plain(*balance, *nonce)),
            Self::Coded(info) => Some(AccountInfo::clone(info)),
        }
    }

    /// Whether it has code.
    pub(super) const fn has_code(&self) -> bool {
        matches!(self, Self::Coded(_))
    }

    /// What can be changed of an account by paying it or for it; of nobody, what makes it an account.
    pub(super) fn purse(&mut self) -> Purse<'_> {
        if let Self::Nobody = self {
            *self = Self::Plain { balance: U256::ZERO, nonce: 0 };
        }
        let has_code = self.has_code();
        match self {
            Self::Plain { balance, nonce } => Purse { has_code, balance, nonce },
            Self::Coded(info) => {
                Purse { has_code, balance: &mut info.balance, nonce: &mut info.nonce }
            }
            Self::Nobody => unreachable!("nobody was made a plain account"),
        }
    }

    /// An account left empty ceases to exist (EIP-161); whether it did.
    pub(super) fn vanish_if_empty(&mut self) -> bool {
        let is_empty = match self {
            Self::Nobody => true,
            Self::Plain { balance, nonce } => balance.is_zero() && *nonce == 0,
            Self::Coded(_) => false,
        };
        if is_empty {
            *self = Self::Nobody;
        }
        is_empty
    }

    fn fields(&self) -> Option<AccountFields> {
        self.info().as_ref().map(AccountFields::from)
    }
}

impl From<Option<&AccountInfo>> for Left {
    fn from(info: Option<&AccountInfo>) -> Self {
        match info {
            None => Self::Nobody,
            Some(info) if info.code_hash == KECCAK256_EMPTY => {
                Self::Plain { balance: info.balance, nonce: info.nonce }
            }
            Some(info) => Self::Coded(Box::new(info.clone())),
        }
    }
}

/// Its code is left out, which says the same as code without a byte and costs less to make.
const fn plain(balance: U256, nonce: u64) -> AccountInfo {
    AccountInfo { balance, nonce, code_hash: KECCAK256_EMPTY, account_id: None, code: None }
}

/// What payments change of an account.
#[derive(Debug)]
pub(crate) struct Purse<'a> {
    /// Whether it has code, which they do not change.
    pub(crate) has_code: bool,
    pub(crate) balance: &'a mut U256,
    pub(crate) nonce: &'a mut u64,
}

/// An account that somebody changed.
#[derive(Clone, Debug)]
pub(super) struct AccountCell {
    last: Left,
    at: Stamp,
    /// Whether it ceased to exist at some time.
    has_vanished: bool,
    earlier: Vec<(Stamp, Left)>,
}

impl AccountCell {
    pub(super) const fn new(stamp: Stamp, left: Left) -> Self {
        let has_vanished = matches!(left, Left::Nobody);
        Self { last: left, at: stamp, has_vanished, earlier: Vec::new() }
    }

    /// Enters the next version.
    pub(super) fn push(&mut self, stamp: Stamp, left: Left, keeps_history: bool) {
        debug_assert!(self.at <= stamp, "steps are committed in block order");
        self.has_vanished |= matches!(left, Left::Nobody);
        let before = core::mem::replace(&mut self.last, left);
        if keeps_history && self.at < stamp {
            self.earlier.push((self.at, before));
        }
        self.at = stamp;
    }

    /// Makes the next version of the last one, and keeps no history; nothing when it cannot be made.
    pub(super) fn pay(
        &mut self,
        stamp: Stamp,
        pay: impl FnOnce(Purse<'_>) -> Option<()>,
    ) -> Option<()> {
        self.at = stamp;
        pay(self.last.purse())?;
        self.has_vanished |= self.last.vanish_if_empty();
        Some(())
    }

    /// The last version, and when it came to be.
    pub(super) const fn last(&self) -> (Stamp, &Left) {
        (self.at, &self.last)
    }

    /// The last version below `stamp`, if there is one.
    pub(super) fn below(&self, stamp: Stamp) -> Option<&Left> {
        if self.at < stamp {
            return Some(&self.last);
        }
        let n_below = self.earlier.partition_point(|(version, _)| *version < stamp);
        Some(&self.earlier[n_below.checked_sub(1)?].1)
    }

    /// How the account ends against how it began.
    pub(super) fn change(
        &self,
        address: Address,
        before: Option<AccountFields>,
        storage: Vec<SlotChange>,
    ) -> AccountChange {
        AccountChange {
            address,
            before,
            after: self.last.fields(),
            destroyed: before.is_some() && self.has_vanished,
            storage,
        }
    }
}

/// A slot that somebody changed.
#[derive(Debug)]
pub(super) struct SlotCell {
    last: (Stamp, U256),
    earlier: Vec<(Stamp, U256)>,
}

impl SlotCell {
    pub(super) const fn new(stamp: Stamp, value: U256) -> Self {
        Self { last: (stamp, value), earlier: Vec::new() }
    }

    /// Enters the next version.
    pub(super) fn push(&mut self, stamp: Stamp, value: U256, keeps_history: bool) {
        debug_assert!(self.last.0 <= stamp, "steps are committed in block order");
        let before = core::mem::replace(&mut self.last, (stamp, value));
        if keeps_history && before.0 < stamp {
            self.earlier.push(before);
        }
    }

    /// The last version, and when it came to be.
    pub(super) const fn last(&self) -> (Stamp, U256) {
        self.last
    }

    /// The last version below `stamp`, if there is one.
    pub(super) fn below(&self, stamp: Stamp) -> Option<(Stamp, U256)> {
        if self.last.0 < stamp {
            return Some(self.last);
        }
        let n_below = self.earlier.partition_point(|(version, _)| *version < stamp);
        Some(self.earlier[n_below.checked_sub(1)?])
    }
}
