//! How is a slow database read only once, and beforehand where it is known what will be asked?
//!
//! In: a base state and, perhaps, accounts and slots that will be asked for. Out: [`ReadThrough`], the
//! same state that remembers everything it was asked.
//! Invariants: it answers as the base state does; errors are not remembered, so that a caller that asks
//! again asks the base state; how often the base state was asked is counted, and decides nothing.
//!
//! # Protocol
//!
//! Answers lie in shards, each behind its own read-write lock that is never held while the base state
//! is asked. Two threads that miss the same word at once both ask for it, and either answer is kept:
//! they are the same. The counters are relaxed, since they order nothing.

use alloy_primitives::{
    Address, B256, U256,
    map::{AddressMap, B256Map, HashMap},
};
use revm::{
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast_model::Slot;

use crate::sync::{
    PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicU64, Ordering},
};

const N_SHARDS: usize = 16;

/// A base state that is asked for much at once more cheaply than for one thing after the other.
///
/// What is provided asks one by one. A store on disk does better by asking in the order of its keys,
/// a remote one by asking everything in one message.
pub trait BatchRef: DatabaseRef {
    /// The accounts at these addresses, in this order.
    fn accounts_ref(&self, addresses: &[Address]) -> Result<Vec<Option<AccountInfo>>, Self::Error> {
        addresses.iter().map(|address| self.basic_ref(*address)).collect()
    }

    /// The words in these slots, in this order.
    fn slots_ref(&self, slots: &[Slot]) -> Result<Vec<U256>, Self::Error> {
        slots.iter().map(|slot| self.storage_ref(slot.address, slot.key)).collect()
    }

    /// The codes with these hashes, in this order.
    fn codes_ref(&self, hashes: &[B256]) -> Result<Vec<Bytecode>, Self::Error> {
        hashes.iter().map(|hash| self.code_by_hash_ref(*hash)).collect()
    }
}

impl BatchRef for crate::MemoryState {}

impl<DB: BatchRef> BatchRef for &DB {
    fn accounts_ref(&self, addresses: &[Address]) -> Result<Vec<Option<AccountInfo>>, Self::Error> {
        (**self).accounts_ref(addresses)
    }

    fn slots_ref(&self, slots: &[Slot]) -> Result<Vec<U256>, Self::Error> {
        (**self).slots_ref(slots)
    }

    fn codes_ref(&self, hashes: &[B256]) -> Result<Vec<Bytecode>, Self::Error> {
        (**self).codes_ref(hashes)
    }
}

/// What to read beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Accounts, without their codes.
    pub accounts: Vec<Address>,
    /// Accounts whose codes are wanted too.
    pub with_code: Vec<Address>,
    /// Words of storage.
    pub slots: Vec<Slot>,
}

/// How often a base state was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Single questions: accounts, codes, words of storage, block hashes.
    pub single: u64,
    /// Of those, for accounts and words of storage.
    pub single_state: u64,
    /// Batches.
    pub batches: u64,
    /// What was asked for in batches.
    pub in_batches: u64,
}

/// A base state that remembers what it was asked.
#[derive(Debug)]
pub struct ReadThrough<DB> {
    base: DB,
    accounts: Shards<AddressMap<Option<AccountInfo>>>,
    slots: Shards<HashMap<Slot, U256>>,
    codes: RwLock<B256Map<Bytecode>>,
    block_hashes: RwLock<HashMap<u64, B256>>,
    n_single_state: AtomicU64,
    n_single_other: AtomicU64,
    n_batches: AtomicU64,
    n_in_batches: AtomicU64,
}

type Shards<M> = [RwLock<M>; N_SHARDS];

impl<DB> ReadThrough<DB> {
    /// The same state as `base`, of which nothing is known yet.
    pub fn new(base: DB) -> Self {
        Self {
            base,
            accounts: Default::default(),
            slots: Default::default(),
            codes: RwLock::default(),
            block_hashes: RwLock::default(),
            n_single_state: AtomicU64::new(0),
            n_single_other: AtomicU64::new(0),
            n_batches: AtomicU64::new(0),
            n_in_batches: AtomicU64::new(0),
        }
    }

    /// How often the base state was asked so far.
    pub fn asked(&self) -> Asked {
        let [state, other, batches, in_batches] =
            [&self.n_single_state, &self.n_single_other, &self.n_batches, &self.n_in_batches]
                .map(|count| count.load(Ordering::Relaxed));
        Asked { single: state + other, single_state: state, batches, in_batches }
    }

    fn account_shard(&self, address: &Address) -> &RwLock<AddressMap<Option<AccountInfo>>> {
        &self.accounts[usize::from(address[19]) % N_SHARDS]
    }

    fn slot_shard(&self, slot: &Slot) -> &RwLock<HashMap<Slot, U256>> {
        &self.slots[usize::from(slot.key.byte(0) ^ slot.address[19]) % N_SHARDS]
    }
}

impl<DB: BatchRef> ReadThrough<DB> {
    /// Reads everything wanted, in three batches at most: accounts, slots, codes.
    ///
    /// # Errors
    ///
    /// The base state's first error; what was read before it is known all the same.
    pub fn warm(&self, wanted: &Wanted) -> Result<(), DB::Error> {
        let Wanted { accounts, with_code, slots } = wanted;
        let addresses = [&accounts[..], with_code].concat();
        if !addresses.is_empty() {
            self.count_batch(addresses.len());
            let infos = self.base.accounts_ref(&addresses)?;
            for (address, info) in addresses.iter().zip(infos) {
                lock_write(self.account_shard(address)).insert(*address, info);
            }
        }
        if !slots.is_empty() {
            self.count_batch(slots.len());
            for (slot, word) in slots.iter().zip(self.base.slots_ref(slots)?) {
                lock_write(self.slot_shard(slot)).insert(*slot, word);
            }
        }
        let hashes = self.codes_to_read(with_code);
        if !hashes.is_empty() {
            self.count_batch(hashes.len());
            let codes = self.base.codes_ref(&hashes)?;
            lock_write(&self.codes).extend(hashes.into_iter().zip(codes));
        }
        Ok(())
    }

    /// The hashes of the accounts' codes that did not come with the accounts.
    fn codes_to_read(&self, accounts: &[Address]) -> Vec<B256> {
        let hash = |address: &Address| {
            let shard = lock_read(self.account_shard(address));
            let info = shard.get(address)?.as_ref()?;
            (info.code.is_none() && !info.is_empty_code_hash()).then_some(info.code_hash)
        };
        let mut hashes: Vec<B256> = accounts.iter().filter_map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    fn count_batch(&self, n_asked: usize) {
        self.n_batches.fetch_add(1, Ordering::Relaxed);
        self.n_in_batches.fetch_add(n_asked as u64, Ordering::Relaxed);
    }
}

impl<DB: DatabaseRef> DatabaseRef for ReadThrough<DB> {
    type Error = DB::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        let shard = self.account_shard(&address);
        if let Some(info) = lock_read(shard).get(&address) {
            return Ok(info.clone());
        }
        self.n_single_state.fetch_add(1, Ordering::Relaxed);
        let info = self.base.basic_ref(address)?;
        lock_write(shard).insert(address, info.clone());
        Ok(info)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Self::Error> {
        if let Some(code) = lock_read(&self.codes).get(&hash) {
            return Ok(code.clone());
        }
        self.n_single_other.fetch_add(1, Ordering::Relaxed);
        let code = self.base.code_by_hash_ref(hash)?;
        lock_write(&self.codes).insert(hash, code.clone());
        Ok(code)
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        let slot = Slot::new(address, key);
        let shard = self.slot_shard(&slot);
        if let Some(word) = lock_read(shard).get(&slot) {
            return Ok(*word);
        }
        self.n_single_state.fetch_add(1, Ordering::Relaxed);
        let word = self.base.storage_ref(address, key)?;
        lock_write(shard).insert(slot, word);
        Ok(word)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        if let Some(hash) = lock_read(&self.block_hashes).get(&number) {
            return Ok(*hash);
        }
        self.n_single_other.fetch_add(1, Ordering::Relaxed);
        let hash = self.base.block_hash_ref(number)?;
        lock_write(&self.block_hashes).insert(number, hash);
        Ok(hash)
    }
}

/// Every change is one insertion, so a shard is left sound by a thread that panics while holding it.
fn lock_read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn lock_write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
