//! What does a transaction say, what is it sent in, and what is offered for it?
//!
//! In: a [`Message`], an [`Envelope`] and the [`Terms`]. Out: a signed transaction.
//! Invariant: no more is offered than [`Terms::most`] says.

use alloy_consensus::TxEnvelope;
use alloy_eips::{eip2930::AccessList, eip4844::DATA_GAS_PER_BLOB, eip7702::SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;

use super::{Era, wallet::Wallet};

/// What senders commonly offer for blob gas; the fee of our blocks is one wei.
const BLOB_CEILING: u128 = 1_000_000_000;

/// What a transaction says, whatever it comes in.
#[derive(Clone, Debug)]
pub(super) struct Message {
    to: TxKind,
    value: U256,
    input: Bytes,
    gas: u64,
}

impl Message {
    /// Ether for an account without code.
    pub(super) fn pay(to: Address, value: U256) -> Self {
        Self { to: to.into(), value, input: Bytes::new(), gas: 21_000 }
    }

    /// A call of a contract.
    pub(super) fn call(to: Address, input: Bytes, gas: u64) -> Self {
        Self { to: to.into(), value: U256::ZERO, input, gas }
    }

    /// A deployment.
    pub(super) fn create(init: Vec<u8>, gas: u64) -> Self {
        Self { to: TxKind::Create, value: U256::ZERO, input: init.into(), gas }
    }

    /// The same with the gas it needs in `era`.
    pub(super) const fn in_era(mut self, era: Era) -> Self {
        self.gas *= era.gas_factor();
        self
    }

    /// The same with ether.
    pub(super) fn with_value(self, value: U256) -> Self {
        Self { value, ..self }
    }
}

/// What a message is sent in.
#[derive(Clone, Debug)]
pub(super) enum Envelope {
    /// Whatever wallets of the era use.
    Usual,
    /// With a list of what will be accessed.
    Listed(AccessList),
    /// With blobs.
    Blobs(Vec<B256>),
    /// With authorizations for delegated code.
    Delegating(Vec<SignedAuthorization>),
}

/// The envelope of a transaction that needs no special one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usual {
    /// As before chains had numbers; a few wallets still do.
    Unprotected,
    /// With a gas price.
    Legacy,
    /// With a gas price and an empty access list.
    Listed,
    /// With a tip and a ceiling.
    Dynamic,
}

impl Usual {
    /// Shares as on mainnet; `kind` is drawn from a hundred.
    pub(super) fn of(era: Era, kind: u64) -> Self {
        match kind {
            0 => Self::Unprotected,
            1..=2 if Era::Berlin <= era => Self::Listed,
            1..=12 => Self::Legacy,
            _ if era < Era::London => Self::Legacy,
            _ => Self::Dynamic,
        }
    }
}

/// What a transaction states besides its message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) chain_id: u64,
    pub(super) nonce: u64,
    pub(super) base_fee: u128,
    pub(super) tip: u128,
    pub(super) usual: Usual,
}

impl Terms {
    /// The most that the transaction can cost its sender.
    pub(super) fn most(&self, message: &Message, envelope: &Envelope) -> U256 {
        let blobs = match envelope {
            Envelope::Blobs(hashes) => {
                U256::from(BLOB_CEILING) * U256::from(hashes.len() as u64 * DATA_GAS_PER_BLOB)
            }
            _ => U256::ZERO,
        };
        message.value + U256::from(message.gas) * U256::from(self.ceiling()) + blobs
    }

    /// The transaction, signed.
    pub(super) fn sign(&self, wallet: &Wallet, message: Message, envelope: Envelope) -> TxEnvelope {
        let Message { to, value, input, gas } = message;
        let gas_price = Some(self.base_fee + self.tip);
        let dynamic = TransactionRequest {
            chain_id: Some(self.chain_id),
            nonce: Some(self.nonce),
            gas: Some(gas),
            max_fee_per_gas: Some(self.ceiling()),
            max_priority_fee_per_gas: Some(self.tip),
            max_fee_per_blob_gas: Some(BLOB_CEILING),
            to: Some(to),
            value: Some(value),
            input: input.into(),
            ..Default::default()
        };
        let listed =
            |list| TransactionRequest { gas_price, access_list: Some(list), ..dynamic.clone() };
        let request = match (envelope, self.usual) {
            (Envelope::Usual, Usual::Dynamic) => dynamic,
            (Envelope::Usual, Usual::Listed) => listed(AccessList::default()),
            (Envelope::Usual, Usual::Legacy) => TransactionRequest { gas_price, ..dynamic },
            (Envelope::Usual, Usual::Unprotected) => {
                TransactionRequest { gas_price, chain_id: None, ..dynamic }
            }
            (Envelope::Listed(list), _) => listed(list),
            (Envelope::Blobs(hashes), _) => {
                TransactionRequest { blob_versioned_hashes: Some(hashes), ..dynamic }
            }
            (Envelope::Delegating(authorizations), _) => {
                TransactionRequest { authorization_list: Some(authorizations), ..dynamic }
            }
        };
        let tx = request.build_consensus_tx();
        wallet.seal(tx.expect("transactions with blobs or authorizations deploy nothing")).into()
    }

    /// Wallets leave room for the base fee to double.
    const fn ceiling(&self) -> u128 {
        2 * self.base_fee + self.tip
    }
}
