//! How is a deposit (type 0x7e) spelled?
//!
//! In and out: the object that nodes of the OP Stack answer: no signature, `mint` may be missing where
//! it is zero, `nonce` is the one the sender had and no part of the transaction.
//! Invariant: the hash is kept as stated; validation computes it.

use alloy_consensus::{Sealed, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U64, U128, U256};
use serde::{Deserialize, Serialize};
use slotcast::executor::{ChainTx, TxDeposit};

use super::{Fault, parse_at};
use crate::RollupFields;

/// The type of deposits, and the one of Celo's that pay in other currencies.
const DEPOSIT: &str = "0x7e";
const CELO_FEE_CURRENCY: &str = "0x7b";

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", expecting = "a transaction object")]
struct Fields {
    hash: B256,
    source_hash: B256,
    from: Address,
    to: Option<Address>,
    #[serde(default)]
    mint: Option<U128>,
    value: U256,
    gas: U64,
    input: Bytes,
    /// Left out or null where it is not, by most nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_system_tx: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_receipt_version: Option<U64>,
}

/// A deposit as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DepositOut {
    #[serde(rename = "type")]
    tx_type: U64,
    #[serde(flatten)]
    fields: Fields,
    gas_price: U64,
    v: U64,
    r: U64,
    s: U64,
    y_parity: U64,
    transaction_index: U64,
}

/// The deposit in `text`, which stands at `path`; nothing when it is of another kind.
pub(super) fn read(text: &str, path: &str) -> Result<Option<Recovered<ChainTx>>, Fault> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        tx_type: Option<String>,
    }
    match serde_json::from_str(text) {
        Ok(Kind { tx_type: Some(kind) }) if kind == DEPOSIT => {}
        Ok(Kind { tx_type: Some(kind) }) if kind == CELO_FEE_CURRENCY => {
            let message = "0x7b, a transaction that pays in another currency (Celo's CIP-64), is \
                           not supported";
            return Err(Fault { path: format!("{path}.type"), message: message.to_owned() });
        }
        _ => return Ok(None),
    }
    let it: Fields = parse_at(text.as_bytes(), path)?;
    let deposit = TxDeposit {
        source_hash: it.source_hash,
        from: it.from,
        to: it.to.map_or(TxKind::Create, TxKind::Call),
        mint: it.mint.unwrap_or_default().to(),
        value: it.value,
        gas_limit: it.gas.to(),
        is_system_transaction: it.is_system_tx.unwrap_or_default(),
        input: it.input,
    };
    let deposit = ChainTx::Deposit(Sealed::new_unchecked(deposit, it.hash));
    Ok(Some(Recovered::new_unchecked(deposit, it.from)))
}

impl DepositOut {
    /// The deposit at `index`, with what its receipt states.
    pub(super) fn new(
        deposit: &Sealed<TxDeposit>,
        index: u64,
        receipt: Option<&RollupFields>,
    ) -> Self {
        Self {
            tx_type: U64::from(0x7e),
            fields: Fields {
                hash: deposit.hash(),
                source_hash: deposit.source_hash,
                from: deposit.from,
                to: deposit.to.to().copied(),
                mint: Some(U128::from(deposit.mint)),
                value: deposit.value,
                gas: U64::from(deposit.gas_limit),
                input: deposit.input.clone(),
                is_system_tx: deposit.is_system_transaction.then_some(true),
                nonce: receipt.and_then(|it| it.deposit_nonce),
                deposit_receipt_version: receipt.and_then(|it| it.deposit_receipt_version),
            },
            gas_price: U64::ZERO,
            v: U64::ZERO,
            r: U64::ZERO,
            s: U64::ZERO,
            y_parity: U64::ZERO,
            transaction_index: U64::from(index),
        }
    }
}
