//! Do cases that share a block still end as they do one after the other?
//!
//! In: cases that pass on their own. Out: blocks of several of them, run in parallel under several
//! schedules and numbers of threads; differences go to the [`Tally`].
//!
//! The states of all cases in a block are laid on top of each other: of two accounts at one address
//! the first stays. Most tests use the same few addresses, so transactions of one block call each
//! other's code and conflict wherever they can. What a case expected on its own no longer holds; the
//! sequential outcome of the block is what is expected.

use std::collections::BTreeMap;

use alloy_consensus::{TxEnvelope, transaction::Recovered};
use alloy_primitives::Address;
use slotcast::{
    Basis, Summaries, View,
    analyzer::{bind::BindLimits, limits::Limits},
    executor::{Block, FallbackRule, Mode, Pool, SequentialSettings, Settings, execute_sequential},
    graph::predicted_accesses,
    model::{Fork, Index, TxIndex},
    predict::predict_block,
    scheduler::{Schedule, schedule},
};

use super::{
    Tally,
    block::{Moved, add_accounts, block, transaction},
    format::{Env, Expected, Unit},
    world::World,
};

/// The numbers of threads.
const THREADS: [usize; 3] = [1, 2, 4];

/// Transactions of a merged block, and how many of them one test may give.
const N_TXS: usize = 16;
const N_TXS_OF_TEST: usize = 4;

/// More gas than one transaction of a merged block may have, so that no block takes long.
const MAX_GAS: u64 = 5_000_000;

/// Blocks being filled, one for each fork.
#[derive(Debug)]
pub(super) struct Merger {
    crews: Vec<Settings>,
    blocks: BTreeMap<Fork, Draft>,
}

#[derive(Debug)]
struct Draft {
    name: String,
    env: Env,
    world: World,
    transactions: Vec<Recovered<TxEnvelope>>,
    /// The nonce each sender is at.
    nonces: BTreeMap<Address, u64>,
}

impl Merger {
    pub(super) fn new() -> Self {
        let crew = |mode, threads: &usize| {
            let pool = Pool::new(*threads).expect("threads can be started");
            Settings { fallback: FallbackRule::NEVER, mode, ..Settings::of(pool) }
        };
        let of_mode = |mode| THREADS.iter().map(move |threads| crew(mode, threads));
        let crews = Mode::ALL.into_iter().flat_map(of_mode).collect();
        Self { crews, blocks: BTreeMap::new() }
    }

    /// Adds some cases of a test to the block of its fork, and runs the block when it is full.
    pub(super) fn add(&mut self, unit: &Unit, fork: Fork, cases: &[&Expected], tally: &mut Tally) {
        let included = cases.iter().filter(|case| case.expect_exception.is_none());
        let step = included.clone().count().div_ceil(N_TXS_OF_TEST).max(1);
        for case in included.step_by(step) {
            let draft = self.blocks.entry(fork).or_insert_with(|| Draft {
                name: unit.name.clone(),
                env: unit.env.clone(),
                world: World::default(),
                transactions: Vec::new(),
                nonces: BTreeMap::new(),
            });
            draft.add(unit, fork, case);
            if N_TXS <= draft.transactions.len() {
                let draft = self.blocks.remove(&fork).expect("it was just filled");
                self.run(&draft, fork, tally);
            }
        }
    }

    /// Runs the blocks that did not get full.
    pub(super) fn finish(mut self, tally: &mut Tally) {
        for (fork, draft) in core::mem::take(&mut self.blocks) {
            self.run(&draft, fork, tally);
        }
    }

    fn run(&self, draft: &Draft, fork: Fork, tally: &mut Tally) {
        let name = format!("block from {} on, {fork}", draft.name);
        let block = block(&draft.env, fork, draft.transactions.clone());
        let mut block = block.expect("its first case had a header");
        block.header.gas_limit = MAX_GAS * N_TXS as u64;
        tally.n_merged += 1;
        tally.n_merged_txs += block.n_transactions();
        let settings = SequentialSettings { is_observed: false };
        let sequential = match execute_sequential(&block, &draft.world, &settings) {
            Ok(sequential) => sequential.outcome,
            Err(error) => return tally.failures.push(format!("{name}: {error}")),
        };
        for (kind, schedule) in schedules(&block, fork, &draft.world) {
            let mut first = [const { None }; Mode::ALL.len()];
            for crew in &self.crews {
                tally.n_merged_runs += 1;
                let (mode, threads) = (crew.mode, crew.pool.threads());
                let context = || format!("{name}, {kind}, {}, {threads} threads", mode.text());
                let parallel = match crate::ran::run(&block, &schedule, &draft.world, crew) {
                    Ok(parallel) => parallel,
                    Err(error) => {
                        tally.failures.push(format!("{}: {error}", context()));
                        continue;
                    }
                };
                if parallel.outcome != sequential {
                    tally.failures.push(format!("{}: another outcome", context()));
                }
                let expected =
                    first[mode as usize].get_or_insert_with(|| parallel.reexecuted.clone());
                if *expected != parallel.reexecuted {
                    tally.failures.push(format!("{}: other transactions run again", context()));
                }
                tally.n_reexecuted += parallel.reexecuted.len();
            }
        }
    }
}

impl Draft {
    fn add(&mut self, unit: &Unit, fork: Fork, case: &Expected) {
        let sender = unit.transaction.sender;
        add_accounts(unit, fork, &mut self.world).expect("the case passed");
        let in_state = self.world.whole.accounts.get(&sender).map_or(0, |account| account.nonce);
        let nonce = self.nonces.entry(sender).or_insert(in_state);
        let moved = Moved { nonce: *nonce, max_gas: MAX_GAS };
        let tx = transaction(unit, case.indexes, Some(moved)).expect("the case passed");
        *nonce += 1;
        self.transactions.push(tx);
    }
}

/// One layer, random layers, and the schedule of our own predictions.
fn schedules(block: &Block, fork: Fork, world: &World) -> Vec<(&'static str, Schedule)> {
    let n = block.n_transactions();
    let mut layers = vec![Vec::new(); 3];
    for tx in (0..n).map(TxIndex::from_usize) {
        // Neither in block order nor evenly.
        layers[(7 * tx.as_usize() * tx.as_usize() + 3) % 11 % 3].push(tx);
    }
    layers.retain(|layer: &Vec<TxIndex>| !layer.is_empty());
    let layered = Schedule::from_layers(n, layers).expect("every transaction is in one layer");
    let state = world.memory_state(block.header.number);
    let summaries = Summaries::new(fork, Limits::default());
    let view = View::new(&state, &summaries);
    let predictions = predict_block(block, fork, &view, Basis::BlockOrder, BindLimits::default());
    let predicted = schedule(&predicted_accesses(block, &predictions, &state));
    vec![
        ("single layer", Schedule::single_layer(n)),
        ("mixed layers", layered),
        ("predicted", predicted),
    ]
}
