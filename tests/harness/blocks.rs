//! Is the outcome of a synthetic block the sequential one, whatever is predicted of it?
//!
//! In: a source of numbers. Out: [`check`], which makes a block of a few accounts and contracts that
//! conflict wherever they can, generates predictions of every quality, runs both executors and panics
//! where they differ; and [`Events`], what really happened in the block, so that a test can tell that
//! a scenario was there.

mod advice;
mod events;
mod made;
mod programs;

use slotcast::{
    executor::{
        Block, FallbackRule, MemoryState, Mode, Pool, Sequential, SequentialSettings, Settings,
        execute_sequential,
    },
    graph::predicted_accesses,
    model::{IndexVec, Prediction, TxIndex},
    scheduler::schedule,
};

use crate::{ran, random::Random};

pub use events::{Event, Events};

use self::{advice::advice, made::Made};

/// The threads that blocks are run on.
#[derive(Debug)]
pub struct Crews {
    crews: Vec<Settings>,
}

impl Default for Crews {
    fn default() -> Self {
        Self::new()
    }
}

impl Crews {
    /// One to four threads in every mode, mostly without ever giving up.
    ///
    /// # Panics
    ///
    /// When threads cannot be started.
    pub fn new() -> Self {
        let crew = |threads, mode, fallback| {
            let pool = Pool::new(threads).expect("threads can be started");
            Settings { fallback, mode, ..Settings::of(pool) }
        };
        let crews = vec![
            crew(1, Mode::Layers, FallbackRule::NEVER),
            crew(3, Mode::Layers, FallbackRule::NEVER),
            crew(1, Mode::Dataflow, FallbackRule::NEVER),
            crew(2, Mode::Dataflow, FallbackRule::NEVER),
            crew(4, Mode::Dataflow, FallbackRule::NEVER),
            crew(1, Mode::Dataflow, FallbackRule::DEFAULT),
            crew(3, Mode::Dataflow, FallbackRule::DEFAULT),
            crew(1, Mode::Values, FallbackRule::NEVER),
            crew(3, Mode::Values, FallbackRule::NEVER),
            crew(1, Mode::Values, FallbackRule::DEFAULT),
            crew(2, Mode::Values, FallbackRule::DEFAULT),
        ];
        Self { crews }
    }

    /// How many ways to run a block there are.
    pub const fn len(&self) -> usize {
        self.crews.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.crews.is_empty()
    }
}

/// Predictions generated for each block.
pub const N_ADVICE: usize = 3;

/// Makes a block and runs it in every way.
///
/// # Panics
///
/// When an outcome is not the sequential one, a transaction is run a third time, or what is run again
/// depends on the threads.
pub fn check(random: &mut Random, crews: &Crews) -> Events {
    let made = Made::random(random);
    let (block, state) = made.build();
    let settings = SequentialSettings { is_observed: true };
    let sequential = execute_sequential(&block, &state, &settings).expect("all state is known");
    for _ in 0..N_ADVICE {
        let predictions = advice(random, &sequential.observations);
        run(&block, &state, &sequential, &predictions, crews);
    }
    events::of(&made, &block, &sequential)
}

/// A generated block, as [`check`] makes them, and the state before it.
pub fn make(random: &mut Random) -> (Block, MemoryState) {
    Made::random(random).build()
}

/// What was run again on one way, which is not to depend on the threads.
#[derive(Debug, PartialEq)]
struct Waste {
    way: (Mode, FallbackRule),
    reexecuted: Vec<TxIndex>,
    n_executions: usize,
}

fn run(
    block: &Block,
    state: &MemoryState,
    sequential: &Sequential,
    predictions: &IndexVec<TxIndex, Prediction>,
    crews: &Crews,
) {
    let schedule = schedule(&predicted_accesses(block, predictions, state));
    let mut waste: Vec<Waste> = Vec::new();
    for crew in &crews.crews {
        let parallel = match crew.mode {
            Mode::Values => ran::run_waiting(block, predictions, state, crew),
            Mode::Layers | Mode::Dataflow => ran::run(block, &schedule, state, crew),
        };
        let parallel = parallel.expect("all state is known");
        let context = || {
            let (mode, threads) = (crew.mode.text(), crew.pool.threads());
            format!("{}, {mode}, {threads} threads", sequential.outcome.fork)
        };
        assert!(parallel.outcome == sequential.outcome, "{}: another outcome", context());
        let most = 2 * block.n_transactions();
        assert!(parallel.n_executions <= most, "{}: something ran three times", context());
        let here = Waste {
            way: (crew.mode, crew.fallback),
            reexecuted: parallel.reexecuted,
            n_executions: parallel.n_executions,
        };
        match waste.iter().find(|there| there.way == here.way) {
            Some(there) => assert_eq!(*there, here, "{}: the waste differs", context()),
            None => waste.push(here),
        }
    }
}
