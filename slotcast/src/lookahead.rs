//! What is predicted of a block that is already running?
//!
//! In: a block, the view of its parent state, what predicting costs. Out: of one transaction after the
//! other what it waits for, and its prediction if it has one.
//! Invariants: which transactions are predicted, and how, follows from the block and the unit costs
//! alone, never from a clock or the number of threads.
//!
//! Predicting is done by one thread, in block order, and the others can only run what is predicted.
//! So the first transactions are not predicted: they run sequentially meanwhile, on another thread, and
//! everything behind them waits for them. How many they are says
//! [`ExecutionPlan`](slotcast_executor::ExecutionPlan). The rest is predicted
//! as if nothing were known of them but who sent them and what they paid, which makes predictions a
//! little worse and costs a few re-executions.
//!
//! ```text
//! leading   predict 3..9            run  5   7   9
//! other     run 0  1  2   run 3   4   6   8
//! ```

use std::sync::Arc;

use slotcast_analyzer::bind::{BindLimits, Recovery, StateView};
use slotcast_executor::{Block, Wait};
use slotcast_model::{Fork, TxIndex};
use slotcast_scheduler::Mode;

use crate::{
    announced::Kept,
    engine::Engine,
    graph::Waits,
    predict::{BlockPredictor, Made, OnStale},
    prepared::PredictSettings,
    summaries::BaseState,
};

/// Predicts a block that is running.
#[expect(missing_debug_implementations, reason = "holds buffers of the binder only")]
pub struct Lookahead<'a, S> {
    predictor: BlockPredictor<'a, S>,
    waits: Waits<'a>,
    first_predicted: TxIndex,
    next: TxIndex,
}

impl<'a, S: StateView> Lookahead<'a, S> {
    /// Predicts from `first_predicted` on; see [`ExecutionPlan`](slotcast_executor::ExecutionPlan). `base` is the state
    /// that `view` shows.
    pub fn new(
        block: &'a Block,
        fork: Fork,
        view: &'a S,
        base: &impl BaseState,
        settings: &PredictSettings,
        first_predicted: TxIndex,
        mode: Mode,
    ) -> Self {
        let PredictSettings { basis, binding, .. } = *settings;
        // Who signed seldom decides what waits for what, and what depends on it is validated anyway.
        let limits = BindLimits { recovery: Recovery::InDoubt, ..binding };
        let predictor = BlockPredictor::new(block, fork, view, basis, limits);
        let waits = Waits::new(block, base, mode);
        Self { predictor, waits, first_predicted, next: TxIndex(0) }
    }

    /// The same with what is at hand of each transaction.
    pub(crate) fn with_kept(self, kept: Vec<Option<Arc<Kept>>>) -> Self {
        Self { predictor: self.predictor.with_kept(kept), ..self }
    }

    /// The same with what was announced to an engine.
    #[must_use]
    pub fn with_announced(self, engine: &Engine, block: &Block) -> Self {
        self.with_kept(engine.kept_of(block))
    }

    /// What the next transaction waits for.
    #[expect(
        clippy::should_implement_trait,
        reason = "there is one for each transaction, not an end"
    )]
    pub fn next(&mut self) -> Wait {
        let tx = self.next;
        self.next = TxIndex(tx.0 + 1);
        if tx < self.first_predicted {
            self.predictor.pass();
            return self.waits.pass();
        }
        // Binding again on the critical path costs more than it brings.
        let made = self.predictor.make(OnStale::Lend);
        match made {
            Made::Stale(_) => self.waits.next_without_values(made.prediction()),
            Made::Now(_) | Made::Before(_) => self.waits.next(made.prediction()),
        }
    }
}
