//! What is a database like that lies on disk?
//!
//! In: a recorded block. Out: [`Disk`], the state before it in a redb file, by address and slot.
//! Invariants: the store's own cache is small, so that reads go to the file, whose pages the
//! operating system may hold; a batch is read in the order of its keys, by one transaction.

use redb::{Builder, Database, ReadOnlyTable, ReadableDatabase, StorageError, TableDefinition};
use revm::{
    bytecode::Bytecode,
    context::DBErrorMarker,
    database_interface::DatabaseRef,
    primitives::{Address, B256, KECCAK_EMPTY, StorageKey, StorageValue, U256, keccak256},
    state::AccountInfo,
};
use slotcast::{executor::BatchRef, model::Slot};
use slotcast_corpus::RecordedBlock;
use tempfile::TempDir;

type Key = [u8; 52];

const ACCOUNTS: TableDefinition<'_, [u8; 20], [u8; 72]> = TableDefinition::new("accounts");
const SLOTS: TableDefinition<'_, Key, [u8; 32]> = TableDefinition::new("slots");
const CODES: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("codes");
const HASHES: TableDefinition<'_, u64, [u8; 32]> = TableDefinition::new("hashes");

/// How many bytes of the file's pages the store holds in memory.
const CACHE_BYTES: usize = 256 << 10;

/// The store could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the store: {0}")]
pub(crate) struct DiskError(#[from] redb::Error);

impl DBErrorMarker for DiskError {}

impl From<StorageError> for DiskError {
    fn from(error: StorageError) -> Self {
        Self(error.into())
    }
}

/// A state in a file.
pub(crate) struct Disk {
    accounts: ReadOnlyTable<[u8; 20], [u8; 72]>,
    slots: ReadOnlyTable<Key, [u8; 32]>,
    codes: ReadOnlyTable<[u8; 32], &'static [u8]>,
    hashes: ReadOnlyTable<u64, [u8; 32]>,
    /// The file and its folder go when everything else is gone.
    _database: Database,
    _folder: TempDir,
}

impl Disk {
    /// A new file that holds the state before `block`.
    pub(crate) fn holding(block: &RecordedBlock) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("state.redb");
        let database = Builder::new().set_cache_size(CACHE_BYTES).create(&path)?;
        let transaction = database.begin_write()?;
        {
            let mut accounts = transaction.open_table(ACCOUNTS)?;
            let mut slots = transaction.open_table(SLOTS)?;
            let mut codes = transaction.open_table(CODES)?;
            let mut hashes = transaction.open_table(HASHES)?;
            for (address, account) in &block.pre_state {
                let hash = match (&account.code, account.code_hash) {
                    (Some(code), _) => keccak256(code),
                    (None, hash) => hash.unwrap_or(KECCAK_EMPTY),
                };
                if let Some(code) = &account.code {
                    codes.insert(hash.0, &code[..])?;
                }
                let mut row = [0; 72];
                row[..32].copy_from_slice(&account.balance.to_be_bytes::<32>());
                row[32..40].copy_from_slice(&account.nonce.to_be_bytes());
                row[40..].copy_from_slice(&hash.0);
                accounts.insert(address.into_array(), row)?;
                for (slot, word) in &account.storage {
                    slots.insert(key_of(*address, *slot), word.to_be_bytes::<32>())?;
                }
            }
            for (number, hash) in &block.block_hashes {
                hashes.insert(number, hash.0)?;
            }
        }
        transaction.commit()?;
        let transaction = database.begin_read()?;
        Ok(Self {
            accounts: transaction.open_table(ACCOUNTS)?,
            slots: transaction.open_table(SLOTS)?,
            codes: transaction.open_table(CODES)?,
            hashes: transaction.open_table(HASHES)?,
            _database: database,
            _folder: folder,
        })
    }
}

fn key_of(address: Address, slot: U256) -> Key {
    let mut key = [0; 52];
    key[..20].copy_from_slice(&address[..]);
    key[20..].copy_from_slice(&slot.to_be_bytes::<32>());
    key
}

impl DatabaseRef for Disk {
    type Error = DiskError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DiskError> {
        let row = self.accounts.get(address.into_array())?.map(|row| row.value());
        let info = row.map(|row| {
            let number =
                |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            AccountInfo {
                balance: U256::from_be_slice(&row[..32]),
                nonce: number(&row[32..40]),
                code_hash: B256::from_slice(&row[40..]),
                code: None,
                ..AccountInfo::default()
            }
        });
        Ok(info.filter(|info| !info.is_empty()))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, DiskError> {
        let code = self.codes.get(hash.0)?.map(|code| code.value().to_vec().into());
        Ok(code.map_or_else(Bytecode::default, |code: revm::primitives::Bytes| {
            Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
        }))
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, DiskError> {
        let word = self.slots.get(key_of(address, key))?;
        Ok(word.map(|word| U256::from_be_bytes(word.value())).unwrap_or_default())
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, DiskError> {
        Ok(self.hashes.get(number)?.map(|hash| hash.value().into()).unwrap_or_default())
    }
}

/// Fetch plans ascend by address and slot, as the tables do.
impl BatchRef for Disk {
    fn slots_ref(&self, slots: &[Slot]) -> Result<Vec<U256>, DiskError> {
        let (Some(first), Some(last)) = (slots.first(), slots.last()) else { return Ok(vec![]) };
        let range = key_of(first.address, first.key)..=key_of(last.address, last.key);
        let mut found = self.slots.range(range)?.peekable();
        let mut words = Vec::with_capacity(slots.len());
        for slot in slots {
            let key = key_of(slot.address, slot.key);
            let mut word = U256::ZERO;
            while let Some(entry) =
                found.next_if(|it| it.as_ref().map_or(true, |it| it.0.value() <= key))
            {
                let entry = entry?;
                if entry.0.value() == key {
                    word = U256::from_be_bytes(entry.1.value());
                }
            }
            words.push(word);
        }
        Ok(words)
    }
}
