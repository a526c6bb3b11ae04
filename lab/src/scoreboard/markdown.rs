//! How does a scoreboard look to a reader?
//!
//! In: a [`Scoreboard`]. Out: tables in Markdown.

use core::fmt::Write;
use std::collections::BTreeMap;

use slotcast_model::Fork;

use super::{ACCOUNTS, BASELINE, DELTAS, ERAS, PARENT, REASONS, Scoreboard, TOTAL};
use crate::score::Stratum;

/// The columns of accuracy: a figure's name and its head.
const COLUMNS: [(&str, &str); 15] = [
    ("txs", "transactions"),
    ("storageTxs", "with storage"),
    ("slotRecall", "slot recall"),
    ("slotPrecision", "slot precision"),
    ("writeRecall", "write recall"),
    ("edgeRecall", "edge recall"),
    ("edgeRecallNear", "edge recall, distance <= 3"),
    ("edgePrecision", "edge precision"),
    ("exactShare", "exact"),
    ("supersetShare", "superset"),
    ("valueExactShare", "values exact"),
    ("balanceExactShare", "balances exact"),
    ("completeClaimsSound", "complete claims sound"),
    ("assumingClaimsSound", "assuming claims sound"),
    ("criticalPathInflation", "critical path inflation"),
];

type Figures = BTreeMap<String, f64>;

/// The scoreboard as Markdown.
///
/// ```
/// use slotcast_lab::scoreboard::{scoreboard, table};
///
/// assert!(table(&scoreboard(vec![])).starts_with("# Scoreboard"));
/// ```
pub fn table(scoreboard: &Scoreboard) -> String {
    let mut text = format!(
        "# Scoreboard\n\nPredictions of {} against what execution touches.\n\
         Written by `slotcast score --scoreboard`; every figure depends on the blocks alone.\n",
        match scoreboard.blocks {
            1 => "1 block".to_owned(),
            n => format!("{n} blocks"),
        },
    );
    let named = |name: &str| scoreboard.section(name).map(|figures| (name.to_owned(), figures));
    let strata = Stratum::ALL.map(Stratum::name);
    let parts: Vec<_> = [&[TOTAL][..], &strata, &[PARENT, BASELINE]]
        .concat()
        .into_iter()
        .filter_map(named)
        .collect();
    accuracy(&mut text, "Accuracy", &parts);
    paragraph(
        &mut text,
        "*on parent* is our prediction made on the parent state alone, *baseline* is parent-state \
         simulation.",
    );
    let of_fork = |fork: &Fork| {
        let figures = scoreboard.section(&format!("{ERAS}{fork}"))?;
        Some((fork.name().to_owned(), figures))
    };
    accuracy(&mut text, "Eras", &Fork::ALL.iter().filter_map(of_fork).collect::<Vec<_>>());
    let with_prefix = |prefix: &str| {
        let sections = scoreboard.sections.iter();
        let named =
            sections.filter_map(|(name, figures)| Some((name.strip_prefix(prefix)?, figures)));
        named.collect::<Vec<_>>()
    };
    heading(&mut text, "Accounts", &["accesses", "true", "predicted", "recall", "precision"]);
    for (kind, figures) in with_prefix(ACCOUNTS) {
        row(&mut text, kind, figures, ["true", "predicted", "recall", "precision"]);
    }
    if let Some(deltas) = scoreboard.section(DELTAS) {
        let cells = ["claimed", "confirmed", "edges", "explainedEdgeShare"];
        let heads = ["", "claimed", "confirmed", "edges", "share they take away"];
        heading(&mut text, "Deltas", &heads);
        row(&mut text, "deltas", deltas, cells);
    }
    heading(&mut text, "Reasons", &["why slots are", "missing", "wrong"]);
    let mut reasons = with_prefix(REASONS);
    let length = |figures: &Figures| figures.values().sum::<f64>();
    reasons.sort_by(|(_, a), (_, b)| length(b).total_cmp(&length(a)));
    for (reason, figures) in reasons {
        row(&mut text, reason, figures, ["missing", "wrong"]);
    }
    text
}

/// A table with a column for each part.
fn accuracy(text: &mut String, title: &str, parts: &[(String, &Figures)]) {
    let heads: Vec<&str> =
        [""].into_iter().chain(parts.iter().map(|(name, _)| name.as_str())).collect();
    heading(text, title, &heads);
    for (figure, head) in COLUMNS {
        let cells = parts.iter().map(|(_, figures)| cell(figures, figure));
        let cells: Vec<String> = cells.collect();
        paragraph_line(text, &format!("| {head} | {} |", cells.join(" | ")));
    }
}

fn heading(text: &mut String, title: &str, heads: &[&str]) {
    paragraph(text, &format!("## {title}"));
    let rule = vec!["---:"; heads.len() - 1].join(" | ");
    paragraph(text, &format!("| {} |", heads.join(" | ")));
    paragraph_line(text, &format!("| --- | {rule} |"));
}

fn row<const N: usize>(text: &mut String, name: &str, figures: &Figures, cells: [&str; N]) {
    let cells = cells.map(|figure| cell(figures, figure)).join(" | ");
    paragraph_line(text, &format!("| {name} | {cells} |"));
}

/// Counts are whole; everything else is a ratio.
fn cell(figures: &Figures, figure: &str) -> String {
    const COUNTS: [&str; 9] = [
        "txs",
        "storageTxs",
        "true",
        "predicted",
        "claimed",
        "confirmed",
        "edges",
        "missing",
        "wrong",
    ];
    match figures.get(figure) {
        None => "-".to_owned(),
        Some(count) if COUNTS.contains(&figure) => format!("{count:.0}"),
        Some(ratio) => format!("{ratio:.4}"),
    }
}

fn paragraph(text: &mut String, line: &str) {
    text.push('\n');
    paragraph_line(text, line);
}

fn paragraph_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes all that is written to it");
}
