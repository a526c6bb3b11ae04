//! Does a recording tell an empty account that exists from one that does not?
//!
//! In: a node with a block of before Spurious Dragon, whose transaction calls both kinds. Out: the
//! recording lists the one, and runs as the header states.

use std::collections::BTreeMap;

use alloy_consensus::{
    Header, SignableTransaction, TxEnvelope, TxLegacy, crypto::secp256k1::recover_signer,
    proofs::calculate_transaction_root, transaction::Recovered,
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use slotcast::executor::{ChainTx, SequentialSettings, execute_sequential};
use slotcast_corpus::{Around, PreAccount, PreState, RecordedBlock, block_of, state_of};
use slotcast_node::{ProofPolicy, RecordSettings};

use crate::{
    chain::{Link, ancestors},
    mock::{Mock, TRACING, honest, without},
    recording::recorder,
};

const NUMBER: u64 = 2_300_000;
const CALLER: Address = Address::repeat_byte(0xca);
/// An empty account that exists, and one that does not.
const EMPTY: Address = Address::with_last_byte(0xe1);
const NONE: Address = Address::with_last_byte(0xe2);
/// The first precompile, which exists here with nothing in it.
const PRECOMPILE: Address = Address::with_last_byte(1);

/// Calls each of these with all gas but some.
fn caller_of(targets: &[Address]) -> Bytes {
    let call = |target: &Address| {
        // CALL with 9,000 gas, no value, no input, no output; then POP.
        let mut code = vec![0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x73];
        code.extend_from_slice(target.as_slice());
        code.extend_from_slice(&[0x61, 0x23, 0x28, 0xf1, 0x50]);
        code
    };
    targets.iter().flat_map(call).collect::<Vec<u8>>().into()
}

/// The block, and the gas it takes.
fn link(existing: &[Address]) -> (Link, u64) {
    let tx = TxLegacy {
        chain_id: None,
        nonce: 0,
        gas_price: 1,
        gas_limit: 200_000,
        to: TxKind::Call(CALLER),
        value: U256::ZERO,
        input: Bytes::new(),
    };
    let hash = tx.signature_hash();
    let signed = (1..).map(|r| Signature::new(U256::from(r), U256::ONE, false));
    let mut signed = signed;
    let signature = signed
        .find(|signature| recover_signer(signature, hash).is_ok())
        .expect("every other signature is one");
    let sender = recover_signer(&signature, hash).expect("it was found");
    let transaction = ChainTx::from(TxEnvelope::from(tx.into_signed(signature)));

    let mut pre_state = PreState::new();
    let rich = PreAccount { balance: U256::from(1_000_000_000), ..PreAccount::default() };
    pre_state.insert(sender, rich);
    let code = Some(caller_of(&[EMPTY, NONE, PRECOMPILE]));
    pre_state.insert(CALLER, PreAccount { code, nonce: 1, ..PreAccount::default() });
    pre_state.extend(existing.iter().map(|&address| (address, PreAccount::default())));

    let mut block = RecordedBlock {
        chain_id: 1,
        header: Header {
            number: NUMBER,
            timestamp: 1_475_000_000,
            gas_limit: 4_000_000,
            difficulty: U256::from(1_000),
            beneficiary: Address::repeat_byte(0xbe),
            ..Header::default()
        },
        hash: B256::ZERO,
        transactions: vec![Recovered::new_unchecked(transaction, sender)],
        withdrawals: None,
        uncles: Vec::new(),
        pre_state,
        pre_state_root: None,
        block_hashes: BTreeMap::new(),
        receipts: None,
        around: Around::default(),
    };
    let ancestors = ancestors(&block);
    block.header.parent_hash = ancestors.last().expect("there are some").hash_slow();
    let state = state_of(&block).with_empty_accounts();
    let settings = SequentialSettings { is_observed: false };
    let outcome =
        execute_sequential(&block_of(&block), &state, &settings).expect("it runs").outcome;
    block.header.gas_used = outcome.gas_used;
    block.header.logs_bloom = outcome.logs_bloom();
    block.header.transactions_root = calculate_transaction_root(&block.transactions);
    block.hash = block.header.hash_slow();
    block.validate().expect("it is valid");
    (Link { block, ancestors }, outcome.gas_used)
}

#[test]
fn an_empty_account_that_exists_is_recorded_before_spurious_dragon() {
    let (link, gas) = link(&[EMPTY, PRECOMPILE]);
    let (_, of_none) = self::link(&[]);
    assert_eq!(of_none - gas, 2 * 25_000, "two accounts less are new");
    for proofs in [ProofPolicy::Always, ProofPolicy::Auto] {
        for manner in [honest(), without(TRACING)] {
            let mock = Mock::start(std::slice::from_ref(&link), manner);
            let settings = RecordSettings { proofs, ..RecordSettings::default() };
            let recording = recorder(&mock, settings).record(NUMBER).expect("an honest node");
            let listed = |address| recording.block.pre_state.get(&address);
            assert_eq!(listed(EMPTY), Some(&PreAccount::default()));
            assert_eq!(listed(PRECOMPILE), Some(&PreAccount::default()));
            assert_eq!(listed(NONE), None);
            let state = state_of(&recording.block).with_empty_accounts();
            let settings = SequentialSettings { is_observed: false };
            let again = execute_sequential(&block_of(&recording.block), &state, &settings);
            assert_eq!(again.expect("it runs").outcome.gas_used, gas);
        }
    }
}
