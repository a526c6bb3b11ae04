//! How long did something take?
//!
//! In: nothing. Out: [`Clock`]. Invariant: what it shows is telemetry and decides nothing; it is the
//! only place of this crate that looks at a clock.

use std::time::{Duration, Instant};

/// A stopwatch that runs from the start.
///
/// ```
/// let clock = slotcast::Clock::start();
/// assert!(clock.micros() <= clock.micros());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "telemetry: the time decides nothing")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Whole microseconds since the start.
    pub fn micros(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
