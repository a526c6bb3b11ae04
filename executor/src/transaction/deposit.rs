//! What is a deposit?
//!
//! In: its fields, or its encoding. Out: [`TxDeposit`], a transaction like any other.
//! Invariants: the encoding is the type 0x7e and the list of the fields; what only a signed
//! transaction has is nothing or zero.

use alloy_consensus::{Sealable, Transaction, Typed2718};
use alloy_eips::{
    eip2718::{Decodable2718, Eip2718Error, Eip2718Result, Encodable2718, IsTyped2718},
    eip2930::AccessList,
    eip7702::SignedAuthorization,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_rlp::{BufMut, Decodable, Encodable, RlpDecodable, RlpEncodable};

/// The type of deposits.
pub(crate) const DEPOSIT_TYPE: u8 = 0x7e;

/// A transaction that the layer below sent (OP Stack).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, RlpEncodable, RlpDecodable)]
pub struct TxDeposit {
    /// What identifies its source.
    pub source_hash: B256,
    /// The sender.
    pub from: Address,
    /// The recipient.
    pub to: TxKind,
    /// What is minted for the sender first, in wei.
    pub mint: u128,
    /// What is sent, in wei.
    pub value: U256,
    /// The gas limit.
    pub gas_limit: u64,
    /// Whether it is the chain's own, which used no gas before Regolith.
    pub is_system_transaction: bool,
    /// The calldata, or the code that creates a contract.
    pub input: Bytes,
}

impl Typed2718 for TxDeposit {
    fn ty(&self) -> u8 {
        DEPOSIT_TYPE
    }
}

impl IsTyped2718 for TxDeposit {
    fn is_type(type_id: u8) -> bool {
        type_id == DEPOSIT_TYPE
    }
}

impl Sealable for TxDeposit {
    fn hash_slow(&self) -> B256 {
        keccak256(self.encoded_2718())
    }
}

impl Encodable2718 for TxDeposit {
    fn encode_2718_len(&self) -> usize {
        1 + self.length()
    }

    fn encode_2718(&self, out: &mut dyn BufMut) {
        out.put_u8(DEPOSIT_TYPE);
        self.encode(out);
    }
}

impl Decodable2718 for TxDeposit {
    fn typed_decode(ty: u8, buf: &mut &[u8]) -> Eip2718Result<Self> {
        match ty {
            DEPOSIT_TYPE => Ok(Self::decode(buf)?),
            _ => Err(Eip2718Error::UnexpectedType(ty)),
        }
    }

    fn fallback_decode(_: &mut &[u8]) -> Eip2718Result<Self> {
        Err(Eip2718Error::UnexpectedType(0))
    }
}

impl Transaction for TxDeposit {
    fn chain_id(&self) -> Option<u64> {
        None
    }

    fn nonce(&self) -> u64 {
        0
    }

    fn gas_limit(&self) -> u64 {
        self.gas_limit
    }

    fn gas_price(&self) -> Option<u128> {
        None
    }

    fn max_fee_per_gas(&self) -> u128 {
        0
    }

    fn max_priority_fee_per_gas(&self) -> Option<u128> {
        None
    }

    fn max_fee_per_blob_gas(&self) -> Option<u128> {
        None
    }

    fn priority_fee_or_price(&self) -> u128 {
        0
    }

    fn effective_gas_price(&self, _: Option<u64>) -> u128 {
        0
    }

    fn is_dynamic_fee(&self) -> bool {
        false
    }

    fn kind(&self) -> TxKind {
        self.to
    }

    fn is_create(&self) -> bool {
        self.to.is_create()
    }

    fn value(&self) -> U256 {
        self.value
    }

    fn input(&self) -> &Bytes {
        &self.input
    }

    fn access_list(&self) -> Option<&AccessList> {
        None
    }

    fn blob_versioned_hashes(&self) -> Option<&[B256]> {
        None
    }

    fn authorization_list(&self) -> Option<&[SignedAuthorization]> {
        None
    }
}
