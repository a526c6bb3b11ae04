//! Is a delegation noticed that is set or cleared between a prediction and its block (EIP-7702)?
//!
//! In: calls of an account that delegates, directly or through a contract, and authorisations. Out:
//! what `revalidate` of the pool names, and what becomes of announced predictions.

use alloy_consensus::{
    Header, SignableTransaction, TxEip7702, TxEnvelope, TxLegacy, transaction::Recovered,
};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256};
use slotcast::{
    Engine, EngineSettings, ExecutionRule, NextBlock,
    executor::{
        AccountRecord, Block, BlockOutcome, ChainTx, CodeRecord, ExecutionMode, ForkChoice,
        MemoryState, SequentialSettings, execute_sequential,
    },
    hints::{ConflictPool, ConflictScope},
    model::{Fork, Location, Prediction, Slot, StateRead, TxIndex},
};

const fn account(n: u8) -> Address {
    Address::with_last_byte(n)
}

const SPONSOR: Address = account(0xa1);
const CALLER: Address = account(0xa2);
/// Adds one to its slot 3.
const COUNTER: Address = account(0xc1);
/// Stores one in its slot 5.
const SETTER: Address = account(0xc2);
/// Calls the account that its calldata names.
const FORWARDER: Address = account(0xc3);

fn signature(r: u64) -> Signature {
    Signature::new(U256::from(r), U256::from(1), false)
}

/// An authorisation of `delegate`, and the account that happens to have signed it: nearly every signature has a signer.
fn authorization(delegate: Address, nonce: u64) -> (Address, SignedAuthorization) {
    let unsigned = Authorization { chain_id: U256::from(1), address: delegate, nonce };
    let signed = (1..).map(|r| unsigned.clone().into_signed(signature(r)));
    let mut all = signed.filter_map(|it| Some((it.recover_authority().ok()?, it)));
    all.next().expect("some number is a signature")
}

fn delegating(authorization: SignedAuthorization) -> Recovered<ChainTx> {
    delegating_at(0, authorization)
}

/// The same from the sponsor's transaction of this nonce.
fn delegating_at(nonce: u64, authorization: SignedAuthorization) -> Recovered<ChainTx> {
    let tx = TxEip7702 {
        chain_id: 1,
        nonce,
        gas_limit: 500_000,
        max_fee_per_gas: 100,
        to: account(0xb1),
        authorization_list: vec![authorization],
        ..TxEip7702::default()
    };
    let tx: TxEnvelope = tx.into_signed(signature(1)).into();
    Recovered::new_unchecked(tx.into(), SPONSOR)
}

fn call(to: Address, input: Bytes) -> Recovered<ChainTx> {
    let tx = TxLegacy {
        chain_id: Some(1),
        gas_price: 100,
        gas_limit: 400_000,
        to: TxKind::Call(to),
        input,
        ..TxLegacy::default()
    };
    let tx: TxEnvelope = tx.into_signed(signature(2)).into();
    Recovered::new_unchecked(tx.into(), CALLER)
}

fn block(transactions: Vec<Recovered<ChainTx>>) -> Block {
    let header = Header {
        number: 100,
        timestamp: 1_000,
        gas_limit: 30_000_000,
        base_fee_per_gas: Some(7),
        excess_blob_gas: Some(0),
        blob_gas_used: Some(0),
        withdrawals_root: Some(Default::default()),
        parent_beacon_block_root: Some(Default::default()),
        ..Header::default()
    };
    Block {
        chain_id: 1,
        forks: ForkChoice::Fixed(Fork::Prague),
        hash: header.hash_slow(),
        header,
        transactions,
        withdrawals: Some(Vec::new()),
        ommers: Vec::new(),
    }
}

/// The state before the block, in which `authority` has this code and nonce.
fn state(authority: Address, nonce: u64, code: &[u8]) -> MemoryState {
    let record = |address, nonce, code: &[u8]| AccountRecord {
        address,
        balance: U256::from(10_u64.pow(18)),
        nonce,
        code: match code {
            [] => CodeRecord::None,
            code => CodeRecord::Known(code.to_vec().into()),
        },
        storage: Vec::new(),
    };
    let accounts = [
        record(SPONSOR, 0, &[]),
        record(CALLER, 0, &[]),
        record(authority, nonce, code),
        record(COUNTER, 1, &[0x60, 3, 0x54, 0x60, 1, 0x01, 0x60, 3, 0x55]),
        record(SETTER, 1, &[0x60, 1, 0x60, 5, 0x55]),
        // CALL(GAS, calldata[0], 0, 0, 0, 0, 0)
        record(FORWARDER, 1, &[0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x35, 0x5a, 0xf1]),
    ];
    MemoryState::new(100, accounts, [])
}

fn delegation(to: Address) -> Vec<u8> {
    [&[0xef, 0x01, 0x00], to.as_slice()].concat()
}

/// Calls of the account, directly and through a contract.
fn calls(authority: Address) -> [Recovered<ChainTx>; 2] {
    let named = authority.into_word().to_vec().into();
    [call(authority, Bytes::from_static(&[1])), call(FORWARDER, named)]
}

/// What an authorisation makes of the account: the code before, and to whom it delegates then.
fn changes() -> [(Vec<u8>, Address); 3] {
    [(Vec::new(), COUNTER), (delegation(COUNTER), Address::ZERO), (delegation(COUNTER), SETTER)]
}

fn sequential(block: &Block, state: &MemoryState) -> BlockOutcome {
    let settings = SequentialSettings { is_observed: false };
    execute_sequential(block, state, &settings).expect("it can be run").outcome
}

/// The codes and nonces that a block leaves, as a node tells them.
fn left(outcome: &BlockOutcome) -> Vec<StateRead> {
    let words = outcome.state.iter().flat_map(|change| {
        let fields = change.after.expect("no account is gone");
        let [code, nonce] = [fields.code_hash.into(), U256::from(fields.nonce)];
        let address = change.address;
        [(Location::Code(address), code), (Location::Nonce(address), nonce)]
    });
    words.map(|(location, value)| StateRead { location, value }).collect()
}

fn predict(tx: &Recovered<ChainTx>, state: &MemoryState) -> Prediction {
    let engine = Engine::new(1).expect("there are threads");
    let next = NextBlock::of(&block(Vec::new()), Fork::Prague);
    engine.predict(tx, &next.words, Fork::Prague, state)
}

/// The places of the words that a prediction relied on and that hold something else now.
fn noticed(prediction: &Prediction, now: &[StateRead]) -> Vec<Location> {
    let mut pool = ConflictPool::new(ConflictScope::All);
    let ticket = pool.insert(&prediction.clone().into());
    let is_stale = pool.revalidate(now) == [ticket];
    let changed =
        |word: &&StateRead| now.iter().any(|it| it.location == word.location && it != *word);
    let places: Vec<Location> =
        prediction.relied_on().iter().filter(changed).map(|word| word.location).collect();
    assert_eq!(is_stale, !places.is_empty());
    places
}

#[test]
fn revalidation_names_the_code_of_an_account_that_delegates_otherwise_now() {
    for (code, to) in changes() {
        let (authority, signed) = authorization(to, 0);
        let state = state(authority, 0, &code);
        let now = left(&sequential(&block(vec![delegating(signed)]), &state));
        for tx in calls(authority) {
            let prediction = predict(&tx, &state);
            assert_eq!(noticed(&prediction, &now), [Location::Code(authority)]);
            let unmoved = left(&sequential(&block(Vec::new()), &state));
            assert_eq!(noticed(&prediction, &unmoved), []);
        }
    }
}

#[test]
fn revalidation_names_what_decides_whether_an_authorisation_counts() {
    let (authority, signed) = authorization(COUNTER, 0);
    let before = state(authority, 0, &[]);
    let prediction = predict(&delegating(signed.clone()), &before);
    assert_eq!(prediction.accounts().delegated, [authority]);
    let word = |location, value| StateRead { location, value: U256::from(value) };
    // Another transaction carried it first: code and nonce are others.
    let now = left(&sequential(&block(vec![delegating(signed.clone())]), &before));
    assert_eq!(noticed(&prediction, &now), [Location::Nonce(authority), Location::Code(authority)],);
    // The account sent a transaction.
    assert_eq!(
        noticed(&prediction, &[word(Location::Nonce(authority), 1)]),
        [Location::Nonce(authority)]
    );
    let after = state(authority, 1, &[]);
    assert!(predict(&delegating(signed.clone()), &after).accounts().delegated.is_empty());
    // The account became a contract.
    let of_code = [word(Location::Code(authority), 77)];
    assert_eq!(noticed(&prediction, &of_code), [Location::Code(authority)]);
    let contract = state(authority, 0, &[0x00]);
    assert!(predict(&delegating(signed), &contract).accounts().delegated.is_empty());
}

/// The storage of the account that a prediction says a transaction stores to.
fn stores(prediction: &Prediction, authority: Address) -> Vec<U256> {
    let storage = prediction.storage();
    let slots = storage.writes.iter().chain(&storage.deltas);
    slots.filter(|slot| slot.address == authority).map(|slot: &Slot| slot.key).collect()
}

#[test]
fn an_announced_call_is_predicted_again_behind_the_delegation() {
    for (code, to) in changes() {
        for n in 0..2 {
            let (authority, signed) = authorization(to, 0);
            let state = state(authority, 0, &code);
            let tx = calls(authority)[n].clone();
            let block = block(vec![delegating(signed), tx.clone()]);
            let next = NextBlock::of(&block, Fork::Prague);
            let execution = ExecutionRule::Always(ExecutionMode::Parallel);
            let settings = EngineSettings { execution, ..EngineSettings::default() };
            let engine = Engine::with_settings(2, settings).unwrap();
            let in_block = engine.predict_block(&block, &state).unwrap();
            assert!(engine.announce(&block.transactions[0], &next, &state));
            assert!(engine.announce(&tx, &next, &state));
            let made = engine.predict_block(&block, &state).unwrap();
            // The transaction that delegates holds.
            assert_eq!((made.n_kept, &made.predictions), (1, &in_block.predictions));
            let expected: &[u64] = match to {
                COUNTER => &[3],
                SETTER => &[5],
                _ => &[],
            };
            let expected: Vec<U256> = expected.iter().copied().map(U256::from).collect();
            assert_eq!(stores(&made.predictions[TxIndex(1)], authority), expected);
            // Without the delegation before it, it holds.
            let alone = self::block(vec![tx.clone()]);
            assert_eq!(engine.predict_block(&alone, &state).unwrap().n_kept, 1);
            let out = engine.execute(&block, &state).unwrap().execution;
            assert_eq!(out.into_outcome(&state).unwrap(), sequential(&block, &state));
        }
    }
}

#[test]
fn an_announced_authorisation_is_looked_at_again_behind_another() {
    for (code, to) in changes() {
        for n in 0..2 {
            let (authority, signed) = authorization(to, 0);
            let state = state(authority, 0, &code);
            // Of the same authorisation twice the second does not count.
            let [first, second] = [0, 1].map(|nonce| delegating_at(nonce, signed.clone()));
            let block = block(vec![first, second.clone(), calls(authority)[n].clone()]);
            let next = NextBlock::of(&block, Fork::Prague);
            let execution = ExecutionRule::Always(ExecutionMode::Parallel);
            let settings = EngineSettings { execution, ..EngineSettings::default() };
            let engine = Engine::with_settings(2, settings).unwrap();
            let in_block = engine.predict_block(&block, &state).unwrap();
            for tx in &block.transactions {
                assert!(engine.announce(tx, &next, &state));
            }
            let kept = engine.kept_prediction(second.tx_hash(), &next, &state).unwrap();
            assert_eq!(kept.accounts().delegated, [authority], "alone it counts");
            let made = engine.predict_block(&block, &state).unwrap();
            assert_eq!((made.n_kept, &made.predictions), (1, &in_block.predictions));
            assert!(made.predictions[TxIndex(1)].accounts().delegated.is_empty());
            let out = engine.execute(&block, &state).unwrap().execution;
            assert_eq!(out.into_outcome(&state).unwrap(), sequential(&block, &state));
            // Once it is included it counts no more.
            let after = self::state(authority, 1, &code);
            let head = NextBlock { parent_hash: account(2).into_word(), ..next };
            assert_eq!(engine.kept_prediction(second.tx_hash(), &head, &after), None);
            assert!(engine.refresh(&head, &after).contains(second.tx_hash()));
            let kept = engine.kept_prediction(second.tx_hash(), &head, &after).unwrap();
            assert!(kept.accounts().delegated.is_empty());
        }
    }
}

#[test]
fn a_new_head_with_another_delegation_refreshes_announced_calls() {
    for (code, to) in changes() {
        let (authority, _) = authorization(to, 0);
        let [direct, through] = calls(authority);
        let next = NextBlock::of(&block(Vec::new()), Fork::Prague);
        let code_after = if to.is_zero() { Vec::new() } else { delegation(to) };
        let [before, after] = [state(authority, 0, &code), state(authority, 1, &code_after)];
        let unmoved = state(authority, 1, &code);
        for tx in [direct, through] {
            let engine = Engine::new(1).unwrap();
            assert!(engine.announce(&tx, &next, &before));
            let [second, third] =
                [2, 3].map(|n| NextBlock { parent_hash: account(n).into_word(), ..next });
            assert_eq!(engine.refresh(&second, &unmoved).len(), 0);
            assert_eq!(engine.refresh(&third, &after), [*tx.tx_hash()]);
        }
    }
}
