//! How is a recorded state read by ethrex?
//!
//! In: what a recording has of the state before its block. Out: [`RecordedState`], a `VmDatabase`.
//! Invariants: what is not recorded is an error for codes and block hashes, and nothing for accounts
//! and slots, as everywhere in Slotcast; reading costs no more than a look into a map.
//!
//! ethrex asks an account's storage root for one thing only, whether it has storage. A recording has
//! no such root, so an account with a word that is not zero gets one that is not the empty one.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::map::{AddressMap, B256Map, HashMap};
use ethrex_common::{
    H160, H256, U256,
    constants::{EMPTY_KECCAK_HASH, EMPTY_TRIE_HASH},
    types::{AccountState, ChainConfig, Code, CodeMetadata},
};
use ethrex_vm::{EvmError, VmDatabase};
use slotcast_corpus::RecordedBlock;

use crate::convert::{address, b256, h160, h256, key, u256};

/// Stands for the storage root of an account that has storage.
const SOME_STORAGE: H256 = H256::repeat_byte(1);

/// The recorded state, shared by whatever reads it.
#[derive(Clone, Debug)]
pub struct RecordedState(Arc<Tables>);

#[derive(Debug)]
struct Tables {
    config: ChainConfig,
    accounts: AddressMap<AccountState>,
    slots: HashMap<(H160, H256), U256>,
    codes: B256Map<Code>,
    hashes: BTreeMap<u64, H256>,
}

impl RecordedState {
    pub(crate) fn new(recorded: &RecordedBlock, config: ChainConfig) -> Self {
        let mut tables = Tables {
            config,
            accounts: AddressMap::default(),
            slots: HashMap::default(),
            codes: B256Map::default(),
            hashes: recorded.block_hashes.iter().map(|(&at, &hash)| (at, h256(hash))).collect(),
        };
        for (&at, account) in &recorded.pre_state {
            let has_storage = account.storage.values().any(|value| !value.is_zero());
            let code_hash = account.code_hash();
            let state = AccountState {
                nonce: account.nonce,
                balance: u256(account.balance),
                storage_root: if has_storage { SOME_STORAGE } else { *EMPTY_TRIE_HASH },
                code_hash: h256(code_hash),
            };
            tables.accounts.insert(at, state);
            if let Some(code) = &account.code {
                let code = Code::from_bytecode_unchecked(code.0.clone(), h256(code_hash));
                tables.codes.insert(code_hash, code);
            }
            let slots = account.storage.iter().map(|(&at_key, &value)| (key(at_key), u256(value)));
            tables.slots.extend(slots.map(|(at_key, value)| ((h160(at), at_key), value)));
        }
        Self(Arc::new(tables))
    }

    fn code(&self, hash: H256) -> Result<Code, EvmError> {
        if hash == *EMPTY_KECCAK_HASH {
            return Ok(Code::default());
        }
        let code = self.0.codes.get(&b256(hash)).cloned();
        code.ok_or_else(|| EvmError::DB(format!("the code {hash:?} is not recorded")))
    }
}

impl VmDatabase for RecordedState {
    fn get_account_state(&self, at: H160) -> Result<Option<AccountState>, EvmError> {
        Ok(self.0.accounts.get(&address(at)).copied())
    }

    fn get_storage_slot(&self, at: H160, key: H256) -> Result<Option<U256>, EvmError> {
        Ok(self.0.slots.get(&(at, key)).copied())
    }

    fn get_block_hash(&self, number: u64) -> Result<H256, EvmError> {
        let hash = self.0.hashes.get(&number).copied();
        hash.ok_or_else(|| EvmError::DB(format!("the hash of block {number} is not recorded")))
    }

    fn get_chain_config(&self) -> Result<ChainConfig, EvmError> {
        Ok(self.0.config)
    }

    fn get_account_code(&self, hash: H256) -> Result<Code, EvmError> {
        self.code(hash)
    }

    fn get_code_metadata(&self, hash: H256) -> Result<CodeMetadata, EvmError> {
        Ok(CodeMetadata { length: self.code(hash)?.len() as u64 })
    }
}
