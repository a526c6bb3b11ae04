//! Which transactions arrive, and what do blocks look like?
//!
//! In: a scenario and a number of transactions. Out: signed transactions as they arrive, the state
//! before all of them, and blocks with given transactions behind the deposit that writes the fee
//! parameters.
//! Invariant: everything follows from the arguments.

use alloy_consensus::{Header, Sealable, Typed2718 as _, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use slotcast::executor::{Block, ChainTx, ForkChoice, MemoryState, TxDeposit};
use slotcast_corpus::{Era, Plan, PreAccount, RecordedBlock, Scenario, generate, state_of};

const OP_MAINNET: u64 = 10;
const L1_BLOCK: Address = address!("0x4200000000000000000000000000000000000015");
const DEPOSITOR: Address = address!("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");
const TIP_VAULT: Address = address!("0x4200000000000000000000000000000000000011");
/// The gas that a block has, and what of it the deposit may use.
const GAS_LIMIT: u64 = 60_000_000;
const DEPOSIT_GAS: u64 = 1_000_000;
/// A transaction with blobs, which rollups do not have.
const BLOBS: u8 = 3;

/// What blocks are made of.
#[derive(Debug)]
pub(crate) struct Template {
    recorded: RecordedBlock,
}

impl Template {
    pub(crate) fn new(scenario: Scenario, n_txs: usize) -> Self {
        let plan = Plan { seed: 1, n_txs, scenario, chain_id: OP_MAINNET, era: Era::Prague };
        let mut recorded = generate(&plan).expect("the era has this scenario").block().clone();
        // Stores the first word of its calldata in slot 1 and the second in slot 7, the base fees of
        // the layer below; slot 3 holds what they are multiplied by.
        let code = Bytes::from_static(&[0x5f, 0x35, 0x60, 1, 0x55, 0x60, 32, 0x35, 0x60, 7, 0x55]);
        let mut scalars = [0; 32];
        scalars[16..20].copy_from_slice(&5_227_u32.to_be_bytes());
        scalars[20..24].copy_from_slice(&1_014_213_u32.to_be_bytes());
        let contract = PreAccount {
            code: Some(code),
            storage: [(U256::from(3), U256::from_be_bytes(scalars))].into(),
            ..PreAccount::default()
        };
        recorded.pre_state.insert(L1_BLOCK, contract);
        Self { recorded }
    }

    /// The state before the first block.
    pub(crate) fn state(&self) -> MemoryState {
        state_of(&self.recorded)
    }

    /// The transactions, in the order of arrival; senders that use blobs are left out.
    pub(crate) fn arriving(&self) -> impl Iterator<Item = Recovered<ChainTx>> + '_ {
        let all = || self.recorded.transactions.iter();
        let with_blobs: Vec<Address> =
            all().filter(|tx| tx.ty() == BLOBS).map(|tx| tx.signer()).collect();
        all().filter(move |tx| !with_blobs.contains(&tx.signer())).cloned()
    }

    /// How much gas a block has for the pool.
    pub(crate) const fn gas_for_pool(&self) -> u64 {
        GAS_LIMIT - DEPOSIT_GAS
    }

    /// Block `n` with the deposit and these transactions.
    pub(crate) fn block(&self, n: usize, chosen: Vec<Recovered<ChainTx>>) -> Block {
        let n = n as u64;
        let first = &self.recorded.header;
        let header = Header {
            number: first.number + n,
            // Five blocks in a second.
            timestamp: first.timestamp + n / 5,
            parent_hash: keccak256(n.to_be_bytes()),
            beneficiary: TIP_VAULT,
            gas_limit: GAS_LIMIT,
            ..first.clone()
        };
        let words = [30_000_000_000 + n, 1 + n].map(|word| U256::from(word).to_be_bytes::<32>());
        let deposit = TxDeposit {
            source_hash: keccak256(n.to_le_bytes()),
            from: DEPOSITOR,
            to: TxKind::Call(L1_BLOCK),
            gas_limit: DEPOSIT_GAS,
            input: words.concat().into(),
            ..TxDeposit::default()
        };
        let deposit = ChainTx::Deposit(deposit.seal_slow());
        let deposit = Recovered::new_unchecked(deposit, DEPOSITOR);
        Block {
            chain_id: OP_MAINNET,
            forks: ForkChoice::OfChain,
            hash: B256::ZERO,
            header,
            transactions: [deposit].into_iter().chain(chosen).collect(),
            withdrawals: Some(Vec::new()),
            ommers: Vec::new(),
        }
    }
}
