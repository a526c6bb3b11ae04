//! What becomes of a block that is run in parallel, as a row?
//!
//! In: recorded blocks. Out: a row for each, with what `slotcast run --json` says in one value.
//! Invariant: all columns but the times are the same for every number of threads.

use std::sync::Arc;

use alloy_primitives::B256;
use pyo3::PyResult;
use slotcast_lab::{Report, RunPredictions, RunSettings, run_prepared};

use crate::{
    blocks::{BlockKey, Source},
    failure::Failure,
    table::Table,
};

/// A report and whose it is.
pub(crate) struct Ran {
    key: BlockKey,
    hash: B256,
    report: Report,
}

/// How blocks are run on so many threads.
pub(crate) fn settings(threads: usize) -> PyResult<RunSettings> {
    let settings = RunSettings::new(threads, None);
    settings.map_err(|error| Failure::new(format!("threads: {error}")).into_python())
}

/// Runs a block.
pub(crate) fn run_block(source: &Source, settings: &RunSettings) -> Result<Ran, Failure> {
    let opened = source.open()?;
    let summaries = Arc::new(opened.prepared.summaries(&settings.predict()));
    let made = RunPredictions::Made(summaries);
    let report = run_prepared(&opened.recorded, &opened.prepared, made, settings)
        .map_err(|error| Failure::of_run(&opened.name, &error))?;
    Ok(Ran { key: opened.key, hash: opened.prepared.block().hash, report })
}

/// Whole numbers, by name.
const NUMBERS: [(&str, fn(&Report) -> u64); 16] = [
    ("n_transactions", |it| it.txs as u64),
    ("gas_used", |it| it.gas_used),
    ("threads", |it| it.threads as u64),
    ("n_layers", |it| it.layers as u64),
    ("n_edges", |it| it.edges as u64),
    ("critical_path_gas", |it| it.critical_path_gas),
    ("n_executions", |it| it.executions as u64),
    ("n_reexecuted", |it| it.reexecuted.len() as u64),
    ("n_rejected", |it| it.rejected.len() as u64),
    ("n_missing", |it| (it.missing.len() + it.missing_block_hashes.len()) as u64),
    ("analyze_micros", |it| it.micros.analyze),
    ("predict_micros", |it| it.micros.predict),
    ("schedule_micros", |it| it.micros.schedule),
    ("execute_micros", |it| it.micros.execute),
    ("total_micros", |it| it.micros.total),
    ("sequential_micros", |it| it.micros.sequential),
];

/// Truth values, by name.
const FLAGS: [(&str, fn(&Report) -> bool); 3] = [
    ("matches_sequential", |it| it.matches_sequential),
    ("matches_header", |it| it.matches_header.holds()),
    ("holds", Report::holds),
];

/// Hashes to compare between runs, by name.
const DIGESTS: [(&str, fn(&Report) -> B256); 3] = [
    ("prediction_digest", |it| it.digests.prediction),
    ("schedule_digest", |it| it.digests.schedule),
    ("outcome_digest", |it| it.digests.outcome),
];

/// The rows.
pub(crate) fn table(rows: &[Ran]) -> Table {
    let reports = || rows.iter().map(|row| &row.report);
    let mut table = Table::default()
        .u32s("block_number", rows.iter().map(|row| Some(row.key.number)))
        .bytes("block_hash", rows.iter().map(|row| Some(row.hash)))
        .u64s("chain_id", rows.iter().map(|row| Some(row.key.chain_id)))
        .texts("fork", reports().map(|report| Some(&report.spec)))
        .texts("schedule", reports().map(|report| Some(report.schedule.name())));
    for (name, of) in FLAGS {
        table = table.flags(name, reports().map(|report| Some(of(report))));
    }
    for (name, of) in NUMBERS {
        table = table.u64s(name, reports().map(|report| Some(of(report))));
    }
    for (name, of) in DIGESTS {
        table = table.bytes(name, reports().map(|report| Some(of(report))));
    }
    table
}
