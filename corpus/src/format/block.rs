//! How are a block, its transactions and its receipts spelled?
//!
//! In and out: the object that `eth_getBlockByNumber` answers with full transactions, and the list
//! that `eth_getBlockReceipts` answers. Keys we do not know are ignored.
//! Invariant: an error names the field as far as the JSON lets us; transactions are read one by
//! one, since the kinds of transaction overlap and a combined reader could not say which failed.

use alloy_consensus::{Header, Transaction as _, transaction::Recovered};
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B256, Bytes, Log, U64};
use alloy_rpc_types_eth::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use slotcast::executor::ChainTx;

use super::{
    Fault,
    deposit::{self, DepositOut},
    parse_at, quantity,
};
use crate::{RecordedBlock, RecordedReceipt, RollupFields};

/// The parts of a block that stand beside the header's fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a block object")]
struct BodyIn<'a> {
    hash: B256,
    #[serde(borrow)]
    transactions: Vec<&'a RawValue>,
    withdrawals: Option<Vec<Withdrawal>>,
    /// Null from some nodes.
    uncles: Option<Vec<B256>>,
}

/// What a block's JSON holds.
pub(super) struct BlockIn {
    pub(super) header: Header,
    pub(super) hash: B256,
    pub(super) transactions: Vec<Recovered<ChainTx>>,
    pub(super) withdrawals: Option<Vec<Withdrawal>>,
    pub(super) uncles: Vec<B256>,
}

/// Reads the block in `text`, which stands at `block` in its file.
pub(super) fn read(text: &str) -> Result<BlockIn, Fault> {
    let header = parse_at::<Header>(text.as_bytes(), "block")?;
    let body = parse_at::<BodyIn<'_>>(text.as_bytes(), "block")?;
    let transactions = body
        .transactions
        .iter()
        .enumerate()
        .map(|(index, raw)| read_transaction(raw.get(), index))
        .collect::<Result<_, _>>()?;
    let BodyIn { hash, withdrawals, uncles, .. } = body;
    let uncles = uncles.unwrap_or_default();
    Ok(BlockIn { header, hash, transactions, withdrawals, uncles })
}

fn read_transaction(text: &str, index: usize) -> Result<Recovered<ChainTx>, Fault> {
    let path = format!("block.transactions[{index}]");
    if text.starts_with('"') {
        let message = "is a hash only; record the block with full transactions".to_owned();
        return Err(Fault { path, message });
    }
    if let Some(deposit) = deposit::read(text, &path)? {
        return Ok(deposit);
    }
    parse_at::<Transaction>(text.as_bytes(), &path)
        .map(|tx| tx.into_recovered().map(ChainTx::Signed))
        .map_err(|fault| culprit(text, &path).unwrap_or(fault))
}

/// What a field of a transaction must look like.
#[derive(Clone, Copy)]
enum Shape {
    Number,
    Bytes,
    Hash,
}

/// The fields a transaction of any kind may have, with their shapes.
const TRANSACTION_FIELDS: [(&str, Shape); 19] = [
    ("type", Shape::Number),
    ("chainId", Shape::Number),
    ("nonce", Shape::Number),
    ("gas", Shape::Number),
    ("gasPrice", Shape::Number),
    ("maxFeePerGas", Shape::Number),
    ("maxPriorityFeePerGas", Shape::Number),
    ("maxFeePerBlobGas", Shape::Number),
    ("value", Shape::Number),
    ("v", Shape::Number),
    ("r", Shape::Number),
    ("s", Shape::Number),
    ("yParity", Shape::Number),
    ("input", Shape::Bytes),
    ("to", Shape::Bytes),
    ("from", Shape::Bytes),
    ("hash", Shape::Hash),
    ("blockHash", Shape::Hash),
    ("blockNumber", Shape::Number),
];

/// The first field of a transaction that has not its shape.
///
/// The transaction reader tries several kinds and reports what the last one missed, so the field
/// that is really wrong is looked for here, after the fact.
fn culprit(text: &str, path: &str) -> Option<Fault> {
    let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).ok()?;
    TRANSACTION_FIELDS.iter().find_map(|&(field, shape)| {
        let text = object.get(field)?.as_str()?;
        let message = match shape {
            Shape::Number => quantity::parse_word(text).err(),
            Shape::Bytes => quantity::parse_bytes(text).err(),
            Shape::Hash => quantity::parse_hash(text).err(),
        }?;
        Some(Fault { path: format!("{path}.{field}"), message })
    })
}

/// One receipt as it stands in a file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a receipt object")]
pub(super) struct ReceiptIn {
    #[serde(default, rename = "type", deserialize_with = "quantity::small")]
    tx_type: u64,
    status: Option<U64>,
    #[serde(deserialize_with = "quantity::small")]
    cumulative_gas_used: u64,
    #[serde(deserialize_with = "quantity::small")]
    gas_used: u64,
    logs: Vec<LogIn>,
    transaction_hash: B256,
    #[serde(flatten)]
    rollup: RollupFields,
}

#[derive(Deserialize)]
struct LogIn {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

impl ReceiptIn {
    /// The receipt, if the numbers in it are possible.
    pub(super) fn into_receipt(self, index: usize) -> Result<RecordedReceipt, Fault> {
        let fault = |field: &str, message: &str| Fault {
            path: format!("receipts[{index}].{field}"),
            message: message.to_owned(),
        };
        let tx_type = u8::try_from(self.tx_type)
            .map_err(|_| fault("type", "transaction types have one byte"))?;
        let logs = self
            .logs
            .into_iter()
            .map(|LogIn { address, topics, data }| {
                Log::new(address, topics, data)
                    .ok_or_else(|| fault("logs", "a log has at most four topics"))
            })
            .collect::<Result<_, _>>()?;
        Ok(RecordedReceipt {
            tx_type,
            success: self.status.map(|status| !status.is_zero()),
            cumulative_gas_used: self.cumulative_gas_used,
            gas_used: self.gas_used,
            logs,
            transaction_hash: self.transaction_hash,
            rollup: match self.rollup.l1_fee {
                Some(_) => self.rollup,
                // Ethereum's receipts state the gas of blobs, which follows from the transaction.
                None => RollupFields { blob_gas_used: None, ..self.rollup },
            },
        })
    }
}

/// A block as we print it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockOut<'a> {
    hash: B256,
    #[serde(flatten)]
    header: &'a Header,
    transactions: Vec<TxOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals: Option<&'a [Withdrawal]>,
    uncles: &'a [B256],
}

impl<'a> BlockOut<'a> {
    pub(super) fn new(block: &'a RecordedBlock) -> Self {
        let transactions =
            (0u64..).zip(&block.transactions).map(|(index, tx)| TxOut::new(block, index, tx));
        let transactions = transactions.collect();
        Self {
            hash: block.hash,
            header: &block.header,
            transactions,
            withdrawals: block.withdrawals.as_deref(),
            uncles: &block.uncles,
        }
    }
}

/// A transaction as we print it.
#[derive(Serialize)]
#[serde(untagged)]
enum TxOut {
    Signed(Box<Transaction>),
    Deposit(Box<DepositOut>),
}

impl TxOut {
    fn new(block: &RecordedBlock, index: u64, tx: &Recovered<ChainTx>) -> Self {
        match tx.inner() {
            ChainTx::Signed(signed) => Self::Signed(Box::new(Transaction {
                inner: Recovered::new_unchecked(signed.clone(), tx.signer()),
                block_hash: Some(block.hash),
                block_number: Some(block.header.number),
                transaction_index: Some(index),
                effective_gas_price: Some(tx.effective_gas_price(block.header.base_fee_per_gas)),
                block_timestamp: None,
            })),
            ChainTx::Deposit(deposit) => {
                let receipts = block.receipts.as_deref().unwrap_or_default();
                let receipt = usize::try_from(index).ok().and_then(|index| receipts.get(index));
                let stated = receipt.map(|receipt| &receipt.rollup);
                Self::Deposit(Box::new(DepositOut::new(deposit, index, stated)))
            }
        }
    }
}

/// A receipt as we print it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptOut<'a> {
    #[serde(rename = "type")]
    tx_type: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<U64>,
    cumulative_gas_used: U64,
    gas_used: U64,
    logs: Vec<LogOut<'a>>,
    transaction_hash: B256,
    #[serde(flatten)]
    rollup: &'a RollupFields,
}

#[derive(Serialize)]
struct LogOut<'a> {
    address: Address,
    topics: &'a [B256],
    data: &'a Bytes,
}

impl<'a> ReceiptOut<'a> {
    pub(super) fn new(receipt: &'a RecordedReceipt) -> Self {
        Self {
            tx_type: U64::from(receipt.tx_type),
            status: receipt.success.map(U64::from),
            cumulative_gas_used: U64::from(receipt.cumulative_gas_used),
            gas_used: U64::from(receipt.gas_used),
            logs: receipt
                .logs
                .iter()
                .map(|log| LogOut {
                    address: log.address,
                    topics: log.topics(),
                    data: &log.data.data,
                })
                .collect(),
            transaction_hash: receipt.transaction_hash,
            rollup: &receipt.rollup,
        }
    }
}
