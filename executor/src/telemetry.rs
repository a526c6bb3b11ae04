//! Where did the time go?
//!
//! In: the clock, which only this file looks at. Out: [`Telemetry`].
//! Invariant: nothing measured here flows into anything decided; two equal outcomes may have any
//! telemetry.

use std::time::Instant;

/// Wall-clock time of one parallel execution, in microseconds, by phase.
#[derive(Clone, Copy, Debug, Default)]
pub struct Telemetry {
    /// System calls before the first transaction, and setting up.
    pub open_micros: u64,
    /// Running layers speculatively, waiting for the last of each included.
    pub speculate_micros: u64,
    /// Validating, committing and running again, in block order.
    pub commit_micros: u64,
    /// Withdrawals, requests, rewards, and putting the outcome together.
    pub finish_micros: u64,
}

impl Telemetry {
    /// All phases.
    pub const fn total_micros(&self) -> u64 {
        self.open_micros + self.speculate_micros + self.commit_micros + self.finish_micros
    }
}

/// Measures phases that follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    nanos: [u64; 4],
    since: Instant,
}

/// A phase of [`Telemetry`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    Open,
    Speculate,
    Commit,
    Finish,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { nanos: [0; 4], since: now() }
    }

    /// Adds the time since the last call to `phase`.
    pub(crate) fn lap(&mut self, phase: Phase) {
        let now = now();
        let nanos = now.duration_since(self.since).as_nanos();
        self.nanos[phase as usize] += u64::try_from(nanos).unwrap_or(u64::MAX);
        self.since = now;
    }

    /// The nanoseconds since the last call, or since the start.
    pub(crate) fn split(&mut self) -> u64 {
        let now = now();
        let nanos = now.duration_since(self.since).as_nanos();
        self.since = now;
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    pub(crate) const fn telemetry(&self) -> Telemetry {
        let [open, speculate, commit, finish] = self.nanos;
        Telemetry {
            open_micros: open / 1_000,
            speculate_micros: speculate / 1_000,
            commit_micros: commit / 1_000,
            finish_micros: finish / 1_000,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "telemetry is what the clock is for")]
fn now() -> Instant {
    Instant::now()
}
