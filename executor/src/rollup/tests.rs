//! Is what the OP Stack adds done as its protocol says? One small block for each trap.

use std::sync::Arc;

use alloy_consensus::{
    Header, Sealable, SignableTransaction, TxEip1559, TxEnvelope, transaction::Recovered,
};
use alloy_primitives::{B256, Bytes, Signature, TxKind, address};

use super::*;
use crate::chain::optimism::L1_BLOCK;
use crate::{
    AccountRecord, Advice, BlockOutcome, ChainRules, CodeRecord, ForkChoice, Horizon, MemoryState,
    SequentialSettings, Settings, TxOutcome, TxStatus, execute, execute_sequential,
};

const DEPOSITOR: Address = address!("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");
const SENDER: Address = address!("0x00000000000000000000000000000000000000aa");
const RECIPIENT: Address = address!("0x00000000000000000000000000000000000000bb");
const ETHER: u128 = 1_000_000_000_000_000_000;
const BASE_FEE: u64 = 7;
/// When the block is made.
const NOW: u64 = 1_000;

/// Code that puts each 32 bytes of its calldata into the slot of its number among `slots`.
fn storing(slots: &[u8]) -> Bytes {
    let store = |(n, slot): (usize, &u8)| {
        // PUSH1 32n CALLDATALOAD PUSH1 slot SSTORE
        [0x60, 32 * n as u8, 0x35, 0x60, *slot, 0x55]
    };
    slots.iter().enumerate().flat_map(store).collect::<Vec<_>>().into()
}

fn words(words: &[U256]) -> Bytes {
    words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<_>>().into()
}

fn deposit(from: Address, to: TxKind, mint: u128, value: u128, input: Bytes) -> TxDeposit {
    TxDeposit {
        source_hash: B256::ZERO,
        from,
        to,
        mint,
        value: U256::from(value),
        gas_limit: 200_000,
        is_system_transaction: false,
        input,
    }
}

fn of_deposit(deposit: TxDeposit) -> Recovered<ChainTx> {
    let from = deposit.from;
    Recovered::new_unchecked(ChainTx::Deposit(deposit.seal_slow()), from)
}

fn payment(nonce: u64, value: u128) -> Recovered<ChainTx> {
    let tx = TxEip1559 {
        chain_id: 10,
        nonce,
        gas_limit: 50_000,
        max_fee_per_gas: 20,
        max_priority_fee_per_gas: 2,
        to: TxKind::Call(RECIPIENT),
        value: U256::from(value),
        ..TxEip1559::default()
    };
    let signed = tx.into_signed(Signature::new(U256::from(3), U256::from(5), false));
    Recovered::new_unchecked(TxEnvelope::from(signed).into(), SENDER)
}

fn account(address: Address, balance: u128, code: CodeRecord) -> AccountRecord {
    let storage = (1..9_u64).map(|slot| (U256::from(slot), U256::ZERO)).collect();
    AccountRecord { address, balance: U256::from(balance), nonce: 0, code, storage }
}

/// Runs the transactions in a block under `fork`.
fn run(fork: OpFork, slots: &[u8], transactions: Vec<Recovered<ChainTx>>) -> BlockOutcome {
    run_by(OpChain::new([(fork, 0)]), slots, transactions)
}

/// Runs the transactions in a block of `chain`, sequentially and in parallel, on a state in which the
/// contract with the parameters stores its calldata into `slots`.
fn run_by(chain: OpChain, slots: &[u8], transactions: Vec<Recovered<ChainTx>>) -> BlockOutcome {
    let header = Header {
        number: 100,
        timestamp: NOW,
        gas_limit: 30_000_000,
        base_fee_per_gas: Some(BASE_FEE),
        beneficiary: address!("0x4200000000000000000000000000000000000011"),
        parent_beacon_block_root: Some(B256::ZERO),
        excess_blob_gas: Some(0),
        ..Header::default()
    };
    let block = Block {
        chain_id: 10,
        forks: ForkChoice::Of(Arc::new(ChainRules::optimism("test", 10, chain))),
        header,
        hash: B256::ZERO,
        transactions,
        withdrawals: None,
        ommers: vec![],
    };
    let accounts = [
        account(L1_BLOCK, 0, CodeRecord::Known(storing(slots))),
        account(SENDER, ETHER, CodeRecord::None),
    ];
    let state = MemoryState::new(100, accounts, []);
    let settings = SequentialSettings { is_observed: false };
    let outcome = execute_sequential(&block, &state, &settings).unwrap().outcome;
    let observed = SequentialSettings { is_observed: true };
    assert_eq!(execute_sequential(&block, &state, &observed).unwrap().outcome, outcome);
    let alone = execute(&block, &state, Advice::None).unwrap();
    assert_eq!(alone.into_outcome(&state).unwrap(), outcome);
    let settings = Settings::with_threads(2).unwrap();
    let mut at_once = |_| Horizon::default().into();
    let parallel = execute(&block, &state, Advice::Streamed(&mut at_once, &settings)).unwrap();
    assert_eq!(parallel.into_outcome(&state).unwrap(), outcome);
    outcome
}

fn change(outcome: &BlockOutcome, address: Address) -> Option<&crate::AccountChange> {
    outcome.state.iter().find(|change| change.address == address)
}

fn gain(outcome: &BlockOutcome, address: Address) -> Option<U256> {
    let change = change(outcome, address)?;
    let before = change.before.map(|fields| fields.balance).unwrap_or_default();
    Some(change.after?.balance - before)
}

fn fees(outcome: &BlockOutcome, tx: usize) -> &RollupFees {
    outcome.receipts[tx].rollup_fees().unwrap()
}

#[test]
fn fee_parameters_are_those_that_the_first_transaction_has_just_written() {
    let input = words(&[U256::from(1_000), U256::from(188), U256::from(684_000)]);
    let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, input);
    let txs = vec![of_deposit(first), payment(0, 5), payment(1, 5)];
    let outcome = run(OpFork::Regolith, &[1, 5, 6], txs);
    let fees = fees(&outcome, 1);
    assert_eq!(fees.params.base_fee, U256::from(1_000));
    let gas = fees.l1_gas_used;
    assert!(U256::from(188) < gas);
    assert_eq!(fees.l1_fee, gas * U256::from(1_000) * U256::from(684_000) / U256::from(1_000_000));
    // Two payments of the same size, but for a nonce of zero and one, which are both one byte.
    let in_vault = gain(&outcome, L1_FEE_VAULT).unwrap();
    assert_eq!(in_vault, fees.l1_fee + self::fees(&outcome, 2).l1_fee);
    assert_eq!(
        gain(&outcome, crate::chain::optimism::BASE_FEE_VAULT),
        Some(U256::from(42_000 * BASE_FEE))
    );
    let beneficiary = address!("0x4200000000000000000000000000000000000011");
    assert_eq!(gain(&outcome, beneficiary), Some(U256::from(42_000 * 2)));
    let paid = U256::from(10 + 42_000 * 9) + in_vault;
    assert_eq!(change(&outcome, SENDER).unwrap().after.unwrap().balance, U256::from(ETHER) - paid);
}

#[test]
fn the_operator_is_paid_from_isthmus_on_and_not_touched_before() {
    let mut operator = [0; 32];
    operator[20..24].copy_from_slice(&500_000_u32.to_be_bytes());
    operator[24..].copy_from_slice(&9_u64.to_be_bytes());
    let run = |fork| {
        let input = words(&[U256::from_be_bytes(operator)]);
        let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, input);
        run(fork, &[8], vec![of_deposit(first), payment(0, 5)])
    };
    let before = run(OpFork::Holocene);
    assert_eq!(change(&before, OPERATOR_FEE_VAULT), None);
    assert_eq!(fees(&before, 1).operator_fee, None);
    let isthmus = run(OpFork::Isthmus);
    let paid = U256::from(21_000 / 2 + 9);
    assert_eq!(fees(&isthmus, 1).operator_fee, Some(paid));
    assert_eq!(gain(&isthmus, OPERATOR_FEE_VAULT), Some(paid));
    let jovian = run(OpFork::Jovian);
    assert_eq!(gain(&jovian, OPERATOR_FEE_VAULT), Some(U256::from(21_000_u64 * 500_000 * 100 + 9)));
}

#[test]
fn receipts_of_deposits_hold_the_nonce_in_their_encoding_from_canyon_on() {
    let run = |fork| {
        let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, Bytes::new());
        run(fork, &[], vec![of_deposit(first)]).receipts.remove(0)
    };
    let encoded = |receipt: &crate::Receipt| {
        let mut out = Vec::new();
        receipt.encode_2718(&mut out);
        out
    };
    let regolith = run(OpFork::Regolith);
    let deposit = |version| Some(Box::new(RollupReceipt::Deposit { nonce: 0, version }));
    assert_eq!(regolith.rollup, deposit(None));
    let canyon = run(OpFork::Canyon);
    assert_eq!(canyon.rollup, deposit(Some(1)));
    assert_eq!(encoded(&canyon).len(), encoded(&regolith).len() + 2);
    assert_eq!(encoded(&regolith)[0], 0x7e);
    assert!(encoded(&canyon).ends_with(&[0x80, 1]));
    assert_eq!(run(OpFork::Bedrock).rollup, None);
}

#[test]
fn a_failed_deposit_stays_in_the_block_with_its_mint_and_its_nonce() {
    let fails = deposit(RECIPIENT, TxKind::Call(SENDER), 40, 50, Bytes::new());
    let outcome = run(OpFork::Regolith, &[], vec![of_deposit(fails), payment(0, 5)]);
    let TxOutcome::Executed(executed) = &outcome.txs[TxIndex(0)] else { panic!("it is included") };
    assert!(matches!(executed.status, TxStatus::Halt(_)));
    assert_eq!(executed.gas_used, 200_000);
    let after = change(&outcome, RECIPIENT).unwrap().after.unwrap();
    assert_eq!((after.balance, after.nonce), (U256::from(45), 1));
    assert!(!outcome.receipts[0].success && outcome.receipts[1].success);

    // One whose code runs out of gas, and one that has too little gas to begin with.
    let mut endless =
        deposit(RECIPIENT, TxKind::Create, 40, 0, Bytes::from_static(&[0x5b, 0x5f, 0x56]));
    let run_one = |deposit: &TxDeposit| run(OpFork::Canyon, &[], vec![of_deposit(deposit.clone())]);
    for gas_limit in [200_000, 20_000] {
        endless.gas_limit = gas_limit;
        let outcome = run_one(&endless);
        assert_eq!(outcome.gas_used, gas_limit);
        let after = change(&outcome, RECIPIENT).unwrap().after.unwrap();
        assert_eq!((after.balance, after.nonce), (U256::from(40), 1));
    }
}

#[test]
fn deposits_are_charged_their_limit_before_regolith_and_the_chains_own_nothing() {
    let mut first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, Bytes::new());
    let gas =
        |fork, deposit: &TxDeposit| run(fork, &[], vec![of_deposit(deposit.clone())]).gas_used;
    assert_eq!(gas(OpFork::Bedrock, &first), 200_000);
    assert_eq!(gas(OpFork::Regolith, &first), 21_000);
    first.is_system_transaction = true;
    first.gas_limit = 150_000_000;
    assert_eq!(gas(OpFork::Bedrock, &first), 0);
}

#[test]
fn what_a_deposit_mints_can_be_spent_by_it_and_after_it() {
    let minted = deposit(SENDER, TxKind::Call(RECIPIENT), 2 * ETHER, 3 * ETHER, Bytes::new());
    let outcome = run(OpFork::Ecotone, &[], vec![of_deposit(minted), payment(1, 0)]);
    assert_eq!(gain(&outcome, RECIPIENT), Some(U256::from(3 * ETHER)));
    // Nothing is left to pay for the second.
    assert!(matches!(outcome.txs[TxIndex(1)], TxOutcome::Rejected(_)));
    let minted = deposit(SENDER, TxKind::Call(RECIPIENT), 2 * ETHER, 2 * ETHER, Bytes::new());
    let outcome = run(OpFork::Ecotone, &[], vec![of_deposit(minted), payment(1, 1)]);
    assert!(matches!(outcome.txs[TxIndex(1)], TxOutcome::Executed(_)));
}

#[test]
fn a_sender_that_cannot_pay_for_its_data_is_rejected() {
    let input = words(&[U256::from(ETHER), U256::ZERO, U256::from(1_000_000)]);
    let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, input);
    let outcome = run(OpFork::Regolith, &[1, 5, 6], vec![of_deposit(first), payment(0, 5)]);
    assert!(matches!(outcome.txs[TxIndex(1)], TxOutcome::Rejected(_)));
    assert_eq!(change(&outcome, SENDER), None);
}

#[test]
fn data_has_a_budget_from_jovian_on() {
    let mut operator = [0; 32];
    operator[18..20].copy_from_slice(&u16::MAX.to_be_bytes());
    let run = |scalar: &[u8; 32], n| {
        let input = words(&[U256::from_be_bytes(*scalar)]);
        let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, input);
        let txs = core::iter::once(of_deposit(first)).chain((0..n).map(|nonce| payment(nonce, 1)));
        run(OpFork::Jovian, &[8], txs.collect())
    };
    // What nothing is said of takes nothing.
    let free = run(&[0; 32], 2);
    assert_eq!((fees(&free, 1).da_footprint, free.blob_gas_used), (Some(0), 0));
    // Four transactions of 6,553,500 fit into thirty million.
    let full = run(&operator, 5);
    assert_eq!(full.blob_gas_used, 4 * 100 * u64::from(u16::MAX));
    assert!(matches!(full.txs[TxIndex(5)], TxOutcome::Rejected(crate::Rejection::NoRoom { .. })));
}

#[test]
fn the_first_block_of_canyon_puts_code_in_place_and_no_other_does() {
    let deployer = address!("0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2");
    let hash = alloy_primitives::b256!(
        "0xb0550b5b431e30d38000efb7107aaa0ade03d48a7198a140edda9d27134468b2"
    );
    let since = |canyon| OpChain::new([(OpFork::Regolith, 0), (OpFork::Canyon, canyon)]);
    let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, Bytes::new());
    // Asked for a value that it cannot know, the contract's code reverts; nothing at all would not.
    let asking = deposit(RECIPIENT, TxKind::Call(deployer), 3, 3, Bytes::from_static(&[1; 4]));
    let paying = deposit(RECIPIENT, TxKind::Call(deployer), 9, 9, Bytes::new());
    let txs = || [&first, &asking, &paying].map(|it| of_deposit(it.clone())).to_vec();
    let outcome = run_by(since(NOW), &[], txs());
    let put = change(&outcome, deployer).unwrap();
    assert_eq!(put.before, None);
    let after = put.after.unwrap();
    assert_eq!((after.code_hash, after.nonce, after.balance), (hash, 0, U256::from(9)));
    assert!(!outcome.receipts[1].success && outcome.receipts[2].success);
    for canyon in [0, NOW - 2, NOW + 2] {
        let outcome = run_by(since(canyon), &[], txs());
        assert_eq!(
            change(&outcome, deployer).unwrap().after.unwrap().code_hash,
            alloy_primitives::KECCAK256_EMPTY
        );
        assert!(outcome.receipts[1].success);
    }
}

#[test]
fn the_block_that_jovian_begins_with_has_no_price_for_data_yet() {
    let chain = OpChain::new([(OpFork::Isthmus, 0), (OpFork::Jovian, NOW)]);
    let mut operator = [0; 32];
    operator[24..].copy_from_slice(&9_u64.to_be_bytes());
    let input = words(&[U256::from_be_bytes(operator)]);
    let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, input);
    // The deposits that upgrade the chain's own contracts, one of which creates.
    let creating = deposit(DEPOSITOR, TxKind::Create, 0, 0, Bytes::from_static(&[0x00]));
    let txs = [first, creating].map(of_deposit);
    let outcome = run_by(chain.clone(), &[8], txs.to_vec());
    assert_eq!((outcome.blob_gas_used, outcome.receipts.len()), (0, 2));
    let nonces = outcome.receipts.iter().map(|receipt| receipt.rollup.clone().unwrap());
    let deposit = |nonce| RollupReceipt::Deposit { nonce, version: Some(1) };
    assert_eq!(nonces.map(|it| *it).collect::<Vec<_>>(), [deposit(0), deposit(1)]);
    let header = Header { timestamp: NOW, blob_gas_used: Some(0), ..Header::default() };
    let check = crate::check_rollup(&chain, &header, &outcome, None, None);
    assert_eq!(check.da_footprint, Some(true));
    // A transaction would take no room, and pay the operator by Jovian's formula already.
    let txs = txs.into_iter().chain([payment(0, 5)]).collect();
    let outcome = run_by(chain, &[8], txs);
    assert_eq!((fees(&outcome, 2).da_footprint, outcome.blob_gas_used), (Some(0), 0));
    assert_eq!(fees(&outcome, 2).operator_fee, Some(U256::from(9)));
}

#[test]
fn a_chain_whose_data_costs_nothing_takes_nothing_and_says_so() {
    for fork in OpFork::ALL {
        let first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, Bytes::new());
        let outcome = run(fork, &[], vec![of_deposit(first), payment(0, 5)]);
        let fees = fees(&outcome, 1);
        assert_eq!(fees.l1_fee, U256::ZERO, "{fork:?}");
        assert!(!fees.l1_gas_used.is_zero(), "{fork:?}");
        assert_eq!(change(&outcome, L1_FEE_VAULT), None, "{fork:?}");
        assert_eq!(change(&outcome, OPERATOR_FEE_VAULT), None, "{fork:?}");
    }
}
