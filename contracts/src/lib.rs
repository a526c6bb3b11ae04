//! What do contract developers ask of a compiled contract?
//!
//! In: artifacts of compilers. Out: what each function touches, by the source's names
//! ([`artifacts`]); a text of it that fails a test when it drifts ([`snapshot`]); the slots that
//! serialise a contract's users ([`lint`](mod@lint)).
//!
//! Invariant: only the storage and code of one contract is described; blocks and transactions are
//! not known here.
//!
//! Suggested reading: `artifacts`, `snapshot`, `lint`.

pub mod artifacts;
pub mod lint;
pub mod snapshot;
