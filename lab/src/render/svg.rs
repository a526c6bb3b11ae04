//! How are dependencies and times drawn?
//!
//! In: a [`Drawing`]. Out: SVG. Above, a column for each layer and a curve for each edge that does not
//! follow from others; below, a lane for each thread. Whatever the pointer rests on says what it is:
//! a transaction the account it calls, an edge at which location the two meet.
//! Invariant: all text is numbers, addresses and locations, so nothing has to be escaped.

use core::fmt::{self, Write};

use slotcast_model::{Index, TxIndex};

use super::{Drawing, callees, colour};
use crate::Lanes;

const ROW: usize = 13;
const TOP: usize = 76;
const LANE: usize = 22;
/// The room that a number below the lanes has, and how high it is.
const TICK: [usize; 2] = [90, 18];
/// The room all layers share, and the least that each has.
const WIDTH: usize = 1100;
const LEAST_COLUMN: usize = 34;
const MOST_COLUMN: usize = 90;
/// Layers behind this many are left out, which the drawing says; their transactions are in the lanes.
const MOST_LAYERS: usize = 240;
/// The sides of a transaction among the layers.
const BOX: [usize; 2] = [14, 10];
/// So many contracts are named beside their colours.
const N_NAMED: usize = 6;

const STYLE: &str = ":root{color-scheme:light dark}\
svg{--ink:#26303d;--soft:#8794a5;--paper:#fff;--path:#c1121f}\
@media(prefers-color-scheme:dark){svg{--ink:#e4e8ee;--soft:#67748a;--paper:#14181f;--path:#ff6b6b}}\
.bg{fill:var(--paper)}text{font:11px sans-serif;fill:var(--ink)}.h{font-size:13px;font-weight:600}\
.e{fill:none;stroke:var(--soft);stroke-width:1;stroke-opacity:.45}\
.p{stroke:var(--path);stroke-width:2.4;stroke-opacity:1}\
.e:hover{stroke:var(--ink);stroke-width:3;stroke-opacity:1}\
.c{stroke:var(--path);stroke-width:2}.t:hover{stroke:var(--ink);stroke-width:2}";

/// The drawing.
pub(crate) fn draw(drawing: &Drawing<'_>) -> String {
    let mut out = String::new();
    write(drawing, &mut out).expect("writing to a string does not fail");
    out
}

fn write(drawing: &Drawing<'_>, out: &mut String) -> fmt::Result {
    let schedule = drawing.schedule;
    let lanes_at = TOP + schedule.width() * ROW + 50;
    let n_lanes = drawing.lanes.first().map_or(0, |lanes| lanes.threads.get());
    let height = lanes_at + n_lanes * LANE + TICK[1] + 20;
    let n_layers = schedule.layers().len();
    let n_drawn = n_layers.min(MOST_LAYERS);
    let width = WIDTH.max(n_drawn * column(drawing) + 40);
    let left_out = match n_layers - n_drawn {
        0 => String::new(),
        _ => format!(", of which the first {n_drawn} are drawn"),
    };
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\"><style>{STYLE}</style>\
         <rect class=\"bg\" width=\"100%\" height=\"100%\"/>"
    )?;
    writeln!(
        out,
        "<text class=\"h\" x=\"20\" y=\"22\">block {}: {} transactions, {} edges, \
         {n_layers} layers{left_out}</text>",
        drawing.block,
        schedule.len(),
        schedule.dag().n_edges(),
    )?;
    write_legend(drawing, out)?;
    write_graph(drawing, out)?;
    if let Some(lanes) = drawing.lanes.first() {
        write_lanes(drawing, lanes, lanes_at, width - 60, out)?;
    }
    writeln!(out, "</svg>")
}

/// How far it is from one layer to the next.
fn column(drawing: &Drawing<'_>) -> usize {
    let n_layers = drawing.schedule.layers().len().max(1);
    ((WIDTH - 40) / n_layers).clamp(LEAST_COLUMN, MOST_COLUMN)
}

/// The contracts called most, with their colours.
fn write_legend(drawing: &Drawing<'_>, out: &mut String) -> fmt::Result {
    write!(
        out,
        "<text x=\"20\" y=\"42\">red: the critical path; each account called has a colour:</text>"
    )?;
    for (n, (address, n_calls)) in callees(drawing.txs).iter().take(N_NAMED).enumerate() {
        let (x, short) = (330 + n * 126, &address.to_string()[..8]);
        write!(
            out,
            "<rect x=\"{x}\" y=\"33\" width=\"10\" height=\"10\" fill=\"{}\"/>\
             <text x=\"{}\" y=\"42\">{short}… ×{n_calls}<title>{address}</title></text>",
            colour(Some(*address)),
            x + 14,
        )?;
    }
    writeln!(out)
}

/// Whether the transaction stands in a layer that is drawn.
fn is_drawn(drawing: &Drawing<'_>, tx: TxIndex) -> bool {
    drawing.schedule.layer_of(tx).as_usize() < MOST_LAYERS
}

/// Where a transaction stands among the layers.
fn place(drawing: &Drawing<'_>, tx: TxIndex) -> (usize, usize) {
    let layer = drawing.schedule.layer_of(tx).as_usize();
    let row = drawing.schedule.layers()[layer].partition_point(|other| *other < tx);
    (20 + layer * column(drawing), TOP + row * ROW)
}

fn write_graph(drawing: &Drawing<'_>, out: &mut String) -> fmt::Result {
    let schedule = drawing.schedule;
    let path = &schedule.critical_path().txs;
    writeln!(out, "<g id=\"graph\">")?;
    let is_on_path =
        |edge: &slotcast_scheduler::Edge| path.windows(2).any(|pair| pair == [edge.from, edge.to]);
    let reduced = schedule.dag().transitive_reduction();
    // The critical path comes last, so that it lies on top.
    let drawn = reduced.edges().filter(|edge| is_drawn(drawing, edge.to));
    let (last, first): (Vec<_>, Vec<_>) = drawn.partition(is_on_path);
    for (edge, class) in
        first.iter().map(|edge| (edge, "e")).chain(last.iter().map(|edge| (edge, "e p")))
    {
        let ((x1, y1), (x2, y2)) = (place(drawing, edge.from), place(drawing, edge.to));
        let (x1, bend) = (x1 + BOX[0], (x2 - x1 - BOX[0]) / 2);
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
    let txs = (0..schedule.len()).map(TxIndex::from_usize);
    for tx in txs.filter(|tx| is_drawn(drawing, *tx)) {
        let (x, y) = place(drawing, tx);
        let [width, height] = BOX.map(|side| side as f64);
        write_tx(drawing, tx, [x as f64, y as f64 - height / 2.0, width, height], out)?;
    }
    writeln!(out, "</g>")
}

fn write_lanes(
    drawing: &Drawing<'_>,
    lanes: &Lanes,
    top: usize,
    width: usize,
    out: &mut String,
) -> fmt::Result {
    let (end, n_threads) = (lanes.end(), lanes.threads.get());
    writeln!(
        out,
        "<g id=\"lanes\"><text class=\"h\" x=\"20\" y=\"{}\">simulated on {n_threads} threads from \
         estimated gas, {} mode: {} µs, {} µs sequential</text>",
        top - 14,
        lanes.mode.text(),
        end / 1000,
        lanes.sequential / 1000,
    )?;
    for thread in 0..n_threads {
        let y = top + thread * LANE + 13;
        writeln!(out, "<text x=\"20\" y=\"{y}\">{thread}</text>")?;
    }
    let scale = width as f64 / end.max(1) as f64;
    for (tx, span) in lanes.executions().iter_enumerated() {
        let Some(span) = span else { continue };
        let x = 40.0 + span.start as f64 * scale;
        let length = ((span.end - span.start) as f64 * scale).max(0.3);
        write_tx(drawing, tx, [x, (top + span.thread * LANE) as f64, length, 18.0], out)?;
    }
    write_ticks(end, scale, top + n_threads * LANE, out)?;
    writeln!(out, "</g>")
}

/// Times below the lanes up to `end`, in steps that leave room for their numbers.
fn write_ticks(end: u64, scale: f64, y: usize, out: &mut String) -> fmt::Result {
    // A microsecond has a thousand of the units.
    let mut steps = (3..19).flat_map(|zeros| [1, 2, 5].map(|n| n * 10_u64.pow(zeros)));
    let Some(step) = steps.find(|step| TICK[0] as f64 <= *step as f64 * scale) else {
        return Ok(());
    };
    for n in 0..=end / step {
        let (time, x) = (n * step, 40.0 + (n * step) as f64 * scale);
        writeln!(
            out,
            "<path class=\"e\" d=\"M{x:.2} {y}v4\"/><text x=\"{x:.2}\" y=\"{}\">{} µs</text>",
            y + TICK[1] - 2,
            time / 1000,
        )?;
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
    let callee = drawing.txs[tx].callee;
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

#[cfg(test)]
mod tests;
