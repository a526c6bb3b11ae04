//! `slotcast follow`: how good are predictions of the blocks that a chain makes now?
//!
//! In: a node. Out: a line for each new block: how well it was predicted, and how fast it was executed by
//! the prediction, with what had to run again and why.
//! Invariants: a block is forgotten once its line is written; an error of the node ends nothing: it is
//! told, and asked again later.

use std::{
    fs::{File, OpenOptions},
    sync::Arc,
    thread,
    time::Duration,
};

use alloy_primitives::B256;
use serde::Serialize;
use slotcast::{Prepared, model::IndexVec};
use slotcast_corpus::prepare_by;
use slotcast_lab::{Report, RunPredictions, RunSettings, ScoreLine, run_prepared, score_block};
use slotcast_node::{FollowStep, Follower, Recording};

use super::{
    record::{connect, recorder},
    run::ratio,
};
use crate::{
    args::Follow,
    failure::{Failure, Verdict},
    input::rules_of,
    render::{Columns, Console, HEAD, gas},
    results::append,
};

/// Longest wait after errors.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

const COLUMNS: Columns = Columns::new(&[
    ("block", 9),
    ("txs", 4),
    ("gas", 8),
    ("recall", 7),
    ("precision", 9),
    ("exact", 7),
    ("values", 7),
    ("speed-up", 8),
    ("re-executed", 11),
    ("result", 0),
]);

/// What is appended for a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    block: u64,
    hash: B256,
    parent_hash: B256,
    timestamp: u64,
    run: &'a Report,
    score: &'a ScoreLine,
}

/// What is appended for a block that is of the chain no longer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replaced {
    replaced: u64,
    hash: B256,
}

/// Follows the chain until as many blocks are done as were asked for, or for ever.
pub(crate) fn follow(args: &Follow, threads: usize, console: &Console) -> Result<Verdict, Failure> {
    let settings = RunSettings::new(threads, None).map_err(Failure::bad_input)?;
    let mut table = args.out.as_deref().map(Table::open).transpose()?;
    let node = connect(&args.node)?;
    let recorder = recorder(&args.node, node, args.node.concurrency as usize);
    let mut follower = Follower::new(recorder, args.from).map_err(Failure::bad_input)?;
    let interval = Duration::from_millis(args.interval);
    let (mut wait, mut n_done, mut holds) = (interval, 0, true);
    while args.blocks.is_none_or(|blocks| n_done < blocks) {
        match follower.step() {
            Ok(FollowStep::Waiting(_)) => thread::sleep(interval),
            Ok(FollowStep::Replaced { number, hash }) => {
                console.note(format_args!("block {number} ({hash}) was replaced"));
                if let Some(table) = &mut table {
                    table.append(&Replaced { replaced: number, hash })?;
                }
            }
            Ok(FollowStep::Block(recording)) => {
                let (run, score) = measure(&recording, args, &settings)?;
                let header = &recording.block.header;
                let line = Line {
                    block: header.number,
                    hash: recording.block.hash,
                    parent_hash: header.parent_hash,
                    timestamp: header.timestamp,
                    run: &run,
                    score: &score,
                };
                if let Some(table) = &mut table {
                    table.append(&line)?;
                }
                print(&line, n_done == 0, console)?;
                holds &= run.holds();
                n_done += 1;
                wait = interval;
            }
            Err(error) => {
                console.note(format_args!("{error}; asking again in {} ms", wait.as_millis()));
                thread::sleep(wait);
                wait = (2 * wait).min(LONGEST_WAIT);
            }
        }
    }
    Ok(Verdict::of(holds))
}

/// Predicts, executes and compares one block.
fn measure(
    recording: &Recording,
    args: &Follow,
    settings: &RunSettings,
) -> Result<(Report, ScoreLine), Failure> {
    let number = recording.block.number();
    let failed = |error| Failure::in_file(&format!("block {number}"), error);
    let rules = args.node.chain.as_deref().map(rules_of).transpose()?.map(Arc::new);
    let prepared: Prepared = prepare_by(&recording.block, rules).map_err(failed)?;
    let summaries = Arc::new(prepared.summaries(&settings.predict()));
    let made = prepared.predict_with(&summaries, &settings.predict());
    let predictions: IndexVec<_, _> = made.predictions;
    let (score, _) = score_block(&prepared, &predictions).map_err(failed)?;
    let made = RunPredictions::Made(summaries);
    let report = run_prepared(&recording.block, &prepared, made, settings).map_err(failed)?;
    Ok((report, ScoreLine::from(&score)))
}

fn print(line: &Line<'_>, is_first: bool, console: &Console) -> Result<(), Failure> {
    if console.is_json() {
        return console.document(line);
    }
    if is_first {
        console.line(console.paint(HEAD, &COLUMNS.head()))?;
    }
    let (run, all) = (line.run, &line.score.all);
    let share = |part: f64| format!("{part:.4}");
    let reasons = line.score.reasons.iter();
    let reasons: Vec<_> = reasons.map(|bar| bar.reason).collect();
    let result = match (run.holds(), reasons.is_empty()) {
        (true, true) => "ok".to_owned(),
        (true, false) => format!("ok; missed by {}", reasons.join(", ")),
        (false, _) => "differs".to_owned(),
    };
    console.line(COLUMNS.row([
        line.block.to_string(),
        run.txs.to_string(),
        gas(run.gas_used),
        share(all.slot_recall),
        share(all.slot_precision),
        share(all.exact_share),
        share(all.value_exact_share),
        ratio(run.micros.sequential, run.micros.total),
        run.reexecuted.len().to_string(),
        result,
    ]))
}

/// The file that lines are appended to.
struct Table {
    name: String,
    file: File,
}

impl Table {
    fn open(path: &std::path::Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|error| Failure::in_file(&name, error))?;
        Ok(Self { name, file })
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        append(&self.name, &mut self.file, line)
    }
}
