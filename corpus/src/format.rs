//! How does a recorded block look as a file?
//!
//! In: bytes, plain or packed. Out: [`RecordedBlock`], and back.
//! The format, version 1: `{"chainId", "block", "preState", "blockHashes", "receipts"?}` in the
//! spelling of JSON-RPC; `block` is what `eth_getBlockByNumber` answers with full transactions,
//! `preState` geth's prestate form. A file may state `"schemaVersion"`; without it version 1 is
//! meant, and a higher one is refused rather than half understood.
//! Invariants: reading what was printed gives the same block; printing is deterministic; unknown
//! keys are ignored.

mod around;
mod block;
mod deposit;
mod pre_state;
mod quantity;

use std::collections::BTreeMap;

use alloy_consensus::Transaction as _;
use alloy_primitives::{B256, U64};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use self::{
    around::AroundFields,
    block::{BlockIn, BlockOut, ReceiptIn, ReceiptOut},
};
use crate::{CorpusError, PreState, RecordedBlock, RecordedReceipt, gzip};

/// The newest version of the format that this crate reads; the only one it writes.
const SCHEMA_VERSION: u64 = 1;

/// Reads a recorded block; `name` is what errors call it.
pub fn parse(bytes: &[u8], name: &str) -> Result<RecordedBlock, CorpusError> {
    let plain = gzip::unpack(bytes, name)?;
    read(&plain).map_err(|fault| fault.of(name))
}

/// Reads accounts in geth's prestate form by themselves, as a node's tracer answers them.
pub fn parse_pre_state(text: &[u8], name: &str) -> Result<PreState, CorpusError> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct StateIn(#[serde(deserialize_with = "pre_state::read")] PreState);
    parse_at(text, "").map(|StateIn(state)| state).map_err(|fault| fault.of(name))
}

/// Reads receipts by themselves, as a node answers those of a block.
pub fn parse_receipts(text: &[u8], name: &str) -> Result<Vec<RecordedReceipt>, CorpusError> {
    let list: Vec<ReceiptIn> = parse_at(text, "").map_err(|fault| fault.of(name))?;
    receipts(list).map_err(|fault| fault.of(name))
}

fn receipts(list: Vec<ReceiptIn>) -> Result<Vec<RecordedReceipt>, Fault> {
    list.into_iter().enumerate().map(|(index, receipt)| receipt.into_receipt(index)).collect()
}

/// Reads any other document of the corpus, with the same errors.
pub(crate) fn parse_document<T>(bytes: &[u8], name: &str) -> Result<T, CorpusError>
where
    T: serde::de::DeserializeOwned,
{
    let plain = gzip::unpack(bytes, name)?;
    parse_at(&plain, "").map_err(|fault| fault.of(name))
}

/// The block as JSON, on one line that ends with a line feed.
pub fn print(block: &RecordedBlock) -> Result<Vec<u8>, CorpusError> {
    let file = FileOut {
        chain_id: U64::from(block.chain_id),
        block: BlockOut::new(block),
        pre_state: &block.pre_state,
        pre_state_root: block.pre_state_root,
        block_hashes: &block.block_hashes,
        receipts: block
            .receipts
            .as_ref()
            .map(|receipts| receipts.iter().map(ReceiptOut::new).collect()),
        around: AroundFields::new(&block.around),
    };
    let mut text = serde_json::to_vec(&file).map_err(|source| CorpusError::Print {
        name: format!("block {}", block.number()),
        source,
    })?;
    text.push(b'\n');
    Ok(text)
}

/// The block as packed JSON.
pub fn print_packed(block: &RecordedBlock) -> Result<Vec<u8>, CorpusError> {
    print(block).map(|text| gzip::pack(&text))
}

/// What is wrong, and where in the file.
pub(crate) struct Fault {
    /// The field from the top of the file; empty where the text is not JSON at all.
    pub(crate) path: String,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn of(self, name: &str) -> CorpusError {
        let Self { path, message } = self;
        let name = name.to_owned();
        match path.is_empty() {
            true => CorpusError::Json { name, message },
            false => CorpusError::Field { name, path, message },
        }
    }
}

/// A file with its block still unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with chainId, block and preState")]
struct FileIn<'a> {
    #[serde(default, deserialize_with = "quantity::nonce")]
    schema_version: u64,
    #[serde(deserialize_with = "quantity::small")]
    chain_id: u64,
    #[serde(borrow)]
    block: &'a RawValue,
    #[serde(deserialize_with = "pre_state::read")]
    pre_state: PreState,
    pre_state_root: Option<B256>,
    #[serde(default, deserialize_with = "pre_state::read_hashes")]
    block_hashes: BTreeMap<u64, B256>,
    receipts: Option<Vec<ReceiptIn>>,
    #[serde(flatten)]
    around: AroundFields,
}

fn read(text: &[u8]) -> Result<RecordedBlock, Fault> {
    let FileIn {
        schema_version,
        chain_id,
        block,
        pre_state,
        pre_state_root,
        block_hashes,
        receipts,
        around,
    } = parse_at(text, "")?;
    if SCHEMA_VERSION < schema_version {
        return Err(Fault {
            path: "schemaVersion".to_owned(),
            message: format!(
                "{schema_version} is newer than {SCHEMA_VERSION}, which this slotcast reads; \
                 use a newer slotcast"
            ),
        });
    }
    let BlockIn { header, hash, transactions, withdrawals, uncles } = block::read(block.get())?;
    for (index, transaction) in transactions.iter().enumerate() {
        match transaction.chain_id() {
            Some(signed) if signed != chain_id => return Err(foreign(index, signed, chain_id)),
            _ => {}
        }
    }
    let receipts = receipts.map(self::receipts).transpose()?;
    Ok(RecordedBlock {
        chain_id,
        header,
        hash,
        transactions,
        withdrawals,
        uncles,
        pre_state,
        pre_state_root,
        block_hashes,
        receipts,
        around: around.into_around(),
    })
}

fn foreign(index: usize, signed: u64, stated: u64) -> Fault {
    Fault {
        path: format!("block.transactions[{index}].chainId"),
        message: format!(
            "signed for chain {signed}, but the file's chainId is {stated}; correct chainId"
        ),
    }
}

/// Reads `text`, the part of a file at `prefix`.
fn parse_at<'a, T: Deserialize<'a>>(text: &'a [u8], prefix: &str) -> Result<T, Fault> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.path().to_string();
        let path = match (prefix, inner.as_str()) {
            (prefix, ".") => prefix.to_owned(),
            ("", inner) => inner.to_owned(),
            (prefix, inner) => format!("{prefix}.{inner}"),
        };
        fault(error.inner(), path)
    })?;
    json.end().map_err(|error| fault(&error, String::new()))?;
    Ok(value)
}

/// Tells text that is no JSON (the place is a line) from JSON of the wrong shape (a field).
fn fault(error: &serde_json::Error, path: String) -> Fault {
    let message = error.to_string();
    if !error.is_data() {
        return Fault { path: String::new(), message };
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
    match path.is_empty() {
        true => Fault { path: "top level".to_owned(), message },
        false => Fault { path, message },
    }
}

/// A file as we print it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileOut<'a> {
    chain_id: U64,
    block: BlockOut<'a>,
    #[serde(serialize_with = "print_state")]
    pre_state: &'a PreState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pre_state_root: Option<B256>,
    block_hashes: &'a BTreeMap<u64, B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipts: Option<Vec<ReceiptOut<'a>>>,
    #[serde(flatten)]
    around: AroundFields,
}

fn print_state<S: Serializer>(state: &&PreState, serializer: S) -> Result<S::Ok, S::Error> {
    pre_state::write(state, serializer)
}

#[cfg(test)]
mod tests;
