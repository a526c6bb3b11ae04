//! How much faster is a block in each way of warming?
//!
//! In: a [`HostBlock`], delays, how many samples. Out: one [`Line`] for each delay.
//! Invariants: samples of all ways take turns, so that whatever else the machine does meets all of
//! them; figures are medians, ratios are between medians of one line; lists are made before any clock
//! starts, with contracts summarised.

use core::time::Duration;

use slotcast::Engine;

use crate::{
    ColdSettings, HostBlock, HostError, KeyCounts, Warming, count, exact_list, predicted_list,
    sample,
};

/// The ways of warming, as tables head them: the last two from the list of what is really touched,
/// which is not known beforehand.
pub const WAYS: [&str; 7] = [
    "nothing",
    "speculative",
    "predicting",
    "predicted",
    "predicted, batch",
    "touched",
    "touched, batch",
];

/// How to measure.
#[derive(Clone, Debug)]
pub struct MeasureSettings {
    /// Samples of each way.
    pub samples: usize,
    /// What a cold read takes, each for a line.
    pub reads: Vec<Duration>,
    /// How many reads of one batch overlap.
    pub depth: usize,
}

/// One block at one delay.
#[derive(Clone, Debug)]
pub struct Line {
    /// The block's number.
    pub block: u64,
    /// The gas it used.
    pub gas_used: u64,
    /// How many transactions it has.
    pub txs: usize,
    /// What a cold read takes.
    pub read: Duration,
    /// The accounts and slots that are touched and predicted.
    pub keys: KeyCounts,
    /// The medians of [`WAYS`], in microseconds.
    pub micros: [f64; WAYS.len()],
    /// The keys read from the cold state in each way, in one of its runs; zero where nothing is cold.
    pub n_read: [usize; WAYS.len()],
}

impl Line {
    /// How much faster each way is than warming nothing.
    pub fn ratios(&self) -> [f64; WAYS.len()] {
        self.micros.map(|micros| self.micros[0] / micros)
    }
}

/// Measures the block.
pub fn measure(
    host: &HostBlock,
    engine: &Engine,
    settings: &MeasureSettings,
) -> Result<Vec<Line>, HostError> {
    // Once before it counts: contracts are summarised.
    predicted_list(host, engine)?;
    let (predicted, touched) = (predicted_list(host, engine)?, exact_list(host)?);
    let ways = [
        Warming::Nothing,
        Warming::Speculative,
        Warming::Predicting(engine),
        Warming::List(&predicted),
        Warming::Batch(&predicted),
        Warming::List(&touched),
        Warming::Batch(&touched),
    ];
    let line = |&read: &Duration| {
        let (micros, n_read) = medians(host, &ways, settings, read)?;
        Ok(Line {
            block: host.number(),
            gas_used: host.recorded.header.gas_used,
            txs: host.recorded.transactions.len(),
            read,
            keys: count(&touched, &predicted),
            micros,
            n_read,
        })
    };
    settings.reads.iter().map(line).collect()
}

fn medians<const N: usize>(
    host: &HostBlock,
    ways: &[Warming<'_>; N],
    settings: &MeasureSettings,
    read: Duration,
) -> Result<([f64; N], [usize; N]), HostError> {
    let cold = ColdSettings { read, depth: settings.depth };
    let (mut micros, mut n_read) = ([const { Vec::new() }; N], [0; N]);
    // The first round is for the threads to wake up and is not counted.
    for round in 0..=settings.samples {
        for (at, way) in ways.iter().enumerate() {
            let sample = sample(host, *way, cold)?;
            if 0 < round {
                micros[at].push(sample.micros);
            }
            n_read[at] = sample.n_read;
        }
    }
    Ok((micros.map(median), n_read))
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_unstable_by(f64::total_cmp);
    let middle = all.len() / 2;
    match all.len() % 2 {
        0 if 0 < middle => (all[middle - 1] + all[middle]) / 2.0,
        _ => all.get(middle).copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
