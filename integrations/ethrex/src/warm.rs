//! How long does ethrex take for a block, with its state warmed in one way or another?
//!
//! In: a [`HostBlock`], a [`Warming`], how slow a cold read is. Out: a [`Sample`].
//! Invariants: every way starts from a cold state and an empty cache; the clock runs from before
//! anything is warmed to when the block is executed; what warms beside the execution is then cancelled
//! and not waited for on the clock; the outcome is held against the header after the clock stopped.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use alloy_primitives::map::HashMap;
use ethrex_common::{
    H160, H256, U256,
    constants::EMPTY_KECCAK_HASH,
    types::{
        AccountState, ChainConfig, Code, CodeMetadata, block_access_list::BlockAccessList,
        compute_receipts_root,
    },
};
use ethrex_crypto::NativeCrypto;
use ethrex_levm::{db::gen_db::GeneralizedDatabase, vm::VMType};
use ethrex_vm::{EvmError, VmDatabase, backends::levm::LEVM};
use slotcast::{Clock, Engine};

use crate::{
    ColdSettings, ColdState, HostBlock, HostError,
    convert::b256,
    execute::{Store, over, run},
};

mod predicting;

/// What is done to have the state at hand.
#[derive(Clone, Copy, Debug)]
pub enum Warming<'a> {
    /// Nothing.
    Nothing,
    /// ethrex executes the transactions ahead, those of one sender in order, on its threads.
    Speculative,
    /// Slotcast predicts each transaction on the state before the block, on the same threads, and reads
    /// what it predicts.
    Predicting(&'a Engine),
    /// This list is at hand, and ethrex warms from it as from the list of a block of Amsterdam: slots
    /// first, then accounts and codes beside the execution.
    List(&'a BlockAccessList),
    /// This list is at hand, and all of it is read in three batches before the execution.
    Batch(&'a BlockAccessList),
}

/// What one run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Microseconds.
    pub micros: f64,
    /// Keys read from the cold state until the block was executed.
    pub n_read: usize,
}

/// Warms and executes the block once.
pub fn sample(
    host: &HostBlock,
    warming: Warming<'_>,
    settings: ColdSettings,
) -> Result<Sample, HostError> {
    let cold = ColdState::new(host.state.clone(), settings);
    let ahead = ReadAhead { state: cold.clone(), read: Arc::default() };
    let store = over(ahead.clone());
    let cancelled = AtomicBool::new(false);
    let (result, sample) = thread::scope(|scope| {
        let clock = Clock::start();
        let other = Arc::clone(&store);
        match warming {
            Warming::Nothing => {}
            Warming::Speculative => {
                scope.spawn(|| speculate(host, other, &cancelled));
            }
            Warming::Predicting(engine) => {
                scope.spawn(|| predicting::warm(host, engine, other, &cancelled));
            }
            Warming::List(list) => {
                store
                    .prefetch_storage(&LEVM::bal_storage_slots(list))
                    .map_err(|error| HostError::Warming(error.to_string()))?;
                scope.spawn(|| LEVM::warm_block_from_bal(list, other, &cancelled));
            }
            Warming::Batch(list) => ahead.fetch(list)?,
        }
        let result = run(host, &mut GeneralizedDatabase::new(store));
        let micros = clock.elapsed().as_secs_f64() * 1e6;
        let n_read = cold.n_read();
        cancelled.store(true, Ordering::Relaxed);
        Ok::<_, HostError>((result, Sample { micros, n_read }))
    })?;
    let (result, _) = result?;
    let root = compute_receipts_root(&result.receipts, &NativeCrypto);
    let header = &host.recorded.header;
    assert_eq!(result.block_gas_used, header.gas_used, "block {}", host.number());
    assert_eq!(b256(root), header.receipts_root, "block {}", host.number());
    Ok(sample)
}

/// A transaction that fails here is one that fails when it is executed, or does not.
fn speculate(host: &HostBlock, store: Store, cancelled: &AtomicBool) {
    drop(LEVM::warm_block(&host.block, store, VMType::L1, &NativeCrypto, cancelled));
}

/// What was read in batches, between the cold state and ethrex's cache, which itself asks for a batch
/// from 16,384 missing keys on only.
#[derive(Clone, Debug)]
struct ReadAhead {
    state: ColdState,
    read: Arc<RwLock<Read>>,
}

#[derive(Debug, Default)]
struct Read {
    accounts: HashMap<H160, Option<AccountState>>,
    slots: HashMap<(H160, H256), Option<U256>>,
    codes: HashMap<H256, Code>,
}

impl ReadAhead {
    /// Reads accounts, slots and codes of the list, each in one batch.
    fn fetch(&self, list: &BlockAccessList) -> Result<(), EvmError> {
        let addresses: Vec<_> = list.accounts().iter().map(|account| account.address).collect();
        let keys = LEVM::bal_storage_slots(list);
        let accounts = self.state.get_account_states_batch(&addresses)?;
        let slots = self.state.get_storage_slots_batch(&keys)?;
        let hashes = accounts.iter().flatten().map(|account| account.code_hash);
        let mut hashes: Vec<_> = hashes.filter(|hash| *hash != *EMPTY_KECCAK_HASH).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let codes = self.state.get_account_codes_batch(&hashes)?;
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.accounts.extend(addresses.into_iter().zip(accounts));
        read.slots.extend(keys.into_iter().zip(slots));
        let codes = hashes.into_iter().zip(codes);
        read.codes.extend(codes.filter_map(|(hash, code)| Some((hash, code?))));
        Ok(())
    }

    /// What `look` finds among what was read.
    fn look<T>(&self, look: impl FnOnce(&Read) -> Option<T>) -> Option<T> {
        look(&self.read.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl VmDatabase for ReadAhead {
    fn get_account_state(&self, at: H160) -> Result<Option<AccountState>, EvmError> {
        let found = self.look(|read| read.accounts.get(&at).copied());
        found.map_or_else(|| self.state.get_account_state(at), Ok)
    }

    fn get_storage_slot(&self, at: H160, key: H256) -> Result<Option<U256>, EvmError> {
        let found = self.look(|read| read.slots.get(&(at, key)).copied());
        found.map_or_else(|| self.state.get_storage_slot(at, key), Ok)
    }

    fn get_block_hash(&self, number: u64) -> Result<H256, EvmError> {
        self.state.get_block_hash(number)
    }

    fn get_chain_config(&self) -> Result<ChainConfig, EvmError> {
        self.state.get_chain_config()
    }

    fn get_account_code(&self, hash: H256) -> Result<Code, EvmError> {
        let found = self.look(|read| read.codes.get(&hash).cloned());
        found.map_or_else(|| self.state.get_account_code(hash), Ok)
    }

    fn get_code_metadata(&self, hash: H256) -> Result<CodeMetadata, EvmError> {
        let found = self.look(|read| read.codes.get(&hash).map(Code::len));
        match found {
            Some(length) => Ok(CodeMetadata { length: length as u64 }),
            None => self.state.get_code_metadata(hash),
        }
    }
}

#[cfg(test)]
mod tests;
