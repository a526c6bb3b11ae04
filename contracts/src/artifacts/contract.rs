//! What is known of one compiled contract?
//!
//! In: built by `read`. Out: [`Contract`].
//! Invariant: where the compiler left a hole in the code, for an immutable or a library, the code
//! has a word that occurs nowhere else, so that nothing is concluded from zeroes that will not stay.

use std::collections::BTreeMap;

use alloy_primitives::Bytes;

use crate::artifacts::{StorageLayout, holes::Hole, signature::Signature, source::Lines};

/// Who wrote an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// `forge build`.
    Foundry,
    /// `hardhat compile`.
    Hardhat,
    /// `truffle compile`.
    Truffle,
    /// `waffle`.
    Waffle,
    /// solc's standard or combined JSON.
    Solc,
    /// This repository's corpus.
    Corpus,
    /// No known tool: bare code, or an object with code in it.
    Unknown,
}

impl Tool {
    /// The one line to add to a project's settings so that artifacts have a storage layout.
    pub const fn layout_advice(self) -> &'static str {
        match self {
            Self::Foundry => "add `extra_output = [\"storageLayout\"]` to foundry.toml",
            Self::Hardhat => {
                "add `outputSelection: { \"*\": { \"*\": [\"storageLayout\"] } }` to solidity.settings \
                 in hardhat.config"
            }
            Self::Waffle => {
                "add `\"outputSelection\": {\"*\": {\"*\": [\"storageLayout\", \"evm\", \"abi\"]}}` to \
                 compilerOptions in waffle.json"
            }
            Self::Truffle => {
                "truffle keeps none; add `\"storageLayout\"` to outputSelection of solc's standard \
                 JSON input and name its output"
            }
            Self::Solc | Self::Corpus | Self::Unknown => {
                "add `\"storageLayout\"` to outputSelection of solc's standard JSON input"
            }
        }
    }
}

/// One compiled contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// What to call it.
    pub name: String,
    /// The source file, as the compiler was told; empty when not known.
    pub source: String,
    /// The file it was read from.
    pub file: String,
    /// Who compiled it.
    pub tool: Tool,
    /// Runtime code, its holes filled.
    pub code: Bytes,
    /// Where its variables lie, namespaces of ERC-7201 included; none when it was not told.
    pub layout: Option<StorageLayout>,
    /// Holes in the code.
    pub(crate) holes: Vec<Hole>,
    /// Signatures by selector, as far as known.
    pub(crate) signatures: BTreeMap<u32, Signature>,
    /// Where its parts are declared, as far as known.
    pub(crate) lines: Lines,
}

impl Contract {
    /// Code of which nothing else is known.
    pub fn bare(name: &str, code: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            source: String::new(),
            file: name.to_owned(),
            tool: Tool::Unknown,
            code: code.into(),
            layout: None,
            holes: Vec::new(),
            signatures: BTreeMap::new(),
            lines: Lines::default(),
        }
    }

    /// The same contract, as it is deployed: with nothing left to fill in.
    #[must_use]
    pub fn with_code(&self, code: Bytes) -> Self {
        Self { code, holes: Vec::new(), ..self.clone() }
    }

    /// The signature of the function with this selector.
    pub fn signature(&self, selector: u32) -> Option<&str> {
        self.signatures.get(&selector).map(|signature| signature.text.as_str())
    }

    /// Whether `code` as it is deployed is this contract, whatever its immutables, libraries and
    /// metadata.
    pub fn is_code(&self, code: &[u8]) -> bool {
        crate::artifacts::matching::matches(&self.code, &self.holes, code)
    }

    /// What this is called among others of the same name.
    pub fn full_name(&self) -> String {
        match self.source.as_str() {
            "" => self.name.clone(),
            source => format!("{source}:{}", self.name),
        }
    }
}
