//! Which locks and threads do the concurrent structures stand on?
//!
//! In: the feature `shuttle`, or not. Out: the standard library's, or those of a model checker that
//! has the same names and decides at every step which thread goes on.
//! Invariants: everything that threads share here goes through this module, so that the checker runs
//! the code that is shipped; without the feature nothing is here but names.
//!
//! `just shuttle` runs blocks that conflict everywhere under thousands of schedules
//! (`tests/shuttle`).

#[cfg(feature = "shuttle")]
pub(crate) use shuttle::sync::{
    Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic,
};
#[cfg(not(feature = "shuttle"))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic,
};

/// How often a thread that finds nothing to do looks again before it goes to sleep: a few
/// microseconds' worth, about what waking up costs. The checker would follow every look for nothing.
pub(crate) const N_LOOKS: usize = if cfg!(feature = "shuttle") { 1 } else { 400 };
