//! `slotcast score`: how good are predictions?
//!
//! In: blocks, and perhaps a file of predictions. Out: one row or JSON line for each block, and the
//! figures over all, whole and by stratum.

use std::{fs, path::Path};

use serde::Serialize;
use slotcast::{
    BlockScore, Figures, Prepared, ScoreLine,
    prediction_file::{self, StatedBlock},
    score_block,
};

use crate::{
    args::Score,
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
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
    ("in order", 0),
]);

/// The line of one block.
#[derive(Serialize)]
struct OfBlock {
    block: u64,
    #[serde(flatten)]
    line: ScoreLine,
}

/// The last line.
#[derive(Serialize)]
struct OfAll {
    total: ScoreLine,
}

/// Scores all blocks.
pub(crate) fn score(args: &Score, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list(&args.blocks.files)?;
    let stated = args.predictions.as_deref().map(read_predictions).transpose()?;
    let progress = Progress::new(sources.len(), console);
    let mut total = BlockScore::default();
    for (n, source) in sources.iter().enumerate() {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let score = score_one(&prepared, stated.as_deref(), source)?;
        total.add(&score);
        let number = prepared.block().header.number;
        progress.done(|| print(number, &score, n == 0, console))?;
    }
    drop(progress);
    let line = ScoreLine::from(&total);
    match console.is_json() {
        true => console.document(&OfAll { total: line })?,
        false => print_table(sources.len(), &line, console)?,
    }
    Ok(Verdict::Holds)
}

fn read_predictions(path: &Path) -> Result<Vec<StatedBlock>, Failure> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| {
        let what = "name a file written by `slotcast predict --json`";
        Failure::in_file(&name, format_args!("cannot be read: {error}; {what}"))
    })?;
    prediction_file::parse(&bytes, &name).map_err(Failure::bad_input)
}

fn score_one(
    prepared: &Prepared,
    stated: Option<&[StatedBlock]>,
    source: &Source,
) -> Result<BlockScore, Failure> {
    let block = prepared.block();
    let (predictions, predict_micros) = match stated {
        Some(stated) => {
            let predictions =
                prediction_file::of_block(stated, block.header.number, block.n_transactions())
                    .map_err(Failure::bad_input)?;
            (predictions, None)
        }
        None => {
            let predicted = prepared.predict(&Default::default());
            (predicted.predictions, Some(predicted.predict_micros))
        }
    };
    let score = score_block(prepared, &predictions)
        .map_err(|error| Failure::in_file(&source.name(), error))?;
    Ok(BlockScore { predict_micros, ..score })
}

fn print(block: u64, score: &BlockScore, is_first: bool, console: &Console) -> Result<(), Failure> {
    let line = ScoreLine::from(score);
    if console.is_json() {
        return console.document(&OfBlock { block, line });
    }
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
    ]))
}

/// A row's name, and its cell for some transactions.
type Row = (&'static str, fn(&Figures) -> String);

fn print_table(n_blocks: usize, line: &ScoreLine, console: &Console) -> Result<(), Failure> {
    let head = format!(
        "{:<26}{:>10}{:>10}{:>10}{:>10}",
        count(n_blocks, "block", "blocks"),
        "total",
        "transfer",
        "erc20",
        "other",
    );
    console.line("")?;
    console.line(console.paint(HEAD, &head))?;
    let parts = [&line.all, &line.strata.transfer, &line.strata.erc20, &line.strata.other];
    let rows: [Row; 16] = [
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
        ("complete claims sound", |figures| share(figures.complete_claims_sound)),
        ("with a wildcard", |figures| share(figures.wildcard_tx_share)),
        ("state reads per tx", |figures| format!("{:.1}", figures.state_reads_per_tx)),
        ("critical path inflation", |figures| {
            figures.critical_path_inflation.map_or_else(|| "-".to_owned(), |it| format!("{it:.3}"))
        }),
        ("predicting", |figures| time(figures.predict_micros)),
        ("running in order", |figures| time(figures.sequential_micros)),
    ];
    for (name, cell) in rows {
        let cells = parts.map(|figures| format!("{:>10}", cell(figures))).concat();
        console.line(format_args!("{name:<26}{cells}"))?;
    }
    Ok(())
}

fn share(share: f64) -> String {
    format!("{share:.4}")
}

fn time(micros: Option<u64>) -> String {
    micros.map_or_else(|| "-".to_owned(), duration)
}
