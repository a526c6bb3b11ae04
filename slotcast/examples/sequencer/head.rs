//! What is the state after the newest block?
//!
//! In: the state before the first block, and what each block changed. Out: a state that the next block
//! is executed on.
//! Invariant: what was entered last counts.

use alloy_primitives::{
    Address, B256, U256,
    map::{AddressMap, AddressSet, B256Map, HashMap},
};
use slotcast::executor::{
    MemoryState, MissingCode,
    database::{AccountInfo, BundleState, Bytecode, DatabaseRef},
};

use crate::template::Template;

/// The newest state.
#[derive(Debug)]
pub(crate) struct Head {
    base: MemoryState,
    accounts: AddressMap<Option<AccountInfo>>,
    storage: HashMap<(Address, U256), U256>,
    /// Accounts of whose storage in `base` nothing is left.
    wiped: AddressSet,
    codes: B256Map<Bytecode>,
}

impl Head {
    pub(crate) fn new(template: &Template) -> Self {
        let base = template.state();
        let (accounts, storage) = Default::default();
        Self { base, accounts, storage, wiped: AddressSet::default(), codes: B256Map::default() }
    }

    /// Enters what a block changed.
    #[expect(clippy::iter_over_hash_type, reason = "each account is entered for itself")]
    pub(crate) fn enter(&mut self, bundle: BundleState) {
        self.codes.extend(bundle.contracts);
        for (address, account) in bundle.state {
            if account.was_destroyed() {
                self.wiped.insert(address);
                self.storage.retain(|(owner, _), _| *owner != address);
            }
            let slots = account.storage.into_iter();
            self.storage.extend(slots.map(|(key, slot)| ((address, key), slot.present_value)));
            self.accounts.insert(address, account.info);
        }
    }
}

impl DatabaseRef for Head {
    type Error = MissingCode;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, MissingCode> {
        match self.accounts.get(&address) {
            Some(info) => Ok(info.clone()),
            None => self.base.basic_ref(address),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, MissingCode> {
        match self.codes.get(&hash) {
            Some(code) => Ok(code.clone()),
            None => self.base.code_by_hash_ref(hash),
        }
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, MissingCode> {
        match self.storage.get(&(address, key)) {
            Some(value) => Ok(*value),
            None if self.wiped.contains(&address) => Ok(U256::ZERO),
            None => self.base.storage_ref(address, key),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, MissingCode> {
        self.base.block_hash_ref(number)
    }
}
