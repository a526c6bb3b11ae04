//! Predicts which storage slots a block's transactions will touch, and runs the block in parallel by
//! the prediction.
//!
//! The facade: the one crate that an executor or a builder depends on.
//!
//! [`execute_block`] is what a program calls that has blocks and a state of its own. Behind it:
//! [`Prepared::predict`], [`forecasts`], the scheduler, the executor; [`prediction_file`] and [`hints`]
//! write predictions down.

mod prepared;

mod convert;
mod forward;
mod predict;
mod summaries;

mod forecast;
mod held;

pub mod hints;

mod engine;
mod reads;

mod lookahead;
mod pipeline;
mod waits;

mod clock;

pub use clock::Clock;
pub use convert::{frame_of, warm_of, words_of};
pub use engine::{Engine, EngineSettings, ExecutedBlock, ExecutionRule, OnRejected, execute_block};
pub use forecast::{estimate_gas, forecasts, heaviest_chain};
pub use forward::Forward;
pub use held::{head_of, hint_of, hints_of, known_of};
pub use hints::prediction_file;
pub use lookahead::Lookahead;
pub use pipeline::{
    PipelineSettings, StepTimes, execute_predicted, execute_unpredicted, predicted_gas,
    schedule_of_waits,
};
pub use predict::{Basis, BlockPredictor, predict_block, predict_tx};
pub use prepared::{PredictSettings, Predicted, Prepared};
pub use reads::Reads;
pub use slotcast_analyzer as analyzer;
pub use slotcast_executor as executor;
pub use slotcast_executor::fork_of;
pub use slotcast_model as model;
pub use slotcast_scheduler as scheduler;
pub use summaries::{BaseState, CodeAt, FromShelf, Shelf, Summaries, View};
pub use waits::{Waits, forecasts_of_waits};
