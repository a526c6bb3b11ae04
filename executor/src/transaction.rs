//! Which kinds of transactions does a block hold?
//!
//! In: transactions as chains encode them. Out: [`ChainTx`], one type for all chains, and what of it
//! an EVM takes.
//! Invariants: a signed transaction keeps its encoding and its hash; a deposit has no signature, its
//! sender stands in it, and it pays nothing.

pub(crate) mod deposit;

use alloy_consensus::transaction::{SignerRecoverable, TxHashRef};
use alloy_consensus::{Sealed, TransactionEnvelope, TxEnvelope, crypto::RecoveryError};
use alloy_evm::{FromRecoveredTx, FromTxWithEncoded};
use alloy_primitives::{Address, B256, Bytes};
use revm::context::TxEnv;

use deposit::TxDeposit;

/// A transaction of any chain.
#[derive(Clone, Debug, TransactionEnvelope)]
#[envelope(tx_type_name = ChainTxType, serde_cfg(any()), arbitrary_cfg(any()))]
pub enum ChainTx {
    /// A signed one, as Ethereum has them.
    #[envelope(flatten)]
    Signed(TxEnvelope),
    /// A deposit from the layer below (OP Stack).
    #[envelope(ty = 126)]
    Deposit(Sealed<TxDeposit>),
}

impl ChainTx {
    /// The transaction as Ethereum has it; nothing for a deposit.
    pub const fn as_signed(&self) -> Option<&TxEnvelope> {
        match self {
            Self::Signed(tx) => Some(tx),
            Self::Deposit(_) => None,
        }
    }

    /// The deposit; nothing for a signed transaction.
    pub const fn as_deposit(&self) -> Option<&Sealed<TxDeposit>> {
        match self {
            Self::Signed(_) => None,
            Self::Deposit(deposit) => Some(deposit),
        }
    }

    /// The hash, as stated.
    pub fn tx_hash(&self) -> &B256 {
        match self {
            Self::Signed(tx) => tx.tx_hash(),
            Self::Deposit(deposit) => deposit.hash_ref(),
        }
    }
}

impl TxHashRef for ChainTx {
    fn tx_hash(&self) -> &B256 {
        self.tx_hash()
    }
}

impl From<TxEnvelope> for ChainTx {
    fn from(tx: TxEnvelope) -> Self {
        Self::Signed(tx)
    }
}

impl SignerRecoverable for ChainTx {
    fn recover_signer(&self) -> Result<Address, RecoveryError> {
        match self {
            Self::Signed(tx) => tx.recover_signer(),
            Self::Deposit(deposit) => Ok(deposit.from),
        }
    }

    fn recover_signer_unchecked(&self) -> Result<Address, RecoveryError> {
        match self {
            Self::Signed(tx) => tx.recover_signer_unchecked(),
            Self::Deposit(deposit) => Ok(deposit.from),
        }
    }
}

impl FromRecoveredTx<ChainTx> for TxEnv {
    fn from_recovered_tx(tx: &ChainTx, sender: Address) -> Self {
        match tx {
            ChainTx::Signed(tx) => Self::from_recovered_tx(tx, sender),
            ChainTx::Deposit(deposit) => Self {
                tx_type: ChainTxType::Deposit.into(),
                caller: sender,
                gas_limit: deposit.gas_limit,
                kind: deposit.to,
                value: deposit.value,
                data: deposit.input.clone(),
                chain_id: None,
                ..Self::default()
            },
        }
    }
}

impl FromTxWithEncoded<ChainTx> for TxEnv {
    fn from_encoded_tx(tx: &ChainTx, sender: Address, _encoded: Bytes) -> Self {
        Self::from_recovered_tx(tx, sender)
    }
}
