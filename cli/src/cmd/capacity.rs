//! `slotcast capacity`: how many threads does so much gas a second take, and what does that cost?
//!
//! In: blocks and what is wanted. Out: a row for each engine, from measured costs and simulated times.

use serde::Serialize;
use slotcast_lab::capacity::{
    CAPACITY_THREADS, CapacityCosts, CapacityEngine, CapacityRow, CapacityTarget,
};

use crate::{
    args::Capacity,
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
    render::{Columns, Console, HEAD, count},
};

const COLUMNS: Columns = Columns::new(&[
    ("threads", 9),
    ("Mgas/s", 8),
    ("cpu s/Ggas", 10),
    ("pays up to", 10),
    ("cost/1M txs", 11),
    ("Wh/1M txs", 9),
    ("engine", 0),
]);

/// Everything that was found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    blocks: usize,
    mgas_per_second: f64,
    price: Option<f64>,
    watts: Option<f64>,
    is_simulated: bool,
    engines: &'a [CapacityRow],
}

/// Measures all blocks and says what engines can do.
pub(crate) fn capacity(args: &Capacity, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list_of(&args.blocks)?;
    let progress = Progress::new(sources.len(), console);
    let mut costs = CapacityCosts::default();
    for source in &sources {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let added = costs.add(&prepared, &Default::default());
        added.map_err(|error| Failure::in_file(&source.name(), error))?;
        progress.done(|| {});
    }
    drop(progress);
    let Capacity { mgas_per_second, price, watts, .. } = *args;
    let rows = costs.rows(&CapacityTarget { mgas_per_second, price, watts });
    if console.is_json() {
        console.document(&Document {
            blocks: sources.len(),
            mgas_per_second,
            price,
            watts,
            is_simulated: true,
            engines: &rows,
        })?;
        return Ok(Verdict::Holds);
    }
    console.line(format_args!(
        "{}, costs measured on one thread, more threads simulated; wanted: {mgas_per_second} Mgas/s",
        count(sources.len(), "block", "blocks"),
    ))?;
    console.line(console.paint(HEAD, &COLUMNS.head()))?;
    rows.iter().try_for_each(|row| console.line(text(row)))?;
    console.line("")?;
    console.line(console.paint(HEAD, "simulated Mgas/s by number of threads"))?;
    let cells = |cells: &[String]| cells.iter().map(|it| format!("{it:>7}")).collect::<String>();
    console.line(cells(&CAPACITY_THREADS.map(|threads| threads.to_string())))?;
    for row in &rows {
        let points: Vec<String> =
            row.points.iter().map(|it| format!("{:.0}", it.mgas_per_second)).collect();
        console.line(format_args!("{}  {}", cells(&points), name(row.engine)))?;
    }
    Ok(Verdict::Holds)
}

fn text(row: &CapacityRow) -> String {
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |it| format!("{it:.3}"));
    COLUMNS.row([
        match row.threads {
            Some(threads) => threads.to_string(),
            None => format!("({})", row.at.threads),
        },
        format!("{:.0}", row.at.mgas_per_second),
        format!("{:.2}", row.at.processor_seconds_per_ggas),
        row.pays_up_to.to_string(),
        known(row.cost_per_million_txs),
        known(row.watt_hours_per_million_txs),
        match row.threads {
            Some(_) => name(row.engine).to_owned(),
            None => format!("{}: too much for it", name(row.engine)),
        },
    ])
}

const fn name(engine: CapacityEngine) -> &'static str {
    match engine {
        CapacityEngine::Sequential => "sequential",
        CapacityEngine::Optimistic => "optimistic re-execution",
        CapacityEngine::Cold => "ours, nothing known",
        CapacityEngine::Pooled => "ours, pooled",
        CapacityEngine::Hinted => "ours, hinted",
    }
}
