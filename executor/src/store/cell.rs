//! What happened to one account or one slot?
//!
//! In: versions ascending by version. Out: the last one below a version.
//! Invariant: a cell has at least one version; most have no more, so only the others are on the
//! heap.

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use revm::state::AccountInfo;

use crate::{
    outcome::{AccountChange, AccountFields, SlotChange},
    version::Version,
};

/// What is left of an account. Most have no code, and then the rest is little, so that thousands of
/// them are written and read in little memory.
#[derive(Clone, Debug)]
pub(super) enum AccountVersion {
    /// Nothing.
    Absent,
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

impl AccountVersion {
    /// The account.
    pub(super) fn info(&self) -> Option<AccountInfo> {
        match self {
            Self::Absent => None,
            Self::Plain { balance, nonce } => Some(plain(*balance, *nonce)),
            Self::Coded(info) => Some(AccountInfo::clone(info)),
        }
    }

    /// Whether it has code.
    pub(super) const fn has_code(&self) -> bool {
        matches!(self, Self::Coded(_))
    }

    fn fields(&self) -> Option<AccountFields> {
        self.info().as_ref().map(AccountFields::from)
    }
}

impl From<Option<&AccountInfo>> for AccountVersion {
    fn from(info: Option<&AccountInfo>) -> Self {
        match info {
            None => Self::Absent,
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

/// A changed account.
#[derive(Clone, Debug)]
pub(super) struct AccountCell {
    last: AccountVersion,
    at: Version,
    /// Whether it ceased to exist at some time.
    has_vanished: bool,
    earlier: Vec<(Version, AccountVersion)>,
}

impl AccountCell {
    pub(super) const fn new(version: Version, left: AccountVersion) -> Self {
        let has_vanished = matches!(left, AccountVersion::Absent);
        Self { last: left, at: version, has_vanished, earlier: Vec::new() }
    }

    /// Enters the next version.
    pub(super) fn push(&mut self, version: Version, left: AccountVersion, keeps_history: bool) {
        debug_assert!(self.at <= version, "steps are committed in block order");
        self.has_vanished |= matches!(left, AccountVersion::Absent);
        let before = core::mem::replace(&mut self.last, left);
        if keeps_history && self.at < version {
            self.earlier.push((self.at, before));
        }
        self.at = version;
    }

    /// The last version, and when it came to be.
    pub(super) const fn last(&self) -> (Version, &AccountVersion) {
        (self.at, &self.last)
    }

    /// The last version below `version`, if there is one.
    pub(super) fn below(&self, version: Version) -> Option<&AccountVersion> {
        if self.at < version {
            return Some(&self.last);
        }
        let n_below = self.earlier.partition_point(|(at, _)| *at < version);
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

/// A changed slot.
#[derive(Debug)]
pub(super) struct SlotCell {
    last: (Version, U256),
    earlier: Vec<(Version, U256)>,
}

impl SlotCell {
    pub(super) const fn new(version: Version, value: U256) -> Self {
        Self { last: (version, value), earlier: Vec::new() }
    }

    /// Enters the next version.
    pub(super) fn push(&mut self, version: Version, value: U256, keeps_history: bool) {
        debug_assert!(self.last.0 <= version, "steps are committed in block order");
        let before = core::mem::replace(&mut self.last, (version, value));
        if keeps_history && before.0 < version {
            self.earlier.push(before);
        }
    }

    /// The last version, and when it came to be.
    pub(super) const fn last(&self) -> (Version, U256) {
        self.last
    }

    /// The last version below `version`, if there is one.
    pub(super) fn below(&self, version: Version) -> Option<(Version, U256)> {
        if self.last.0 < version {
            return Some(self.last);
        }
        let n_below = self.earlier.partition_point(|(at, _)| *at < version);
        Some(self.earlier[n_below.checked_sub(1)?])
    }
}
