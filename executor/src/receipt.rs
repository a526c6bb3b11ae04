//! What does a block keep of a transaction that ran?
//!
//! In: what it came to. Out: [`Receipt`], its encoding, and on a rollup what it paid to the layer
//! below.
//! Invariant: the encoding is the one that the receipts root of its chain commits to.

use alloy_consensus::{Eip658Value, TxReceipt, Typed2718, proofs};
use alloy_primitives::{B256, Bloom, Log, U256};
use alloy_rlp::{BufMut, Encodable, Header};

use crate::rollup::fees::L1Params;

/// A receipt without its bloom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's EIP-2718 type.
    pub tx_type: u8,
    /// Whether it succeeded.
    pub success: bool,
    /// Gas used by the block up to and including this transaction.
    pub cumulative_gas_used: u64,
    /// The logs it emitted, in order.
    pub logs: Vec<Log>,
    /// What receipts of rollups state beside this.
    pub rollup: Option<Box<RollupReceipt>>,
}

/// What the receipt of a rollup's transaction states beside Ethereum's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most receipts are of the larger kind")]
pub enum RollupReceipt {
    /// Of a deposit, from Regolith on.
    Deposit {
        /// The sender's nonce before it ran.
        nonce: u64,
        /// The version of the encoding, from Canyon on; the root holds the nonce only with it.
        version: Option<u64>,
    },
    /// Of a signed transaction: what it paid beside gas, and by which parameters.
    Fees(RollupFees),
}

/// What a signed transaction paid beside gas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollupFees {
    /// For its data on the layer below, in wei.
    pub l1_fee: U256,
    /// The gas that data is counted as.
    pub l1_gas_used: U256,
    /// To the operator, in wei; nothing before Isthmus.
    pub operator_fee: Option<U256>,
    /// How much of the block's room for data it takes; nothing before Jovian.
    pub da_footprint: Option<u64>,
    /// The parameters that held.
    pub params: L1Params,
}

impl Receipt {
    /// What a rollup's transaction paid beside gas.
    pub fn rollup_fees(&self) -> Option<&RollupFees> {
        match self.rollup.as_deref()? {
            RollupReceipt::Fees(fees) => Some(fees),
            RollupReceipt::Deposit { .. } => None,
        }
    }

    /// Appends the encoding that the receipts root commits to.
    pub fn encode_2718(&self, out: &mut dyn BufMut) {
        let mut fields = Vec::new();
        self.success.encode(&mut fields);
        self.cumulative_gas_used.encode(&mut fields);
        self.bloom().encode(&mut fields);
        self.logs.encode(&mut fields);
        if let Some(RollupReceipt::Deposit { nonce, version: Some(version) }) =
            self.rollup.as_deref()
        {
            nonce.encode(&mut fields);
            version.encode(&mut fields);
        }
        if !self.is_legacy() {
            out.put_u8(self.tx_type);
        }
        Header { list: true, payload_length: fields.len() }.encode(out);
        out.put_slice(&fields);
    }
}

/// The root over receipts, in block order.
pub fn receipts_root(receipts: &[Receipt]) -> B256 {
    proofs::ordered_trie_root_with_encoder(receipts, |it, out| it.encode_2718(out))
}

impl Typed2718 for Receipt {
    fn ty(&self) -> u8 {
        self.tx_type
    }
}

impl TxReceipt for Receipt {
    type Log = Log;

    fn status_or_post_state(&self) -> Eip658Value {
        self.success.into()
    }

    fn status(&self) -> bool {
        self.success
    }

    fn bloom(&self) -> Bloom {
        alloy_primitives::logs_bloom(&self.logs)
    }

    fn cumulative_gas_used(&self) -> u64 {
        self.cumulative_gas_used
    }

    fn logs(&self) -> &[Log] {
        &self.logs
    }

    fn into_logs(self) -> Vec<Log> {
        self.logs
    }
}
