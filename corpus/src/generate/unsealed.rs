//! What does a synthetic block lack before it is executed?
//!
//! In: a finished draft. Out: [`Unsealed`], a block whose header has no results yet;
//! [`Unsealed::seal`] fills them in.
//! Invariant: everything in the header that does not need execution is right already, so running
//! the unsealed block gives what running the sealed one gives.

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, Transaction as _, proofs};
use alloy_eips::{
    eip2935, eip4788,
    eip4844::DATA_GAS_PER_BLOB,
    eip4895::Withdrawal,
    eip7002, eip7251,
    eip7685::EMPTY_REQUESTS_HASH,
    eip7928::{BlockAccessList, compute_block_access_list_hash},
};
use alloy_primitives::{Address, B256, Bloom, Bytes, U256, address};

use super::{Era, draft::Draft};
use crate::{PreAccount, RecordedBlock, RecordedReceipt};

/// How many withdrawals a block has.
const WITHDRAWALS: u64 = 16;

/// A synthetic block that is not executed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed(RecordedBlock);

/// What running a block gives and its header states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockResults {
    /// The root of the state before the block, which is made up whole.
    pub pre_state_root: B256,
    /// The root of the state after it.
    pub state_root: B256,
    /// Gas used by all transactions.
    pub gas_used: u64,
    /// The root of the receipts.
    pub receipts_root: B256,
    /// The union of the receipts' blooms.
    pub logs_bloom: Bloom,
    /// The hash of the requests, from Prague on.
    pub requests_hash: Option<B256>,
    /// The block access list, from Amsterdam on.
    pub block_access_list: Option<BlockAccessList>,
    /// The receipts, if they are to be recorded.
    pub receipts: Option<Vec<RecordedReceipt>>,
}

impl Unsealed {
    /// The block to run. Its header states no gas used, no receipts and no hash of its own.
    pub const fn block(&self) -> &RecordedBlock {
        &self.0
    }

    /// The block with the results in its header, and with its hash.
    pub fn seal(self, results: BlockResults) -> RecordedBlock {
        let BlockResults { gas_used, receipts_root, logs_bloom, requests_hash, .. } = results;
        let BlockResults { pre_state_root, state_root, receipts, block_access_list, .. } = results;
        let Self(mut block) = self;
        block.pre_state_root = Some(pre_state_root);
        block.header.state_root = state_root;
        block.header.gas_used = gas_used;
        block.header.receipts_root = receipts_root;
        block.header.logs_bloom = logs_bloom;
        block.header.requests_hash = requests_hash;
        block.header.block_access_list_hash =
            block_access_list.as_deref().map(compute_block_access_list_hash);
        block.around.block_access_list = block_access_list;
        block.hash = block.header.hash_slow();
        block.receipts = receipts;
        block
    }
}

/// Puts a header over the draft's transactions.
pub(super) fn finish(mut draft: Draft) -> Unsealed {
    install_system_contracts(&mut draft);
    let era = draft.plan.era;
    let (number, timestamp) = era.number_and_time();
    let block_hashes = draft.ancestors(number);
    let withdrawals = (Era::Shanghai <= era).then(|| withdrawals(&mut draft));
    let wanted: u64 = draft.transactions.iter().map(|tx| tx.gas_limit()).sum();
    let n_blobs: u64 = draft.transactions.iter().map(|tx| tx.blob_count().unwrap_or(0)).sum();
    let header = Header {
        parent_hash: block_hashes[&(number - 1)],
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: draft.address(draft.beneficiary),
        transactions_root: proofs::calculate_transaction_root(&draft.transactions),
        difficulty: match era < Era::Paris {
            true => U256::from(3_000_000_000_000_000u64 + draft.rng.range(0, 1_000_000_000_000)),
            false => U256::ZERO,
        },
        number,
        // Every transaction must fit, however long the block was asked to be.
        gas_limit: era.block_gas_limit().max(wanted),
        timestamp,
        extra_data: Bytes::from_static(b"slotcast"),
        mix_hash: draft.rng.hash(),
        base_fee_per_gas: (Era::London <= era).then_some(draft.base_fee),
        withdrawals_root: withdrawals.as_deref().map(proofs::calculate_withdrawals_root),
        blob_gas_used: (Era::Cancun <= era).then_some(n_blobs * DATA_GAS_PER_BLOB),
        excess_blob_gas: (Era::Cancun <= era).then_some(0),
        parent_beacon_block_root: (Era::Cancun <= era).then(|| draft.rng.hash()),
        requests_hash: (Era::Prague <= era).then_some(EMPTY_REQUESTS_HASH),
        // That there is one says which rules hold.
        block_access_list_hash: (Era::Amsterdam <= era).then_some(B256::ZERO),
        slot_number: (Era::Amsterdam <= era).then(|| draft.rng.range(15_000_000, 16_000_000)),
        ..Header::default()
    };
    Unsealed(RecordedBlock {
        chain_id: draft.plan.chain_id,
        header,
        hash: B256::ZERO,
        transactions: draft.transactions.into_iter().map(|tx| tx.map(Into::into)).collect(),
        withdrawals,
        uncles: Vec::new(),
        pre_state: draft.state,
        pre_state_root: None,
        block_hashes,
        receipts: None,
        around: Default::default(),
    })
}

/// Stakers get paid, some of them among the block's senders.
fn withdrawals(draft: &mut Draft) -> Vec<Withdrawal> {
    let (number, _) = draft.plan.era.number_and_time();
    let first = number * WITHDRAWALS;
    (first..first + WITHDRAWALS)
        .map(|index| Withdrawal {
            index,
            validator_index: draft.rng.range(0, 1_000_000),
            address: draft.payee(),
            amount: draft.rng.range(1_000_000, 20_000_000),
        })
        .collect()
}

/// Where the protocol asks for deposits of builders (EIP-8282).
const BUILDER_DEPOSITS: Address = address!("0x0000BFF46984E3725691FA540A8C7589300D8282");

/// Where the protocol asks for exits of builders (EIP-8282).
const BUILDER_EXITS: Address = address!("0x000064D678505AD48F8CCB093BC65613800E8282");

/// `stop`, in place of contracts of EIP-8282, which are not settled yet: the protocol calls them and
/// takes what they return as requests.
const NOTHING_TO_ASK_FOR: [u8; 1] = [0x00];

/// The contracts that the protocol itself calls.
fn install_system_contracts(draft: &mut Draft) {
    let nothing_to_ask_for = Bytes::from_static(&NOTHING_TO_ASK_FOR);
    let contracts: [(Era, Address, &Bytes); 6] = [
        (Era::Cancun, eip4788::BEACON_ROOTS_ADDRESS, &eip4788::BEACON_ROOTS_CODE),
        (Era::Prague, eip2935::HISTORY_STORAGE_ADDRESS, &eip2935::HISTORY_STORAGE_CODE),
        (
            Era::Prague,
            eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
            &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE,
        ),
        (
            Era::Prague,
            eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
            &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE,
        ),
        (Era::Amsterdam, BUILDER_DEPOSITS, &nothing_to_ask_for),
        (Era::Amsterdam, BUILDER_EXITS, &nothing_to_ask_for),
    ];
    for (since, address, code) in contracts {
        if since <= draft.plan.era {
            let account =
                PreAccount { nonce: 1, code: Some(code.clone()), ..PreAccount::default() };
            draft.state.insert(address, account);
        }
    }
}
