//! Forecasts which storage slots a block's transactions will touch, and runs the block in parallel
//! by the forecast.
//!
//! The facade: the one crate an executor or a builder depends on, and the only place that knows all
//! parts.

mod clock;
mod convert;
mod forward;
mod predict;
pub mod score;
mod summaries;

pub use clock::Clock;
pub use convert::{block_of, frame_of, state_of, words_of};
pub use forward::Forward;
pub use predict::{Basis, predict_block, predict_tx};
pub use slotcast_analyzer as analyzer;
pub use slotcast_corpus as corpus;
pub use slotcast_executor as executor;
pub use slotcast_model as model;
pub use slotcast_scheduler as scheduler;
pub use summaries::{Summaries, View};
