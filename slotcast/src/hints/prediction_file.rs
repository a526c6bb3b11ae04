//! How do predictions look as a file, and what does a file written by hand mean?
//!
//! In: predictions, or the bytes of a file. Out: JSON, or [`StatedBlock`]s.
//! The format, version 1: `{"schemaVersion", "block", "chainId"?, "analyzer"?, "txs": [{"index",
//! "reads", "writes", "deltas", "values"?, "balances"?, "accountChanges"?, "wildcards", "complete",
//! "coverage", "why"?, "stateReads", "accounts", "reliedOn"?, "codes"?}]}`. A file may hold several such objects, one for each block.
//! What a prediction holds for stands in `chainId`, `analyzer`, `reliedOn` and `codes`
//! (`provenance.rs`).
//! Invariants: printing is deterministic, every list ascending; reading ignores unknown keys and
//! takes a missing list for an empty one; every error names the file and the field.

mod provenance;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Deserializer, Serialize, de};
use slotcast_model::{
    AccountAccess, AccountLeft, Coverage, Gap, Index, IndexVec, Prediction, Slot, StorageAccess,
    TxIndex,
};

use self::provenance::{CodeJson, WordJson, words_of};
use crate::hints::{Head, Hint};

/// The newest version of the format that is read; the only one written.
const SCHEMA_VERSION: u64 = 1;

/// Parts the reasons in `why`.
const BETWEEN_REASONS: &str = ", ";

/// The prediction file of block `block`, as JSON on one line.
pub fn print(block: u64, predictions: &IndexVec<TxIndex, Prediction>) -> String {
    print_some(block, predictions.iter_enumerated())
}

/// The prediction file with some of the block's predictions.
pub fn print_some<'a>(
    block: u64,
    predictions: impl IntoIterator<Item = (TxIndex, &'a Prediction)>,
) -> String {
    let txs = predictions.into_iter().map(|(tx, prediction)| TxOut::new(tx, prediction)).collect();
    let schema_version = SCHEMA_VERSION;
    written(&FileOut { schema_version, block, chain_id: None, analyzer: None, txs })
}

/// The prediction file with everything the predictions hold for, so that its reader can tell
/// which of them are out of date.
///
/// ```
/// use slotcast::hints::{Head, Hint, prediction_file};
/// use slotcast_model::TxIndex;
///
/// let head = Head { chain_id: 1, block: 5, analyzer: 2 };
/// let text = prediction_file::print_hints(head, [(TxIndex(0), &Hint::default())]);
/// assert!(text.starts_with(r#"{"schemaVersion":1,"block":5,"chainId":1,"analyzer":2,"txs":[{"#));
/// ```
pub fn print_hints<'a>(head: Head, hints: impl IntoIterator<Item = (TxIndex, &'a Hint)>) -> String {
    let of = |(tx, hint): (TxIndex, &Hint)| TxOut {
        relied_on: words_of(hint.prediction().relied_on(), hint.prediction().n_state_reads()),
        codes: Some(hint.codes().to_vec()),
        ..TxOut::new(tx, hint.prediction())
    };
    written(&FileOut {
        schema_version: SCHEMA_VERSION,
        block: head.block,
        chain_id: head.said_chain_id(),
        analyzer: head.said_analyzer(),
        txs: hints.into_iter().map(of).collect(),
    })
}

fn written(file: &FileOut) -> String {
    serde_json::to_string(file).expect("plain lists and numbers can be written as JSON")
}

/// What the file says of one transaction, to be put into other documents.
pub fn of_tx(
    tx: TxIndex,
    prediction: &Prediction,
) -> impl Serialize + Clone + core::fmt::Debug + use<> {
    TxOut::new(tx, prediction)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileOut {
    schema_version: u64,
    block: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analyzer: Option<u32>,
    txs: Vec<TxOut>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TxOut {
    index: u32,
    reads: Vec<(Address, B256)>,
    writes: Vec<(Address, B256)>,
    deltas: Vec<(Address, B256)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<(Address, B256, B256)>,
    /// What is added to balances modulo 2^256.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    balances: Vec<(Address, B256)>,
    /// What is left of accounts besides storage and balance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    account_changes: Vec<ChangeJson>,
    wildcards: Vec<Address>,
    complete: bool,
    coverage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    state_reads: usize,
    #[serde(with = "Accounts")]
    accounts: AccountAccess,
    #[serde(skip_serializing_if = "Option::is_none")]
    relied_on: Option<Vec<WordJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<CodeJson>>,
}

impl TxOut {
    fn new(tx: TxIndex, prediction: &Prediction) -> Self {
        let storage = prediction.storage();
        let coverage = prediction.coverage();
        let word = |(slot, value): &(Slot, U256)| (slot.address, slot.key.into(), (*value).into());
        let values = prediction.values().iter().map(word);
        let changes = prediction.balance_changes().iter();
        let gaps: Vec<&str> = prediction.gaps().iter().map(|gap| gap.text()).collect();
        Self {
            index: tx.0,
            reads: pairs(&storage.reads),
            writes: pairs(&storage.writes),
            deltas: pairs(&storage.deltas),
            values: values.collect(),
            balances: changes.map(|(address, change)| (*address, (*change).into())).collect(),
            account_changes: prediction.account_changes().iter().map(ChangeJson::of).collect(),
            wildcards: prediction.wildcards().to_vec(),
            complete: coverage == Coverage::Complete,
            coverage: coverage.text(),
            why: (!gaps.is_empty()).then(|| gaps.join(BETWEEN_REASONS)),
            state_reads: prediction.n_state_reads(),
            accounts: prediction.accounts().clone(),
            relied_on: None,
            codes: None,
        }
    }
}

/// Slots as the file has them, keys padded to 32 bytes.
fn pairs(slots: &[Slot]) -> Vec<(Address, B256)> {
    slots.iter().map(|slot| (slot.address, slot.key.into())).collect()
}

/// How the accounts of one transaction are written.
#[derive(Default, Serialize, Deserialize)]
#[serde(remote = "AccountAccess", rename_all = "camelCase", default)]
struct Accounts {
    balance_reads: Vec<Address>,
    balance_debits: Vec<Address>,
    balance_credits: Vec<Address>,
    nonces: Vec<Address>,
    code_reads: Vec<Address>,
    created: Vec<Address>,
    destroyed: Vec<Address>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delegated: Vec<Address>,
}

/// What a transaction leaves of one account; what it leaves as it is may be left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ChangeJson {
    account: Address,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    destroyed: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    nonces: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it asks about by reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ChangeJson {
    fn of((account, change): &(Address, AccountLeft)) -> Self {
        let AccountLeft { is_destroyed, nonces, code } = change.clone();
        Self { account: *account, destroyed: is_destroyed, nonces, code }
    }

    fn into_change(self) -> (Address, AccountLeft) {
        let Self { account, destroyed, nonces, code } = self;
        (account, AccountLeft { is_destroyed: destroyed, nonces, code })
    }
}

/// What a file states of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedBlock {
    name: String,
    head: Head,
    hints: BTreeMap<TxIndex, Hint>,
}

impl StatedBlock {
    /// What the file says it is of; zero where it does not say.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// What the file states of each transaction, in block order.
    pub fn hints(&self) -> impl ExactSizeIterator<Item = (TxIndex, &Hint)> {
        self.hints.iter().map(|(tx, hint)| (*tx, hint))
    }
}

/// A prediction file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PredictionFileError {
    /// The file is not JSON, or ends in the middle of it.
    #[error("{name}: not valid JSON: {message}; write it with `slotcast predict --json`")]
    Json {
        /// The file's name.
        name: String,
        /// What the parser answered, with line and column.
        message: String,
    },
    /// A field is missing or holds something else than it should.
    #[error("{name}: {field}: {message}")]
    Field {
        /// The file's name.
        name: String,
        /// The field, from the top of the file.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The file is for another chain.
    #[error(
        "{name}: chainId: the predictions are for chain {stated} but the block is of chain {wanted}; \
         predict that block"
    )]
    OtherChain {
        /// The file's name.
        name: String,
        /// The chain the file is for.
        stated: u64,
        /// The block's chain.
        wanted: u64,
    },
    /// The file is for other blocks.
    #[error(
        "{name}: block: the predictions are for {} but block {wanted} was asked for; \
         predict that block, or name the one the file is for",
        in_words(stated)
    )]
    OtherBlock {
        /// The file's name.
        name: String,
        /// The blocks the file is for.
        stated: Vec<u64>,
        /// The block asked for.
        wanted: u64,
    },
}

fn in_words(blocks: &[u64]) -> String {
    match blocks {
        [] => "no block".to_owned(),
        [block] => format!("block {block}"),
        [first, .., last] => format!("{} blocks from {first} to {last}", blocks.len()),
    }
}

/// Reads a file; `name` is what errors call it.
pub fn parse(bytes: &[u8], name: &str) -> Result<Vec<StatedBlock>, PredictionFileError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut stated: Vec<StatedBlock> = Vec::new();
    loop {
        let FileIn { schema_version, block, chain_id, analyzer, txs } =
            serde_path_to_error::deserialize(&mut json).map_err(|error| {
                // What a later version has is no fault of the file.
                let versions = serde_json::Deserializer::from_slice(bytes).into_iter();
                let mut versions = versions.map_while(Result::ok);
                match versions.find(|only: &OnlyVersion| SCHEMA_VERSION < only.schema_version) {
                    Some(only) => {
                        wrong(name, "schemaVersion".to_owned(), too_new(only.schema_version))
                    }
                    None => fault(&error, name),
                }
            })?;
        let field = |field: &str, message| wrong(name, field.to_owned(), message);
        if SCHEMA_VERSION < schema_version {
            return Err(field("schemaVersion", too_new(schema_version)));
        }
        if stated.iter().any(|other| other.head.block == block) {
            return Err(field("block", format!("{block} occurs twice; keep one of them")));
        }
        let head = Head { chain_id, block, analyzer };
        let mut hints = BTreeMap::new();
        for (place, tx) in txs.into_iter().enumerate() {
            let index = TxIndex(tx.index);
            if hints.insert(index, tx.into_hint(analyzer)).is_some() {
                let field = format!("txs[{place}].index");
                return Err(wrong(name, field, format!("{index} occurs twice; keep one of them")));
            }
        }
        stated.push(StatedBlock { name: name.to_owned(), head, hints });
        // Nothing but white space may be left, or else another block.
        if json.end().is_ok() {
            return Ok(stated);
        }
    }
}

/// The block that predictions are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedBlock {
    /// Its chain.
    pub chain_id: u64,
    /// Its number.
    pub block: u64,
    /// How many transactions it has.
    pub n_txs: usize,
}

/// What files say of a block, with what it holds for.
///
/// A transaction the file says nothing of gets an empty prediction that claims nothing.
///
/// # Errors
///
/// When the file is of other blocks or of another chain, or names a transaction that is not there.
pub fn hints_for(
    stated: &[StatedBlock],
    wanted: ExpectedBlock,
) -> Result<IndexVec<TxIndex, Hint>, PredictionFileError> {
    let ExpectedBlock { chain_id, block, n_txs } = wanted;
    let Some(found) = stated.iter().find(|stated| stated.head.block == block) else {
        let name = stated.first().map(|stated| stated.name.clone()).unwrap_or_default();
        let mut blocks: Vec<u64> = stated.iter().map(|stated| stated.head.block).collect();
        blocks.sort_unstable();
        return Err(PredictionFileError::OtherBlock { name, stated: blocks, wanted: block });
    };
    if let Some(stated) = found.head.said_chain_id().filter(|stated| *stated != chain_id) {
        let name = found.name.clone();
        return Err(PredictionFileError::OtherChain { name, stated, wanted: chain_id });
    }
    match found.hints.last_key_value() {
        Some((last, _)) if n_txs <= last.as_usize() => {
            let message =
                format!("there is no transaction {last} in block {block}, which has {n_txs}");
            return Err(wrong(&found.name, "txs".to_owned(), message));
        }
        _ => {}
    }
    let of = |tx: usize| {
        let hint = found.hints.get(&TxIndex::from_usize(tx));
        hint.cloned().unwrap_or_else(|| TxIn::default().into_hint(0))
    };
    Ok((0..n_txs).map(of).collect())
}

/// The predictions for block `number`, which has `n_txs` transactions, whatever chain it is of.
///
/// A transaction the file says nothing of gets an empty prediction that claims nothing.
pub fn of_block(
    stated: &[StatedBlock],
    number: u64,
    n_txs: usize,
) -> Result<IndexVec<TxIndex, Prediction>, PredictionFileError> {
    let of_number = stated.iter().find(|stated| stated.head.block == number);
    let chain_id = of_number.map_or(0, |stated| stated.head.chain_id);
    let hints = hints_for(stated, ExpectedBlock { chain_id, block: number, n_txs })?;
    Ok(hints.into_iter().map(Hint::into_prediction).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileIn {
    #[serde(default)]
    schema_version: u64,
    block: u64,
    #[serde(default)]
    chain_id: u64,
    #[serde(default)]
    analyzer: u32,
    txs: Vec<TxIn>,
}

/// All that is sure to be understood of a file of a later version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnlyVersion {
    #[serde(default)]
    schema_version: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TxIn {
    index: u32,
    #[serde(default)]
    reads: Vec<SlotIn>,
    #[serde(default)]
    writes: Vec<SlotIn>,
    #[serde(default)]
    deltas: Vec<SlotIn>,
    #[serde(default)]
    values: Vec<ValueIn>,
    #[serde(default)]
    balances: Vec<AddedIn>,
    #[serde(default)]
    account_changes: Vec<ChangeJson>,
    #[serde(default)]
    wildcards: Vec<Address>,
    #[serde(default)]
    complete: bool,
    coverage: Option<CoverageIn>,
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    state_reads: usize,
    #[serde(default, with = "Accounts")]
    accounts: AccountAccess,
    relied_on: Option<Vec<WordJson>>,
    #[serde(default)]
    codes: Vec<CodeJson>,
}

impl TxIn {
    fn into_hint(mut self, analyzer: u32) -> Hint {
        let codes = core::mem::take(&mut self.codes);
        let relied_on = self.relied_on.take();
        let prediction = self.into_prediction();
        let prediction = match relied_on {
            Some(words) => prediction.with_relied_on(words.into_iter().map(Into::into).collect()),
            None => prediction,
        };
        Hint::new(prediction, codes, analyzer)
    }

    /// `coverage` says more than `complete`, so it counts where both are given.
    fn into_prediction(self) -> Prediction {
        let slots = |list: Vec<SlotIn>| list.into_iter().map(Slot::from).collect();
        let storage = StorageAccess {
            reads: slots(self.reads),
            writes: slots(self.writes),
            deltas: slots(self.deltas),
        };
        let coverage = match (self.coverage, self.complete) {
            (Some(CoverageIn(coverage)), _) => coverage,
            (None, true) => Coverage::Complete,
            (None, false) => Coverage::Partial,
        };
        let why = self.why.unwrap_or_default();
        let reasons = why.split(BETWEEN_REASONS).filter(|reason| !reason.is_empty());
        let gaps = reasons.map(|text| Gap::from_text(text).unwrap_or(Gap::Stated)).collect();
        let values = self.values.into_iter().map(|it| (Slot::new(it.0, it.1), it.2)).collect();
        let changes = self.balances.into_iter().map(|it| (it.0, it.1)).collect();
        let left = self.account_changes.into_iter().map(ChangeJson::into_change).collect();
        Prediction::stated(storage, self.accounts, self.wildcards, coverage, gaps, self.state_reads)
            .with_values(values)
            .with_balance_changes(changes)
            .with_account_changes(left)
    }
}

/// An address and a slot key of any length up to 32 bytes.
#[derive(Deserialize)]
struct SlotIn(Address, #[serde(deserialize_with = "key")] U256);

impl From<SlotIn> for Slot {
    fn from(SlotIn(address, key): SlotIn) -> Self {
        Self::new(address, key)
    }
}

/// An address, and what is added to its balance modulo 2^256.
#[derive(Deserialize)]
struct AddedIn(Address, #[serde(deserialize_with = "key")] U256);

/// A slot as [`SlotIn`], and what a transaction leaves in it.
#[derive(Deserialize)]
struct ValueIn(
    Address,
    #[serde(deserialize_with = "key")] U256,
    #[serde(deserialize_with = "key")] U256,
);

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = text.strip_prefix("0x").filter(|digits| !digits.is_empty());
    digits.and_then(|digits| U256::from_str_radix(digits, 16).ok()).ok_or_else(|| {
        de::Error::custom(format_args!("`{text}` is not a slot; write it as 0x… in hexadecimal"))
    })
}

struct CoverageIn(Coverage);

impl<'de> Deserialize<'de> for CoverageIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Coverage::ALL.into_iter().find(|coverage| coverage.text() == text);
        known.map(Self).ok_or_else(|| {
            de::Error::custom(format_args!(
                "`{text}` is none of complete, assuming and partial; leave it out if unsure"
            ))
        })
    }
}

fn too_new(version: u64) -> String {
    format!(
        "{version} is newer than {SCHEMA_VERSION}, which this slotcast reads; use a newer slotcast"
    )
}

fn wrong(name: &str, field: String, message: String) -> PredictionFileError {
    PredictionFileError::Field { name: name.to_owned(), field, message }
}

/// Tells text that is no JSON (the place is a line) from JSON of the wrong shape (a field).
fn fault(error: &serde_path_to_error::Error<serde_json::Error>, name: &str) -> PredictionFileError {
    let inner = error.inner();
    let message = inner.to_string();
    if !inner.is_data() {
        return PredictionFileError::Json { name: name.to_owned(), message };
    }
    let place = format!(" at line {} column {}", inner.line(), inner.column());
    let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
    let field = match error.path().to_string() {
        top if top == "." => "top level".to_owned(),
        field => field,
    };
    wrong(name, field, message)
}

#[cfg(test)]
mod tests;
