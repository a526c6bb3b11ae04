//! How does a score look to a reader?
//!
//! In: lines of figures. Out: rows and tables.

use slotcast_lab::{
    Figures, RefundFigures, RefundHitFigures, ScoreLine,
    score::{HitFigures, Miss},
};

use crate::{
    failure::Failure,
    render::{Columns, Console, HEAD, count, duration},
};

const COLUMNS: Columns = Columns::new(&[
    ("block", 8),
    ("txs", 4),
    ("storage", 0),
    ("recall", 0),
    ("precision", 0),
    ("exact", 6),
    ("superset", 0),
    ("edge recall", 0),
    ("edge precision", 0),
    ("predict", 8),
    ("sequential", 0),
]);

/// The row of one block, and what of it is missing or wrong.
pub(super) fn block(
    block: u64,
    line: &ScoreLine,
    misses: &[Miss],
    is_first: bool,
    console: &Console,
) -> Result<(), Failure> {
    if is_first {
        console.line(console.paint(HEAD, &COLUMNS.head()))?;
    }
    let figures = &line.all;
    console.line(COLUMNS.row([
        block.to_string(),
        figures.txs.to_string(),
        figures.storage_txs.to_string(),
        share(figures.slot_recall),
        share(figures.slot_precision),
        share(figures.exact_share),
        share(figures.superset_share),
        share(figures.edge_recall),
        share(figures.edge_precision),
        time(figures.predict_micros),
        time(figures.sequential_micros),
    ]))?;
    for Miss { tx, slot, fault, reason } in misses {
        console.line(format_args!("  tx {tx}: {} {slot}: {reason}", fault.text()))?;
    }
    Ok(())
}

/// A row's name, and its cell for some transactions.
type Row = (&'static str, fn(&Figures) -> String);

/// The figures over all blocks.
pub(super) fn total(n_blocks: usize, line: &ScoreLine, console: &Console) -> Result<(), Failure> {
    let mut columns = vec![
        ("total", &line.all),
        ("transfer", &line.strata.transfer),
        ("erc20", &line.strata.erc20),
        ("other", &line.strata.other),
    ];
    columns.extend(line.parent.as_ref().map(|parent| ("on parent", parent)));
    columns.extend(line.baseline.as_ref().map(|baseline| ("baseline", baseline)));
    let heads: String = columns.iter().map(|(name, _)| format!("{name:>11}")).collect();
    let head = format!("{:<26}{heads}", count(n_blocks, "block", "blocks"));
    console.line("")?;
    console.line(console.paint(HEAD, &head))?;
    let rows: [Row; 19] = [
        ("transactions", |figures| figures.txs.to_string()),
        ("with storage", |figures| figures.storage_txs.to_string()),
        ("slot recall", |figures| share(figures.slot_recall)),
        ("slot precision", |figures| share(figures.slot_precision)),
        ("write recall", |figures| share(figures.write_recall)),
        ("edge recall", |figures| share(figures.edge_recall)),
        ("edge recall, distance <= 3", |figures| share(figures.edge_recall_near)),
        ("edge precision", |figures| share(figures.edge_precision)),
        ("exact", |figures| share(figures.exact_share)),
        ("superset", |figures| share(figures.superset_share)),
        ("values exact", |figures| share(figures.value_exact_share)),
        ("balances exact", |figures| share(figures.balance_exact_share)),
        ("complete claims sound", |figures| share(figures.complete_claims_sound)),
        ("assuming claims sound", |figures| share(figures.assuming_claims_sound)),
        ("with a wildcard", |figures| share(figures.wildcard_tx_share)),
        ("state reads per tx", |figures| format!("{:.1}", figures.state_reads_per_tx)),
        ("critical path inflation", |figures| {
            figures.critical_path_inflation.map_or_else(|| "-".to_owned(), |it| format!("{it:.3}"))
        }),
        ("predicting", |figures| time(figures.predict_micros)),
        ("sequential execution", |figures| time(figures.sequential_micros)),
    ];
    for (name, cell) in rows {
        let cells: String =
            columns.iter().map(|(_, figures)| format!("{:>11}", cell(figures))).collect();
        console.line(format_args!("{name:<26}{cells}"))?;
    }
    if line.baseline.is_some() {
        console.line(
            "on parent: our predictions on the parent state alone; baseline: each transaction run alone \
             on it",
        )?;
    }
    more(line, console)
}

/// Accounts, deltas and reasons.
fn more(line: &ScoreLine, console: &Console) -> Result<(), Failure> {
    let head = format!("{:<26}{:>11}{:>11}{:>11}", "accounts", "true", "recall", "precision");
    console.line("")?;
    console.line(console.paint(HEAD, &head))?;
    for (kind, HitFigures { truth, recall, precision, .. }) in &line.accounts {
        let (recall, precision) = (share(*recall), share(*precision));
        console.line(format_args!("{kind:<26}{truth:>11}{recall:>11}{precision:>11}"))?;
    }
    if let Some(figures) = &line.refunds {
        refunds(figures, console)?;
    }
    let deltas = &line.deltas;
    console.line("")?;
    console.line(format_args!(
        "deltas: {} claimed, {} of them confirmed ({}), which take away {} of {} edges",
        deltas.claimed,
        deltas.confirmed,
        share(deltas.confirmed_share),
        share(deltas.explained_edge_share),
        deltas.edges,
    ))?;
    if line.reasons.is_empty() {
        return console.line("nothing is missing or wrong");
    }
    console.line("")?;
    let head = format!("{:<42}{:>9}{:>9}", "why slots are", "missing", "wrong");
    console.line(console.paint(HEAD, &head))?;
    for bar in &line.reasons {
        console.line(format_args!("{:<42}{:>9}{:>9}", bar.reason, bar.missing, bar.wrong))?;
    }
    Ok(())
}

/// Refunds for what earlier transactions have warmed: known before the block runs, and in its turn.
fn refunds(figures: &RefundFigures, console: &Console) -> Result<(), Failure> {
    type Cell = (&'static str, fn(&RefundHitFigures) -> String);
    let rows: [Cell; 5] = [
        ("exact", |it| share(it.exact_share)),
        ("exact, of those with one", |it| share(it.exact_share_of_refunded)),
        ("gas foreseen", |it| it.gas.to_string()),
        ("gas too much", |it| it.over.to_string()),
        ("gas too little", |it| it.under.to_string()),
    ];
    console.line("")?;
    let head = format!("{:<26}{:>13}{:>13}", "refunds of warmth", "ahead", "in order");
    console.line(console.paint(HEAD, &head))?;
    for (name, cell) in rows {
        let (ahead, in_order) = (cell(&figures.ahead), cell(&figures.in_order));
        console.line(format_args!("{name:<26}{ahead:>13}{in_order:>13}"))?;
    }
    console.line(format_args!(
        "of {} transactions {} have a refund, {} gas in all; {} predictions say that they may miss \
         something; a study: see the documentation for what is assumed",
        figures.txs, figures.refunded, figures.true_gas, figures.partial,
    ))
}

fn share(share: f64) -> String {
    format!("{share:.4}")
}

fn time(micros: Option<u64>) -> String {
    micros.map_or_else(|| "-".to_owned(), duration)
}
