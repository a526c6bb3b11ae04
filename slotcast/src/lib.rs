//! Forecasts which storage slots a block's transactions will touch, and runs the block in parallel
//! by the forecast.
//!
//! The facade: the one crate an executor or a builder depends on, and the only place that knows all
//! parts.
//!
//! [`run_block`] is the whole story on one screen, and [`execute_block`] is what a program calls that
//! has blocks and a state of its own. Behind them: [`prepare()`] and
//! [`Prepared::predict`], [`forecasts`], the scheduler, the executor; [`score_block`] compares
//! predictions with the truth, [`prediction_file`] and [`hints`] write them down, [`seal()`] makes a
//! made-up block checkable.

mod run;

mod prepare;

mod convert;
mod forward;
mod predict;
mod summaries;

mod forecast;
mod held;

pub mod score;
mod score_report;
pub mod scoreboard;

pub mod explain;

mod engine;
mod reads;

mod bench;
mod lookahead;
mod makespan;
mod pipeline;
mod prefetch;
mod units;
mod waits;

mod seal;
mod synthetic;

mod clock;

pub use bench::{BenchLine, BenchSettings, BenchSummary, bench_block};
pub use clock::Clock;
pub use convert::{block_of, frame_of, state_of, warm_of, whole_state_of, words_of};
pub use engine::{CourseRule, Engine, EngineSettings, ExecutedBlock, OnRejected, execute_block};
pub use forecast::{estimate_gas, forecasts};
pub use forward::Forward;
pub use held::{head_of, hint_of, hints_of, known_of};
pub use makespan::{MakespanRow, makespan};
pub use pipeline::{
    PipelineSettings, StepTimes, execute_predicted, execute_unpredicted, schedule_of_waits,
};
pub use predict::{Basis, predict_block, predict_tx};
pub use prefetch::wanted;
pub use prepare::{PredictSettings, Predicted, Prepared, RunError, prepare};
pub use reads::Reads;
pub use run::{
    Digests, MatchesHeader, Micros, Report, RunSettings, ScheduleMode, run_block, run_predicted,
};
pub use score_report::{
    BlockScore, Compared, DeltaFigures, Figures, Judged, OtherForecast, ScoreLine, Strata, Truth,
    compare_block, judge_block, score_block,
};
pub use seal::{SealError, receipts_of, seal};
pub use slotcast_analyzer as analyzer;
pub use slotcast_corpus as corpus;
pub use slotcast_executor as executor;
pub use slotcast_executor::fork_of;
pub use slotcast_hints as hints;
pub use slotcast_hints::prediction_file;
pub use slotcast_model as model;
pub use slotcast_scheduler as scheduler;
pub use slotcast_trie as trie;
pub use summaries::{BaseState, CodeAt, FromShelf, Shelf, Summaries, View};
pub use synthetic::{SYNTHETIC, SyntheticError, synthetic_block};
pub use units::{UnitsError, measure_units};
pub use waits::{Waits, forecasts_of_waits};
