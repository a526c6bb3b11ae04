//! Does op-revm make of blocks of the OP Stack what we make of them?
//!
//! ```text
//! cargo run --release --manifest-path tests/compare/op-revm/Cargo.toml [FILE|FOLDER]
//! ```
//!
//! In: recorded blocks, and small synthetic ones of every fork from Bedrock to Jovian. Out: a line for
//! each that differs, and how many agree.
//! Compared are gas used, every receipt with its encoding, what each transaction pays for its data and
//! to the operator, and the balance, nonce, code hash and storage of every account that either side
//! changed.
//! Invariant: the two sides share types of transactions and nothing that executes.

mod ours;
mod synthetic;
mod theirs;

use std::{path::PathBuf, process::ExitCode};

use slotcast::executor::Block;
use slotcast_corpus::{self as corpus, block_of, state_of};

/// What a block came to, in a form that both sides have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Came {
    /// Gas used by the block.
    pub(crate) gas_used: u64,
    /// One for each transaction.
    pub(crate) txs: Vec<Tx>,
    /// Changed accounts: balance, nonce, code hash, and changed slots.
    pub(crate) state: std::collections::BTreeMap<alloy_primitives::Address, Account>,
}

/// What a transaction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tx {
    /// The receipt as the root covers it; nothing where the transaction was rejected.
    pub(crate) receipt: Option<Vec<u8>>,
    /// What it paid for its data, and to the operator.
    pub(crate) fees: [alloy_primitives::U256; 2],
}

/// An account after a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its balance.
    pub(crate) balance: alloy_primitives::U256,
    /// Its nonce.
    pub(crate) nonce: u64,
    /// The hash of its code.
    pub(crate) code_hash: alloy_primitives::B256,
    /// Slots with another value than before.
    pub(crate) storage: std::collections::BTreeMap<alloy_primitives::U256, alloy_primitives::U256>,
}

fn main() -> ExitCode {
    let mut tally = Tally::default();
    if let Some(path) = std::env::args().nth(1).map(PathBuf::from) {
        for file in corpus::list(&path).expect("the folder can be listed") {
            let recorded = corpus::read_file(&file).expect("recorded blocks can be read");
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            tally.compare(&name, &block_of(&recorded), &|| state_of(&recorded));
        }
    }
    for (name, block, state) in synthetic::blocks() {
        tally.compare(&name, &block, &|| state.clone());
    }
    println!("{} blocks, {} transactions: {} differ", tally.n, tally.n_txs, tally.n_wrong);
    if tally.n_wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Tally {
    n: usize,
    n_txs: usize,
    n_wrong: usize,
}

impl Tally {
    fn compare(
        &mut self,
        name: &str,
        block: &Block,
        state: &dyn Fn() -> slotcast::executor::MemoryState,
    ) {
        self.n += 1;
        self.n_txs += block.n_transactions();
        let (ours, theirs) = (ours::run(block, &state()), theirs::run(block, &state()));
        if ours == theirs {
            return;
        }
        self.n_wrong += 1;
        println!("{name}: gas {} and {}", ours.gas_used, theirs.gas_used);
        for (n, (ours, theirs)) in ours.txs.iter().zip(&theirs.txs).enumerate() {
            if ours != theirs {
                println!("{name}: transaction {n}: {ours:?}\n  op-revm: {theirs:?}");
            }
        }
        let addresses: std::collections::BTreeSet<_> =
            ours.state.keys().chain(theirs.state.keys()).collect();
        for address in addresses {
            let (ours, theirs) = (ours.state.get(address), theirs.state.get(address));
            if ours != theirs {
                println!("{name}: {address}: {ours:?}\n  op-revm: {theirs:?}");
            }
        }
    }
}
