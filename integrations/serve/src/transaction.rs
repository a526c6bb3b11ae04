//! Which transaction does a request mean?
//!
//! In: JSON: a signed transaction in hexadecimal (EIP-2718), or the fields of a call as for
//! `eth_call`. Out: [`Stated`], and with a block what is left out filled in.
//! Invariants: of a signed transaction the sender is the signer; of a call everything is
//! believed; what a call leaves out is as cheap as the block allows, and is documented.

use alloy_consensus::{
    Signed, Transaction as _, TxEip1559, TxEip2930, TxEip4844, TxEip4844Variant, TxEip7702,
    TxEnvelope, TxLegacy,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_eips::{eip2718::Decodable2718, eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U64, U128, U256};
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
    Call(Box<Call>),
}

/// A transaction to predict.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The transaction; its signature means nothing if it was stated as a call.
    pub(crate) tx: Recovered<ChainTx>,
    /// Its hash, if it is signed.
    pub(crate) hash: Option<B256>,
}

/// A transaction without a signature. Fields that a prediction does not depend on are ignored.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    from: Option<Address>,
    to: Option<Address>,
    input: Option<Bytes>,
    data: Option<Bytes>,
    value: Option<U256>,
    gas: Option<U64>,
    gas_price: Option<U128>,
    max_fee_per_gas: Option<U128>,
    max_priority_fee_per_gas: Option<U128>,
    nonce: Option<U64>,
    chain_id: Option<U64>,
    access_list: Option<AccessList>,
    blob_versioned_hashes: Option<Vec<B256>>,
    authorization_list: Option<Vec<SignedAuthorization>>,
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
                on_chain(call.chain_id.map(|id| id.to()))?;
                call.on(context)
            }
        }
    }
}

/// What every kind of transaction has.
struct Filled {
    nonce: u64,
    gas_limit: u64,
    value: U256,
    input: Bytes,
}

impl Call {
    /// What is left out: the nonce is the sender's, the gas all that the block has, the fee the base
    /// fee, the rest nothing.
    fn on(self, context: &BlockContext) -> Result<Asked, Fault> {
        let from = self.from.ok_or_else(|| {
            Fault::Params("from: it is missing; say who is to send the transaction".to_owned())
        })?;
        if let (Some(input), Some(data)) = (&self.input, &self.data)
            && input != data
        {
            return Err(Fault::Params("data: it is not the same as input; leave one out".into()));
        }
        let header = &context.block().header;
        let stated_nonce = self.nonce.map(|nonce| nonce.to());
        let filled = Filled {
            nonce: stated_nonce.or_else(|| context.nonce(from)).unwrap_or_default(),
            gas_limit: self.gas.map_or(header.gas_limit, |gas| gas.to()),
            value: self.value.unwrap_or_default(),
            input: self.input.clone().or_else(|| self.data.clone()).unwrap_or_default(),
        };
        let base_fee = u128::from(header.base_fee_per_gas.unwrap_or_default());
        let envelope = self.envelope(filled, context.block().chain_id, base_fee)?;
        Ok(Asked { tx: Recovered::new_unchecked(envelope.into(), from), hash: None })
    }

    fn envelope(self, it: Filled, chain_id: u64, base_fee: u128) -> Result<TxEnvelope, Fault> {
        if let Some(gas_price) = self.gas_price.map(|price| price.to()) {
            return Ok(self.priced(it, chain_id, gas_price));
        }
        let Filled { nonce, gas_limit, value, input } = it;
        let callee = || {
            let missing = "to: a transaction of this kind cannot create a contract";
            self.to.ok_or_else(|| Fault::Params(missing.to_owned()))
        };
        let access_list = self.access_list.clone().unwrap_or_default();
        let max_priority_fee_per_gas = self.max_priority_fee_per_gas.unwrap_or_default().to();
        let max_fee_per_gas = self.max_fee_per_gas.map_or(base_fee, |fee| fee.to());
        if let Some(authorization_list) = self.authorization_list.clone() {
            let to = callee()?;
            return Ok(unsigned(TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                authorization_list,
                input,
            }));
        }
        if let Some(blob_versioned_hashes) = self.blob_versioned_hashes.clone() {
            let (to, max_fee_per_blob_gas) = (callee()?, u128::MAX);
            let tx: TxEip4844Variant = TxEip4844Variant::TxEip4844(TxEip4844 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                blob_versioned_hashes,
                max_fee_per_blob_gas,
                input,
            });
            return Ok(unsigned(tx));
        }
        let to = self.to.map_or(TxKind::Create, TxKind::Call);
        Ok(unsigned(TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to,
            value,
            access_list,
            input,
        }))
    }

    /// The transaction with one price for gas, as before London.
    fn priced(self, it: Filled, chain_id: u64, gas_price: u128) -> TxEnvelope {
        let Filled { nonce, gas_limit, value, input } = it;
        let to = self.to.map_or(TxKind::Create, TxKind::Call);
        let Some(access_list) = self.access_list else {
            let chain_id = Some(chain_id);
            return unsigned(TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input });
        };
        unsigned(TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input })
    }
}

/// A transaction in an envelope whose signature and hash mean nothing.
fn unsigned<T>(tx: T) -> TxEnvelope
where
    TxEnvelope: From<Signed<T>>,
{
    let signature = Signature::new(U256::ONE, U256::ONE, false);
    Signed::new_unchecked(tx, signature, B256::ZERO).into()
}
