//! Does anybody else look at the store meanwhile?
//!
//! In: [`Shared`] or [`Exclusive`]. Out: the [`Lock`] that parts of the store stand behind.
//! Invariant: a lock is held for one look or one change.
//!
//! A single thread needs no lock, which costs more than it seems to: a locked instruction waits
//! until everything written before has reached the cache, and what is written to a large map has not.
//! Sequential execution spent a tenth of its time on that.

use core::{
    cell::RefCell,
    fmt::Debug,
    ops::{Deref, DerefMut},
};

use crate::sync::{PoisonError, RwLock};

/// Who uses a store.
pub(crate) trait Sharing: Debug {
    /// Whether anybody else looks at it.
    const IS_SHARED: bool;
    /// What its parts stand behind.
    type Lock<T: Debug>: Lock<T> + Debug;
}

/// Several threads.
#[derive(Debug)]
pub(crate) enum Shared {}

/// One thread.
#[derive(Debug)]
pub(crate) enum Exclusive {}

impl Sharing for Shared {
    const IS_SHARED: bool = true;
    type Lock<T: Debug> = RwLock<T>;
}

impl Sharing for Exclusive {
    const IS_SHARED: bool = false;
    type Lock<T: Debug> = RefCell<T>;
}

/// Something that is looked at and changed.
pub(crate) trait Lock<T> {
    /// Around `value`.
    fn around(value: T) -> Self;

    /// To look at it.
    fn read(&self) -> impl Deref<Target = T>;

    /// To change it.
    fn write(&self) -> impl DerefMut<Target = T>;

    /// Takes it out.
    fn take(self) -> T;
}

/// A part is left sound by a thread that panics while holding it: every change is one insertion, and after a
/// panic of the committer no thread commits any more.
impl<T> Lock<T> for RwLock<T> {
    fn around(value: T) -> Self {
        Self::new(value)
    }

    fn read(&self) -> impl Deref<Target = T> {
        self.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> impl DerefMut<Target = T> {
        self.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self) -> T {
        self.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Lock<T> for RefCell<T> {
    fn around(value: T) -> Self {
        Self::new(value)
    }

    fn read(&self) -> impl Deref<Target = T> {
        self.borrow()
    }

    fn write(&self) -> impl DerefMut<Target = T> {
        self.borrow_mut()
    }

    fn take(self) -> T {
        self.into_inner()
    }
}
