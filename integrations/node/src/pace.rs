//! How many questions a second?
//!
//! In: a limit. Out: [`Pace`], which lets callers through one after the other at that rate.
//! Invariant: what waits is only time; no answer depends on it.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use slotcast::Clock;

/// Lets callers through at a rate.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    clock: Clock,
    /// When the next caller may go, since the clock's start.
    next: Mutex<Duration>,
}

impl Pace {
    /// The pace of so many callers a second; none is as fast as they come.
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        let gap = per_second.map_or(Duration::ZERO, |n| Duration::from_secs(1) / n.max(1));
        Self { gap, clock: Clock::start(), next: Mutex::default() }
    }

    /// Returns when the caller may go.
    pub(crate) fn wait(&self) {
        if self.gap.is_zero() {
            return;
        }
        let wait = self.claim(self.clock.elapsed());
        if !wait.is_zero() {
            thread::sleep(wait);
        }
    }

    /// Takes the next place at the time `now`, and says how long to wait for it.
    fn claim(&self, now: Duration) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = (*next).max(now);
        *next = mine + self.gap;
        mine - now
    }
}

#[cfg(test)]
mod tests;
