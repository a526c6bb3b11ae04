//! Does the walk find every block that really runs?
//!
//! In: recorded blocks. Out: [`Executed`]: how many basic blocks of how many codes revm ran, and which
//! of them the graphs of their codes do not have.
//!
//! A branch whose condition the walk decides is followed on one side only, so graphs are smaller than
//! those of tools that do not decide. Here real executions say whether a decision was wrong. Init code
//! is left out: its graph depends on the arguments behind it.

use std::collections::{BTreeMap, BTreeSet};

use alloy_eips::eip7840::BlobParams;
use alloy_evm::{EvmEnv, ToTxEnv};
use alloy_hardforks::{EthereumChainHardforks, EthereumHardfork, EthereumHardforks};
use alloy_primitives::{B256, Bytes, map::B256Map};
use revm::{
    Context, InspectCommitEvm, Inspector, MainBuilder, MainContext,
    bytecode::opcode,
    database::CacheDB,
    interpreter::{Interpreter, interpreter_types::Jumps},
};
use slotcast::{
    Prepared,
    analyzer::{
        bytecode::Pc,
        limits::{Limits, StopReason},
        reach,
    },
    model::Fork,
};

/// What ran, and what of it was not foreseen.
#[derive(Clone, Debug, Default)]
pub struct Executed {
    /// Distinct codes, counted once for each fork.
    pub n_codes: usize,
    /// Codes whose walk ended early, by its own account.
    pub n_stopped: usize,
    /// Distinct basic blocks of all codes.
    pub n_blocks: usize,
    /// Blocks that ran and that no walk found, of codes whose walk ended early.
    pub n_missed_of_stopped: usize,
    /// The same of codes that were walked to the end: the code's hash and the block.
    pub missed: BTreeSet<(B256, u32)>,
    seen: BTreeMap<(Fork, B256), BTreeSet<u32>>,
    codes: BTreeMap<B256, Bytes>,
}

impl Executed {
    /// Runs the transactions of a block of mainnet, one after the other, and notes what runs.
    ///
    /// # Panics
    ///
    /// When a transaction cannot be run, so that nothing of it would be looked at.
    pub fn run(&mut self, prepared: &Prepared) {
        let (block, state) = (prepared.block(), prepared.state());
        let env = environment(prepared);
        let mut evm = Context::mainnet()
            .with_db(CacheDB::new(state))
            .with_block(env.block_env)
            .with_cfg(env.cfg_env)
            .build_mainnet_with_inspector(Trail::default());
        for tx in block.tx_indices() {
            let result = evm.inspect_tx_commit(block.transaction(tx).to_tx_env());
            if let Err(error) = result {
                panic!("block {}, transaction {tx}: {error}", block.header.number);
            }
        }
        let trail = core::mem::take(&mut evm.inspector);
        for (hash, code) in trail.codes {
            let blocks = &trail.blocks[&hash];
            let blocks = (0_u32..).zip(blocks).filter(|(_, is_seen)| **is_seen).map(|(pc, _)| pc);
            self.seen.entry((prepared.fork(), hash)).or_default().extend(blocks);
            self.codes.insert(hash, code);
        }
    }

    /// Holds everything that ran against the walks of the codes.
    pub fn compare(&mut self) {
        let limits = Limits { fuel_per_contract: u64::MAX, ..Limits::default() };
        for ((fork, hash), blocks) in &self.seen {
            let reach = reach(&self.codes[hash], *fork, &limits);
            let is_stopped = reach.stop != StopReason::Finished;
            self.n_codes += 1;
            self.n_stopped += usize::from(is_stopped);
            self.n_blocks += blocks.len();
            for block in blocks.iter().filter(|block| !reach.blocks.contains_key(&Pc(**block))) {
                if is_stopped {
                    self.n_missed_of_stopped += 1;
                } else {
                    self.missed.insert((*hash, *block));
                }
            }
        }
    }

    /// The counts in words.
    pub fn text(&self) -> String {
        format!(
            "{} basic blocks of {} codes ran; of codes walked to the end {} of them were not found, of \
             {} others {}",
            self.n_blocks,
            self.n_codes,
            self.missed.len(),
            self.n_stopped,
            self.n_missed_of_stopped,
        )
    }
}

/// What a block of mainnet tells revm before its first transaction.
pub fn environment(prepared: &Prepared) -> EvmEnv {
    let block = prepared.block();
    let chain = EthereumChainHardforks::mainnet();
    let blob_params = blob_params(&chain, block.header.timestamp);
    EvmEnv::for_eth_block(&block.header, &chain, block.chain_id, blob_params)
}

/// The limits and prices of blobs at a time; without them nothing runs from Cancun on.
fn blob_params(chain: &EthereumChainHardforks, timestamp: u64) -> Option<BlobParams> {
    let since = [
        (EthereumHardfork::Bpo2, BlobParams::bpo2()),
        (EthereumHardfork::Bpo1, BlobParams::bpo1()),
        (EthereumHardfork::Osaka, BlobParams::osaka()),
        (EthereumHardfork::Prague, BlobParams::prague()),
        (EthereumHardfork::Cancun, BlobParams::cancun()),
    ];
    let is_active = |fork| chain.is_ethereum_fork_active_at_timestamp(fork, timestamp);
    since.into_iter().find_map(|(fork, params)| is_active(fork).then_some(params))
}

/// Notes where basic blocks begin that run.
#[derive(Debug, Default)]
struct Trail {
    /// For each code, whether a block began at each of its bytes.
    blocks: B256Map<Vec<bool>>,
    codes: BTreeMap<B256, Bytes>,
    is_behind_branch: bool,
}

impl<CTX> Inspector<CTX> for Trail {
    fn initialize_interp(&mut self, interpreter: &mut Interpreter, _: &mut CTX) {
        self.is_behind_branch = false;
        let Some(hash) = interpreter.bytecode.hash() else { return };
        if self.blocks.contains_key(&hash) {
            return;
        }
        let code = interpreter.bytecode.original_bytes();
        self.blocks.insert(hash, vec![false; code.len() + 1]);
        self.codes.insert(hash, code);
    }

    fn step(&mut self, interpreter: &mut Interpreter, _: &mut CTX) {
        let (pc, opcode) = (interpreter.bytecode.pc(), interpreter.bytecode.opcode());
        if (pc == 0 || opcode == opcode::JUMPDEST || self.is_behind_branch)
            && let Some(hash) = interpreter.bytecode.hash()
            && let Some(blocks) = self.blocks.get_mut(&hash)
            && let Some(block) = blocks.get_mut(pc)
        {
            *block = true;
        }
        self.is_behind_branch = opcode == opcode::JUMPI;
    }
}
