//! What do Slotcast's predictions bring to ethrex, and do the two execute alike?
//!
//! In: recorded and synthetic blocks since the merge. Out: ethrex's outcome of a block, held against
//! the header and against Slotcast's ([`differences`]), and how long it takes warmed in several ways
//! ([`measure`]).
//! Invariants: ethrex is used as it is published; what is warmed changes no outcome, which is checked
//! at every sample.
//!
//! Read [`HostBlock`] for what ethrex is given, [`Executed`] for what it made of it, [`Warming`] for
//! what is compared.

mod chain;
mod cold;
mod compare;
mod convert;
mod execute;
mod host;
mod keys;
mod measure;
mod state;
mod table;
mod warm;
mod world;

pub use cold::{ColdSettings, ColdState};
pub use compare::differences;
pub use execute::{Executed, Store, execute, execute_by_list, over};
pub use host::{HostBlock, HostError};
pub use keys::{KeyCounts, count, exact_list, predicted_list, stated_list};
pub use measure::{Line, MeasureSettings, WAYS, measure};
pub use state::RecordedState;
pub use table::{head, row, summary};
pub use warm::{Sample, Warming, sample};
pub use world::World;
