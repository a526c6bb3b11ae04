//! How much gas a second do more threads make?
//!
//! In: what all blocks cost, measured on one thread. Out: a section with a line for each engine, and with
//! how many threads pay.
//! Invariant: what is simulated says so; the figures are those of `slotcast capacity`.

use slotcast_lab::capacity::{
    CapacityCosts, CapacityEngine, CapacityPoint, CapacityRow, CapacityTarget,
};
use slotcast_lab::render::{Axis, Cell, Mark, Part, Plot, Point, Scale, Section, Series, Table};

use super::whole;
use crate::render::count;

/// The engines in the order of their lines: what stands in other plots too has the same colour here.
const ENGINES: [(CapacityEngine, &str); 5] = [
    (CapacityEngine::Cold, "nothing known"),
    (CapacityEngine::Pooled, "pooled"),
    (CapacityEngine::Hinted, "hinted"),
    (CapacityEngine::Sequential, "sequential"),
    (CapacityEngine::Optimistic, "optimistic"),
];

/// Millions of gas a second by number of threads.
pub(super) fn by_threads(costs: &CapacityCosts, n_blocks: usize) -> Section {
    // More than any engine makes, so that rows are of the threads that pay.
    let target = CapacityTarget { mgas_per_second: f64::INFINITY, price: None, watts: None };
    let rows = costs.rows(&target);
    let of_engine = |(engine, name)| {
        let row = rows.iter().find(|row| row.engine == engine);
        (name, row.expect("there is a row for each engine"))
    };
    let rows = ENGINES.map(of_engine);
    Section {
        title: "Capacity, simulated".to_owned(),
        text: vec![
            format!(
                "Over {}, one after the other without a pause: each transaction was measured on one \
                 thread of this machine, and nothing was run on more. Optimistic is re-execution in \
                 the manner of Block-STM.",
                count(n_blocks, "block", "blocks"),
            ),
            "Threads pay up to where twice as many make less than a tenth more. Their time counts \
             predictions wherever they are made, and runs in vain; reading state from disk and \
             computing roots are left out. slotcast capacity says what a throughput takes and costs."
                .to_owned(),
        ],
        parts: vec![Part::Plot(plot(&rows)), Part::Table(table(&rows))],
    }
}

fn plot(rows: &[(&str, &CapacityRow)]) -> Plot {
    let series = |(name, row): &(&str, &CapacityRow)| {
        let point = |it: &CapacityPoint| Point {
            x: it.threads as f64,
            y: it.mgas_per_second,
            label: format!("{name}, {}, Mgas/s", count(it.threads, "thread", "threads")),
        };
        let points = row.points.iter().map(point).collect();
        Series { name: (*name).to_owned(), mark: Mark::Line, points }
    };
    Plot {
        title: "Simulation, from costs measured on one thread: Mgas a second".to_owned(),
        x: Axis { label: "threads", scale: Scale::Doubling },
        y: Axis { label: "Mgas/s", scale: Scale::Linear },
        series: rows.iter().map(series).collect(),
        line_at: None,
    }
}

fn table(rows: &[(&str, &CapacityRow)]) -> Table {
    let heads = ["engine", "pays up to threads", "Mgas/s there", "thread seconds per Ggas"];
    let row = |(name, row): &(&str, &CapacityRow)| {
        let at = &row.at;
        vec![
            Cell::Text((*name).to_owned()),
            whole(row.pays_up_to as u64),
            Cell::Number(format!("{:.0}", at.mgas_per_second), at.mgas_per_second),
            Cell::Number(
                format!("{:.2}", at.processor_seconds_per_ggas),
                at.processor_seconds_per_ggas,
            ),
        ]
    };
    Table { heads: heads.map(str::to_owned).to_vec(), rows: rows.iter().map(row).collect() }
}
