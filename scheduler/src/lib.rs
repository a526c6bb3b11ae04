//! In which order may the transactions of a block run, going by what is forecast for each?
//!
//! In: one [`Forecast`] per transaction, in block order, and a [`Policy`]. Out: a [`Schedule`]: a
//! dependency DAG, its layers and its critical path.
//! Invariants: the schedule is a function of its inputs alone; every edge goes from a lower to a
//! higher index; nothing here runs a transaction, starts a thread or knows what a location means
//! beyond equality and order.

mod dag;
mod layer;
mod schedule;

pub use dag::{Dag, Edge, Reason};
pub use layer::{CriticalPath, LayerIndex};
pub use schedule::{Schedule, ScheduleError};
