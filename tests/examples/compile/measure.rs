//! What did summarising a code cost?
//!
//! In: a code. Out: a [`Row`]; and a [`Table`] of rows, which prints quantiles, reasons and bounds.
//! Invariant: a time is the shortest of several runs, so that what else the machine does counts
//! least; everything else is the same on every machine.

use std::{collections::BTreeMap, fmt, time::Duration};

use alloy_primitives::B256;
use slotcast::{
    Clock,
    analyzer::{
        Effort, analyze, effort,
        limits::{Limits, StopReason},
    },
};

use crate::sources::Code;

/// Codes that take less are measured several times.
const SHORT: Duration = Duration::from_millis(20);
const REPEATS: usize = 3;

/// What one code costs.
pub(crate) struct Row {
    hash: B256,
    size: usize,
    n_functions: usize,
    whole: Duration,
    called: Option<Duration>,
    effort: Effort,
}

/// Measures one code.
pub(crate) fn measure(code: &Code) -> Row {
    let limits = Limits::default();
    let summary = analyze(&code.bytes, code.fork, &limits);
    let whole = shortest(|| {
        analyze(&code.bytes, code.fork, &limits).complete();
    });
    let called = code.called.as_ref().map(|selectors| {
        shortest(|| {
            let summary = analyze(&code.bytes, code.fork, &limits);
            selectors.iter().for_each(|&selector| {
                summary.entry(Some(selector));
            });
        })
    });
    Row {
        hash: code.hash,
        size: code.bytes.len(),
        n_functions: summary.selectors().len(),
        whole,
        called,
        effort: effort(&code.bytes, code.fork, &limits),
    }
}

fn shortest(run: impl Fn()) -> Duration {
    let timed = || {
        let clock = Clock::start();
        run();
        clock.elapsed()
    };
    let first = timed();
    let repeats = if first < SHORT { REPEATS } else { 0 };
    (0..repeats).map(|_| timed()).fold(first, Duration::min)
}

/// All codes of one set.
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl FromIterator<Row> for Table {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        Self { rows: rows.into_iter().collect() }
    }
}

impl Table {
    /// A line for each code, slowest first.
    pub(crate) fn list(&self) -> String {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| core::cmp::Reverse(row.whole));
        let line = |row: &Row| {
            format!(
                "{} {:6} bytes {:4} functions {:9} us {:9} fuel {:7} nodes {:8} terms {:9} KiB {}\n",
                row.hash,
                row.size,
                row.n_functions,
                row.whole.as_micros(),
                row.effort.fuel,
                row.effort.n_nodes,
                row.effort.n_terms,
                row.effort.held_bytes >> 10,
                row.effort.stop,
            )
        };
        rows.into_iter().map(line).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = &self.rows;
        let n_functions: usize = rows.iter().map(|row| row.n_functions).sum();
        writeln!(f, "codes {}, functions {n_functions}", rows.len())?;
        writeln!(
            f,
            "{:22} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "", "median", "p90", "p99", "max", "sum"
        )?;
        times(f, "whole summary", rows.iter().map(|row| row.whole).collect())?;
        times(f, "what is called", rows.iter().filter_map(|row| row.called).collect())?;
        let mut stops: BTreeMap<StopReason, usize> = BTreeMap::new();
        for row in rows {
            *stops.entry(row.effort.stop).or_default() += 1;
        }
        for (reason, n_codes) in stops {
            writeln!(f, "{:22} {n_codes:>9} codes", reason.text())?;
        }
        let Some(largest) = rows.iter().max_by_key(|row| row.effort.held_bytes) else {
            return Ok(());
        };
        let n_bytes = largest.effort.held_bytes;
        writeln!(f, "largest analysis       {:>9} KiB ({})", n_bytes >> 10, largest.hash)
    }
}

fn times(f: &mut fmt::Formatter<'_>, name: &str, mut times: Vec<Duration>) -> fmt::Result {
    times.sort_unstable();
    let Some(max) = times.last() else { return Ok(()) };
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let quantile = |share: f64| millis(times[((times.len() - 1) as f64 * share).round() as usize]);
    writeln!(
        f,
        "{name:22} {:9.3} {:9.3} {:9.3} {:9.3} {:9.1} ms",
        quantile(0.5),
        quantile(0.9),
        quantile(0.99),
        millis(*max),
        millis(times.iter().sum()),
    )
}
