//! Does op-revm make of blocks of the OP Stack what we make of them?
//!
//! ```text
//! tests/compare/op-revm/check.sh [FILE|FOLDER]
//! ```
//!
//! In: recorded blocks, and synthetic ones of every fork from Bedrock to Karst. Out: a line for each
//! difference, how many blocks agree, and failure if one does not.
//! Compared are gas used, every receipt with its encoding, the gas of each transaction, what it pays
//! for its data and to the operator, what each transaction changes in the state, and the balance,
//! nonce, code hash and storage of every account that either side changed.
//! Invariant: the two sides share types of transactions and nothing that executes.

mod came;
mod limits;
mod ours;
mod synthetic;
mod theirs;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use alloy_primitives::{Address, address};
use slotcast::executor::{Block, ChainTx, FeeLegs, MemoryState};
use slotcast_corpus::{self as corpus, block_of, state_of};

/// Differences of one block that are shown.
const MAX_SHOWN: usize = 12;

/// Where op-revm sends base fees.
const BASE_FEE_VAULT: Address = address!("0x4200000000000000000000000000000000000019");

/// Recorded blocks lie beside the checkout where there are any.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/rollups");

fn main() -> ExitCode {
    let mut tally = Tally::default();
    let named = std::env::args().nth(1).map(PathBuf::from);
    let path = named.as_deref().unwrap_or(Path::new(RECORDED));
    if named.is_some() || path.exists() {
        for file in corpus::list(path).expect("the folder can be listed") {
            let recorded = corpus::read_file(&file).expect("recorded blocks can be read");
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let block = block_of(&recorded);
            if has_own_vault(&block) {
                println!("{name}: left out: its base fees go where op-revm does not send them");
                continue;
            }
            tally.compare(&name, &block, &state_of(&recorded));
        }
        tally.print("recorded");
    } else {
        println!("recorded: SKIPPED, there are no rollup blocks beside the checkout");
    }
    let mut of_synthetic = Tally::default();
    for (name, block, state) in synthetic::blocks().into_iter().chain(limits::blocks()) {
        of_synthetic.compare(&name, &block, &state);
    }
    of_synthetic.print("synthetic");
    match tally.n_wrong + of_synthetic.n_wrong {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Whether base fees of the block's chain go to another account than on other chains of the OP Stack,
/// which op-revm cannot be told, and whether there are such fees in it.
fn has_own_vault(block: &Block) -> bool {
    let is_signed = |tx: &ChainTx| tx.as_deposit().is_none();
    FeeLegs::of(block).all()[0] != Some(BASE_FEE_VAULT)
        && block.transactions.iter().any(|tx| is_signed(tx))
}

#[derive(Default)]
struct Tally {
    n_blocks: usize,
    n_txs: usize,
    n_rejected: usize,
    n_wrong: usize,
}

impl Tally {
    fn compare(&mut self, name: &str, block: &Block, state: &MemoryState) {
        let (ours, theirs) = (ours::run(block, state), theirs::run(block, state));
        self.n_blocks += 1;
        self.n_txs += ours.txs.len();
        self.n_rejected += ours.txs.iter().filter(|tx| tx.receipt.is_none()).count();
        let lines = ours.differences(&theirs);
        self.n_wrong += usize::from(!lines.is_empty());
        lines.iter().take(MAX_SHOWN).for_each(|line| println!("{name}: {line}"));
        if MAX_SHOWN < lines.len() {
            println!("{name}: {} more", lines.len() - MAX_SHOWN);
        }
    }

    fn print(&self, what: &str) {
        let Self { n_blocks, n_txs, n_rejected, n_wrong } = self;
        println!(
            "{what}: {n_blocks} blocks, {n_txs} transactions, {n_rejected} rejected; {n_wrong} blocks differ"
        );
    }
}
