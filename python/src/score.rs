//! How good are the predictions of a block, as a row?
//!
//! In: recorded blocks. Out: a row for each, with the counts, which add up over blocks, and the
//! figures of `slotcast score --json`, which are ratios of them.
//! Invariant: all columns but the times depend on the block alone.

use alloy_primitives::B256;
use slotcast_lab::{BlockScore, score::Counts};

use crate::{
    blocks::{BlockKey, Source},
    failure::Failure,
    table::Table,
};

/// A score and whose it is.
pub(crate) struct ScoredBlock {
    key: BlockKey,
    hash: B256,
    score: BlockScore,
}

/// Predicts a block, runs it, and compares.
pub(crate) fn score_block(source: &Source) -> Result<ScoredBlock, Failure> {
    let opened = source.open()?;
    let predicted = opened.prepared.predict(&Default::default());
    let (score, _) = slotcast_lab::score_block(&opened.prepared, &predicted.predictions)
        .map_err(|error| Failure::of_run(&opened.name, &error))?;
    let score = BlockScore { predict_micros: Some(predicted.predict_micros), ..score };
    Ok(ScoredBlock { key: opened.key, hash: opened.prepared.block().hash, score })
}

/// Counts, by name.
const COUNTS: [(&str, fn(&Counts) -> u64); 23] = [
    ("n_transactions", |it| it.txs),
    ("n_storage_transactions", |it| it.storage_txs),
    ("true_slots", |it| it.true_slots),
    ("predicted_slots", |it| it.predicted_slots),
    ("hit_slots", |it| it.hit_slots),
    ("true_writes", |it| it.true_writes),
    ("hit_writes", |it| it.hit_writes),
    ("true_edges", |it| it.true_edges),
    ("predicted_edges", |it| it.predicted_edges),
    ("hit_edges", |it| it.hit_edges),
    ("true_near_edges", |it| it.true_near_edges),
    ("hit_near_edges", |it| it.hit_near_edges),
    ("exact", |it| it.exact),
    ("supersets", |it| it.supersets),
    ("value_exact", |it| it.value_exact),
    ("complete_claims", |it| it.complete_claims),
    ("sound_claims", |it| it.sound_claims),
    ("assuming_claims", |it| it.assuming_claims),
    ("sound_assuming_claims", |it| it.sound_assuming_claims),
    ("wildcard_transactions", |it| it.wildcard_txs),
    ("state_reads", |it| it.state_reads),
    ("predicted_path_gas", |it| it.predicted_path_gas),
    ("true_path_gas", |it| it.true_path_gas),
];

/// Ratios, by name.
const RATIOS: [(&str, fn(&Counts) -> f64); 11] = [
    ("slot_recall", Counts::slot_recall),
    ("slot_precision", Counts::slot_precision),
    ("write_recall", Counts::write_recall),
    ("edge_recall", Counts::edge_recall),
    ("edge_precision", Counts::edge_precision),
    ("exact_share", Counts::exact_share),
    ("superset_share", Counts::superset_share),
    ("value_exact_share", Counts::value_exact_share),
    ("complete_claims_sound", Counts::complete_claims_sound),
    ("assuming_claims_sound", Counts::assuming_claims_sound),
    ("critical_path_inflation", Counts::critical_path_inflation),
];

/// The rows.
pub(crate) fn table(rows: &[ScoredBlock]) -> Table {
    let counts = || rows.iter().map(|row| &row.score.score.total);
    let mut table = Table::default()
        .u32s("block_number", rows.iter().map(|row| Some(row.key.number)))
        .bytes("block_hash", rows.iter().map(|row| Some(row.hash)))
        .u64s("chain_id", rows.iter().map(|row| Some(row.key.chain_id)));
    for (name, of) in COUNTS {
        table = table.u64s(name, counts().map(|counts| Some(of(counts))));
    }
    for (name, of) in RATIOS {
        table = table.ratios(name, counts().map(|counts| Some(of(counts))));
    }
    table
        .u64s("predict_micros", rows.iter().map(|row| row.score.predict_micros))
        .u64s("sequential_micros", rows.iter().map(|row| Some(row.score.sequential_micros)))
}
