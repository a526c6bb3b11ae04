//! What does the chain hold before the block, when that is given as a plain list?
//!
//! In: account records and block hashes. Out: [`MemoryState`], a base state to execute on and to
//! ask single words of.
//! Invariants: it never changes; what was not given reads as empty or zero and is counted, and the
//! count decides nothing; code is analysed for jump targets once, when the state is built.

use core::sync::atomic::{AtomicU64, Ordering};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, U256,
    map::{AddressMap, B256Map, HashMap, U256Map},
};
use revm::{
    bytecode::Bytecode,
    context::DBErrorMarker,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use thiserror::Error;

/// One account before the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecord {
    /// Where the account is.
    pub address: Address,
    /// Its balance in wei.
    pub balance: U256,
    /// Its nonce.
    pub nonce: u64,
    /// Its code, as far as it was recorded.
    pub code: CodeRecord,
    /// Its storage, as far as it was recorded: key and value.
    pub storage: Vec<(U256, U256)>,
}

/// What is known of an account's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeRecord {
    /// The account has no code.
    None,
    /// The account has this code, which may be an EIP-7702 delegation.
    Known(Bytes),
    /// The account has code with this hash; the code itself was never executed and not recorded.
    HashOnly(B256),
}

/// Code was asked for of which only the hash is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "code of {address} is not recorded: the account was touched but never executed when block \
     {number} was recorded"
)]
pub struct MissingCode {
    /// The account whose code was asked for.
    pub address: Address,
    /// The block the state was recorded for.
    pub number: u64,
}

impl DBErrorMarker for MissingCode {}

#[derive(Debug)]
struct StoredAccount {
    info: AccountInfo,
    storage: U256Map<U256>,
}

/// A base state held in memory.
#[derive(Debug)]
pub struct MemoryState {
    number: u64,
    accounts: AddressMap<StoredAccount>,
    code: B256Map<Bytecode>,
    hash_only: B256Map<Address>,
    block_hashes: HashMap<u64, B256>,
    n_missing_reads: AtomicU64,
    missing_hashes: Mutex<BTreeSet<u64>>,
    empty_accounts_exist: bool,
}

impl MemoryState {
    /// Builds the state before block `number`. Of two records of one account the later counts.
    pub fn new(
        number: u64,
        accounts: impl IntoIterator<Item = AccountRecord>,
        block_hashes: impl IntoIterator<Item = (u64, B256)>,
    ) -> Self {
        let mut state = Self {
            number,
            accounts: AddressMap::default(),
            code: B256Map::default(),
            hash_only: B256Map::default(),
            block_hashes: block_hashes.into_iter().collect(),
            n_missing_reads: AtomicU64::new(0),
            missing_hashes: Mutex::default(),
            empty_accounts_exist: false,
        };
        for account in accounts {
            state.insert(account);
        }
        state
    }

    /// The same state, in which an account that was given and is empty exists, as it may before
    /// Spurious Dragon (EIP-161 removes empty accounts).
    #[must_use]
    pub fn with_empty_accounts(self) -> Self {
        Self { empty_accounts_exist: true, ..self }
    }

    /// The balance of an account.
    pub fn balance(&self, address: Address) -> U256 {
        self.account(address).map_or(U256::ZERO, |account| account.info.balance)
    }

    /// The nonce of an account.
    pub fn nonce(&self, address: Address) -> u64 {
        self.account(address).map_or(0, |account| account.info.nonce)
    }

    /// A word of an account's storage.
    pub fn storage(&self, address: Address, key: U256) -> U256 {
        match self.account(address).map(|account| account.storage.get(&key)) {
            Some(Some(value)) => *value,
            Some(None) => self.missing(U256::ZERO),
            None => U256::ZERO,
        }
    }

    /// The hash of an account's code; that of the empty string when it has none.
    pub fn code_hash(&self, address: Address) -> B256 {
        self.account(address).map_or(KECCAK256_EMPTY, |account| account.info.code_hash)
    }

    /// How many bytes of code there are at an address, as far as code was given.
    pub fn code_bytes(&self, address: Address) -> usize {
        let code = self.accounts.get(&address).and_then(|account| account.info.code.as_ref());
        code.map_or(0, |code| code.original_byte_slice().len())
    }

    /// An account's code; nothing when it has none.
    pub fn code(&self, address: Address) -> Result<Option<Bytes>, MissingCode> {
        let Some(account) = self.account(address) else { return Ok(None) };
        if account.info.code_hash == KECCAK256_EMPTY {
            return Ok(None);
        }
        self.code_by_hash_ref(account.info.code_hash).map(|code| Some(code.original_bytes()))
    }

    /// The hash of an earlier block.
    pub fn block_hash(&self, number: u64) -> B256 {
        self.block_hashes.get(&number).copied().unwrap_or_else(|| {
            self.missing_hashes.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
            self.missing(B256::ZERO)
        })
    }

    /// The blocks whose hash was asked for and not given, ascending.
    pub fn missing_block_hashes(&self) -> Vec<u64> {
        let missing = self.missing_hashes.lock().unwrap_or_else(PoisonError::into_inner);
        missing.iter().copied().collect()
    }

    /// Whether the account was given; one that was not reads as empty.
    pub fn has_account(&self, address: Address) -> bool {
        self.accounts.contains_key(&address)
    }

    /// Whether the slot was given; one that was not reads as zero.
    pub fn has_slot(&self, address: Address, key: U256) -> bool {
        self.accounts.get(&address).is_some_and(|account| account.storage.contains_key(&key))
    }

    /// How many reads asked for something that was not given: telemetry, and the reason to doubt a
    /// recording.
    pub fn n_missing_reads(&self) -> u64 {
        self.n_missing_reads.load(Ordering::Relaxed)
    }

    fn insert(&mut self, record: AccountRecord) {
        let (code_hash, code) = match record.code {
            // No code, instead of one without a byte: all of these are one piece of memory, and threads
            // that count who holds it take it from one another.
            CodeRecord::None => (KECCAK256_EMPTY, None),
            CodeRecord::Known(bytes) if bytes.is_empty() => (KECCAK256_EMPTY, None),
            CodeRecord::Known(bytes) => {
                let code = analysed(bytes);
                let hash = code.hash_slow();
                let code = self.code.entry(hash).or_insert(code).clone();
                (hash, Some(code))
            }
            CodeRecord::HashOnly(hash) => {
                self.hash_only.entry(hash).or_insert(record.address);
                (hash, None)
            }
        };
        let info = AccountInfo {
            balance: record.balance,
            nonce: record.nonce,
            code_hash,
            code,
            ..AccountInfo::default()
        };
        let storage = record.storage.into_iter().collect();
        self.accounts.insert(record.address, StoredAccount { info, storage });
    }

    fn account(&self, address: Address) -> Option<&StoredAccount> {
        let account = self.accounts.get(&address);
        if account.is_none() {
            self.missing(());
        }
        account
    }

    /// The answer to a read outside the given state. Relaxed is enough: the counter orders nothing.
    fn missing<T>(&self, answer: T) -> T {
        self.n_missing_reads.fetch_add(1, Ordering::Relaxed);
        answer
    }
}

/// Code with its jump targets, or as a delegation. Bytes that only look like a delegation were
/// deployable before London and are ordinary code.
pub(crate) fn analysed(bytes: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(bytes.clone()).unwrap_or_else(|_| Bytecode::new_legacy(bytes))
}

impl DatabaseRef for MemoryState {
    type Error = MissingCode;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        // Since Spurious Dragon an empty account is none.
        Ok(self
            .account(address)
            .filter(|account| self.empty_accounts_exist || !account.info.is_empty())
            .map(|account| account.info.clone()))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Self::Error> {
        if let Some(code) = self.code.get(&hash) {
            return Ok(code.clone());
        }
        match self.hash_only.get(&hash) {
            Some(address) => Err(MissingCode { address: *address, number: self.number }),
            None => Ok(self.missing(Bytecode::default())),
        }
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        Ok(self.storage(address, key))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        Ok(self.block_hash(number))
    }
}

#[cfg(test)]
mod tests;
