//! How long does a step take?
//!
//! In: the clock, which only this file looks at. Out: [`Stopwatch`].
//! Invariant: nothing measured here flows into anything decided while a block is executed; what
//! `calibrate.rs` measures becomes unit costs, which are settings.

use std::time::Instant;

/// Measures steps that follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(now())
    }

    /// The nanoseconds since the last call, or since the start.
    pub(crate) fn split(&mut self) -> u64 {
        let now = now();
        let nanos = now.duration_since(self.0).as_nanos();
        self.0 = now;
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

#[expect(clippy::disallowed_methods, reason = "measuring is what the clock is for")]
fn now() -> Instant {
    Instant::now()
}
