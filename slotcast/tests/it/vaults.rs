//! Are the credits of a rollup's vaults predicted, for each fork and transaction, and no others?
//!
//! In: synthetic blocks by the rules of the OP Stack. Out: predicted and true credits.

use std::{collections::BTreeSet, sync::Arc};

use alloy_consensus::{Sealable, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use slotcast::{
    Engine, NextBlock,
    executor::{
        Block, ChainRules, ChainTx, FeeLegs, ForkChoice, MemoryState, OpChain, OpFork,
        SequentialSettings, TxDeposit, execute_sequential, fork_of,
    },
    hints::access_list,
    model::{Location, Prediction, TxIndex},
    predict::warm_of,
};
use slotcast_corpus::{Era, Plan, PreAccount, Scenario, block_of, generate, state_of};

const CHAIN: u64 = 10;
const L1_BLOCK: Address = OpChain::FEE_PARAMETERS.0;
const N_TXS: usize = 24;

/// Words of the parameters: what the layer below costs, and what the operator takes.
#[derive(Clone, Copy, Debug)]
struct Costs {
    /// Data, by the base fee of the layer below, and by that of its blobs.
    data: [bool; 2],
    operator: bool,
}

const fn era(fork: OpFork) -> Era {
    match fork {
        OpFork::Bedrock | OpFork::Regolith => Era::Paris,
        OpFork::Canyon => Era::Shanghai,
        OpFork::Ecotone | OpFork::Fjord | OpFork::Granite | OpFork::Holocene => Era::Cancun,
        OpFork::Isthmus | OpFork::Jovian => Era::Prague,
        OpFork::Karst => Era::Osaka,
    }
}

/// Transfers of tokens behind a deposit that stores parameters.
fn rollup(fork: OpFork, costs: Costs) -> (Block, MemoryState) {
    let (n_txs, scenario) = (N_TXS, Scenario::Erc20);
    let era = era(fork);
    let plan = Plan { seed: 5, n_txs, scenario, chain_id: CHAIN, era, ..Plan::default() };
    let mut recorded = generate(&plan).expect("the plan is sound").block().clone();
    // Stores six words of calldata where the parameters are.
    let slots = OpChain::FEE_PARAMETERS.1;
    let store = |(n, slot): (usize, &u64)| [0x60, 32 * n as u8, 0x35, 0x60, *slot as u8, 0x55];
    let code: Bytes = slots.iter().enumerate().flat_map(store).collect::<Vec<u8>>().into();
    let contract = PreAccount { nonce: 1, code: Some(code), ..PreAccount::default() };
    recorded.pre_state.insert(L1_BLOCK, contract);
    let if_so = |is_so: bool, word: u64| U256::from(if is_so { word } else { 0 });
    let [by_base_fee, by_blobs] = costs.data;
    let scalars = (if_so(by_base_fee, 5_000) << 96) | (if_so(by_blobs, 900_000) << 64);
    let words = [
        U256::from(20_000_000_000_u64),
        scalars,
        U256::from(188),
        if_so(by_base_fee, 684_000),
        U256::from(1),
        if_so(costs.operator, 77),
    ];
    let input = words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<u8>>();
    let deposit = TxDeposit {
        source_hash: B256::ZERO,
        from: Address::with_last_byte(0xd1),
        to: TxKind::Call(L1_BLOCK),
        mint: 0,
        value: U256::ZERO,
        gas_limit: 1_000_000,
        is_system_transaction: false,
        input: input.into(),
    };
    let from = deposit.from;
    let first = Recovered::new_unchecked(ChainTx::Deposit(deposit.seal_slow()), from);
    recorded.transactions.insert(0, first);
    recorded.header.gas_limit += 1_000_000;
    recorded.withdrawals = (OpFork::Canyon <= fork).then(Vec::new);
    let (mut block, state) = (block_of(&recorded), state_of(&recorded));
    let rules = ChainRules::optimism("synthetic", CHAIN, OpChain::new([(fork, 0)]));
    block.forks = ForkChoice::Of(Arc::new(rules));
    (block, state)
}

/// The vaults among what is paid.
fn vaults_of(credits: &[Address], block: &Block) -> BTreeSet<Address> {
    let all = FeeLegs::of(block).all();
    credits.iter().copied().filter(|it| all.contains(&Some(*it))).collect()
}

fn predictions(engine: &Engine, block: &Block, state: &MemoryState) -> Vec<Prediction> {
    let all = engine.predict_block(block, state).expect("its rules are known");
    all.predictions.iter().cloned().collect()
}

#[test]
fn each_transaction_pays_the_vaults_that_it_was_predicted_to_pay() {
    for fork in OpFork::ALL {
        for n in 0..8 {
            let [operator, by_base_fee, by_blobs] = [n & 1, n & 2, n & 4].map(|bit| bit != 0);
            let data = [by_base_fee, by_blobs];
            let (block, state) = rollup(fork, Costs { data, operator });
            let observed = SequentialSettings { is_observed: true };
            let truth = execute_sequential(&block, &state, &observed).unwrap().observations;
            let engine = Engine::new(1).unwrap();
            let predicted = predictions(&engine, &block, &state);
            for (prediction, truth) in predicted.iter().zip(&truth) {
                let of = |credits: &[Address]| vaults_of(credits, &block);
                let paid = of(&truth.accounts.balance_credits);
                let name = fork.name();
                assert_eq!(of(&prediction.accounts().balance_credits), paid, "{name} {data:?}");
            }
            let n_paid = vaults_of(&truth[TxIndex(3)].accounts.balance_credits, &block).len();
            let is_operator_paid = operator && OpFork::Isthmus <= fork;
            let is_data_paid = by_base_fee || by_blobs && OpFork::Ecotone <= fork;
            assert_eq!(n_paid, 1 + usize::from(is_data_paid) + usize::from(is_operator_paid));
            assert!(vaults_of(&truth[TxIndex(0)].accounts.balance_credits, &block).is_empty());
        }
    }
}

#[test]
fn credits_of_vaults_order_nothing_and_are_in_no_access_list() {
    let (block, state) = rollup(OpFork::Jovian, Costs { data: [true; 2], operator: true });
    let engine = Engine::new(1).unwrap();
    let predicted = predictions(&engine, &block, &state);
    let vault = FeeLegs::of(&block).all()[1].unwrap();
    for (n, prediction) in predicted.iter().enumerate().skip(1) {
        let set = prediction.access_set();
        let location = Location::Balance(vault);
        assert!(set.adds().contains(&location), "{n}");
        assert!(!set.reads().contains(&location) && !set.writes().contains(&location));
        let list = access_list(warm_of(&block, TxIndex(n as u32)), prediction);
        assert!(list.0.iter().all(|item| item.address != vault));
    }
}

#[test]
fn what_was_announced_under_other_parameters_is_made_again() {
    let (free, of_free) = rollup(OpFork::Jovian, Costs { data: [false; 2], operator: false });
    let (block, state) = rollup(OpFork::Jovian, Costs { data: [true; 2], operator: true });
    let engine = Engine::new(1).unwrap();
    let in_block = predictions(&engine, &block, &state);
    let next = NextBlock::of(&block, fork_of(&block).unwrap());
    // On the state before the block no parameters are stored yet, so no vault is expected to be paid.
    let announced =
        block.transactions.iter().filter(|tx| engine.announce(tx, &next, &state)).count();
    assert_eq!(announced, N_TXS);
    let after = engine.predict_block(&block, &state).unwrap();
    assert_eq!(after.n_kept, 0);
    assert_eq!(after.predictions.iter().cloned().collect::<Vec<_>>(), in_block);
    // Where the block's first transaction leaves them zero they hold.
    let engine = Engine::new(1).unwrap();
    let next = NextBlock::of(&free, fork_of(&free).unwrap());
    for tx in &free.transactions {
        engine.announce(tx, &next, &of_free);
    }
    assert!(0 < engine.predict_block(&free, &of_free).unwrap().n_kept);
}
