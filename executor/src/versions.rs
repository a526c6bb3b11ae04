//! Which value does a transaction find where several others may have written?
//!
//! In: the EVM state each transaction ended with. Out: per account and slot, the value left by the
//! highest earlier transaction that wrote it.
//! Invariants: a transaction's effects stand here at most once, under its own index; what is read
//! below index `j` depends only on which transactions below `j` are here, never on the order in
//! which they came.
//!
//! # Protocol
//!
//! The versions live behind one read-write lock. While a layer runs, every worker holds it for
//! reading and nothing changes; between layers the committer alone holds it for writing. So within
//! a layer all transactions see exactly the transactions of earlier layers, whatever the timing.
//!
//! # Effects, not values
//!
//! A speculative run may have started from a balance that is not final. What stays true is what it
//! did: *add this much*. An account's version is therefore an [`Effect`] on what was there before,
//! and balances add up along the chain of versions:
//!
//! ```text
//! base 10 ──── tx 2: +5 ──── tx 4: +1, nonce 8 ──── tx 9: destroyed
//! below 2: 10   below 4: 15   below 9: 16, nonce 8    above: nothing
//! ```
//!
//! When transaction 2 turns out to add 7 instead, only its own effect is replaced and everyone after
//! it sees the right sum. Chains are worked out once per change, not per read.

use alloy_primitives::{
    Address, B256, U256,
    map::{AddressMap, HashMap},
};
use revm::{
    bytecode::Bytecode,
    state::{Account, AccountInfo, EvmState},
};
use slotcast_model::TxIndex;

/// What a transaction did to one account, but for its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Effect {
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
    /// What `account` did; nothing when it was only looked at.
    fn of(account: &Account) -> Option<Self> {
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
    tx: TxIndex,
    effect: Effect,
    after: Option<AccountInfo>,
}

/// All that is known of one account.
#[derive(Clone, Debug, Default)]
struct Chain {
    /// What the transactions of the block start from; not known as long as nobody wrote here.
    start: Option<Option<AccountInfo>>,
    /// Whether `start` differs from the base state, which the block's system calls bring about.
    is_start_changed: bool,
    /// Ascending by transaction.
    versions: Vec<Version>,
    /// How many of `versions`, from the first, have a current `after`.
    n_current: usize,
    /// The transactions that cleared the storage, ascending.
    clears: Vec<TxIndex>,
    /// Per key, ascending by transaction; no transaction stands for the block's system calls.
    slots: HashMap<U256, Vec<(Option<TxIndex>, U256)>>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen<T> {
    /// Nobody wrote it in this block: the base state has it.
    Base,
    /// The block left it like this.
    Left(T),
}

/// The effects of the transactions executed so far.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    chains: AddressMap<Chain>,
    /// Chains changed since all were settled, with repeats.
    unsettled: Vec<Address>,
}

impl Versions {
    /// Enters what the system calls before the first transaction left behind.
    pub(crate) fn start(
        &mut self,
        address: Address,
        info: Option<AccountInfo>,
        slots: impl IntoIterator<Item = (U256, U256)>,
    ) {
        let chain = self.chains.entry(address).or_default();
        chain.start = Some(info);
        chain.is_start_changed = true;
        chain.slots.extend(slots.into_iter().map(|(key, value)| (key, vec![(None, value)])));
    }

    /// Enters the effects of `tx`, which must not be here yet.
    pub(crate) fn publish(&mut self, tx: TxIndex, state: &EvmState) {
        state.iter().for_each(|(address, account)| {
            let Some(effect) = Effect::of(account) else { return };
            let chain = self.chains.entry(*address).or_default();
            self.unsettled.push(*address);
            let is_destroyed = effect == Effect::Destroyed;
            chain.insert(tx, effect, account);
            if is_destroyed {
                return;
            }
            for (key, slot) in account.changed_storage_slots() {
                let written = chain.slots.entry(*key).or_default();
                let position = written.partition_point(|(writer, _)| *writer < Some(tx));
                written.insert(position, (Some(tx), slot.present_value));
            }
        });
    }

    /// Takes back the effects of `tx`, which were published with this same state.
    pub(crate) fn retract(&mut self, tx: TxIndex, state: &EvmState) {
        state.iter().for_each(|(address, account)| {
            let Some(chain) = self.chains.get_mut(address) else { return };
            let Ok(position) = chain.versions.binary_search_by_key(&tx, |it| it.tx) else { return };
            self.unsettled.push(*address);
            chain.versions.remove(position);
            chain.n_current = chain.n_current.min(position);
            chain.clears.retain(|clearer| *clearer != tx);
            for (key, _) in account.changed_storage_slots() {
                if let Some(written) = chain.slots.get_mut(key) {
                    written.retain(|(writer, _)| *writer != Some(tx));
                }
            }
        });
    }

    /// Works out every chain that changed, so that the versions can be read by many.
    pub(crate) fn settle(&mut self) {
        for address in self.unsettled.drain(..) {
            if let Some(chain) = self.chains.get_mut(&address) {
                chain.settle(chain.versions.len());
            }
        }
    }

    /// The account `tx` finds, working out its chain as far as that needs.
    pub(crate) fn account_mut(
        &mut self,
        address: Address,
        tx: TxIndex,
    ) -> Seen<Option<&AccountInfo>> {
        match self.chains.get_mut(&address) {
            None => Seen::Base,
            Some(chain) => {
                let n_below = chain.n_below(tx);
                chain.settle(n_below);
                chain.at(n_below)
            }
        }
    }

    /// The account `tx` finds.
    ///
    /// # Panics
    ///
    /// When the chain was not settled since its last change.
    pub(crate) fn account(&self, address: Address, tx: TxIndex) -> Seen<Option<&AccountInfo>> {
        match self.chains.get(&address) {
            None => Seen::Base,
            Some(chain) => chain.at(chain.n_below(tx)),
        }
    }

    /// The storage word `tx` finds.
    pub(crate) fn slot(&self, address: Address, key: U256, tx: TxIndex) -> Seen<U256> {
        let Some(chain) = self.chains.get(&address) else { return Seen::Base };
        let written = chain.slots.get(&key).and_then(|written| {
            let n_below = written.partition_point(|(writer, _)| *writer < Some(tx));
            n_below.checked_sub(1).map(|last| written[last])
        });
        let n_clears = chain.clears.partition_point(|clearer| *clearer < tx);
        let cleared = n_clears.checked_sub(1).map(|last| chain.clears[last]);
        match (written, cleared) {
            (None, None) => Seen::Base,
            (None, Some(_)) => Seen::Left(U256::ZERO),
            // A creation clears first and writes after.
            (Some((writer, _)), Some(cleared)) if writer < Some(cleared) => Seen::Left(U256::ZERO),
            (Some((_, value)), _) => Seen::Left(value),
        }
    }
}

impl Chain {
    fn n_below(&self, tx: TxIndex) -> usize {
        match self.versions.last() {
            Some(last) if last.tx < tx => self.versions.len(),
            _ => self.versions.partition_point(|version| version.tx < tx),
        }
    }

    fn at(&self, n_below: usize) -> Seen<Option<&AccountInfo>> {
        match n_below.checked_sub(1) {
            Some(last) => {
                assert!(last < self.n_current, "versions are read after they were settled");
                Seen::Left(self.versions[last].after.as_ref())
            }
            None if self.is_start_changed => {
                Seen::Left(self.start.as_ref().and_then(Option::as_ref))
            }
            None => Seen::Base,
        }
    }

    fn insert(&mut self, tx: TxIndex, effect: Effect, account: &Account) {
        let position = self.n_below(tx);
        if position == 0 && self.start.is_none() {
            // The first to write read the start from the base state.
            let existed = !account.is_loaded_as_not_existing();
            self.start = Some(existed.then(|| account.original_info()));
        }
        assert!(self.start.is_some(), "whoever wrote first entered the start");
        assert!(
            self.versions.get(position).is_none_or(|it| it.tx != tx),
            "a transaction's effects are published once"
        );
        if effect.clears_storage() {
            let position = self.clears.partition_point(|clearer| *clearer < tx);
            self.clears.insert(position, tx);
        }
        self.versions.insert(position, Version { tx, effect, after: None });
        self.n_current = self.n_current.min(position);
    }

    fn settle(&mut self, n: usize) {
        while self.n_current < n {
            let (done, rest) = self.versions.split_at_mut(self.n_current);
            let before = match done.last() {
                Some(version) => version.after.as_ref(),
                None => self.start.as_ref().and_then(Option::as_ref),
            };
            let version = &mut rest[0];
            version.after = version.effect.apply(before);
            self.n_current += 1;
        }
    }
}
