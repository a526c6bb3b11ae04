//! How good are the predictions?
//!
//! In: a [`Scoreboard`]. Out: sections: by kind of transaction, by fork, and why slots were missed.

use slotcast::model::Fork;
use slotcast_lab::render::{Bars, Cell, Part, Row, Section, Table};
use slotcast_lab::{score::Stratum, scoreboard::Scoreboard};

use super::{share, whole};

/// Figures of the scoreboard, and what they are called.
const FIGURES: [(&str, &str); 11] = [
    ("txs", "transactions"),
    ("storageTxs", "with storage"),
    ("slotRecall", "slot recall"),
    ("slotPrecision", "slot precision"),
    ("writeRecall", "write recall"),
    ("edgeRecall", "edge recall"),
    ("edgeRecallNear", "edge recall, distance ≤ 3"),
    ("edgePrecision", "edge precision"),
    ("exactShare", "exact sets"),
    ("supersetShare", "supersets"),
    ("stateReadsPerTx", "state words read"),
];

/// So many of them are counts.
const N_COUNTS: usize = 2;

/// Accuracy by kind of transaction.
pub(super) fn by_kind(board: &Scoreboard) -> Section {
    let strata = Stratum::ALL.map(Stratum::name);
    let sections = [&["total"][..], &strata, &["on parent", "baseline"]].concat();
    let rows = sections.into_iter().filter_map(|name| row(board, name, name)).collect();
    Section {
        title: "Accuracy by kind of transaction".to_owned(),
        text: vec![
            "erc20 are direct calls of transfer, transferFrom and approve; transfer is what touches \
             no storage, other the rest."
                .to_owned(),
            "On parent is our prediction made on the parent state alone; the baseline runs each \
             transaction alone on the parent state."
                .to_owned(),
        ],
        parts: vec![Part::Table(Table { heads: heads("kind"), rows })],
    }
}

/// Accuracy by fork, with a picture of what was missed.
pub(super) fn by_era(board: &Scoreboard) -> Section {
    let of_fork = |fork: &Fork| row(board, &format!("era {fork}"), fork.name());
    let missed = |fork: &Fork| {
        let figures = board.sections.get(&format!("era {fork}"))?;
        let missed = |figure: &str| figures.get(figure).map_or(0.0, |share| 100.0 * (1.0 - share));
        let values = ["slotRecall", "slotPrecision"].map(missed).to_vec();
        let figure = format!("{:.2} %", values.iter().sum::<f64>());
        Some(Row { name: fork.name().to_owned(), values, figure })
    };
    let bars = Bars {
        title: "Slots missed of those touched, and wrong of those predicted, in per cent"
            .to_owned(),
        parts: ["missed", "wrong"].map(str::to_owned).to_vec(),
        rows: Fork::ALL.iter().filter_map(missed).collect(),
    };
    let rows = Fork::ALL.iter().filter_map(of_fork).collect();
    Section {
        title: "Accuracy by fork".to_owned(),
        text: vec![],
        parts: vec![Part::Bars(bars), Part::Table(Table { heads: heads("fork"), rows })],
    }
}

/// Why slots were missed.
pub(super) fn reasons(board: &Scoreboard) -> Section {
    let reason = |(name, figures): (&String, &std::collections::BTreeMap<String, f64>)| {
        let name = name.strip_prefix("reason ")?.to_owned();
        let values = ["missing", "wrong"].map(|it| figures.get(it).copied().unwrap_or(0.0));
        let figure = format!("{:.0}", values.iter().sum::<f64>());
        Some(Row { name, values: values.to_vec(), figure })
    };
    let mut rows: Vec<Row> = board.sections.iter().filter_map(reason).collect();
    let sum = |row: &Row| row.values.iter().sum::<f64>();
    rows.sort_by(|a, b| sum(b).total_cmp(&sum(a)));
    let text = match rows.is_empty() {
        true => "No slot was missing or wrong.".to_owned(),
        false => "Every missing and every wrong slot has one reason; `slotcast score --misses` \
                  names them one by one."
            .to_owned(),
    };
    let bars = Bars {
        title: "Slots, by the reason why they were missing or wrong".to_owned(),
        parts: ["missing", "wrong"].map(str::to_owned).to_vec(),
        rows,
    };
    let parts = if bars.rows.is_empty() { vec![] } else { vec![Part::Bars(bars)] };
    Section { title: "Why predictions were wrong".to_owned(), text: vec![text], parts }
}

fn heads(first: &str) -> Vec<String> {
    let figures = FIGURES.iter().map(|(_, head)| (*head).to_owned());
    [first.to_owned()].into_iter().chain(figures).collect()
}

fn row(board: &Scoreboard, section: &str, name: &str) -> Option<Vec<Cell>> {
    let figures = board.sections.get(section)?;
    let cell = |(n, (figure, _)): (usize, &(&str, &str))| match figures.get(*figure) {
        None => Cell::None,
        Some(value) if n < N_COUNTS => whole(*value as u64),
        Some(value) => share(*value),
    };
    let cells = FIGURES.iter().enumerate().map(cell);
    Some([Cell::Text(name.to_owned())].into_iter().chain(cells).collect())
}
