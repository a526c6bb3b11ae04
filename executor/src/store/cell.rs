//! What happened to one account or one slot?
//!
//! In: versions ascending by stamp. Out: the last one below a stamp.
//! Invariant: a cell has at least one version; most have no more, so only the others are on the
//! heap.

use alloy_primitives::{Address, U256};
use revm::state::AccountInfo;

use crate::{
    outcome::{AccountChange, AccountFields, SlotChange},
    versions::Stamp,
};

/// An account that somebody changed.
#[derive(Clone, Debug)]
pub(super) struct AccountCell {
    /// Whether it ceased to exist at some time.
    has_vanished: bool,
    last: (Stamp, Option<AccountInfo>),
    earlier: Vec<(Stamp, Option<AccountInfo>)>,
}

impl AccountCell {
    pub(super) const fn new(stamp: Stamp, info: Option<AccountInfo>) -> Self {
        Self { has_vanished: info.is_none(), last: (stamp, info), earlier: Vec::new() }
    }

    /// Enters the next version.
    pub(super) fn push(&mut self, stamp: Stamp, info: Option<AccountInfo>, keeps_history: bool) {
        debug_assert!(self.last.0 <= stamp, "steps are committed in block order");
        self.has_vanished |= info.is_none();
        let before = core::mem::replace(&mut self.last, (stamp, info));
        if keeps_history && before.0 < stamp {
            self.earlier.push(before);
        }
    }

    /// Makes the next version of the last one, or of `nobody` when that is gone, and keeps no history;
    /// nothing when it cannot be made.
    pub(super) fn remake(
        &mut self,
        stamp: Stamp,
        nobody: AccountInfo,
        change: impl FnOnce(&mut AccountInfo) -> Option<()>,
    ) -> Option<()> {
        let (last, version) = &mut self.last;
        *last = stamp;
        let info = version.get_or_insert(nobody);
        change(info)?;
        if info.is_empty() {
            *version = None;
            self.has_vanished = true;
        }
        Some(())
    }

    /// The last version, and when it came to be.
    pub(super) const fn last(&self) -> (Stamp, Option<&AccountInfo>) {
        (self.last.0, self.last.1.as_ref())
    }

    /// The last version below `stamp`, if there is one.
    pub(super) fn below(&self, stamp: Stamp) -> Option<Option<&AccountInfo>> {
        if self.last.0 < stamp {
            return Some(self.last.1.as_ref());
        }
        let n_below = self.earlier.partition_point(|(version, _)| *version < stamp);
        Some(self.earlier[n_below.checked_sub(1)?].1.as_ref())
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
            after: self.last.1.as_ref().map(AccountFields::from),
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
