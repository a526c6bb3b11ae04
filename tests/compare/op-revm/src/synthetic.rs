//! Which blocks are generated for the comparison?
//!
//! In: nothing. Out: for every fork from Bedrock to Karst, every kind of block and a few seeds, signed
//! transactions behind a deposit that writes fee parameters, and deposits of every kind: minting, spending more than there
//! is, creating, with too little gas, and the chain's own of before Regolith.
//! Invariant: the same on every run.

use std::sync::Arc;

use alloy_consensus::{Sealable, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use slotcast::executor::{
    Block, ChainRules, ChainTx, ForkChoice, MemoryState, OpChain, OpFork, TxDeposit,
};
use slotcast_corpus::{Era, Plan, PreAccount, Scenario, block_of, generate, state_of};

/// The chain's id.
pub(crate) const CHAIN: u64 = 10;
const L1_BLOCK: Address = address!("0x4200000000000000000000000000000000000015");
const DEPOSITOR: Address = address!("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");
const SEEDS: u64 = 2;

/// All blocks, each with its name and the state before it.
pub(crate) fn blocks() -> Vec<(String, Block, MemoryState)> {
    let all = OpFork::ALL.into_iter().flat_map(|fork| {
        let scenarios = Scenario::KINDS.iter().filter(move |it| it.since() <= era(fork));
        scenarios.map(move |scenario| (fork, *scenario))
    });
    all.flat_map(|(fork, scenario)| (0..SEEDS).map(move |seed| block(fork, scenario, seed)))
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

/// Ethereum's fork that comes with one of the OP Stack.
pub(crate) const fn era(fork: OpFork) -> Era {
    match fork {
        OpFork::Bedrock | OpFork::Regolith => Era::Paris,
        OpFork::Canyon => Era::Shanghai,
        OpFork::Ecotone | OpFork::Fjord | OpFork::Granite | OpFork::Holocene => Era::Cancun,
        OpFork::Isthmus | OpFork::Jovian => Era::Prague,
        OpFork::Karst => Era::Osaka,
    }
}

fn block(fork: OpFork, scenario: Scenario, seed: u64) -> (String, Block, MemoryState) {
    let plan = Plan { seed, n_txs: 40, scenario, chain_id: CHAIN, era: era(fork) };
    let mut recorded = generate(&plan).expect("the era has the scenario").block().clone();
    // Puts six words of calldata into the slots of the fee parameters.
    let stores = [1_u8, 3, 5, 6, 7, 8].iter().enumerate();
    let code: Vec<u8> =
        stores.flat_map(|(n, slot)| [0x60, 32 * n as u8, 0x35, 0x60, *slot, 0x55]).collect();
    recorded.pre_state.insert(
        L1_BLOCK,
        PreAccount { nonce: 1, code: Some(code.into()), ..PreAccount::default() },
    );
    recorded.withdrawals = (OpFork::Canyon <= fork).then(Vec::new);
    let sender = recorded.transactions[0].signer();
    let deposits = deposits(fork, seed, sender).into_iter().map(self::recovered);
    recorded.transactions.splice(0..0, deposits.collect::<Vec<_>>());
    recorded.header.gas_limit += 200_000_000;
    // The first block of a fork on every other seed.
    let since = if seed.is_multiple_of(2) { 0 } else { recorded.header.timestamp };
    let (mut block, state) = (block_of(&recorded), state_of(&recorded));
    block.forks = rules(fork, since);
    (format!("{} {} {seed}", fork.name(), scenario.name()), block, state)
}

fn deposits(fork: OpFork, seed: u64, sender: Address) -> Vec<TxDeposit> {
    let deposit = |from, to, mint: u128, value: u128, gas_limit, input| TxDeposit {
        source_hash: B256::ZERO,
        from,
        to,
        mint,
        value: U256::from(value),
        gas_limit,
        is_system_transaction: false,
        input,
    };
    let mut first = deposit(DEPOSITOR, TxKind::Call(L1_BLOCK), 0, 0, 1_000_000, parameters(seed));
    first.is_system_transaction = fork < OpFork::Regolith;
    let to = TxKind::Call(address!("0x00000000000000000000000000000000000f00d5"));
    // PUSH1 1 PUSH1 0 SSTORE STOP; an endless loop.
    let creates = Bytes::from_static(&[0x60, 1, 0x60, 0, 0x55, 0x00]);
    let endless = Bytes::from_static(&[0x5b, 0x60, 0, 0x56]);
    let deployer = TxKind::Call(address!("0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2"));
    vec![
        first,
        deposit(sender, to, 1_000, 400, 100_000, Bytes::new()),
        deposit(DEPOSITOR, to, 5, 1_000, 100_000, Bytes::new()),
        deposit(DEPOSITOR, TxKind::Create, 7, 7, 200_000, creates),
        deposit(DEPOSITOR, TxKind::Create, 9, 0, 150_000, endless),
        deposit(DEPOSITOR, to, 3, 0, 20_000, Bytes::new()),
        deposit(DEPOSITOR, deployer, 3, 3, 100_000, Bytes::from_static(&[1; 4])),
    ]
}

/// Fee parameters, which differ from seed to seed.
fn parameters(seed: u64) -> Bytes {
    let n = u32::try_from(seed).unwrap_or_default();
    let mut scalars = [0; 32];
    scalars[16..20].copy_from_slice(&(5_000 + 7 * n).to_be_bytes());
    scalars[20..24].copy_from_slice(&(900_000 + n).to_be_bytes());
    let mut operator = [0; 32];
    operator[18..20].copy_from_slice(&(400_u16).to_be_bytes());
    operator[20..24].copy_from_slice(&(1_000 * n).to_be_bytes());
    operator[24..].copy_from_slice(&(77 * seed).to_be_bytes());
    let words = [
        U256::from(20_000_000_000 + seed),
        U256::from_be_bytes(scalars),
        U256::from(188),
        U256::from(684_000 * (seed % 3)),
        U256::from(1 + 3 * seed),
        U256::from_be_bytes(operator),
    ];
    words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<_>>().into()
}
