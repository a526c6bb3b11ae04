//! What does a synthetic block lack before it is executed?
//!
//! In: a finished draft. Out: [`Unsealed`], a block whose header has no results yet;
//! [`Unsealed::seal`] fills them in.
//! Invariant: everything in the header that does not need execution is right already, so running
//! the unsealed block gives what running the sealed one gives.

use std::collections::BTreeMap;

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
use slotcast::executor::OpFork;

use super::{
    Era, Rollup,
    draft::Draft,
    rollup::{extra_data, gas_wanted, room_for_data},
};
use crate::{Around, PreAccount, RecordedBlock, RecordedReceipt};

/// How many withdrawals a block has.
const WITHDRAWALS: u64 = 16;

/// A synthetic block that is not executed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    recorded: RecordedBlock,
    rollup: Option<Rollup>,
}

/// What running a block gives and its header states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockResults {
    /// The root of the state before the block, all of which is generated.
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
    /// What a rollup's block gives besides.
    pub rollup: Option<RollupResults>,
}

/// What running a rollup's block gives besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupResults {
    /// The storage root of the contract that records withdrawals, before and after the block.
    pub message_passer: (B256, B256),
    /// What the transactions take of the room for data, from Jovian on.
    pub da_footprint: u64,
    /// The accounts as the block leaves them.
    pub post_state: BTreeMap<Address, Option<PreAccount>>,
}

impl Unsealed {
    /// The block to run. Its header states no gas used, no receipts and no hash of its own.
    pub const fn block(&self) -> &RecordedBlock {
        &self.recorded
    }

    /// The block with the results in its header, and with its hash.
    pub fn seal(self, results: BlockResults) -> RecordedBlock {
        let BlockResults { gas_used, receipts_root, logs_bloom, requests_hash, .. } = results;
        let BlockResults { pre_state_root, state_root, receipts, block_access_list, .. } = results;
        let BlockResults { rollup: of_rollup, .. } = results;
        let Self { recorded: mut block, rollup } = self;
        block.pre_state_root = Some(pre_state_root);
        block.header.state_root = state_root;
        block.header.gas_used = gas_used;
        block.header.receipts_root = receipts_root;
        block.header.logs_bloom = logs_bloom;
        block.header.requests_hash = requests_hash;
        block.header.block_access_list_hash =
            block_access_list.as_deref().map(compute_block_access_list_hash);
        block.around.block_access_list = block_access_list;
        if let (Some(rollup), Some(results)) = (rollup, of_rollup) {
            let RollupResults { message_passer: (before, after), da_footprint, post_state } =
                results;
            block.around.post_state = Some(post_state);
            if OpFork::Isthmus <= rollup.fork() {
                block.header.withdrawals_root = Some(after);
                block.around.message_passer = Some((Some(before), after));
            }
            if OpFork::Jovian <= rollup.fork() {
                block.header.blob_gas_used = Some(da_footprint);
            }
        }
        block.hash = block.header.hash_slow();
        block.receipts = receipts;
        block
    }
}

/// Puts a header over the draft's transactions.
pub(super) fn finish(mut draft: Draft) -> Unsealed {
    install_system_contracts(&mut draft);
    let era = draft.plan.era;
    let rollup = draft.plan.rollup.clone();
    let (number, timestamp) = draft.plan.number_and_time();
    let block_hashes = draft.ancestors(number);
    let withdrawals = (Era::Shanghai <= era).then(|| match rollup {
        Some(_) => Vec::new(),
        None => withdrawals(&mut draft),
    });
    let extra_data = match &rollup {
        Some(rollup) => extra_data(rollup.fork(), &mut draft.rng),
        None => Bytes::from_static(b"slotcast"),
    };
    let wanted = gas_wanted(&draft).max(room_for_data(&draft));
    let n_blobs: u64 = draft.transactions.iter().map(|tx| tx.blob_count().unwrap_or(0)).sum();
    let header = Header {
        parent_hash: block_hashes[&(number - 1)],
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: draft.tipped(),
        transactions_root: proofs::calculate_transaction_root(&draft.transactions),
        difficulty: match era < Era::Paris {
            true => U256::from(3_000_000_000_000_000u64 + draft.rng.range(0, 1_000_000_000_000)),
            false => U256::ZERO,
        },
        number,
        // Every transaction must fit, however long the block was asked to be.
        gas_limit: era.block_gas_limit().max(wanted),
        timestamp,
        extra_data,
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
    let recorded = RecordedBlock {
        chain_id: draft.plan.chain_id,
        header,
        hash: B256::ZERO,
        transactions: draft.transactions,
        withdrawals,
        uncles: Vec::new(),
        pre_state: draft.state,
        pre_state_root: None,
        block_hashes,
        receipts: None,
        around: Around { parent: draft.parent, ..Around::default() },
    };
    Unsealed { recorded, rollup }
}

/// Stakers get paid, some of them among the block's senders.
fn withdrawals(draft: &mut Draft) -> Vec<Withdrawal> {
    let (number, _) = draft.plan.number_and_time();
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

/// Contracts that hold requests of validators.
const REQUESTED: [Address; 2] = [
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
    eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
];

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
        // Rollups ask no contract for requests.
        let is_called = draft.plan.rollup.is_none() || !REQUESTED.contains(&address);
        if since <= draft.plan.era && is_called {
            let account =
                PreAccount { nonce: 1, code: Some(code.clone()), ..PreAccount::default() };
            draft.state.insert(address, account);
        }
    }
}
