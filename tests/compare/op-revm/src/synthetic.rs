//! Which blocks are generated for the comparison?
//!
//! In: nothing. Out: for every fork from Bedrock to Karst, every kind of block of the generator and a few
//! seeds, with three deposits more that no chain would take in but engines must agree on: with less gas
//! than its input costs, creating a contract without end, and calling what Canyon puts in place.
//! Invariant: the same on every run.

use std::sync::Arc;

use alloy_consensus::{Sealable, transaction::Recovered};
use alloy_primitives::{B256, Bytes, TxKind, U256, address};
use slotcast::executor::{
    Block, ChainRules, ChainTx, ForkChoice, MemoryState, OpChain, OpFork, TxDeposit,
};
use slotcast_corpus::{Plan, Rollup, Scenario, block_of, generate, state_of};

/// The chain's id.
pub(crate) const CHAIN: u64 = 10;
const SEEDS: u64 = 2;
/// When the blocks take place.
const TIME: u64 = 1_771_600_007;

/// All blocks, each with its name and the state before it.
pub(crate) fn blocks() -> Vec<(String, Block, MemoryState)> {
    let all = OpFork::ALL.into_iter().flat_map(|fork| {
        let kinds = Scenario::KINDS.iter().filter(|kind| **kind != Scenario::Blobs);
        kinds.map(move |scenario| (fork, *scenario))
    });
    all.flat_map(|(fork, scenario)| (0..SEEDS).filter_map(move |seed| block(fork, scenario, seed)))
        .collect()
}

/// The rules of a chain on which `fork` begins at a time and Bedrock held before.
pub(crate) fn rules(fork: OpFork, since: u64) -> ForkChoice {
    let chain = OpChain::new([(OpFork::Bedrock, 0), (fork, since)]);
    ForkChoice::Of(Arc::new(ChainRules::optimism("synthetic", CHAIN, chain)))
}

/// A deposit, and who sends it.
pub(crate) fn recovered(deposit: TxDeposit) -> Recovered<ChainTx> {
    let from = deposit.from;
    Recovered::new_unchecked(ChainTx::Deposit(deposit.seal_slow()), from)
}

/// Nothing where the fork does not have the scenario.
fn block(fork: OpFork, scenario: Scenario, seed: u64) -> Option<(String, Block, MemoryState)> {
    // The first block of a fork on every other seed; but op-revm does not read the scalar with which the
    // first of Ecotone still reckons.
    let before = OpFork::ALL[(fork as usize).saturating_sub(1)];
    let is_first = !seed.is_multiple_of(2) && fork != OpFork::Ecotone;
    let since = if is_first { TIME } else { 0 };
    let chain = OpChain::new([(before, 0), (fork, since)]);
    let rollup = Rollup { chain: chain.clone(), timestamp: TIME };
    if rollup.era() < scenario.since() {
        return None;
    }
    let rollup = Some(rollup);
    let plan = Plan { seed, n_txs: 40, scenario, chain_id: CHAIN, rollup, ..Plan::default() };
    let mut recorded = generate(&plan).expect("the era has the scenario").block().clone();
    let odd = odd_deposits().into_iter().map(self::recovered);
    recorded.transactions.splice(1..1, odd.collect::<Vec<_>>());
    recorded.header.gas_limit += 1_000_000;
    let (mut block, state) = (block_of(&recorded), state_of(&recorded));
    block.forks = ForkChoice::Of(Arc::new(ChainRules::optimism("synthetic", CHAIN, chain)));
    Some((format!("{} {} {seed}", fork.name(), scenario.name()), block, state))
}

fn odd_deposits() -> [TxDeposit; 3] {
    let deposit = |n: u8, to, wei: u8, gas_limit, input: &'static [u8]| TxDeposit {
        source_hash: B256::repeat_byte(n),
        from: address!("0x00000000000000000000000000000000000f00d5"),
        to,
        mint: wei.into(),
        value: U256::from(wei),
        gas_limit,
        is_system_transaction: false,
        input: Bytes::from_static(input),
    };
    let to = TxKind::Call(address!("0x00000000000000000000000000000000000f00d6"));
    let deployer = TxKind::Call(address!("0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2"));
    [
        deposit(1, to, 3, 20_000, &[]),
        // An endless loop.
        deposit(2, TxKind::Create, 9, 150_000, &[0x5b, 0x60, 0, 0x56]),
        deposit(3, deployer, 3, 100_000, &[1; 4]),
    ]
}
