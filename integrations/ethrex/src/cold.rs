//! What if every first read of a key went to a disk?
//!
//! In: a [`RecordedState`], what a cold read takes, how many of one batch overlap. Out: the same state,
//! slower.
//! Invariants: a key is an account, a slot or a code, and is cold until it was read once; a thread that
//! reads it meanwhile waits as long; waiting takes no processor time, so that other threads go on; a
//! batch takes one read's time for each `depth` cold keys in it.

use core::time::Duration;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::sleep,
};

use alloy_primitives::map::HashSet;
use ethrex_common::{
    H160, H256, U256,
    types::{AccountState, ChainConfig, Code, CodeMetadata},
};
use ethrex_vm::{EvmError, VmDatabase};

use crate::RecordedState;

/// How slow a cold read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColdSettings {
    /// What one cold read takes; nothing is waited for, or counted, at zero.
    pub read: Duration,
    /// How many reads of one batch overlap.
    pub depth: usize,
}

/// What can be cold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(H160),
    Slot(H160, H256),
    Code(H256),
}

/// A state on a disk that nothing was read from yet.
#[derive(Clone, Debug)]
pub struct ColdState {
    state: RecordedState,
    settings: ColdSettings,
    warm: Arc<Mutex<HashSet<Key>>>,
}

impl ColdState {
    /// All of `state` cold.
    pub fn new(state: RecordedState, settings: ColdSettings) -> Self {
        Self { state, settings, warm: Arc::default() }
    }

    /// How many keys were read.
    pub fn n_read(&self) -> usize {
        self.warm().len()
    }

    fn warm(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what of `keys` is cold.
    fn read(&self, keys: impl Iterator<Item = Key> + Clone) {
        if self.settings.read.is_zero() {
            return;
        }
        let cold = {
            let warm = self.warm();
            keys.clone().filter(|key| !warm.contains(key)).count()
        };
        let rounds = u32::try_from(cold.div_ceil(self.settings.depth)).unwrap_or(u32::MAX);
        if 0 < rounds {
            sleep(self.settings.read.saturating_mul(rounds));
            self.warm().extend(keys);
        }
    }

    fn read_one(&self, key: Key) {
        self.read(core::iter::once(key));
    }
}

impl VmDatabase for ColdState {
    fn get_account_state(&self, at: H160) -> Result<Option<AccountState>, EvmError> {
        self.read_one(Key::Account(at));
        self.state.get_account_state(at)
    }

    fn get_storage_slot(&self, at: H160, key: H256) -> Result<Option<U256>, EvmError> {
        self.read_one(Key::Slot(at, key));
        self.state.get_storage_slot(at, key)
    }

    fn get_block_hash(&self, number: u64) -> Result<H256, EvmError> {
        self.state.get_block_hash(number)
    }

    fn get_chain_config(&self) -> Result<ChainConfig, EvmError> {
        self.state.get_chain_config()
    }

    fn get_account_code(&self, hash: H256) -> Result<Code, EvmError> {
        self.read_one(Key::Code(hash));
        self.state.get_account_code(hash)
    }

    fn get_code_metadata(&self, hash: H256) -> Result<CodeMetadata, EvmError> {
        self.read_one(Key::Code(hash));
        self.state.get_code_metadata(hash)
    }

    fn get_account_states_batch(
        &self,
        all: &[H160],
    ) -> Result<Vec<Option<AccountState>>, EvmError> {
        self.read(all.iter().map(|at| Key::Account(*at)));
        self.state.get_account_states_batch(all)
    }

    fn get_account_codes_batch(&self, hashes: &[H256]) -> Result<Vec<Option<Code>>, EvmError> {
        self.read(hashes.iter().map(|hash| Key::Code(*hash)));
        // A code that was not recorded is none to what warms.
        Ok(hashes.iter().map(|hash| self.state.get_account_code(*hash).ok()).collect())
    }

    fn get_storage_slots_batch(
        &self,
        keys: &[(H160, H256)],
    ) -> Result<Vec<Option<U256>>, EvmError> {
        self.read(keys.iter().map(|&(at, key)| Key::Slot(at, key)));
        self.state.get_storage_slots_batch(keys)
    }
}

#[cfg(test)]
mod tests;
