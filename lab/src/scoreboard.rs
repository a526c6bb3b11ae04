//! Are predictions as good as they were?
//!
//! In: scored blocks. Out: [`Scoreboard`], every figure that does not depend on time, to be
//! committed, compared and read.
//! Invariants: a scoreboard depends on the blocks and the program alone, to the last bit, whatever
//! the order in which threads scored the blocks; only scoreboards of the same blocks are compared.

mod compare;
mod markdown;

use std::collections::BTreeMap;

use alloy_primitives::{B256, Keccak256};
use serde::{Deserialize, Serialize};
use slotcast_model::Fork;

use crate::{
    score::{Counts, Histogram, Score, Stratum},
    score_report::{BlockScore, Figures, ScoreLine, compare_block, judge_block},
};
use slotcast::{PredictSettings, Prepared, Summaries};
use slotcast_corpus::RunError;

pub use compare::{Change, Direction, OtherBlocks, Verdict, compare};
pub use markdown::table;

/// The version of the file.
const SCHEMA_VERSION: u64 = 1;

/// Figures are compared and written to this part.
const PARTS: f64 = 1e6;

/// Names of sections besides those of strata, eras and accounts.
const TOTAL: &str = "total";
const PARENT: &str = "on parent";
const BASELINE: &str = "baseline";
const DELTAS: &str = "deltas";
const REASONS: &str = "reason ";
const ERAS: &str = "era ";
const ACCOUNTS: &str = "accounts ";

/// All figures of some blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scoreboard {
    schema_version: u64,
    /// How many blocks were scored.
    pub blocks: u64,
    /// keccak256 of their hashes, in order of number.
    pub blocks_hash: B256,
    /// Figures by section and name.
    pub sections: BTreeMap<String, BTreeMap<String, f64>>,
}

/// Why a scoreboard cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScoreboardError {
    /// It is no scoreboard.
    #[error("{field}: {source}; rewrite it with `slotcast score --scoreboard`")]
    Malformed {
        /// Where.
        field: String,
        /// Why.
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error(
        "schemaVersion: {found} where {SCHEMA_VERSION} is known; rewrite it with `slotcast score \
         --scoreboard`"
    )]
    Version {
        /// Its version.
        found: u64,
    },
}

impl Scoreboard {
    /// Reads a scoreboard.
    pub fn parse(bytes: &[u8]) -> Result<Self, ScoreboardError> {
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let scoreboard: Self =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
                let field = error.path().to_string();
                ScoreboardError::Malformed { field, source: error.into_inner() }
            })?;
        match scoreboard.schema_version {
            SCHEMA_VERSION => Ok(scoreboard),
            found => Err(ScoreboardError::Version { found }),
        }
    }

    /// The scoreboard as text, one line for each figure.
    pub fn print(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("names and finite numbers can be written as JSON") + "\n"
    }

    fn section(&self, name: &str) -> Option<&BTreeMap<String, f64>> {
        self.sections.get(name)
    }
}

/// What one block adds to a scoreboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    number: u64,
    hash: B256,
    fork: Fork,
    score: BlockScore,
}

impl Entry {
    /// Predicts the block, runs it and scores.
    pub fn of(prepared: &Prepared) -> Result<Self, RunError> {
        Self::with(prepared, &prepared.summaries(&PredictSettings::default()))
    }

    /// As [`Self::of`], with the summaries that are at hand; those that are not are left in it.
    pub fn with(prepared: &Prepared, summaries: &Summaries) -> Result<Self, RunError> {
        let settings = PredictSettings::default();
        let predictions = prepared.predict_with(summaries, &settings).predictions;
        let judged = judge_block(prepared, &predictions)?;
        let score = BlockScore {
            score: judged.score,
            reasons: Histogram::of(&judged.misses),
            predict_micros: None,
            sequential_micros: 0,
            compared: Some(compare_block(prepared, &judged.truth, summaries)?),
            refunds: None,
        };
        let block = prepared.block();
        let (number, hash) = (block.header.number, block.hash);
        Ok(Self { number, hash, fork: prepared.fork(), score })
    }

    /// The block's number.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The block's hash.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// The fork whose rules hold in the block.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// How good its predictions are; the times in it are not measured.
    pub const fn score(&self) -> &BlockScore {
        &self.score
    }
}

/// Sums entries in any order.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::scoreboard::{Entry, scoreboard};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let board = scoreboard(vec![Entry::of(&prepared)?]);
/// assert!(0.9 < board.sections["total"]["slotRecall"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scoreboard(mut entries: Vec<Entry>) -> Scoreboard {
    entries.sort_by_key(|entry| (entry.number, entry.hash));
    let mut total = BlockScore::default();
    let mut eras: BTreeMap<Fork, Score> = BTreeMap::new();
    let mut hashes = Keccak256::new();
    for entry in &entries {
        total.add(&entry.score);
        eras.entry(entry.fork).or_default().add(&entry.score.score);
        hashes.update(entry.hash);
    }
    let mut sections = sections(&total);
    for (fork, score) in eras {
        let inflation = score.total.critical_path_inflation();
        sections.insert(format!("{ERAS}{fork}"), figures(&score.total, Some(inflation)));
    }
    Scoreboard {
        schema_version: SCHEMA_VERSION,
        blocks: entries.len() as u64,
        blocks_hash: hashes.finalize(),
        sections,
    }
}

fn sections(total: &BlockScore) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut sections = BTreeMap::new();
    let mut insert = |name: &str, figures| sections.insert(name.to_owned(), figures);
    let whole = |score: &Score| figures(&score.total, Some(score.total.critical_path_inflation()));
    insert(TOTAL, whole(&total.score));
    for stratum in Stratum::ALL {
        insert(stratum.name(), figures(&total.score.strata[stratum as usize], None));
    }
    if let Some(compared) = &total.compared {
        insert(PARENT, whole(&compared.parent.score));
        insert(BASELINE, whole(&compared.baseline.score));
    }
    let line = ScoreLine::from(total);
    for (kind, hits) in line.accounts {
        let figures = named([
            ("true", hits.truth as f64),
            ("predicted", hits.predicted as f64),
            ("recall", hits.recall),
            ("precision", hits.precision),
        ]);
        insert(&format!("{ACCOUNTS}{kind}"), figures);
    }
    let deltas = line.deltas;
    let mut of_deltas = named([
        ("claimed", deltas.claimed as f64),
        ("confirmed", deltas.confirmed as f64),
        ("edges", deltas.edges as f64),
        ("explainedEdgeShare", deltas.explained_edge_share),
    ]);
    // Of no claims there is no share that a later one could fall behind.
    if deltas.claimed != 0 {
        of_deltas.extend(named([("confirmedShare", deltas.confirmed_share)]));
    }
    insert(DELTAS, of_deltas);
    for bar in line.reasons {
        let figures = named([("missing", bar.missing as f64), ("wrong", bar.wrong as f64)]);
        insert(&format!("{REASONS}{}", bar.reason), figures);
    }
    sections
}

/// The figures of some transactions.
fn figures(counts: &Counts, critical_path_inflation: Option<f64>) -> BTreeMap<String, f64> {
    let figures = Figures::of_part(counts);
    let mut named = named([
        ("txs", figures.txs as f64),
        ("storageTxs", figures.storage_txs as f64),
        ("trueSlots", counts.true_slots as f64),
        ("trueWrites", counts.true_writes as f64),
        ("trueEdges", counts.true_edges as f64),
        ("slotRecall", figures.slot_recall),
        ("slotPrecision", figures.slot_precision),
        ("writeRecall", figures.write_recall),
        ("edgeRecall", figures.edge_recall),
        ("edgePrecision", figures.edge_precision),
        ("edgeRecallNear", figures.edge_recall_near),
        ("exactShare", figures.exact_share),
        ("supersetShare", figures.superset_share),
        ("valueExactShare", figures.value_exact_share),
        ("balances", counts.balances as f64),
        ("balanceExactShare", figures.balance_exact_share),
        ("completeClaimsSound", figures.complete_claims_sound),
        ("assumingClaimsSound", figures.assuming_claims_sound),
        ("wildcardTxShare", figures.wildcard_tx_share),
        ("stateReadsPerTx", figures.state_reads_per_tx),
    ]);
    let inflation = critical_path_inflation.map(|it| ("criticalPathInflation", it));
    named.extend(inflation.into_iter().map(entry));
    named
}

fn named<const N: usize>(figures: [(&str, f64); N]) -> BTreeMap<String, f64> {
    figures.into_iter().map(entry).collect()
}

fn entry((name, figure): (&str, f64)) -> (String, f64) {
    (name.to_owned(), (figure * PARTS).round() / PARTS)
}

#[cfg(test)]
mod tests;
