//! What happened to one account, step by step?
//!
//! In: effects with their stamps, in any order. Out: the account and its storage below a stamp.
//! Invariants: versions, clears and writes are ascending by stamp; the account below a stamp is read
//! only after the versions below it were worked out.

use alloy_primitives::{Address, B256, U256};
use revm::{
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    state::{Account, AccountInfo},
};

use super::{Seen, Slots, Stamp};
use crate::outcome::{AccountChange, AccountFields, SlotChange};

/// What a step did to an account, but for its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is gone.
    Destroyed,
    /// It is new, exactly like this.
    Created(AccountInfo),
    /// It was changed.
    Changed {
        /// Added to the balance, wrapping around for what was taken away.
        delta: U256,
        /// The new nonce, if it has one.
        nonce: Option<u64>,
        /// The new code, if it has one.
        code: Option<(B256, Bytecode)>,
    },
}

impl Effect {
    /// What was done to `account`; nothing when it was only looked at.
    pub(super) fn of(account: &Account) -> Option<Self> {
        if !account.is_touched() {
            return None;
        }
        if account.is_selfdestructed() {
            return Some(Self::Destroyed);
        }
        let after = &account.info;
        if account.is_created() {
            return Some(Self::Created(after.clone()));
        }
        let before = account.original_info();
        let code = (before.code_hash != after.code_hash)
            .then(|| (after.code_hash, after.code.clone().unwrap_or_default()));
        Some(Self::Changed {
            delta: after.balance.wrapping_sub(before.balance),
            nonce: (before.nonce != after.nonce).then_some(after.nonce),
            code,
        })
    }

    /// What is there after the effect.
    fn apply(&self, before: Option<&AccountInfo>) -> Option<AccountInfo> {
        match self {
            Self::Destroyed => None,
            Self::Created(info) => Some(info.clone()),
            Self::Changed { delta, nonce, code } => {
                let mut info = before.cloned().unwrap_or_default();
                info.balance = info.balance.wrapping_add(*delta);
                if let Some(nonce) = nonce {
                    info.nonce = *nonce;
                }
                if let Some((hash, code)) = code {
                    info.code_hash = *hash;
                    info.code = Some(code.clone());
                }
                // EIP-161: an account left empty by being touched ceases to exist. Before that
                // proposal revm reports such an account as created or as not touched.
                (!info.is_empty()).then_some(info)
            }
        }
    }

    /// Whether storage the account had before is gone.
    const fn clears_storage(&self) -> bool {
        matches!(self, Self::Destroyed | Self::Created(_))
    }
}

/// An effect and what it leaves.
#[derive(Clone, Debug)]
struct Version {
    stamp: Stamp,
    effect: Effect,
    after: Option<AccountInfo>,
}

/// All that happened to one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// What the base state holds; known from the first who wrote here.
    base: Option<Option<AccountInfo>>,
    versions: Vec<Version>,
    /// How many of `versions`, from the first, have a current `after`.
    n_current: usize,
    /// When the storage was cleared.
    clears: Vec<Stamp>,
    slots: Slots,
}

impl Chain {
    /// Enters an effect and the storage written with it.
    pub(super) fn insert(&mut self, stamp: Stamp, effect: Effect, account: &Account) {
        let position = self.versions.partition_point(|version| version.stamp <= stamp);
        if position == 0 && self.base.is_none() {
            // Whoever comes first in the chain when nobody wrote before read the base state.
            let existed = !account.is_loaded_as_not_existing();
            self.base = Some(existed.then(|| account.original_info()));
        }
        assert!(self.base.is_some(), "whoever wrote first entered the base state's account");
        let is_destroyed = effect == Effect::Destroyed;
        if effect.clears_storage() {
            let position = self.clears.partition_point(|clear| *clear <= stamp);
            self.clears.insert(position, stamp);
        }
        self.versions.insert(position, Version { stamp, effect, after: None });
        self.n_current = self.n_current.min(position);
        if !is_destroyed {
            self.insert_slots(stamp, account);
        }
    }

    fn insert_slots(&mut self, stamp: Stamp, account: &Account) {
        let is_cleared = self.clears.first().is_some_and(|clear| *clear <= stamp);
        for (key, slot) in account.changed_storage_slots() {
            let entry = self.slots.entry(*key).or_default();
            let position = entry.writes.partition_point(|(writer, _)| *writer <= stamp);
            if position == 0 && !is_cleared && entry.base.is_none() {
                entry.base = Some(slot.original_value);
            }
            entry.writes.insert(position, (stamp, slot.present_value));
        }
    }

    /// Takes back what was entered with this stamp and account.
    pub(super) fn remove(&mut self, stamp: Stamp, account: &Account) {
        let Ok(position) = self.versions.binary_search_by_key(&stamp, |it| it.stamp) else {
            return;
        };
        self.versions.remove(position);
        self.n_current = self.n_current.min(position);
        self.clears.retain(|clear| *clear != stamp);
        for (key, _) in account.changed_storage_slots() {
            if let Some(entry) = self.slots.get_mut(key) {
                entry.writes.retain(|(writer, _)| *writer != stamp);
            }
        }
    }

    /// Works out all versions.
    pub(super) fn settle_all(&mut self) {
        self.settle(self.versions.len());
    }

    /// The account below `stamp`, working out what that needs.
    pub(super) fn settled_account(&mut self, stamp: Stamp) -> Seen<Option<&AccountInfo>> {
        self.settle(self.n_below(stamp));
        self.account(stamp)
    }

    /// The account below `stamp`.
    pub(super) fn account(&self, stamp: Stamp) -> Seen<Option<&AccountInfo>> {
        match self.n_below(stamp).checked_sub(1) {
            Some(last) => {
                assert!(last < self.n_current, "versions are read after they were settled");
                Seen::Left(self.versions[last].after.as_ref())
            }
            None => Seen::Base,
        }
    }

    /// The storage word below `stamp`.
    pub(super) fn slot(&self, key: U256, stamp: Stamp) -> Seen<U256> {
        let written = self.slots.get(&key).and_then(|entry| {
            let n_below = entry.writes.partition_point(|(writer, _)| *writer < stamp);
            n_below.checked_sub(1).map(|last| entry.writes[last])
        });
        match (written, self.cleared(stamp)) {
            (None, None) => Seen::Base,
            (None, Some(_)) => Seen::Left(U256::ZERO),
            // A creation clears first and writes after.
            (Some((writer, _)), Some(cleared)) if writer < cleared => Seen::Left(U256::ZERO),
            (Some((_, value)), _) => Seen::Left(value),
        }
    }

    /// How the account ends against how it began, if that differs.
    pub(super) fn change<DB: DatabaseRef>(
        &self,
        address: Address,
        base: &DB,
    ) -> Result<Option<AccountChange>, DB::Error> {
        let Some(last) = self.versions.last() else { return Ok(None) };
        let began = self.base.as_ref().and_then(Option::as_ref);
        let vanished = self.versions.iter().any(|version| version.after.is_none());
        let mut storage = Vec::new();
        let cleared = self.clears.last();
        self.slots.iter().try_for_each(|(key, entry)| {
            let Some((writer, after)) = entry.writes.last() else { return Ok(()) };
            let before = match cleared {
                Some(cleared) if writer < cleared => return Ok(()),
                Some(_) => U256::ZERO,
                None => match entry.base {
                    Some(before) => before,
                    None => base.storage_ref(address, *key)?,
                },
            };
            if before != *after {
                storage.push(SlotChange { key: *key, before, after: *after });
            }
            Ok(())
        })?;
        storage.sort_unstable_by_key(|slot| slot.key);
        let change = AccountChange {
            address,
            before: began.map(AccountFields::from),
            after: last.after.as_ref().map(AccountFields::from),
            destroyed: began.is_some() && vanished,
            storage,
        };
        Ok(change.is_any().then_some(change))
    }

    fn cleared(&self, stamp: Stamp) -> Option<Stamp> {
        let n_below = self.clears.partition_point(|clear| *clear < stamp);
        n_below.checked_sub(1).map(|last| self.clears[last])
    }

    fn n_below(&self, stamp: Stamp) -> usize {
        match self.versions.last() {
            Some(last) if last.stamp < stamp => self.versions.len(),
            _ => self.versions.partition_point(|version| version.stamp < stamp),
        }
    }

    fn settle(&mut self, n: usize) {
        while self.n_current < n {
            let (done, rest) = self.versions.split_at_mut(self.n_current);
            let before = match done.last() {
                Some(version) => version.after.as_ref(),
                None => self.base.as_ref().and_then(Option::as_ref),
            };
            let version = &mut rest[0];
            version.after = version.effect.apply(before);
            self.n_current += 1;
        }
    }
}
