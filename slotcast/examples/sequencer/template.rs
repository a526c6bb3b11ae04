//! Which transactions arrive, and what do blocks look like?
//!
//! In: a scenario and a number of transactions, which the generator makes as one block of a rollup. Out:
//! its signed transactions as they arrive, the state before all of them, and blocks with given
//! transactions behind the deposit that writes the fee parameters; those of users open the first block.
//! Invariant: everything follows from the arguments.

use alloy_consensus::{Header, Sealable, transaction::Recovered};
use alloy_primitives::{B256, U256, keccak256};
use slotcast::executor::{Block, ChainRules, ChainTx, ForkChoice, MemoryState, OpFork, TxDeposit};
use slotcast_corpus::{Plan, RecordedBlock, Rollup, Scenario, generate, state_of};

const OP_MAINNET: u64 = 10;
/// The gas that a block has, and what of it deposits may use.
const GAS_LIMIT: u64 = 60_000_000;
const DEPOSIT_GAS: u64 = 4_000_000;
/// Where calldata of the first deposit says the base fee of the layer below.
const BASE_FEE_BELOW: core::ops::Range<usize> = 36..68;

/// What blocks are made of.
#[derive(Debug)]
pub(crate) struct Template {
    recorded: RecordedBlock,
}

impl Template {
    pub(crate) fn new(scenario: Scenario, n_txs: usize) -> Self {
        let chain = ChainRules::of_id(OP_MAINNET).and_then(|rules| rules.as_optimism().cloned());
        let rollup = Rollup::of_fork(chain.expect("the chain is known"), OpFork::Isthmus);
        assert!(rollup.is_some(), "the chain has the fork");
        let plan = Plan { n_txs, scenario, chain_id: OP_MAINNET, rollup, ..Plan::default() };
        let recorded = generate(&plan).expect("rollups have this scenario").block().clone();
        Self { recorded }
    }

    /// The state before the first block.
    pub(crate) fn state(&self) -> MemoryState {
        state_of(&self.recorded)
    }

    /// The transactions, in the order of arrival.
    pub(crate) fn arriving(&self) -> impl Iterator<Item = Recovered<ChainTx>> + '_ {
        let all = self.recorded.transactions.iter();
        all.filter(|tx| tx.as_signed().is_some()).cloned()
    }

    /// How much gas a block has for the pool.
    pub(crate) const fn gas_for_pool(&self) -> u64 {
        GAS_LIMIT - DEPOSIT_GAS
    }

    /// Block `n` with its deposits and these transactions.
    pub(crate) fn block(&self, n: usize, chosen: Vec<Recovered<ChainTx>>) -> Block {
        let n = n as u64;
        let first = &self.recorded.header;
        let header = Header {
            number: first.number + n,
            // Five blocks in a second.
            timestamp: first.timestamp + n / 5,
            parent_hash: keccak256(n.to_be_bytes()),
            gas_limit: GAS_LIMIT,
            ..first.clone()
        };
        let mut transactions = self.deposits(n);
        transactions.extend(chosen);
        Block {
            chain_id: OP_MAINNET,
            forks: ForkChoice::OfChain,
            hash: B256::ZERO,
            header,
            transactions,
            withdrawals: Some(Vec::new()),
            ommers: Vec::new(),
        }
    }

    /// Those that the generator made open the first block, and another base fee below each later one.
    fn deposits(&self, n: u64) -> Vec<Recovered<ChainTx>> {
        let all = self.recorded.transactions.iter();
        let deposits: Vec<_> = all.take_while(|tx| tx.as_deposit().is_some()).cloned().collect();
        let Some(deposit) = deposits.first().and_then(|tx| tx.as_deposit()).filter(|_| n != 0)
        else {
            return deposits;
        };
        let mut input = deposit.input.to_vec();
        let word = U256::from(30_000_000_000 + n).to_be_bytes::<32>();
        input[BASE_FEE_BELOW].copy_from_slice(&word);
        let source_hash = keccak256(n.to_le_bytes());
        let deposit = TxDeposit { source_hash, input: input.into(), ..(**deposit).clone() };
        let from = deposit.from;
        vec![Recovered::new_unchecked(ChainTx::Deposit(deposit.seal_slow()), from)]
    }
}
