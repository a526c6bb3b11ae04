//! How is the host's database asked for the single words that a prediction relies on?
//!
//! In: any revm `DatabaseRef`. Out: [`Reads`], the same as a [`BaseState`].
//! Invariants: what cannot be read, because the database fails or panics, is unknown and never zero;
//! a prediction goes on without it, and execution meets the same failure and reports it.

use core::{fmt, panic::AssertUnwindSafe};
use std::panic::catch_unwind;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use slotcast_executor::database::{AccountInfo, DatabaseRef};

use crate::summaries::{BaseState, CodeAt};

/// A database, asked for single words.
pub struct Reads<'a, DB>(
    /// The database.
    pub &'a DB,
);

impl<DB> fmt::Debug for Reads<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reads")
    }
}

impl<DB: DatabaseRef> Reads<'_, DB> {
    /// What `read` finds; nothing when it fails or panics.
    fn ask<T>(&self, read: impl FnOnce(&DB) -> Result<T, DB::Error>) -> Option<T> {
        // A read changes nothing of ours, so nothing is left half changed.
        catch_unwind(AssertUnwindSafe(|| read(self.0).ok())).ok().flatten()
    }

    fn account(&self, address: Address) -> Option<AccountInfo> {
        self.ask(|base| base.basic_ref(address)).map(Option::unwrap_or_default)
    }
}

impl<DB: DatabaseRef> BaseState for Reads<'_, DB> {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.ask(|base| base.storage_ref(address, key))
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.account(address).map(|account| account.balance)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.account(address).map(|account| account.nonce)
    }

    fn code(&self, address: Address) -> CodeAt {
        let Some(account) = self.account(address) else { return CodeAt::Unavailable };
        let hash = account.code_hash;
        if hash == KECCAK256_EMPTY || hash.is_zero() {
            return CodeAt::Nothing;
        }
        let code = account.code.or_else(|| self.ask(|base| base.code_by_hash_ref(hash)));
        code.map_or(CodeAt::Unavailable, |code| CodeAt::Known(hash, code.original_bytes()))
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.ask(|base| base.block_hash_ref(number))
    }
}
