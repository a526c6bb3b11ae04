//! What are the figures of each block?
//!
//! In: what is known of the blocks. Out: a section with a table, a row for each.

use slotcast_lab::render::{Cell, Part, Section, Table};

use super::{measure::OfBlock, share, whole};

const HEADS: [&str; 13] = [
    "block",
    "fork",
    "transactions",
    "with storage",
    "Mgas",
    "layers",
    "edges",
    "slot recall",
    "slot precision",
    "edge recall",
    "exact sets",
    "missing",
    "wrong",
];

const TIMED_HEADS: [&str; 5] =
    ["sequential, µs", "predict, µs", "nothing known", "pooled", "hinted"];

/// The table of all blocks.
pub(super) fn list(blocks: &[OfBlock]) -> Section {
    let is_timed = blocks.iter().any(|block| block.timed.is_some());
    let timed_heads = if is_timed { &TIMED_HEADS[..] } else { &[] };
    let heads = HEADS.iter().chain(timed_heads).map(|head| (*head).to_owned()).collect();
    let rows = blocks.iter().map(|block| row(block, is_timed)).collect();
    Section {
        title: "Blocks".to_owned(),
        text: vec!["A click on a head sorts by it.".to_owned()],
        parts: vec![Part::Table(Table { heads, rows })],
    }
}

fn row(block: &OfBlock, is_timed: bool) -> Vec<Cell> {
    let score = block.entry.score();
    let counts = &score.score.total;
    let faults = score.reasons.bars();
    let megas = block.gas_used as f64 / 1e6;
    let mut cells = vec![
        whole(block.entry.number()),
        Cell::Text(block.entry.fork().name().to_owned()),
        whole(counts.txs),
        whole(counts.storage_txs),
        Cell::Number(format!("{megas:.2}"), megas),
        whole(block.n_layers as u64),
        whole(block.n_edges as u64),
        share(counts.slot_recall()),
        share(counts.slot_precision()),
        share(counts.edge_recall()),
        share(counts.exact_share()),
        whole(faults.iter().map(|bar| bar.missing).sum()),
        whole(faults.iter().map(|bar| bar.wrong).sum()),
    ];
    match (&block.timed, is_timed) {
        (Some(timed), _) => {
            let micros = |micros: f64| Cell::Number(format!("{micros:.0}"), micros);
            let ratio = |ratio: f64| Cell::Number(format!("{ratio:.2}"), ratio);
            let line = &timed.line;
            cells.extend([micros(line.sequential_micros), micros(line.predict_micros)]);
            // Of a block without transactions there is nothing to compare.
            match line.txs {
                0 => cells.extend([const { Cell::None }; 3]),
                _ => cells.extend([line.ratio, line.ratio_pooled, line.ratio_hinted].map(ratio)),
            }
        }
        (None, true) => cells.extend([const { Cell::None }; TIMED_HEADS.len()]),
        (None, false) => {}
    }
    cells
}
