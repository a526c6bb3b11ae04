//! Is a transfer in closed form what revm makes of it?
//!
//! In: seeds. Out: blocks of transfers between a few accounts that are often the same, too poor, too
//! rich, empty, precompiled, delegated or paid the fees, of every type, with limits and prices on the
//! edge, under every fork; each is executed sequentially and in parallel, and compared with the
//! sequential executor, which knows no closed form.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEnvelope, TxLegacy};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use revm::{
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast_executor::{
    AccountRecord, Advice, CodeRecord, FallbackRule, Fork, MemoryState, MissingCode,
    SequentialSettings, Settings, TxOutcome, execute, execute_sequential,
};
use slotcast_scheduler::Schedule;

use crate::{
    made::{ETHER, Made, address},
    parallel::Random,
};

const N_SEEDS: u64 = 400;
const N_TXS: u64 = 14;

/// A state in which some accounts exist and are empty, as they could before Spurious Dragon.
#[derive(Debug)]
pub(crate) struct Haunted {
    pub(crate) state: MemoryState,
    pub(crate) ghosts: Vec<Address>,
}

impl DatabaseRef for Haunted {
    type Error = MissingCode;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, MissingCode> {
        let info = self.state.basic_ref(address)?;
        let ghost = self.ghosts.contains(&address).then(AccountInfo::default);
        Ok(info.or(ghost))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, MissingCode> {
        self.state.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, MissingCode> {
        self.state.storage_ref(address, key)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, MissingCode> {
        self.state.block_hash_ref(number)
    }
}

/// Who takes part: six with a balance of their own, a ghost, an unused account, two precompiles, a contract, a
/// delegated account.
fn parties() -> Vec<Address> {
    let precompiles = [Address::with_last_byte(1), Address::with_last_byte(0x0a)];
    (0xa0..0xaa).map(address).chain(precompiles).collect()
}

const GHOST: Address = address(0xa6);
const CONTRACT: Address = address(0xa8);
const DELEGATED: Address = address(0xa9);

pub(crate) fn random_block(seed: u64, fork: Fork, others: &[Address]) -> Made {
    let mut random = Random(seed);
    let mut made = Made::new(fork);
    let parties = parties();
    let recipients = [&parties[..], others].concat();
    for party in &parties[..6] {
        let balance = match random.next() % 6 {
            0 => U256::from(21_000 * 10),
            1 => U256::from(21_000 * 100 + random.next() % 1_000_000),
            2 => U256::MAX - U256::from(random.next() % 3),
            _ => U256::from(ETHER),
        };
        let code = CodeRecord::None;
        made.record(AccountRecord { address: *party, balance, nonce: 0, code, storage: vec![] });
    }
    made.contract(CONTRACT, 5, &[0x60, 0x01, 0x50], &[]);
    let mut delegation = vec![0xef, 0x01, 0x00];
    delegation.extend_from_slice(CONTRACT.as_slice());
    made.contract(DELEGATED, ETHER, &delegation, &[]);
    made.beneficiary = pick(&mut random, &parties);
    made.base_fee = if fork < Fork::London { 0 } else { random.next() % 12 };
    made.gas_limit = pick(&mut random, &[300_000, 30_000_000]);
    let mut nonces = [0_u64; 12];
    nonces[9] = 1;
    for _ in 0..N_TXS {
        let from = pick(&mut random, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 7, 9]);
        let to = pick(&mut random, &recipients);
        let off = pick(&mut random, &[0_u64, 0, 0, 0, 0, 0, 0, 0, 1, u64::MAX]);
        let nonce = nonces[from].wrapping_add(off);
        let tx = random_tx(&mut random, fork, nonce, to);
        nonces[from] += u64::from(off == 0);
        made.push(tx, parties[from]);
    }
    made
}

pub(crate) fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[(random.next() % from.len() as u64) as usize]
}

fn random_tx(random: &mut Random, fork: Fork, nonce: u64, to: Address) -> TxEnvelope {
    let gas_limit = pick(
        random,
        &[21_000, 21_000, 21_000, 20_999, 21_001, 26_000, 90_000, 301_000, 20_000_000],
    );
    let price = pick(random, &[10, 10, 100, 7, 0, u128::MAX]);
    let tip = pick(random, &[0, 1, 2, 200]);
    let value = match random.next() % 5 {
        0 => U256::ZERO,
        1 => U256::from(ETHER),
        2 => U256::MAX,
        _ => U256::from(random.next() % 1_000_000),
    };
    let input: Bytes =
        if random.next().is_multiple_of(4) { vec![0, 1, 2].into() } else { Bytes::new() };
    let chain_id = if random.next().is_multiple_of(20) { 2 } else { 1 };
    let keys = (0..random.next() % 3).map(|n| B256::from(U256::from(n))).collect();
    let item = AccessListItem { address: to, storage_keys: keys };
    let access_list = AccessList(if random.next().is_multiple_of(2) { vec![item] } else { vec![] });
    // Some are of a type that the fork does not know yet.
    let newest = [Fork::Frontier, Fork::Berlin, Fork::London, Fork::Cancun];
    let n_types = newest.iter().filter(|since| **since <= fork).count() as u64;
    let kind =
        if random.next().is_multiple_of(12) { random.next() % 4 } else { random.next() % n_types };
    match kind {
        0 => {
            let chain_id = (random.next().is_multiple_of(2)).then_some(chain_id);
            let (gas_price, to) = (price, TxKind::Call(to));
            let tx = TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input };
            tx.into_signed(signature()).into()
        }
        1 => {
            let (gas_price, to) = (price, TxKind::Call(to));
            let tx =
                TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input };
            tx.into_signed(signature()).into()
        }
        2 => TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: price,
            max_priority_fee_per_gas: tip,
            to: TxKind::Call(to),
            value,
            access_list,
            input,
        }
        .into_signed(signature())
        .into(),
        _ => {
            let (blob_versioned_hashes, max_fee_per_blob_gas) = random_blobs(random);
            TxEip4844 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: price,
                max_priority_fee_per_gas: tip,
                to,
                value,
                access_list,
                blob_versioned_hashes,
                max_fee_per_blob_gas,
                input,
            }
            .into_signed(signature())
            .into()
        }
    }
}

/// Some blobs, perhaps too many or of a wrong version, and what is offered for them.
fn random_blobs(random: &mut Random) -> (Vec<B256>, u128) {
    let mut hash = B256::ZERO;
    hash.0[0] = pick(random, &[1, 1, 1, 1, 2]);
    let hashes = vec![hash; (random.next() % 8) as usize];
    (hashes, pick(random, &[0, 1, 1_000, u128::MAX]))
}

pub(crate) fn signature() -> Signature {
    Signature::new(U256::from(1), U256::from(1), false)
}

#[test]
fn transfers_in_closed_form_are_what_revm_makes_of_them() {
    let unobserved = SequentialSettings { is_observed: false };
    let settings = Settings { fallback: FallbackRule::NEVER, ..Settings::with_threads(2).unwrap() };
    for fork in &Fork::ALL[..14] {
        let (mut n_closed, mut n_executed, mut n_rejected) = (0, 0, 0);
        for seed in 0..N_SEEDS {
            let (block, state) = random_block(1_000 * seed + *fork as u64, *fork, &[]).build();
            let state = Haunted { state, ghosts: vec![GHOST] };
            let expected = execute_sequential(&block, &state, &unobserved).unwrap().outcome;
            let alone = execute(&block, &state, Advice::None).unwrap();
            n_closed += alone.n_transfers();
            let ran = |tx: &&TxOutcome| matches!(tx, TxOutcome::Executed(_));
            let n_ran = expected.txs.iter().filter(ran).count();
            n_executed += n_ran;
            n_rejected += expected.txs.len() - n_ran;
            assert_eq!(alone.into_outcome(&state).unwrap(), expected, "{fork} seed {seed}");
            let schedule = Schedule::single_layer(block.n_transactions());
            let advice = Advice::Schedule(&schedule, &settings);
            let parallel = execute(&block, &state, advice).unwrap();
            assert_eq!(parallel.into_outcome(&state).unwrap(), expected, "{fork} seed {seed}");
        }
        // Neither the closed form nor the ways around it may go untested.
        assert!(100 < n_closed, "{fork}: {n_closed} of {n_executed} in closed form");
        assert!(n_closed < n_executed, "{fork}: nothing was left to revm");
        assert!(100 < n_rejected, "{fork}: {n_rejected} rejected");
    }
}

#[test]
fn data_that_is_not_read_is_only_paid_for() {
    let unobserved = SequentialSettings { is_observed: false };
    for fork in &Fork::ALL[..14] {
        let mut made = Made::new(*fork);
        let (from, balance) = (address(0xa0), U256::from(ETHER));
        let code = CodeRecord::None;
        made.record(AccountRecord { address: from, balance, nonce: 0, code, storage: vec![] });
        made.contract(CONTRACT, 5, &[0x60, 0x01, 0x50], &[]);
        for (nonce, to) in [(0, address(0xb0)), (1, CONTRACT)] {
            let (to, value, input) = (TxKind::Call(to), U256::from(7), vec![0, 1, 2].into());
            let (chain_id, gas_price, gas_limit) = (None, 1_000, 90_000);
            let tx = TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input };
            made.push(tx.into_signed(signature()).into(), from);
        }
        let (block, state) = made.build();
        let alone = execute(&block, &state, Advice::None).unwrap();
        assert_eq!(alone.n_transfers(), 1, "{fork}");
        let expected = execute_sequential(&block, &state, &unobserved).unwrap().outcome;
        assert_eq!(alone.into_outcome(&state).unwrap(), expected, "{fork}");
    }
}
