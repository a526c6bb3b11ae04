//! How do several threads execute a block in the order a schedule advises?
//!
//! In: block, schedule, base state, and settings with the threads to use. Out: [`Parallel`].
//! Invariants: the outcome is the sequential one whatever the schedule; outcome, retried
//! transactions and number of runs are the same for every number of threads.
//!
//! ```text
//! for each layer:   run its transactions speculatively, on what earlier layers left   (all threads)
//!                   extend the committed prefix in block order as far as it was run   (one thread)
//!                   publish the effects of what was run and is not yet committed      (one thread)
//! ```
//!
//! What a transaction sees is therefore decided by the schedule and never by timing: transactions of
//! earlier layers, each as it stands when the layer begins. A layer of one transaction that is next
//! in block order needs no speculation and runs on the prefix. Once nothing is speculative any more,
//! because only such layers are left or because the schedule was given up, the rest runs exactly as
//! in the sequential executor.

mod crew;

use revm::database_interface::DatabaseRef;
use slotcast_model::{Index, IndexVec, TxIndex};
use slotcast_scheduler::{Mode, Schedule};

use crate::{
    commit::{CommittedPrefix, Finished},
    error::ExecutionError,
    evm::{Speculative, Speculator},
    execution::execute_dataflow,
    fallback::FallbackRule,
    fork::Rules,
    input::Block,
    outcome::BlockOutcome,
    sync::RwLock,
    telemetry::{Phase, Stopwatch, Telemetry},
    versions::Versions,
    view::Ground,
};

pub use crew::Pool;
use crew::{Crew, Leader};

/// How to execute in parallel.
#[derive(Debug)]
pub struct Settings {
    /// The threads to use.
    pub pool: Pool,
    /// When to give up a schedule.
    pub fallback: FallbackRule,
    /// How to follow a schedule.
    pub mode: Mode,
}

impl Settings {
    /// `threads` threads, the default rules, and no waiting between layers.
    pub fn with_threads(threads: usize) -> Result<Self, ExecutionError> {
        let (fallback, mode) = (FallbackRule::DEFAULT, Mode::Dataflow);
        Ok(Self { pool: Pool::new(threads)?, fallback, mode })
    }
}

/// A block executed in parallel.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// What the block did.
    pub outcome: BlockOutcome,
    /// The transactions whose speculative run did not hold, ascending.
    pub reexecuted: Vec<TxIndex>,
    /// How often transactions were run, all in all.
    pub n_executions: usize,
    /// Where the time went.
    pub telemetry: Telemetry,
}

/// Executes `block` on `base`, as `schedule` advises.
pub fn execute<DB: DatabaseRef + Sync>(
    block: &Block,
    schedule: &Schedule,
    base: &DB,
    settings: &Settings,
) -> Result<Parallel, ExecutionError> {
    match settings.mode {
        Mode::Layers => execute_layers(block, schedule, base, settings),
        Mode::Dataflow => {
            let (pool, fallback) = (&settings.pool, settings.fallback);
            execute_dataflow(block, schedule, base, pool, fallback)?.into_parallel(base)
        }
    }
}

/// Executes layer by layer.
fn execute_layers<DB: DatabaseRef + Sync>(
    block: &Block,
    schedule: &Schedule,
    base: &DB,
    settings: &Settings,
) -> Result<Parallel, ExecutionError> {
    let (n_scheduled, n_transactions) = (schedule.len(), block.n_transactions());
    if n_scheduled != n_transactions {
        return Err(ExecutionError::ForeignSchedule { n_scheduled, n_transactions });
    }
    let mut watch = Stopwatch::start();
    let rules = Rules::of(block)?;
    let store = RwLock::new(Versions::with_room_for(n_transactions));
    let prefix = CommittedPrefix::open(block, &rules, base, &store)?;
    let crew = Crew::new(schedule, || Speculator::new(block, &rules, base, Ground::Layers(&store)));
    let prefix = settings.pool.lead(&crew, |leader| {
        watch.lap(Phase::Open);
        let pending = block.tx_indices().map(|_| None).collect();
        let rule = settings.fallback;
        Course { schedule, rule, prefix, pending, watch: &mut watch }.run(leader)
    })?;
    let Finished { outcome, reexecuted, n_executions } = prefix.finish()?;
    watch.lap(Phase::Finish);
    Ok(Parallel { outcome, reexecuted, n_executions, telemetry: watch.telemetry() })
}

/// A speculative run that waits for its turn.
#[derive(Debug)]
struct Pending {
    speculative: Speculative,
    is_published: bool,
}

/// One block on its way through its layers.
struct Course<'a, 'w, DB: DatabaseRef> {
    schedule: &'a Schedule,
    rule: FallbackRule,
    prefix: CommittedPrefix<'a, DB>,
    pending: IndexVec<TxIndex, Option<Pending>>,
    watch: &'w mut Stopwatch,
}

impl<'a, DB: DatabaseRef> Course<'a, '_, DB> {
    fn run(
        mut self,
        leader: &mut Leader<'_, 'a, DB>,
    ) -> Result<CommittedPrefix<'a, DB>, ExecutionError> {
        let layers = self.schedule.layers();
        let n_useful = layers.iter().rposition(|layer| 1 < layer.len()).map_or(0, |last| last + 1);
        for (layer_idx, layer) in layers.iter().enumerate() {
            if n_useful <= layer_idx || self.is_given_up() {
                break;
            }
            if let [tx] = layer.as_slice()
                && *tx == self.prefix.next()
            {
                self.prefix.run_next()?;
                self.advance()?;
                self.watch.lap(Phase::Commit);
                continue;
            }
            self.prefix.release();
            let runs = leader.run_layer(layer_idx);
            self.prefix.hold();
            self.watch.lap(Phase::Speculate);
            self.take_in(layer, runs)?;
            self.watch.lap(Phase::Commit);
        }
        self.run_rest()?;
        self.watch.lap(Phase::Commit);
        Ok(self.prefix)
    }

    fn is_complete(&self) -> bool {
        self.prefix.next().as_usize() == self.pending.len()
    }

    /// The speculative run of the next transaction, if there was one.
    fn take_next(&mut self) -> Option<Pending> {
        self.pending[self.prefix.next()].take()
    }

    fn is_given_up(&self) -> bool {
        let n_committed = self.prefix.next().as_usize();
        self.rule.gives_up(self.prefix.tally().n_retried(), n_committed)
    }

    /// Commits what can be committed after a layer was run, and publishes the rest of it.
    fn take_in(&mut self, layer: &[TxIndex], runs: Vec<Speculative>) -> Result<(), ExecutionError> {
        assert_eq!(runs.len(), layer.len(), "every transaction of the layer was run");
        for speculative in runs {
            let tx = speculative.tx();
            self.prefix.count_speculative_run(tx);
            let before = self.pending[tx].replace(Pending { speculative, is_published: false });
            assert!(before.is_none(), "no transaction stands in two layers");
        }
        self.advance()?;
        for tx in layer {
            let Some(pending) = &mut self.pending[*tx] else { continue };
            if let Some(state) = pending.speculative.state() {
                self.prefix.publish(*tx, state);
                pending.is_published = true;
            }
        }
        Ok(())
    }

    /// Extends the prefix until a transaction has not been run yet, or the schedule is given up.
    fn advance(&mut self) -> Result<(), ExecutionError> {
        while !self.is_complete()
            && let Some(Pending { speculative, is_published }) = self.take_next()
        {
            self.prefix.extend(speculative, is_published)?;
            if self.is_given_up() {
                break;
            }
        }
        Ok(())
    }

    /// Decides what the layers left, one transaction after the other. What was run speculatively
    /// before the schedule was given up may still hold.
    fn run_rest(&mut self) -> Result<(), ExecutionError> {
        while !self.is_complete() {
            match self.take_next() {
                Some(Pending { speculative, is_published }) => {
                    self.prefix.extend(speculative, is_published)?;
                }
                None => self.prefix.run_next()?,
            }
        }
        Ok(())
    }
}
