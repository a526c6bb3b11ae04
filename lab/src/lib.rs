//! How good and how fast are predictions and parallel execution on recorded blocks?
//!
//! In: recorded blocks, prepared for prediction and execution. Out: reports, scores, measurements,
//! explanations, and drawings of them.
//! Invariants: what is measured is the library that a program links; a time decides nothing; a figure
//! that does not depend on time is the same on every machine.
//!
//! Read [`run_block`] for the whole course of one block, [`score_block`] for predictions against the
//! truth, [`bench_block`] for speed, [`explain`] for reasons.

mod run;

mod earners;
mod refunds;
pub mod score;
mod score_report;
pub mod scoreboard;

pub mod explain;

mod bench;
pub mod capacity;
mod lanes;
mod makespan;
pub mod partition;
mod prefetch;
mod units;

mod seal;
pub mod state_root;
mod synthetic;

pub mod render;

/// The guide, so that its code is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/partition.md")]
struct Guide;

pub use bench::{BenchLine, BenchSettings, BenchSummary, bench_block};
pub use lanes::Lanes;
pub use makespan::{BlockCosts, MakespanRow, makespan};
pub use prefetch::wanted;
pub use refunds::{
    Refund, RefundCounts, RefundFigures, RefundHitFigures, RefundHits, block_refunds,
};
pub use run::{
    Digests, MatchesHeader, Micros, Missing, RejectedTx, Report, RunPredictions, RunSettings,
    ScheduleMode, run_block, run_prepared,
};
pub use score_report::{
    BlockScore, Compared, DeltaFigures, Figures, Judged, OtherPrediction, ScoreLine, Strata, Truth,
    compare_block, judge_block, score_block,
};
pub use seal::{SealError, seal, seal_by};
pub use synthetic::{SYNTHETIC, SyntheticError, synthetic_block};
pub use units::{UnitsError, measure_units};
