//! Which transaction does a request mean?
//!
//! In: JSON: a signed transaction in hexadecimal (EIP-2718), or the fields of a call as for
//! `eth_call`. Out: [`Stated`], and with a block what is left out filled in.
//! Invariants: of a signed transaction the sender is the signer; of a call everything is
//! believed; what a call leaves out is as cheap as the block allows, and is documented.

use alloy_consensus::{
    Transaction as _, TxEnvelope,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{B256, Bytes, Signature, TxKind, U256};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use serde::Deserialize;
use serde_json::value::RawValue;
use slotcast::BaseState;
use slotcast::executor::ChainTx;

use crate::{block_context::BlockContext, fault::Fault};

/// A transaction as it was stated.
#[derive(Clone, Debug)]
pub(crate) enum Stated {
    /// Signed, so that nothing is missing.
    Signed(Box<Recovered<ChainTx>>),
    /// The fields of a call.
    Call(Box<TransactionRequest>),
}

/// A transaction to predict.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The transaction; its signature means nothing if it was stated as a call.
    pub(crate) tx: Recovered<ChainTx>,
    /// Its hash, if it is signed.
    pub(crate) hash: Option<B256>,
}

/// Reads a transaction.
pub(crate) fn read(text: &RawValue) -> Result<Stated, Fault> {
    if text.get().starts_with('"') {
        let raw: Bytes = parse(text)?;
        let wrong = |why: String| Fault::Params(format!("no signed transaction (EIP-2718): {why}"));
        let tx = TxEnvelope::decode_2718_exact(&raw).map_err(|error| wrong(error.to_string()))?;
        let tx = tx.try_into_recovered().map_err(|_| wrong("invalid signature".into()))?;
        return Ok(Stated::Signed(Box::new(tx.map(ChainTx::Signed))));
    }
    parse(text).map(Stated::Call)
}

/// Reads JSON; the error names the field.
pub(crate) fn parse<T: for<'de> Deserialize<'de>>(text: &RawValue) -> Result<T, Fault> {
    let mut json = serde_json::Deserializer::from_str(text.get());
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner().to_string();
        // The place is one in the parameter alone, which cannot be seen from outside.
        let reason = inner.split(" at line ").next().unwrap_or_default().to_owned();
        match error.path().to_string().as_str() {
            "." => Fault::Params(reason),
            field => Fault::Params(format!("{field}: {reason}")),
        }
    })
}

impl Stated {
    /// The transaction as it would be in the block that `context` is of.
    pub(crate) fn on(self, context: &BlockContext) -> Result<Asked, Fault> {
        let chain_id = context.block().chain_id;
        let on_chain = |stated: Option<u64>| match stated {
            Some(stated) if stated != chain_id => Err(Fault::Params(format!(
                "chainId: it is for chain {stated}, but this service is of chain {chain_id}"
            ))),
            _ => Ok(()),
        };
        match self {
            Self::Signed(tx) => {
                on_chain(tx.inner().chain_id())?;
                let hash = Some(*tx.tx_hash());
                Ok(Asked { tx: *tx, hash })
            }
            Self::Call(call) => {
                on_chain(call.chain_id)?;
                filled(*call, context)
            }
        }
    }
}

/// The transaction that a call is. What it leaves out: the nonce is the sender's, the gas all that the
/// block has, the fee the base fee, the rest nothing. One price for gas makes it a transaction as
/// before London, whatever else it states; signature and hash mean nothing.
fn filled(mut call: TransactionRequest, context: &BlockContext) -> Result<Asked, Fault> {
    let from = call.from.ok_or_else(|| {
        Fault::Params("from: it is missing; say who is to send the transaction".to_owned())
    })?;
    if let TransactionInput { input: Some(input), data: Some(data) } = &call.input
        && input != data
    {
        return Err(Fault::Params("data: it is not the same as input; leave one out".into()));
    }
    let header = &context.block().header;
    call.chain_id = Some(context.block().chain_id);
    call.nonce = Some(call.nonce.or_else(|| context.nonce(from)).unwrap_or_default());
    call.gas.get_or_insert(header.gas_limit);
    call.max_fee_per_gas.get_or_insert(header.base_fee_per_gas.unwrap_or_default().into());
    call.max_priority_fee_per_gas.get_or_insert(0);
    if call.gas_price.is_some() {
        (call.authorization_list, call.blob_versioned_hashes) = (None, None);
    }
    (call.sidecar, call.max_fee_per_blob_gas) = (None, Some(u128::MAX));
    let is_call_alone = call.authorization_list.is_some() || call.blob_versioned_hashes.is_some();
    if !is_call_alone {
        call.to.get_or_insert(TxKind::Create);
    }
    let tx = call.build_consensus_tx().map_err(|_| {
        Fault::Params("to: a transaction of this kind cannot create a contract".to_owned())
    })?;
    let signed: TxEnvelope = tx.into_envelope(Signature::new(U256::ONE, U256::ONE, false));
    Ok(Asked { tx: Recovered::new_unchecked(signed.into(), from), hash: None })
}
