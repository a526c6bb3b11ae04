//! What does an executor need to know of a block?
//!
//! In: plain fields. Out: [`Block`], with senders already recovered.
//! Invariant: nothing here was computed by executing; gas used, receipts root and bloom of the
//! header are only ever compared with.

use std::sync::Arc;

use alloy_consensus::{Header, TxEnvelope, transaction::Recovered};
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::B256;
use slotcast_model::{Fork, Index, TxIndex};

use crate::{chain::ChainRules, transaction::ChainTx};

/// Whose rules hold in a block.
#[derive(Clone, Debug, Default)]
pub enum ForkChoice {
    /// Those its chain has at the block's number and time.
    #[default]
    OfChain,
    /// Those of this fork, whatever the block's number and time, as test suites have it.
    Fixed(Fork),
    /// Those of a chain that is described.
    Of(Arc<ChainRules>),
}

/// A block to execute.
#[derive(Clone, Debug)]
pub struct Block {
    /// The chain, which is what CHAINID gives and mostly decides the rules.
    pub chain_id: u64,
    /// Whether the chain's activation heights and times decide the rules, or the caller does.
    pub forks: ForkChoice,
    /// The header as the chain has it, or as a builder is about to seal it.
    pub header: Header,
    /// The hash of the header.
    pub hash: B256,
    /// The transactions in block order, each with its sender.
    pub transactions: Vec<Recovered<ChainTx>>,
    /// Withdrawals, from Shanghai on.
    pub withdrawals: Option<Vec<Withdrawal>>,
    /// Ommer headers, whose miners are rewarded before the merge; empty when they are not known.
    pub ommers: Vec<Header>,
}

impl From<alloy_consensus::Block<Recovered<TxEnvelope>>> for Block {
    /// The block on the chain that its transactions are signed for, or else on mainnet; set
    /// [`Block::chain_id`] where neither is right.
    fn from(block: alloy_consensus::Block<Recovered<TxEnvelope>>) -> Self {
        let alloy_consensus::Block { header, body } = block;
        let chain_id = body
            .transactions
            .iter()
            .find_map(|tx| alloy_consensus::Transaction::chain_id(tx.inner()));
        Self {
            chain_id: chain_id.unwrap_or(1),
            forks: ForkChoice::OfChain,
            hash: header.hash_slow(),
            header,
            transactions: body.transactions.into_iter().map(|tx| tx.map(ChainTx::Signed)).collect(),
            withdrawals: body.withdrawals.map(|withdrawals| withdrawals.0),
            ommers: body.ommers,
        }
    }
}

impl Block {
    /// How many transactions the block has.
    pub const fn n_transactions(&self) -> usize {
        self.transactions.len()
    }

    /// The indices of all transactions, ascending.
    pub fn tx_indices(
        &self,
    ) -> impl DoubleEndedIterator<Item = TxIndex> + ExactSizeIterator + use<> {
        (0..self.transactions.len()).map(TxIndex::from_usize)
    }

    /// The signed transactions, as hosts of Ethereum take them; deposits are left out.
    pub fn signed_transactions(&self) -> Vec<Recovered<TxEnvelope>> {
        let signed = |tx: &Recovered<ChainTx>| {
            Some(Recovered::new_unchecked(tx.inner().as_signed()?.clone(), tx.signer()))
        };
        self.transactions.iter().filter_map(signed).collect()
    }

    /// The transaction at `tx`.
    ///
    /// # Panics
    ///
    /// When the block has no such transaction.
    pub fn transaction(&self, tx: TxIndex) -> &Recovered<ChainTx> {
        &self.transactions[tx.as_usize()]
    }
}
