//! Predicts which storage slots a block's transactions will touch, and runs the block in parallel by
//! the prediction.
//!
//! The facade: the one crate that an executor or a builder depends on.
//!
//! [`Engine`] is what a program calls that has blocks and a state of its own. [`Prepared`] is a block in
//! memory with its predictions; [`predict`] has the steps of a prediction, [`graph`] the dependencies
//! that execution follows, [`hints`] the formats in which predictions are written.
//!
//! ```
//! # use slotcast_corpus::{embedded, prepare, state_of};
//! # let prepared = prepare(&embedded()?)?;
//! # let (block, state, fork) = (prepared.block().clone(), state_of(&embedded()?), prepared.fork());
//! # let words = slotcast::predict::words_of(&block, fork);
//! # let tx = block.transactions[3].clone();
//! let engine = slotcast::Engine::new(8)?;               // keep for the life of the process
//! let out = engine.execute(&block, &state)?;            // any revm DatabaseRef + Sync
//! assert_eq!(out.receipts_root(), block.header.receipts_root);
//! let p = engine.predict(&tx, &words, fork, &state);    // runs no EVM
//! println!("{:?} {:?} {:?}", p.storage().reads, p.storage().writes, p.coverage());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod announced;
mod at_hand;
mod engine;
mod prepared;

pub mod predict;

mod convert;
mod overlay;

mod reads;
mod summaries;
mod traced;

pub mod graph;

mod gas;

pub mod hints;

mod authorizations;
mod provenance;

mod clock;

/// The guide, so that its code is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sequencers.md")]
struct Guide;

pub use announced::NextBlock;
pub use clock::Clock;
pub use engine::{
    BlockPredictions, Engine, EngineSettings, ExecutedBlock, ExecutionRule, OnRejected,
    OtherAccessList, StepTimes,
};
pub use hints::prediction_file;
pub use predict::Basis;
pub use prepared::{PredictSettings, Predicted, Prepared};
pub use reads::Reads;
pub use slotcast_analyzer as analyzer;
pub use slotcast_executor as executor;
pub use slotcast_model as model;
pub use slotcast_scheduler as scheduler;
pub use summaries::{BaseState, CodeAt, StoreHits, Summaries, SummaryStore, View};
