//! How does one compiled engine read any base state?
//!
//! In: a base state of any type. Out: [`AnyState`], the same words behind one type, so that the EVM
//! and the engine are compiled once and not again in every crate that executes.
//! Invariant: what the base state reports is handed on as it is; [`state_error`] takes it out again.

use alloy_primitives::{Address, B256};
use revm::{
    bytecode::Bytecode,
    database_interface::{DBErrorMarker, DatabaseRef},
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use thiserror::Error;

use crate::error::Source;

/// A base state behind one type; a read costs one indirect call more.
pub(crate) type AnyState<'a> = &'a (dyn DatabaseRef<Error = StateError> + Sync + 'a);

/// What a base state reported.
#[derive(Debug, Error)]
#[error(transparent)]
pub(crate) struct StateError(Source);

impl DBErrorMarker for StateError {}

/// The error that a base state reported, or another one, as the source of an execution error.
pub(crate) fn state_error(error: impl core::error::Error + Send + Sync + 'static) -> Source {
    let error: Source = Box::new(error);
    error.downcast::<StateError>().map_or_else(|other| other, |reported| reported.0)
}

/// A base state whose errors have one type.
pub(crate) struct Erased<'a, DB>(pub(crate) &'a DB);

impl<DB: DatabaseRef> DatabaseRef for Erased<'_, DB> {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.0.basic_ref(address).map_err(|error| StateError(Box::new(error)))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, StateError> {
        self.0.code_by_hash_ref(code_hash).map_err(|error| StateError(Box::new(error)))
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, StateError> {
        self.0.storage_ref(address, key).map_err(|error| StateError(Box::new(error)))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        self.0.block_hash_ref(number).map_err(|error| StateError(Box::new(error)))
    }
}
