//! Predicts which storage slots a block's transactions will touch, and runs the block in parallel by
//! the prediction.
//!
//! The facade: the one crate that an executor or a builder depends on.
//!
//! [`Engine`] is what a program calls that has blocks and a state of its own. [`Prepared`] is a block in
//! memory with its predictions; [`predict`] has the steps of a prediction, [`graph`] the dependencies
//! that execution follows, [`hints`] the formats in which predictions are written.

mod engine;
mod prepared;

pub mod predict;

mod convert;
mod forward;
mod lookahead;

mod reads;
mod summaries;

pub mod graph;

mod gas;

pub mod hints;

mod provenance;

mod clock;

pub use clock::Clock;
pub use engine::{Engine, EngineSettings, ExecutedBlock, ExecutionRule, OnRejected, StepTimes};
pub use hints::prediction_file;
pub use predict::Basis;
pub use prepared::{PredictSettings, Predicted, Prepared};
pub use reads::Reads;
pub use slotcast_analyzer as analyzer;
pub use slotcast_executor as executor;
pub use slotcast_model as model;
pub use slotcast_scheduler as scheduler;
pub use summaries::{BaseState, CodeAt, StoreHits, Summaries, SummaryStore, View};
