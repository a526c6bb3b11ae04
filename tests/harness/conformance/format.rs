//! How is a state test written down?
//!
//! In: a JSON file. Out: [`Unit`]s: a state, an environment, a transaction in several variants and
//! what is expected of each variant under each fork.
//! Invariant: a number that does not fit a word is kept as missing, for such cases are excluded, not
//! misread.

use std::collections::BTreeMap;

use alloy_eips::eip2930::AccessList;
use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Deserializer};

/// One test of a file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Unit {
    /// The file and the name of the test.
    #[serde(skip)]
    pub(super) name: String,
    pub(super) env: Env,
    pub(super) pre: BTreeMap<Address, PreAccount>,
    pub(super) transaction: Variants,
    pub(super) post: BTreeMap<String, Vec<Expected>>,
}

impl Unit {
    /// The tests of a file.
    pub(super) fn read_all(name: &str, text: &[u8]) -> Vec<Self> {
        let units: BTreeMap<String, Self> =
            serde_json::from_slice(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let named = |(test, unit): (String, Self)| Self { name: format!("{name} {test}"), ..unit };
        units.into_iter().map(named).collect()
    }
}

/// The block a case takes place in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Env {
    pub(super) current_coinbase: Address,
    #[serde(deserialize_with = "word")]
    pub(super) current_gas_limit: Option<U256>,
    #[serde(deserialize_with = "word")]
    pub(super) current_number: Option<U256>,
    #[serde(deserialize_with = "word")]
    pub(super) current_timestamp: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) current_difficulty: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) current_random: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) current_base_fee: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) current_excess_blob_gas: Option<U256>,
}

/// An account before the transaction.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PreAccount {
    #[serde(deserialize_with = "word")]
    pub(super) balance: Option<U256>,
    #[serde(deserialize_with = "word")]
    pub(super) nonce: Option<U256>,
    pub(super) code: Bytes,
    pub(super) storage: BTreeMap<U256, U256>,
}

/// A transaction with some fields given several times.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variants {
    pub(super) sender: Address,
    pub(super) to: String,
    #[serde(deserialize_with = "word")]
    pub(super) nonce: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) gas_price: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) max_fee_per_gas: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) max_priority_fee_per_gas: Option<U256>,
    #[serde(default, deserialize_with = "word")]
    pub(super) max_fee_per_blob_gas: Option<U256>,
    #[serde(default)]
    pub(super) blob_versioned_hashes: Option<Vec<B256>>,
    pub(super) data: Vec<Bytes>,
    #[serde(deserialize_with = "words")]
    pub(super) gas_limit: Vec<Option<U256>>,
    #[serde(deserialize_with = "words")]
    pub(super) value: Vec<Option<U256>>,
    #[serde(default)]
    pub(super) access_lists: Vec<Option<AccessList>>,
}

/// What is expected of one variant under one fork.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Expected {
    /// The root of the state.
    pub(super) hash: B256,
    /// The hash of the logs.
    pub(super) logs: B256,
    pub(super) indexes: Indexes,
    /// That the transaction is rejected.
    pub(super) expect_exception: Option<String>,
}

/// Which of the fields given several times.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Indexes {
    pub(super) data: usize,
    pub(super) gas: usize,
    pub(super) value: usize,
}

fn word<'de, D: Deserializer<'de>>(input: D) -> Result<Option<U256>, D::Error> {
    String::deserialize(input).map(|text| parse(&text))
}

fn words<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Option<U256>>, D::Error> {
    Vec::<String>::deserialize(input).map(|texts| texts.iter().map(|text| parse(text)).collect())
}

/// The number a text stands for; `0x:bigint 0x..`, which overflows on purpose, stands for none.
fn parse(text: &str) -> Option<U256> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.is_empty() { Some(U256::ZERO) } else { U256::from_str_radix(digits, 16).ok() }
}
