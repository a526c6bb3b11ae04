//! What is a compiled contract of the corpus, and where does it keep its variables?
//!
//! In: an artifact (`corpus/data/contracts/<Name>.json`, written by `corpus/contracts/build.sh`).
//! Out: [`Contract`]: code, selectors, places of immutables, storage layout.
//! Invariants: code is what the compiler gave, with immutables zero until
//! [`Contract::runtime_with`] fills them in; nothing here knows what a contract means.

use std::{collections::BTreeMap, path::Path};

use alloy_primitives::{B256, Bytes, Selector, U256, keccak256};
use serde::Deserialize;

pub use slotcast_contracts::artifacts::{LayoutType, StorageLayout, Variable};

use crate::{CorpusError, files, format};

/// A compiled contract.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// The contract's name, with its variant.
    pub name: String,
    /// The source file, relative to `corpus/contracts`.
    pub source: String,
    /// The source's licence, as an SPDX expression.
    pub license: String,
    /// The compiler and its version.
    pub compiler: String,
    /// What the compiler was told.
    #[serde(default)]
    pub settings: serde_json::Value,
    /// The interface as the compiler printed it.
    #[serde(default)]
    pub abi: serde_json::Value,
    /// Selectors by signature, such as `transfer(address,uint256)`.
    #[serde(rename = "methodIdentifiers")]
    pub selectors: BTreeMap<String, Selector>,
    /// The code that deploys the contract, without constructor arguments.
    pub creation: Bytes,
    /// The code the contract runs, immutables zero.
    pub runtime: Bytes,
    /// Where in the runtime code each immutable stands.
    #[serde(default)]
    pub immutables: BTreeMap<String, Vec<CodeRange>>,
    /// Where the contract keeps its variables, if the compiler said so.
    #[serde(default, rename = "storageLayout")]
    pub layout: Option<StorageLayout>,
}

/// Some bytes of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct CodeRange {
    /// The first byte's offset.
    pub start: usize,
    /// How many bytes.
    pub length: usize,
}

/// Why immutables could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The contract has no immutable of that name.
    #[error("{contract} has no immutable `{immutable}`; it has: {}", known.join(", "))]
    Unknown {
        /// The contract.
        contract: String,
        /// The name asked for.
        immutable: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The artifact's places do not lie in its code.
    #[error("immutable `{immutable}` of {contract} lies outside its runtime code")]
    OutOfCode {
        /// The contract.
        contract: String,
        /// The immutable.
        immutable: String,
    },
}

impl Contract {
    /// Reads an artifact; `name` is what errors call the file.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, CorpusError> {
        format::parse_document(bytes, name)
    }

    /// Reads an artifact from a file.
    pub fn read_file(path: &Path) -> Result<Self, CorpusError> {
        Self::parse(&files::read_bytes(path)?, &path.display().to_string())
    }

    /// The selector of the function with this signature.
    pub fn selector(&self, signature: &str) -> Option<Selector> {
        self.selectors.get(signature).copied()
    }

    /// The state variable with this name; the first, where inherited ones share it.
    pub fn variable(&self, label: &str) -> Option<&Variable> {
        self.layout.as_ref()?.storage.iter().find(|variable| variable.label == label)
    }

    /// How a state variable lies in storage; see [`LayoutType::encoding`].
    pub fn encoding(&self, label: &str) -> Option<&str> {
        let variable = self.variable(label)?;
        let known = self.layout.as_ref()?.types.get(&variable.type_name)?;
        Some(&known.encoding)
    }

    /// The runtime code with the named immutables set; others stay zero.
    ///
    /// A word is cut to the length of its place, high bytes first, as the compiler does.
    pub fn runtime_with(&self, immutables: &[(&str, B256)]) -> Result<Bytes, PatchError> {
        let mut code = self.runtime.to_vec();
        for (immutable, word) in immutables {
            let places = self.immutables.get(*immutable).ok_or_else(|| PatchError::Unknown {
                contract: self.name.clone(),
                immutable: (*immutable).to_owned(),
                known: self.immutables.keys().cloned().collect(),
            })?;
            for place in places {
                let (target, kept) = place
                    .start
                    .checked_add(place.length)
                    .and_then(|end| code.get_mut(place.start..end))
                    .zip(B256::len_bytes().checked_sub(place.length))
                    .ok_or_else(|| PatchError::OutOfCode {
                        contract: self.name.clone(),
                        immutable: (*immutable).to_owned(),
                    })?;
                target.copy_from_slice(&word[kept..]);
            }
        }
        Ok(code.into())
    }
}

/// The slot of `key`'s value in a Solidity mapping at `slot`.
pub fn mapping_slot(slot: U256, key: B256) -> U256 {
    keccak256([key, B256::from(slot)].concat()).into()
}

/// The slot of `key`'s value in a Vyper mapping at `slot`; Vyper hashes the slot first.
pub fn vyper_mapping_slot(slot: U256, key: B256) -> U256 {
    keccak256([B256::from(slot), key].concat()).into()
}

/// The slot of the first element of a Solidity dynamic array at `slot`.
pub fn array_slot(slot: U256) -> U256 {
    keccak256(B256::from(slot)).into()
}

/// The word that holds `text` as a Solidity string of at most 31 bytes.
///
/// # Panics
///
/// When `text` is longer, since it then takes more than one word.
pub fn short_string(text: &str) -> U256 {
    assert!(text.len() < 32, "a string of {} bytes does not fit one word", text.len());
    let mut word = B256::right_padding_from(text.as_bytes());
    word[31] = (text.len() * 2) as u8;
    word.into()
}

#[cfg(test)]
mod tests;
