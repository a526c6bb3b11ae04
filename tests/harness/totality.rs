//! Do analysis and binding end within their limits on any bytes, calldata and state?
//!
//! In: an [`Input`], made from a seed or from a fuzzer's bytes. Out: [`check`], which panics when a
//! limit is passed, when two runs differ or when anything else panics; and [`Counts`] of what was
//! done, so that a test can tell that something was.
//!
//! Limits are counted from outside: programs by their nodes and steps, binding by the questions that
//! the state view is asked and by the lengths of what comes back.

mod soup;
mod view;

use core::fmt;

use alloy_primitives::{Address, Bytes, U256};
use slotcast::{
    analyzer::{
        analyze,
        bind::{BindLimits, Binder, BlockWords, Bound, TxFrame},
        describe,
        limits::{Limits, StopReason},
        program::Program,
        reach, recover_layout,
        summary::Summary,
    },
    model::{Fork, Gap},
};

use crate::random::Random;

use self::view::{Hostile, TARGET};

/// What is analysed and bound.
#[derive(Clone, Debug)]
pub struct Input {
    /// The code.
    pub code: Vec<u8>,
    /// The calldata.
    pub calldata: Vec<u8>,
    /// Decides fork, limits, the transaction's other words and what the state answers.
    pub seed: u64,
}

impl Input {
    /// Makes one up. Some begin with one of `contracts`, others from nothing.
    pub fn made(seed: u64, contracts: &[Vec<u8>]) -> Self {
        let mut random = Random::new(seed);
        let code = soup::code(&mut random, contracts);
        let calldata = soup::calldata(&mut random, &code);
        Self { code, calldata, seed }
    }

    /// Reads one from bytes that mean nothing: the seed, how long the calldata is, calldata, code.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (head, rest) = bytes.split_at(bytes.len().min(10));
        let mut padded = [0; 10];
        padded[..head.len()].copy_from_slice(head);
        let seed = u64::from_le_bytes(padded[..8].try_into().expect("eight of ten bytes"));
        let n_calldata = usize::from(u16::from_le_bytes([padded[8], padded[9]]));
        let (calldata, code) = rest.split_at(n_calldata.min(rest.len()));
        Self { code: code.to_vec(), calldata: calldata.to_vec(), seed }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Inputs.
    pub n_inputs: usize,
    /// Entry points whose programs were made.
    pub n_programs: usize,
    /// Those of them whose analysis did not find everything.
    pub n_stopped: usize,
    /// Nodes and steps of all programs.
    pub n_steps: usize,
    /// Bindings that ended with a budget used up.
    pub n_out_of_budget: usize,
    /// Slots predicted.
    pub n_slots: usize,
    /// Questions that the state was asked.
    pub n_questions: usize,
}

impl Counts {
    /// Adds what was done for another input.
    pub const fn add(&mut self, other: &Self) {
        self.n_inputs += other.n_inputs;
        self.n_programs += other.n_programs;
        self.n_stopped += other.n_stopped;
        self.n_steps += other.n_steps;
        self.n_out_of_budget += other.n_out_of_budget;
        self.n_slots += other.n_slots;
        self.n_questions += other.n_questions;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} codes analysed and bound, each several times: {} programs with {} nodes and steps, \
             {} not analysed to the end; {} bindings out of budget, {} slots predicted, {} questions \
             to the state",
            self.n_inputs,
            self.n_programs,
            self.n_steps,
            self.n_stopped,
            self.n_out_of_budget,
            self.n_slots,
            self.n_questions,
        )
    }
}

/// Functions of one code whose programs are looked at.
const MAX_FUNCTIONS: usize = 6;

/// Analyses and binds `input` twice.
///
/// # Panics
///
/// When a limit is passed or the two times differ.
pub fn check(input: &Input) -> Counts {
    let mut random = Random::new(input.seed ^ 0x5eed);
    let fork = random.pick(&Fork::ALL);
    let (limits, bind_limits) = limits(&mut random);
    let mut counts = Counts { n_inputs: 1, ..Counts::default() };

    let summary = check_analysis(input, fork, &limits, &mut counts);
    if random.once_in(4) {
        let twice = [(); 2].map(|()| describe(&input.code, fork, &limits));
        assert_eq!(twice[0], twice[1]);
        let twice = [(); 2].map(|()| reach(&input.code, fork, &limits));
        assert_eq!(twice[0], twice[1]);
        let twice = [(); 2].map(|()| format!("{:?}", recover_layout(&input.code, fork, &limits)));
        assert_eq!(twice[0], twice[1]);
    }

    let frame = frame(input, &mut random);
    let block = block(&mut random);
    let bind = |binder: &mut Binder| {
        let view = Hostile::new(input, fork, limits, &summary);
        (binder.bind(&frame, &block, &view), view.into_log())
    };
    let mut binder = Binder::new(fork, bind_limits);
    let (bound, log) = bind(&mut binder);
    // The working memory that a binder keeps must not show, nor must a new one.
    assert_eq!((&bound, &log), (&bind(&mut binder).0, &bind(&mut binder).1));
    assert_eq!(bound, bind(&mut Binder::new(fork, bind_limits)).0);

    check_bound(&bound, &log, &bind_limits);
    counts.n_questions += log.n_words + log.n_callees;
    counts.n_slots += bound.prediction.storage().reads.len();
    counts.n_out_of_budget += usize::from(bound.prediction.gaps().contains(&Gap::BindBudget));
    counts
}

/// Sometimes the default limits, mostly tight ones that are likely to be met.
fn limits(random: &mut Random) -> (Limits, BindLimits) {
    if random.once_in(16) {
        return (Limits::default(), BindLimits::default());
    }
    let analysis = Limits {
        fuel_per_function: random.pick(&[1, 500, 20_000, 400_000]),
        fuel_per_contract: random.pick(&[1, 2_000, 1_000_000]),
        bytes_per_function: random.pick(&[1, 1 << 16, 128 << 20]),
        nodes_per_function: random.pick(&[1, 10, 2_000]),
        contexts_per_block: random.pick(&[1, 4, 64]),
        recursion: random.pick(&[0, 1, 6]),
        functions: random.pick(&[0, 1, 16]),
    };
    let binding = BindLimits {
        steps: random.pick(&[0, 10, 1_000, 50_000]),
        state_reads: random.pick(&[0, 1, 16, 256]),
        depth: random.pick(&[0, 1, 8, 64]),
        memory: random.pick(&[0, 64, 4_096, 1 << 17]),
    };
    (analysis, binding)
}

fn check_analysis(input: &Input, fork: Fork, limits: &Limits, counts: &mut Counts) -> Summary {
    let summary = analyze(&input.code, fork, limits);
    let again = analyze(&input.code, fork, limits);
    let selectors: Vec<u32> = summary.selectors().collect();
    assert!(selectors.len() <= limits.functions, "{} functions", selectors.len());
    assert!(selectors.is_sorted_by(|a, b| a < b), "selectors are ascending");
    assert_eq!(selectors, again.selectors().collect::<Vec<_>>());
    let functions = selectors.iter().take(MAX_FUNCTIONS).map(|selector| Some(*selector));
    for selector in functions.chain([None]) {
        let program = summary.entry(selector);
        assert_eq!(program, again.entry(selector), "two analyses differ");
        check_program(program, limits);
        counts.n_programs += 1;
        counts.n_stopped += usize::from(program.stop != StopReason::Finished);
        counts.n_steps += program.nodes.len() + program.steps.len();
    }
    summary
}

/// A program is no longer than the walk it is made from may be.
fn check_program(program: &Program, limits: &Limits) {
    // Lowering splits a critical edge at most once for each of two successors.
    let max_nodes = 3 * (limits.nodes_per_function + 1);
    assert!(program.nodes.len() <= max_nodes, "{} nodes", program.nodes.len());
    // A node is walked to its end before its fuel is counted, and an instruction gives few terms.
    let longest = MAX_CODE + 64;
    let max_steps = STEPS_OF_INSTRUCTION * (limits.fuel_per_function + longest);
    assert!(program.steps.len() as u64 <= max_steps, "{} steps", program.steps.len());
}

/// The longest code that is generated.
const MAX_CODE: u64 = 1 << 16;
/// Terms that one instruction becomes at most.
const STEPS_OF_INSTRUCTION: u64 = 8;

fn check_bound(bound: &Bound, log: &view::Log, limits: &BindLimits) {
    let Bound { prediction, changes, .. } = bound;
    let n_reads = prediction.n_state_reads();
    assert!(n_reads <= limits.state_reads, "{n_reads} words relied on of {}", limits.state_reads);
    assert!(
        log.n_words <= limits.state_reads + SLACK,
        "{} words read of {}",
        log.n_words,
        limits.state_reads
    );
    let max_calls = SLACK as u64 + 2 * limits.steps;
    assert!(
        log.n_callees as u64 <= max_calls,
        "{} callees of {} steps",
        log.n_callees,
        limits.steps
    );
    let storage = prediction.storage();
    let n_slots = storage.reads.len() + storage.deltas.len();
    assert!(n_slots as u64 <= limits.steps, "{n_slots} slots in {} steps", limits.steps);
    // Slots of created accounts are changed and not listed.
    assert!(changes.storage.len() as u64 <= limits.steps, "more slots changed than steps");
    let lists = [&storage.reads, &storage.writes, &storage.deltas];
    assert!(lists.iter().all(|list| list.is_sorted_by(|a, b| a < b)), "lists are ascending");
}

/// Questions beside the words counted: the transaction's own accounts, and a step in progress.
const SLACK: usize = 8;

fn frame(input: &Input, random: &mut Random) -> TxFrame {
    let is_creation = random.once_in(6);
    TxFrame {
        caller: random.address(),
        to: (!is_creation).then_some(TARGET),
        nonce: random.pick(&[0, 1, u64::MAX - 1, u64::MAX]),
        n_own_authorizations: random.pick(&[0, 1]),
        value: random.pick(&[U256::ZERO, U256::ONE, U256::MAX]),
        input: Bytes::from(if is_creation { input.code.clone() } else { input.calldata.clone() }),
        gas_price: random.pick(&[U256::ZERO, U256::from(7), U256::MAX]),
        prepaid: random.pick(&[U256::ZERO, U256::from(7), U256::MAX]),
        gas: random.pick(&[0, 30_000, 10_000_000, u64::MAX]),
        loose: random.pick(&[0, 30_000, u64::MAX]),
        access_list: (0..random.below(3))
            .map(|_| (random.pick(&[TARGET, Address::ZERO]), vec![random.word(), U256::ZERO]))
            .collect(),
        blob_hashes: (0..random.below(2)).map(|_| random.word().into()).collect(),
    }
}

fn block(random: &mut Random) -> BlockWords {
    BlockWords {
        chain_id: random.pick(&[0, 1, u64::MAX]),
        number: random.pick(&[0, 20_000_000, u64::MAX]),
        timestamp: random.number(),
        coinbase: random.pick(&[TARGET, Address::ZERO]),
        gas_limit: random.number(),
        base_fee: random.pick(&[0, 7, u64::MAX]),
        difficulty: random.word(),
        blob_base_fee: random.word(),
        slot_number: random.number(),
    }
}
