//! How is a block looked at in a browser: what runs when, and what waits for what?
//!
//! In: a [`Drawing`]. Out: HTML that needs nothing but itself: style, script and data stand in it. The
//! script draws on a canvas, so that the number of elements does not grow with the block.
//! Invariants: everything simulated is in the data, the script only shows it; all text is numbers,
//! addresses, hashes and locations, so nothing has to be escaped; equal drawings give equal bytes.

use alloy_primitives::{Address, B256, map::AddressMap};
use serde::Serialize;
use slotcast_model::{Index, TxIndex};
use slotcast_scheduler::{Edge, Reason, Work, WorkSpan};

use super::{Drawing, DrawnTx, callees, colour};
use crate::Lanes;

const STYLE: &str = include_str!("viewer/style.css");
const SCRIPT: &str = include_str!("viewer/viewer.js");
const BODY: &str = include_str!("viewer/body.html");

/// The page.
pub(crate) fn page(drawing: &Drawing<'_>) -> String {
    let data = serde_json::to_string(&Data::of(drawing)).expect("plain data has a JSON form");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>block {}</title>\n<style>\n{STYLE}</style></head>\n<body>\n{BODY}\
         <script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>\n{SCRIPT}</script></body></html>\n",
        drawing.block
    )
}

/// What the script is given; times are in nanoseconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    block: u64,
    /// Those called come first, those called most before the others.
    accounts: Vec<Address>,
    /// How often each of the first accounts is called, and its colour.
    callees: Vec<(usize, String)>,
    txs: Vec<Tx>,
    /// From, to, the place of the reason, and how many locations the two share.
    edges: Vec<(u32, u32, usize, u32)>,
    reasons: Vec<String>,
    critical: Vec<u32>,
    n_layers: usize,
    modes: Vec<ModeData>,
}

/// A transaction; accounts by their places.
#[derive(Serialize)]
struct Tx {
    hash: B256,
    from: usize,
    to: Option<usize>,
    gas: u64,
    layer: usize,
    touched: Vec<usize>,
}

/// What runs when.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModeData {
    mode: &'static str,
    threads: usize,
    sequential: u64,
    limit: u64,
    end: u64,
    horizons: Vec<u32>,
    /// Transaction, thread, start, end, and 1 if it is decided rather than run.
    spans: Vec<(u32, usize, u64, u64, u8)>,
}

impl Data {
    fn of(drawing: &Drawing<'_>) -> Self {
        let schedule = drawing.schedule;
        let mut accounts = Places::default();
        let called = callees(drawing.txs);
        let callees = called.iter().map(|&(address, n)| {
            accounts.of(address);
            (n, colour(Some(address)))
        });
        let callees = callees.collect();
        let tx = |(tx, drawn): (TxIndex, &DrawnTx)| Tx {
            hash: drawn.hash,
            from: accounts.of(drawn.sender),
            to: drawn.callee.map(|it| accounts.of(it)),
            gas: schedule.weights()[tx],
            layer: schedule.layer_of(tx).as_usize(),
            touched: drawn.touched.iter().map(|it| accounts.of(*it)).collect(),
        };
        let txs = drawing.txs.iter_enumerated().map(tx).collect();
        let mut reasons: Vec<String> = schedule.edges().map(|edge| text(&edge).0).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let edge = |edge: Edge| {
            let (reason, n_locations) = text(&edge);
            let place = reasons.partition_point(|other| *other < reason);
            (edge.from.0, edge.to.0, place, n_locations)
        };
        Self {
            block: drawing.block,
            callees,
            txs,
            edges: schedule.edges().map(edge).collect(),
            reasons,
            critical: schedule.critical_path().txs.iter().map(|tx| tx.0).collect(),
            n_layers: schedule.layers().len(),
            modes: drawing.lanes.iter().map(ModeData::of).collect(),
            accounts: accounts.all,
        }
    }
}

impl ModeData {
    fn of(lanes: &Lanes) -> Self {
        let span = |span: &WorkSpan| match span.work {
            Work::Run(tx) => Some((tx.0, span.thread, span.start, span.end, 0)),
            Work::Decide(tx) => Some((tx.0, span.thread, span.start, span.end, 1)),
            Work::Predict(_) => None,
        };
        Self {
            mode: lanes.mode.text(),
            threads: lanes.threads.get(),
            sequential: lanes.sequential,
            limit: lanes.limit,
            end: lanes.end(),
            horizons: lanes.horizons.iter().map(|it| it.0).collect(),
            spans: lanes.spans.iter().filter_map(span).collect(),
        }
    }
}

/// Why the later one waits, and at how many locations the two meet.
fn text(edge: &Edge) -> (String, u32) {
    match edge.reason {
        Reason::Data { location, n_locations } => (location.to_string(), n_locations),
        Reason::Given => ("given".to_owned(), 0),
    }
}

/// Accounts in order of first mention.
#[derive(Default)]
struct Places {
    all: Vec<Address>,
    place: AddressMap<usize>,
}

impl Places {
    fn of(&mut self, address: Address) -> usize {
        *self.place.entry(address).or_insert_with(|| {
            self.all.push(address);
            self.all.len() - 1
        })
    }
}

#[cfg(test)]
mod tests;
