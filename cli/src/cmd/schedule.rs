//! `slotcast schedule`: in which order may the transactions run, and what would that win?
//!
//! In: blocks. Out: dependencies, layers, critical path, and simulated times; nothing is run.

use std::num::NonZeroUsize;

use alloy_primitives::Address;
use slotcast::hints::{ScheduleDocument, Simulated};
use slotcast::{
    Prepared,
    graph::{all_accesses, schedule_of},
    model::{IndexVec, Location, Prediction, TxIndex},
    predict::warm_of,
    scheduler::{
        self, Mode,
        print::{self, Edges},
    },
};
use slotcast_lab::{
    Lanes,
    render::{Drawing, DrawnTx},
};

use crate::{
    args::{Schedule, ScheduleFormat},
    failure::{Failure, Verdict},
    hint_file::HintFile,
    input::Source,
    progress::Progress,
    render::{Columns, Console, HEAD, count, gas},
};

const COLUMNS: Columns =
    Columns::new(&[("threads", 0), ("layers", 12), ("ratio", 6), ("dataflow", 12), ("ratio", 6)]);

/// Most transactions of a layer or a path that are named one by one.
const NAMED: usize = 12;

/// Schedules all blocks.
pub(crate) fn schedule(args: &Schedule, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list_of(&args.blocks)?;
    let format = args.format.unwrap_or(match console.is_json() {
        true => ScheduleFormat::Json,
        false => ScheduleFormat::Text,
    });
    let hints = args.hints.as_deref().map(HintFile::read).transpose()?;
    let progress = Progress::new(sources.len(), console);
    for source in &sources {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let predictions = match &hints {
            Some(file) => file.predictions(&prepared)?,
            None => prepared.predict(&Default::default()).predictions,
        };
        let schedule = match args.all_edges {
            true => scheduler::schedule(&all_accesses(prepared.block(), &predictions)),
            false => schedule_of(&prepared, &predictions),
        };
        let block = prepared.block().header.number;
        progress.done(|| match format {
            ScheduleFormat::Json => console.document(&ScheduleDocument::new(block, &schedule)),
            ScheduleFormat::Dot => console.text(&print::dot(&schedule, Edges::Reduced)),
            ScheduleFormat::Text => text(block, &schedule, console),
            ScheduleFormat::Svg | ScheduleFormat::Html => {
                console.text(&drawn(&prepared, &schedule, &predictions, args, format))
            }
        })?;
    }
    Ok(Verdict::Holds)
}

/// The schedule as a drawing.
fn drawn(
    prepared: &Prepared,
    schedule: &scheduler::Schedule,
    predictions: &IndexVec<TxIndex, Prediction>,
    args: &Schedule,
    format: ScheduleFormat,
) -> String {
    let block = prepared.block();
    let threads = NonZeroUsize::new(usize::from(args.lanes)).expect("there is at least one lane");
    let asked = Mode::from(args.mode);
    let others = Mode::ALL.into_iter().rev().filter(|mode| *mode != asked);
    let lanes = |mode| Lanes::new(prepared, predictions, mode, threads);
    let tx = |tx| {
        let warm = warm_of(block, tx);
        let accesses = predictions[tx].access_set();
        let touched = accesses.reads().iter().chain(accesses.writes()).chain(accesses.adds());
        let mut touched: Vec<Address> = touched.filter_map(account_of).collect();
        touched.sort_unstable();
        touched.dedup();
        let hash = *block.transaction(tx).tx_hash();
        DrawnTx { hash, sender: warm.sender, callee: warm.to, touched }
    };
    let txs = block.tx_indices().map(tx).collect();
    let block = block.header.number;
    match format {
        ScheduleFormat::Html => {
            let lanes: Vec<Lanes> = [asked].into_iter().chain(others).map(lanes).collect();
            Drawing { block, schedule, txs: &txs, lanes: &lanes }.html()
        }
        _ => Drawing { block, schedule, txs: &txs, lanes: &[lanes(asked)] }.svg(),
    }
}

/// The account whose storage this is.
fn account_of(location: &Location) -> Option<Address> {
    match location {
        Location::Storage(slot) => Some(slot.address),
        Location::Balance(_) | Location::Nonce(_) | Location::Code(_) => None,
    }
}

fn text(block: u64, schedule: &scheduler::Schedule, console: &Console) -> Result<(), Failure> {
    let head = format!(
        "block {block}: {}, {}, {}, widest {}",
        count(schedule.len(), "transaction", "transactions"),
        count(schedule.dag().n_edges(), "edge", "edges"),
        count(schedule.layers().len(), "layer", "layers"),
        schedule.width(),
    );
    console.line(console.paint(HEAD, &head))?;
    let path = schedule.critical_path();
    console.line(format_args!(
        "critical path: {} of {} gas (estimated), {}: {}",
        gas(path.weight),
        gas(schedule.total_weight()),
        count(path.txs.len(), "transaction", "transactions"),
        shortened(&path.txs, " -> "),
    ))?;
    for (n, layer) in schedule.layers().iter().enumerate() {
        let weight = layer.iter().fold(0, |sum: u64, &tx| sum + schedule.weights()[tx]);
        console.line(format_args!(
            "layer {n}: {}, {} gas: {}",
            count(layer.len(), "transaction", "transactions"),
            gas(weight),
            shortened(layer, " "),
        ))?;
    }
    if console.is_verbose() {
        console.text(&print::text(schedule))?;
    }
    let simulated = Simulated::new(schedule);
    console.line(format_args!(
        "simulated from estimated gas, 1 µs overhead a transaction; {:.0} µs sequential",
        simulated.sequential_micros
    ))?;
    console.line(COLUMNS.head())?;
    for row in &simulated.threads {
        console.line(COLUMNS.row([
            row.threads.to_string(),
            format!("{:.0} µs", row.layers_micros),
            format!("{:.2}", row.layers_ratio),
            format!("{:.0} µs", row.dataflow_micros),
            format!("{:.2}", row.dataflow_ratio),
        ]))?;
    }
    Ok(())
}

/// The first of these transactions, and how many more there are.
fn shortened(txs: &[TxIndex], between: &str) -> String {
    let named: Vec<String> = txs.iter().take(NAMED).map(TxIndex::to_string).collect();
    let named = named.join(between);
    match txs.len().checked_sub(NAMED) {
        None | Some(0) => named,
        Some(more) => format!("{named}{between}... {more} more"),
    }
}
