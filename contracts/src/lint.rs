//! What makes the users of a contract wait for one another?
//!
//! In: a contract as `artifacts` describes it. Out: a [`Report`]: the slots through which calls of
//! different users conflict, by which functions, and what typical traffic would gain if a slot were
//! not shared; and the same as SARIF 2.1.0 ([`sarif()`]).
//!
//! Two calls conflict when one writes a slot that the other reads, and every write reads (what SSTORE
//! costs depends on the old value). Here the two calls have different callers, and arguments of
//! their own: a slot whose key depends on either is not shared, it is listed as one that may meet for
//! equal keys ([`Keyed`]). What only adds to a slot can change places with its like.
//!
//! Invariants: deterministic, everything is sorted; a slot that is not known is a finding of its own
//! and never dropped; storage of other contracts is not looked at, and calls to them are counted.
//!
//! Suggested reading: `slot`, `function`, `traffic`, `finding`, `report`, `sarif`.

mod finding;
mod function;
mod report;
mod rule;
mod sarif;
mod slot;
mod traffic;

pub use finding::{Effect, Finding, Pair};
pub use function::Role;
pub use report::{FunctionReport, Keyed, Report, lint};
pub use rule::{Level, Rule};
pub use sarif::sarif;
pub use traffic::{ROUNDS, Traffic};
