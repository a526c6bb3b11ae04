//! How good and how quick is each situation, all on one screen?
//!
//! In: the scoreboard, what is known of the blocks. Out: a section with a row for each situation, and
//! with what more threads would bring.
//! Invariant: what is simulated says so; what was not measured stays empty.

use slotcast_lab::render::{Cell, Part, Section, Table};
use slotcast_lab::{BenchLine, BenchSummary, scoreboard::Scoreboard};

use super::{measure::OfBlock, share, speed};
use crate::render::count;

/// Figures of the scoreboard, and what they are called.
const FIGURES: [(&str, &str); 4] = [
    ("slotRecall", "slot recall"),
    ("slotPrecision", "slot precision"),
    ("exactShare", "exact sets"),
    ("edgeRecall", "edge recall"),
];

/// What is known before the clock starts.
struct Situation {
    name: &'static str,
    /// How predictions are made.
    made: &'static str,
    /// The part of the scoreboard that judges them.
    scores: &'static str,
    /// Of large blocks, of these since London, and of the worst block of any size.
    ratios: fn(&BenchSummary) -> [Option<f64>; 3],
}

const SITUATIONS: [Situation; 3] = [
    Situation {
        name: "nothing known",
        made: "in block order, while the block runs",
        scores: "total",
        ratios: |it| [it.ratio, it.ratio_since_london, it.worst_ratio],
    },
    Situation {
        name: "pooled",
        made: "on the parent state, before; stale ones meanwhile",
        scores: "on parent",
        ratios: |it| [it.ratio_pooled, it.ratio_pooled_since_london, it.worst_ratio_pooled],
    },
    Situation {
        name: "hinted",
        made: "in block order, before",
        scores: "total",
        ratios: |it| [it.ratio_hinted, it.ratio_hinted_since_london, it.worst_ratio_hinted],
    },
];

/// A row for each situation, and the plot over threads.
pub(super) fn at_a_glance(
    board: &Scoreboard,
    blocks: &[OfBlock],
    timed_on: Option<usize>,
) -> Section {
    let mut heads = vec!["situation".to_owned(), "predictions are made".to_owned()];
    heads.extend(FIGURES.iter().map(|(_, head)| (*head).to_owned()));
    if let Some(threads) = timed_on {
        heads.push(format!("ratio, {}", count(threads, "thread", "threads")));
        heads.extend(["since London", "worst block"].map(str::to_owned));
    }
    heads.extend(speed::SHOWN.map(|n| format!("simulated, {n} threads")));
    let summary = timed_on.map(|threads| BenchSummary::of(threads, &lines(blocks)));
    let rows = SITUATIONS.iter().enumerate().map(|(n, situation)| {
        let words = [situation.name, situation.made].map(|it| Cell::Text(it.to_owned()));
        let figures = board.sections.get(situation.scores);
        let figure = |(name, _): &(&str, &str)| {
            figures.and_then(|it| it.get(*name)).map_or(Cell::None, |it| share(*it))
        };
        let ratios = summary.iter().flat_map(situation.ratios).map(ratio);
        let simulated =
            speed::SHOWN.map(|threads| ratio(speed::simulated_ratio(blocks, n, threads)));
        words.into_iter().chain(FIGURES.iter().map(figure)).chain(ratios).chain(simulated).collect()
    });
    let table = Table { heads, rows: rows.collect() };
    let mut text = vec![
        "What is known before the clock starts, how good predictions are then, and how many times \
         faster than a plain loop blocks run. With nothing known the first transactions run \
         unpredicted meanwhile, which accuracy does not count."
            .to_owned(),
    ];
    text.push(format!(
        "{}Nothing was run on more threads: these are simulations, {}.",
        if timed_on.is_some() {
            "Measured ratios are means over blocks of at least 4 Mgas. "
        } else {
            ""
        },
        speed::simulated_over(blocks),
    ));
    Section {
        title: "At a glance".to_owned(),
        text,
        parts: vec![Part::Table(table), Part::Plot(speed::main_plot(blocks))],
    }
}

/// What was measured.
pub(super) fn lines(blocks: &[OfBlock]) -> Vec<BenchLine> {
    blocks.iter().filter_map(|block| Some(block.timed.as_ref()?.line.clone())).collect()
}

fn ratio(ratio: Option<f64>) -> Cell {
    ratio.map_or(Cell::None, |ratio| Cell::Number(format!("{ratio:.2}"), ratio))
}
