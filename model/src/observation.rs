//! What did one transaction really touch?
//!
//! In: what the executor recorded. Out: [`Observation`], the truth predictions are scored against.
//! Invariant: lists are ascending and without repeats; every written slot is also read.

use crate::{AccountAccess, Slot};

/// The truth about one executed transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Observation {
    /// Slots hit by SLOAD or SSTORE, also in frames that reverted, but for slots of contracts the
    /// same transaction created.
    pub reads: Vec<Slot>,
    /// Slots whose value after the transaction differs from before.
    pub writes: Vec<Slot>,
    /// The accounts touched.
    pub accounts: AccountAccess,
}
