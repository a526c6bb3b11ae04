//! What is a database like that takes its time?
//!
//! In: a state and how long a question takes. Out: [`Latent`], which answers as the state does, later;
//! a batch takes as long as one question.
//! Invariant: it waits without sleeping, since sleeping takes longer than the shortest latencies.

use std::time::Duration;

use revm::{
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    primitives::{Address, B256, StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast::{
    Clock,
    executor::{BatchRef, MemoryState, MissingCode},
    model::Slot,
};

/// A state behind a latency.
#[derive(Debug)]
pub(crate) struct Latent<'a> {
    state: &'a MemoryState,
    latency: Duration,
}

impl<'a> Latent<'a> {
    pub(crate) const fn new(state: &'a MemoryState, latency: Duration) -> Self {
        Self { state, latency }
    }

    fn wait(&self) {
        if self.latency.is_zero() {
            return;
        }
        let clock = Clock::start();
        while clock.elapsed() < self.latency {
            core::hint::spin_loop();
        }
    }

    /// The account without its code, which databases keep elsewhere.
    fn account(&self, address: Address) -> Result<Option<AccountInfo>, MissingCode> {
        let info = self.state.basic_ref(address)?;
        Ok(info.map(|info| AccountInfo { code: None, ..info }))
    }
}

impl DatabaseRef for Latent<'_> {
    type Error = MissingCode;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, MissingCode> {
        self.wait();
        self.account(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, MissingCode> {
        self.wait();
        self.state.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, MissingCode> {
        self.wait();
        self.state.storage_ref(address, key)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, MissingCode> {
        self.wait();
        self.state.block_hash_ref(number)
    }
}

impl BatchRef for Latent<'_> {
    fn accounts_ref(&self, addresses: &[Address]) -> Result<Vec<Option<AccountInfo>>, MissingCode> {
        self.wait();
        addresses.iter().map(|address| self.account(*address)).collect()
    }

    fn slots_ref(&self, slots: &[Slot]) -> Result<Vec<StorageValue>, MissingCode> {
        self.wait();
        slots.iter().map(|slot| self.state.storage_ref(slot.address, slot.key)).collect()
    }

    fn codes_ref(&self, hashes: &[B256]) -> Result<Vec<Bytecode>, MissingCode> {
        self.wait();
        // A code of which only the hash was recorded is looked at, never run.
        Ok(hashes
            .iter()
            .map(|hash| self.state.code_by_hash_ref(*hash).unwrap_or_default())
            .collect())
    }
}
