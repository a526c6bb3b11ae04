//! Which threads execute blocks, and how far is advice followed?
//!
//! In: how many threads are wanted. Out: [`Pool`], started once and used for any number of blocks,
//! and [`Settings`].
//! Invariant: the calling thread takes part and never waits for a helper that has not started.

use slotcast_scheduler::Mode;

use crate::{
    chaos::Chaos, error::ExecutionError, fallback::FallbackRule, profit::UnitCosts,
    threads::Threads,
};

/// Threads for executing blocks.
#[derive(Debug)]
pub struct Pool {
    /// The threads that help the calling one.
    helpers: Threads,
    pub(crate) chaos: Chaos,
}

impl Pool {
    /// A pool in which `threads` threads work, the calling one included; at least that one does.
    pub fn new(threads: usize) -> Result<Self, ExecutionError> {
        let helpers = Threads::start(threads.saturating_sub(1))?;
        Ok(Self { helpers, chaos: Chaos::default() })
    }

    /// The same pool with pauses at random places, from this seed.
    #[cfg(feature = "chaos")]
    pub fn with_chaos(self, seed: u64) -> Self {
        Self { chaos: Chaos::seeded(seed), ..self }
    }

    /// How many threads work, the calling one included.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `lead` on this thread and `help` on all others.
    pub(crate) fn run(&self, lead: impl FnOnce(), help: impl Fn() + Sync) {
        self.helpers.lead(lead, help);
    }
}

/// How to execute in parallel.
#[derive(Debug)]
pub struct Settings {
    /// The threads to use.
    pub pool: Pool,
    /// When to give up advice.
    pub fallback: FallbackRule,
    /// How to follow a schedule.
    pub mode: Mode,
    /// What the steps of executing cost; they decide what starts first and nothing else.
    pub units: UnitCosts,
}

impl Settings {
    /// `threads` threads, with the default rules and mode.
    pub fn with_threads(threads: usize) -> Result<Self, ExecutionError> {
        Ok(Self::of(Pool::new(threads)?))
    }

    /// These threads, with the default rules and mode.
    pub fn of(pool: Pool) -> Self {
        let (fallback, mode, units) =
            (FallbackRule::DEFAULT, Mode::default(), UnitCosts::default());
        Self { pool, fallback, mode, units }
    }
}
