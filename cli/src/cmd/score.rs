//! `slotcast score`: how good are predictions?
//!
//! In: blocks, and perhaps a file of predictions. Out: one row or JSON line for each block, and the
//! figures over all, whole and by stratum, with the reasons why predictions were wrong.

pub(super) mod board;
mod table;

use serde::Serialize;
use slotcast::{
    Prepared, Summaries,
    model::{Location, TxIndex},
};
use slotcast_lab::{
    BlockScore, Judged, ScoreLine, block_refunds, compare_block,
    score::{Miss, Reason},
    score_block,
};

use crate::{
    args::Score,
    failure::{Failure, Verdict},
    hint_file::HintFile,
    input::Source,
    progress::Progress,
    render::Console,
    results::Results,
    summary_file::SummaryFile,
};

/// The line of one block.
#[derive(Serialize)]
struct OfBlock {
    block: u64,
    #[serde(flatten)]
    line: ScoreLine,
    /// What is missing and wrong, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    misses: Option<Vec<MissOut>>,
}

/// A missing or wrong slot.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MissOut {
    tx: u32,
    slot: String,
    fault: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

impl From<&Miss> for MissOut {
    fn from(miss: &Miss) -> Self {
        let (by, location): (Option<TxIndex>, Option<Location>) = match miss.reason {
            Reason::StateChanged { by, location } => (Some(by), Some(location)),
            Reason::ExpectedChange { location } => (None, Some(location)),
            _ => (None, None),
        };
        Self {
            tx: miss.tx.0,
            slot: miss.slot.to_string(),
            fault: miss.fault.text(),
            reason: miss.reason.kind(),
            by: by.map(|by| by.0),
            location: location.map(|location| location.to_string()),
        }
    }
}

/// The last line.
#[derive(Serialize)]
struct OfAll {
    total: ScoreLine,
}

/// Scores all blocks.
pub(crate) fn score(args: &Score, threads: usize, console: &Console) -> Result<Verdict, Failure> {
    if args.against.is_some() || !args.scoreboard.is_empty() {
        return board::board(args, threads, console);
    }
    let mut sources = Source::list_of(&args.blocks)?;
    let mut results = Results::open(args.resume.resume.as_deref())?;
    results.missing(&mut sources).into_iter().for_each(|said| console.note(said));
    let stated = args.predictions.as_deref().map(HintFile::read).transpose()?;
    let summary_file = SummaryFile::open(&args.keep, console)?;
    let progress = Progress::new(sources.len(), console);
    let mut total = BlockScore::default();
    for (n, source) in sources.iter().enumerate() {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let summaries = summary_file.summaries(&prepared, &Default::default());
        let (score, judged) = score_one(&prepared, &summaries, stated.as_ref(), args, source)?;
        summary_file.keep(&summaries);
        total.add(&score);
        let block = prepared.block().header.number;
        let misses = args.misses || console.is_verbose();
        let misses: Option<&[Miss]> = misses.then_some(&judged.misses);
        let out = OfBlock {
            block,
            line: ScoreLine::from(&score),
            misses: misses.map(|misses| misses.iter().map(MissOut::from).collect()),
        };
        results.keep(&source.name(), &[&out])?;
        progress.done(|| match console.is_json() {
            true => console.document(&out),
            false => table::block(block, &out.line, misses.unwrap_or_default(), n == 0, console),
        })?;
    }
    drop(progress);
    summary_file.close(console);
    let line = ScoreLine::from(&total);
    match console.is_json() {
        true => console.document(&OfAll { total: line })?,
        false => table::total(sources.len(), &line, console)?,
    }
    Ok(Verdict::Holds)
}

fn score_one(
    prepared: &Prepared,
    summaries: &Summaries,
    stated: Option<&HintFile>,
    args: &Score,
    source: &Source,
) -> Result<(BlockScore, Judged), Failure> {
    let (predictions, predict_micros) = match stated {
        Some(stated) => (stated.predictions(prepared)?, None),
        None => {
            let predicted = prepared.predict_with(summaries, &Default::default());
            (predicted.predictions, Some(predicted.predict_micros))
        }
    };
    let in_file = |error| Failure::in_file(&source.name(), error);
    let (score, judged) = score_block(prepared, &predictions).map_err(in_file)?;
    let truth = &judged.truth;
    let compared = args.baseline.then(|| compare_block(prepared, truth, summaries));
    let compared = compared.transpose().map_err(in_file)?;
    let refunds = args.refunds.then(|| block_refunds(prepared, &predictions, &truth.observations));
    let refunds = refunds.transpose().map_err(in_file)?;
    Ok((BlockScore { predict_micros, compared, refunds, ..score }, judged))
}
