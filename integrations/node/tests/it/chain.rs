//! Which chain does the mock node have?
//!
//! In: a synthetic block. Out: [`Link`], the same block behind headers that lead up to it, the last of
//! which states the root of the state before it.
//! Invariant: headers hash to what their children state, and running the block gives what its
//! header states, as on a real chain.

use std::collections::BTreeMap;

use alloy_consensus::{Header, proofs::calculate_transaction_root};
use alloy_eips::eip7928::compute_block_access_list_hash;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{
    EMPTY_ROOT_HASH, HashBuilder, Nibbles, TrieAccount,
    proof::ProofRetainer,
    root::{state_root_unhashed, storage_root_unhashed},
};
use slotcast::executor::{SequentialSettings, block_access_list, execute_sequential};
use slotcast_corpus::receipts_of;
use slotcast_corpus::{
    Plan, PreAccount, PreState, RecordedBlock, Scenario, block_of, generate, state_of,
};
use slotcast_lab::seal;

/// How many headers lead up to a block; the transactions of synthetic blocks look 17 back.
const N_ANCESTORS: u64 = 20;

/// One block with what leads up to it.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The block, with the whole state before it.
    pub(crate) block: RecordedBlock,
    /// The headers of earlier blocks, the oldest first.
    pub(crate) ancestors: Vec<Header>,
}

impl Link {
    /// A block of so many transactions of all kinds, moved up by `above` numbers.
    pub(crate) fn new(seed: u64, n_txs: usize, scenario: Scenario, above: u64) -> Self {
        Self::of(&Plan { seed, n_txs, scenario, ..Plan::default() }, above)
    }

    /// The block of a plan, moved up by `above` numbers.
    pub(crate) fn of(plan: &Plan, above: u64) -> Self {
        let made = generate(plan).expect("the era has the scenario");
        let mut block = seal(made).expect("a synthetic block can be run");
        block.header.number += above;
        let ancestors = ancestors(&block);
        block.header.parent_hash = ancestors.last().expect("there are some").hash_slow();
        block.block_hashes =
            ancestors.iter().map(|header| (header.number, header.hash_slow())).collect();
        run(&mut block);
        Self { block, ancestors }
    }
}

pub(crate) fn ancestors(block: &RecordedBlock) -> Vec<Header> {
    let number = block.number();
    let mut headers: Vec<Header> = Vec::new();
    for number in number - N_ANCESTORS..number {
        let parent_hash = headers.last().map_or(B256::ZERO, Header::hash_slow);
        let timestamp = block.header.timestamp - 12 * (block.number() - number);
        headers.push(Header { number, parent_hash, timestamp, ..block.header.clone() });
    }
    headers.last_mut().expect("there are some").state_root = state_root(&block.pre_state);
    headers
}

/// Puts into the header what running the block gives now.
pub(crate) fn run(block: &mut RecordedBlock) {
    let (runnable, state) = (block_of(block), state_of(block));
    let settings = SequentialSettings { is_observed: false };
    let outcome = execute_sequential(&runnable, &state, &settings).expect("it runs").outcome;
    block.header.gas_used = outcome.gas_used;
    block.header.receipts_root = outcome.receipts_root().expect("it is of after Byzantium");
    block.header.logs_bloom = outcome.logs_bloom();
    block.header.transactions_root = calculate_transaction_root(&block.transactions);
    block.header.requests_hash = Some(outcome.requests.requests_hash());
    block.header.blob_gas_used = Some(outcome.blob_gas_used);
    if block.header.block_access_list_hash.is_some() {
        let list = block_access_list(&runnable, &state).expect("it runs");
        block.header.block_access_list_hash = Some(compute_block_access_list_hash(&list));
    }
    block.receipts = Some(receipts_of(&runnable, &outcome));
    block.hash = block.header.hash_slow();
    block.validate().expect("it is valid");
}

fn state_root(state: &PreState) -> B256 {
    state_root_unhashed(state.iter().map(|(address, account)| (*address, trie_account(account))))
}

fn trie_account(account: &PreAccount) -> TrieAccount {
    TrieAccount {
        nonce: account.nonce,
        balance: account.balance,
        storage_root: storage_root_unhashed(
            non_zero(account).map(|(key, value)| (B256::from(key), value)),
        ),
        code_hash: account.code_hash(),
    }
}

fn non_zero(account: &PreAccount) -> impl Iterator<Item = (U256, U256)> + '_ {
    account.storage.iter().filter(|(_, value)| !value.is_zero()).map(|(k, v)| (*k, *v))
}

/// The nodes that lead to an account.
pub(crate) fn account_proof(state: &PreState, address: Address) -> Vec<Bytes> {
    let leaves = state
        .iter()
        .map(|(address, account)| (keccak256(address), alloy_rlp::encode(trie_account(account))));
    proof(leaves.collect(), keccak256(address))
}

/// The nodes that lead to a slot.
pub(crate) fn slot_proof(account: &PreAccount, key: U256) -> Vec<Bytes> {
    let leaf = |(key, value): (U256, U256)| (keccak256(B256::from(key)), alloy_rlp::encode(value));
    proof(non_zero(account).map(leaf).collect(), keccak256(B256::from(key)))
}

/// The root of an account's storage.
pub(crate) fn storage_root(account: &PreAccount) -> B256 {
    trie_account(account).storage_root
}

fn proof(leaves: BTreeMap<B256, Vec<u8>>, path: B256) -> Vec<Bytes> {
    let path = Nibbles::unpack(path);
    let retainer = ProofRetainer::new(vec![path]);
    let mut builder = HashBuilder::default().with_proof_retainer(retainer);
    for (path, value) in &leaves {
        builder.add_leaf(Nibbles::unpack(path), value);
    }
    if builder.root() == EMPTY_ROOT_HASH {
        return Vec::new();
    }
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    nodes.into_iter().map(|(_, node)| node).collect()
}
