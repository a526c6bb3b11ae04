//! `slotcast schedule`: in which order may the transactions run, and what would that win?
//!
//! In: blocks. Out: dependencies, layers, critical path, and simulated times; nothing is run.

use std::num::NonZeroUsize;

use serde::Serialize;
use slotcast::{
    Prepared, forecasts,
    model::TxIndex,
    scheduler::{
        self, CostModel, Mode, Overheads, Policy, Reason,
        print::{self, Edges},
        simulate,
    },
    warm_of,
};
use slotcast_report::Drawing;

use crate::{
    args::{Schedule, ScheduleFormat},
    failure::{Failure, Verdict},
    hint_file::HintFile,
    input::Source,
    progress::Progress,
    render::{Columns, Console, HEAD, count, gas},
};

/// How many threads are simulated.
const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What running in parallel costs besides the transactions, in nanoseconds, as measured.
const OVERHEADS: Overheads = Overheads { per_tx: 1_000, per_barrier: 5_000 };

const COLUMNS: Columns =
    Columns::new(&[("threads", 0), ("layers", 12), ("ratio", 6), ("dataflow", 12), ("ratio", 6)]);

/// Most transactions of a layer or a path that are named one by one.
const NAMED: usize = 12;

/// Schedules all blocks.
pub(crate) fn schedule(args: &Schedule, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list(&args.blocks.files)?;
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
        let forecasts = forecasts(prepared.block(), &predictions);
        let schedule = scheduler::schedule(&forecasts, &Policy::Optimistic);
        let block = prepared.block().header.number;
        progress.done(|| match format {
            ScheduleFormat::Json => console.document(&Document::new(block, &schedule)),
            ScheduleFormat::Dot => console.text(&print::dot(&schedule, Edges::Reduced)),
            ScheduleFormat::Text => text(block, &schedule, console),
            ScheduleFormat::Svg | ScheduleFormat::Html => {
                console.text(&drawn(&prepared, &schedule, format, args.lanes))
            }
        })?;
    }
    Ok(Verdict::Holds)
}

/// The schedule as a drawing.
fn drawn(
    prepared: &Prepared,
    schedule: &scheduler::Schedule,
    format: ScheduleFormat,
    lanes: u8,
) -> String {
    let block = prepared.block();
    let costs = CostModel::default().nanos_of_each(schedule.weights());
    let callees = block.tx_indices().map(|tx| warm_of(block, tx).to).collect();
    let threads = NonZeroUsize::new(usize::from(lanes)).expect("there is at least one lane");
    let drawing =
        Drawing { block: block.header.number, schedule, costs: &costs, callees: &callees, threads };
    match format {
        ScheduleFormat::Html => drawing.html(),
        _ => drawing.svg(),
    }
}

/// A schedule as JSON; gas is estimated and times are simulated.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    block: u64,
    txs: usize,
    estimated_gas: u64,
    layers: Vec<Vec<u32>>,
    critical_path: Path,
    edges: Vec<EdgeOut>,
    simulated: Simulated,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Path {
    estimated_gas: u64,
    txs: Vec<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EdgeOut {
    from: u32,
    to: u32,
    reason: String,
    locations: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Simulated {
    sequential_micros: f64,
    threads: Vec<Threads>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Threads {
    threads: usize,
    layers_micros: f64,
    layers_ratio: f64,
    dataflow_micros: f64,
    dataflow_ratio: f64,
}

impl Document {
    fn new(block: u64, schedule: &scheduler::Schedule) -> Self {
        let path = schedule.critical_path();
        let edge = |edge: scheduler::Edge| EdgeOut {
            from: edge.from.0,
            to: edge.to.0,
            reason: match edge.reason {
                Reason::Data { location, .. } => location.to_string(),
                Reason::Policy => "policy".to_owned(),
                Reason::Given => "given".to_owned(),
            },
            locations: match edge.reason {
                Reason::Data { n_locations, .. } => n_locations,
                Reason::Policy | Reason::Given => 0,
            },
        };
        Self {
            block,
            txs: schedule.len(),
            estimated_gas: schedule.total_weight(),
            layers: schedule.layers().iter().map(|layer| numbers(layer)).collect(),
            critical_path: Path { estimated_gas: path.weight, txs: numbers(&path.txs) },
            edges: schedule.edges().map(edge).collect(),
            simulated: Simulated::new(schedule),
        }
    }
}

impl Simulated {
    fn new(schedule: &scheduler::Schedule) -> Self {
        let costs = CostModel::default().nanos_of_each(schedule.weights());
        let sequential = costs.iter().fold(0, |sum: u64, &nanos| sum.saturating_add(nanos));
        let on = |n: usize| {
            let n_threads = NonZeroUsize::new(n).expect("no time is simulated for no thread");
            let nanos = |mode| simulate(schedule, &costs, n_threads, mode, OVERHEADS);
            let ratio = |nanos: u64| sequential as f64 / nanos.max(1) as f64;
            let (layers, dataflow) = (nanos(Mode::Layers), nanos(Mode::Dataflow));
            Threads {
                threads: n,
                layers_micros: layers as f64 / 1e3,
                layers_ratio: ratio(layers),
                dataflow_micros: dataflow as f64 / 1e3,
                dataflow_ratio: ratio(dataflow),
            }
        };
        Self {
            sequential_micros: sequential as f64 / 1e3,
            threads: THREADS.into_iter().map(on).collect(),
        }
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
        "simulated from estimated gas, 1 µs overhead a transaction and 5 µs a layer; {:.0} µs in order",
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

fn numbers(txs: &[TxIndex]) -> Vec<u32> {
    txs.iter().map(|tx| tx.0).collect()
}
