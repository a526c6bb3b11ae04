//! What is a recorded block, once it is read?
//!
//! In: what [`parse`](crate::parse) found in a file or [`generate`](crate::generate) made. Out:
//! [`RecordedBlock`], plain data that no engine type appears in.
//! Invariants: none beyond the types; [`RecordedBlock::validate`] checks that the parts agree.

use std::collections::BTreeMap;

use alloy_consensus::{Header, transaction::Recovered};
use alloy_eips::{eip4895::Withdrawal, eip7928::BlockAccessList};
use alloy_primitives::{Address, B256, Log};
use slotcast::executor::{ChainTx, ParentFields};

use crate::{PreAccount, PreState, RollupFields};

/// A block together with everything needed to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedBlock {
    /// The chain the block is of.
    pub chain_id: u64,
    /// The block's header.
    pub header: Header,
    /// The header's hash, as stated.
    pub hash: B256,
    /// The transactions in block order, each with its stated sender.
    pub transactions: Vec<Recovered<ChainTx>>,
    /// The withdrawals, from Shanghai on.
    pub withdrawals: Option<Vec<Withdrawal>>,
    /// The hashes of the block's uncles.
    pub uncles: Vec<B256>,
    /// The state before the block, as far as it was recorded.
    pub pre_state: PreState,
    /// The root of the state before the block, where `pre_state` is all of that state.
    pub pre_state_root: Option<B256>,
    /// Hashes of earlier blocks by number, for BLOCKHASH and the system calls.
    pub block_hashes: BTreeMap<u64, B256>,
    /// What running the block gave, if recorded.
    pub receipts: Option<Vec<RecordedReceipt>>,
    /// What of the chain before the block its header follows from, and the state after it, as far as
    /// these are recorded.
    pub around: Around,
}

/// What a recording may hold to check more of a header than execution proves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The fields of the parent that the base fee follows from.
    pub parent: Option<ParentFields>,
    /// The accounts that the block changes, as it leaves them: nothing for one that ceased to exist,
    /// code where it is new, and changed slots only.
    pub post_state: Option<BTreeMap<Address, Option<PreAccount>>>,
    /// The storage root of a rollup's contract that records withdrawals, before and after the block; the former
    /// may not be known.
    pub message_passer: Option<(Option<B256>, B256)>,
    /// The block's access list, of which the header states the hash (EIP-7928).
    pub block_access_list: Option<BlockAccessList>,
}

impl RecordedBlock {
    /// The block's number.
    pub const fn number(&self) -> u64 {
        self.header.number
    }
}

/// What running one transaction gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedReceipt {
    /// The transaction's EIP-2718 type.
    pub tx_type: u8,
    /// Whether it succeeded; unknown where a pre-Byzantium receipt holds a state root instead.
    pub success: Option<bool>,
    /// Gas used by the block up to and including this transaction.
    pub cumulative_gas_used: u64,
    /// Gas used by this transaction.
    pub gas_used: u64,
    /// The logs it emitted, in order.
    pub logs: Vec<Log>,
    /// Which transaction it was.
    pub transaction_hash: B256,
    /// What receipts of rollups state beside this.
    pub rollup: RollupFields,
}
