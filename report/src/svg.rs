//! How are dependencies and times drawn?
//!
//! In: a [`Drawing`]. Out: SVG. Above, a column for each layer and a curve for each edge that does not
//! follow from others; below, a lane for each thread. Whatever the pointer rests on says what it is:
//! a transaction whom it calls, an edge at which location the two meet.
//! Invariant: all text is numbers, addresses and locations, so nothing has to be escaped.

use core::fmt::{self, Write};

use alloy_primitives::Address;
use slotcast_model::{Index, TxIndex};

use crate::{Drawing, timeline};

const COLUMN: usize = 90;
const ROW: usize = 13;
const TOP: usize = 60;
const LANE: usize = 22;
const WIDTH: usize = 1100;

const STYLE: &str = "text{font:11px sans-serif;fill:#333}\
.e{fill:none;stroke:#9aa5b1;stroke-width:1.2}.e:hover{stroke:#000;stroke-width:3}\
.p{stroke:#c1121f;stroke-width:2.4}.t:hover{stroke:#000}.c{stroke:#c1121f;stroke-width:2}";

/// The drawing.
pub(crate) fn draw(drawing: &Drawing<'_>) -> String {
    let mut out = String::new();
    write(drawing, &mut out).expect("writing to a string does not fail");
    out
}

fn write(drawing: &Drawing<'_>, out: &mut String) -> fmt::Result {
    let schedule = drawing.schedule;
    let lanes_at = TOP + schedule.width() * ROW + 50;
    let height = lanes_at + drawing.threads.get() * LANE + 30;
    let width = WIDTH.max(schedule.layers().len() * COLUMN + 40);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\"><style>{STYLE}</style>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    )?;
    writeln!(
        out,
        "<text x=\"20\" y=\"22\">block {}: {} transactions, {} edges, {} layers; \
         colours are contracts, the critical path is red</text>",
        drawing.block,
        schedule.len(),
        schedule.dag().n_edges(),
        schedule.layers().len(),
    )?;
    write_graph(drawing, out)?;
    write_lanes(drawing, lanes_at, width - 80, out)?;
    writeln!(out, "</svg>")
}

/// Where a transaction stands among the layers.
fn place(drawing: &Drawing<'_>, tx: TxIndex) -> (usize, usize) {
    let layer = drawing.schedule.layer_of(tx).as_usize();
    let row = drawing.schedule.layers()[layer].partition_point(|other| *other < tx);
    (30 + layer * COLUMN, TOP + row * ROW)
}

fn write_graph(drawing: &Drawing<'_>, out: &mut String) -> fmt::Result {
    let schedule = drawing.schedule;
    let path = &schedule.critical_path().txs;
    for edge in schedule.dag().transitive_reduction().edges() {
        let ((x1, y1), (x2, y2)) = (place(drawing, edge.from), place(drawing, edge.to));
        let is_on_path = path.windows(2).any(|pair| pair == [edge.from, edge.to]);
        let class = if is_on_path { "e p" } else { "e" };
        let (x1, bend) = (x1 + 14, (x2 - x1) / 2);
        writeln!(
            out,
            "<path class=\"{class}\" d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\">\
             <title>{} waits for {}: {}</title></path>",
            x1 + bend,
            x2 - bend,
            edge.to,
            edge.from,
            edge.reason,
        )?;
    }
    for n in 0..schedule.len() {
        let tx = TxIndex::from_usize(n);
        let (x, y) = place(drawing, tx);
        write_tx(drawing, tx, [x as f64, y as f64 - 5.0, 14.0, 10.0], out)?;
    }
    Ok(())
}

fn write_lanes(drawing: &Drawing<'_>, top: usize, width: usize, out: &mut String) -> fmt::Result {
    let spans = timeline(drawing.schedule, drawing.costs, drawing.threads);
    let end = spans.iter().map(|span| span.end).max().unwrap_or(0);
    writeln!(
        out,
        "<text x=\"20\" y=\"{}\">simulated on {} threads from estimated gas: {} µs, {} µs in order</text>",
        top - 14,
        drawing.threads,
        end / 1000,
        drawing.costs.iter().sum::<u64>() / 1000,
    )?;
    for thread in 0..drawing.threads.get() {
        let y = top + thread * LANE + 13;
        writeln!(out, "<text x=\"20\" y=\"{y}\">{thread}</text>")?;
    }
    let scale = width as f64 / end.max(1) as f64;
    for (tx, span) in spans.iter_enumerated() {
        let x = 40.0 + span.start as f64 * scale;
        let length = ((span.end - span.start) as f64 * scale).max(0.3);
        write_tx(drawing, tx, [x, (top + span.thread * LANE) as f64, length, 18.0], out)?;
    }
    Ok(())
}

fn write_tx(
    drawing: &Drawing<'_>,
    tx: TxIndex,
    [x, y, width, height]: [f64; 4],
    out: &mut String,
) -> fmt::Result {
    let schedule = drawing.schedule;
    let class = if schedule.critical_path().txs.contains(&tx) { "t c" } else { "t" };
    let callee = drawing.callees[tx];
    write!(
        out,
        "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{height}\" \
         fill=\"{}\"><title>transaction {tx}, {} gas estimated, ",
        colour(callee),
        schedule.weights()[tx],
    )?;
    match callee {
        Some(address) => writeln!(out, "calls {address}</title></rect>"),
        None => writeln!(out, "creates a contract</title></rect>"),
    }
}

/// A colour of the account's own.
fn colour(callee: Option<Address>) -> String {
    let Some(address) = callee else { return "#555".to_owned() };
    let mixed = address.iter().fold(7_u32, |mixed, byte| mixed.wrapping_mul(31) + u32::from(*byte));
    format!("hsl({},60%,{}%)", mixed % 360, 50 + mixed / 360 % 25)
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroUsize;

    use slotcast_model::{AccessSet, IndexVec, Location};
    use slotcast_scheduler::{Forecast, Policy, schedule};

    use super::*;

    #[test]
    fn every_transaction_and_the_reason_of_every_edge_is_drawn() {
        let balance = Location::Balance(Address::with_last_byte(9));
        let access = AccessSet::new(vec![balance], vec![balance], vec![]);
        let forecast = Forecast { access, weight: 30_000, partial: false };
        let forecasts = IndexVec::from_elem(forecast, 3);
        let schedule = schedule(&forecasts, &Policy::Optimistic);
        let costs = IndexVec::from(vec![1_000, 2_000, 3_000]);
        let callees = IndexVec::from(vec![Some(Address::ZERO), None, Some(Address::ZERO)]);
        let threads = NonZeroUsize::new(2).unwrap();
        let drawing =
            Drawing { block: 5, schedule: &schedule, costs: &costs, callees: &callees, threads };
        let svg = drawing.svg();
        assert_eq!(svg.matches("<rect class=\"t c\"").count(), 6, "in the graph and in a lane");
        assert_eq!(svg.matches("class=\"e p\"").count(), 2);
        assert!(svg.contains(&format!("<title>1 waits for 0: {balance}</title>")));
        assert!(svg.contains("6 µs, 6 µs in order"));
        assert!(!svg.contains("<script") && !svg.contains("href"));
        assert!(drawing.html().contains(&svg));
    }
}
