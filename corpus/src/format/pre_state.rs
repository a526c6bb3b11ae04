//! How is the state before a block spelled?
//!
//! In and out: geth's prestate form, `{address: {"balance", "nonce", "code"?, "codeHash"?,
//! "storage"?}}`.
//! Invariants: an account or slot that occurs twice, in whatever spelling, is an error; printing
//! is in ascending order, with storage words padded to 32 bytes.

use core::{fmt, marker::PhantomData};
use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

use super::quantity::{self, Text};
use crate::{PreAccount, PreState};

/// Reads all accounts.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PreState, D::Error> {
    deserializer.deserialize_map(UniqueMap {
        what: "account",
        key: parse_address,
        value: PhantomData::<AccountIn>,
        keep: AccountIn::into_account,
    })
}

/// Prints all accounts.
pub(super) fn write<S: Serializer>(state: &PreState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer
        .collect_map(state.iter().map(|(address, account)| (lower(*address), AccountOut(account))))
}

/// Reads accounts after a block; `null` stands for one that ceased to exist.
pub(super) fn read_changes<'de, D>(deserializer: D) -> Result<Option<Changes>, D::Error>
where
    D: Deserializer<'de>,
{
    let changes = deserializer.deserialize_map(UniqueMap {
        what: "account",
        key: parse_address,
        value: PhantomData::<Option<AccountIn>>,
        keep: |account| account.map(AccountIn::into_account),
    });
    changes.map(Some)
}

/// Prints accounts after a block.
pub(super) fn write_changes<S: Serializer>(
    changes: &Option<Changes>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let accounts = changes.iter().flatten();
    serializer.collect_map(
        accounts.map(|(address, account)| (lower(*address), account.as_ref().map(AccountOut))),
    )
}

/// Accounts after a block.
type Changes = BTreeMap<Address, Option<PreAccount>>;

/// Reads block hashes by number; numbers may be decimal, as we write them, or hexadecimal.
pub(super) fn read_hashes<'de, D>(deserializer: D) -> Result<BTreeMap<u64, B256>, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(UniqueMap {
        what: "block",
        key: |text| match text.parse() {
            Ok(number) => Ok(number),
            Err(_) => quantity::parse_small(text),
        },
        value: PhantomData::<B256>,
        keep: |hash| hash,
    })
}

/// One account as it stands in a file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an account object")]
struct AccountIn {
    #[serde(deserialize_with = "quantity::word")]
    balance: U256,
    // geth's tracer leaves a nonce of zero out.
    #[serde(default, deserialize_with = "quantity::nonce")]
    nonce: u64,
    #[serde(default, deserialize_with = "quantity::bytes")]
    code: Option<Bytes>,
    code_hash: Option<B256>,
    #[serde(default, deserialize_with = "read_storage")]
    storage: BTreeMap<U256, U256>,
}

impl AccountIn {
    fn into_account(self) -> PreAccount {
        let Self { balance, nonce, code, code_hash, storage } = self;
        PreAccount { balance, nonce, code, code_hash, storage }
    }
}

fn read_storage<'de, D>(deserializer: D) -> Result<BTreeMap<U256, U256>, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(UniqueMap {
        what: "storage slot",
        key: quantity::parse_word,
        value: PhantomData::<Word>,
        keep: |word| word.0,
    })
}

#[derive(Deserialize)]
struct Word(#[serde(deserialize_with = "quantity::word")] U256);

/// Reads a map and refuses keys that mean the same.
struct UniqueMap<K, V, T> {
    /// What a key names, for the message.
    what: &'static str,
    key: fn(&str) -> Result<K, String>,
    value: PhantomData<V>,
    keep: fn(V) -> T,
}

impl<'de, K, V, T> de::Visitor<'de> for UniqueMap<K, V, T>
where
    K: Copy + Ord + fmt::LowerHex,
    V: Deserialize<'de>,
{
    type Value = BTreeMap<K, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with one member per {}", self.what)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) =
            map.next_key_seed(Text { expects: "a 0x… string", parse: self.key })?
        {
            let value = map.next_value::<V>()?;
            if entries.insert(key, (self.keep)(value)).is_some() {
                return Err(de::Error::custom(format_args!(
                    "{} {key:#x} occurs twice; keep one of them",
                    self.what
                )));
            }
        }
        Ok(entries)
    }
}

fn parse_address(text: &str) -> Result<Address, String> {
    let bytes = quantity::parse_bytes(text)?;
    Address::try_from(bytes.as_ref())
        .map_err(|_| format!("address `{text}` has {} bytes instead of 20", bytes.len()))
}

/// One account as we print it.
struct AccountOut<'a>(&'a PreAccount);

impl Serialize for AccountOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PreAccount { balance, nonce, code, code_hash, storage } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("balance", balance)?;
        map.serialize_entry("nonce", &U64::from(*nonce))?;
        if let Some(code) = code {
            map.serialize_entry("code", code)?;
        }
        if let Some(hash) = code_hash {
            map.serialize_entry("codeHash", hash)?;
        }
        if !storage.is_empty() {
            map.serialize_entry("storage", &StorageOut(storage))?;
        }
        map.end()
    }
}

struct StorageOut<'a>(&'a BTreeMap<U256, U256>);

impl Serialize for StorageOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(self.0.iter().map(|(key, word)| (B256::from(*key), B256::from(*word))))
    }
}

/// Addresses are printed without checksum, as recorded blocks have them.
fn lower(address: Address) -> String {
    format!("{address:#x}")
}
