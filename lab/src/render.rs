//! How do a schedule and a scoreboard look?
//!
//! In: a schedule, what runs when, who the transactions are; or tables and figures. Out: SVG, or an
//! HTML page.
//! Invariants: a file needs nothing but itself, no font or script from elsewhere; equal inputs give
//! equal bytes; simulated times say that they are.
//!
//! Read [`Drawing`] for a schedule, `slotcast::hints::ScheduleDocument` for the same as JSON; [`Page`] for tables, [`Plot`]s and [`Bars`].

mod svg;
mod viewer;

mod bars;
mod page;
mod plot;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use slotcast_model::{IndexVec, TxIndex};
use slotcast_scheduler::Schedule;

use crate::Lanes;

pub use bars::{Bars, Row};
pub use page::{Cell, Page, Part, Section, Table};
pub use plot::{Axis, Mark, Plot, Point, Scale, Series};

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'a> {
    /// The block's number.
    pub block: u64,
    /// Its schedule.
    pub schedule: &'a Schedule,
    /// Its transactions.
    pub txs: &'a IndexVec<TxIndex, DrawnTx>,
    /// What runs when. The first is drawn; on a page the reader chooses among all.
    pub lanes: &'a [Lanes],
}

/// A transaction that is drawn.
#[derive(Clone, Debug, Default)]
pub struct DrawnTx {
    /// Its hash.
    pub hash: B256,
    /// Who signed it.
    pub sender: Address,
    /// The account it calls, which gives it its colour; none if it creates a contract.
    pub callee: Option<Address>,
    /// The accounts whose storage it is predicted to touch, ascending.
    pub touched: Vec<Address>,
}

impl Drawing<'_> {
    /// The drawing alone: dependencies, and lanes below them.
    ///
    /// ```
    /// use slotcast_lab::render::Drawing;
    /// use slotcast_scheduler::Schedule;
    ///
    /// let (schedule, txs) = (Schedule::sequential(2), vec![Default::default(); 2].into());
    /// let drawing = Drawing { block: 1, schedule: &schedule, txs: &txs, lanes: &[] };
    /// assert!(drawing.svg().starts_with("<svg "));
    /// ```
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// A page of its own: lanes over time, where dependencies show for one transaction at a time.
    pub fn html(&self) -> String {
        viewer::page(self)
    }
}

/// A colour of the account's own.
fn colour(callee: Option<Address>) -> String {
    let Some(address) = callee else { return "#777".to_owned() };
    let mixed = address.iter().fold(7_u32, |mixed, byte| mixed.wrapping_mul(31) + u32::from(*byte));
    format!("hsl({},60%,{}%)", mixed % 360, 50 + mixed / 360 % 25)
}

/// The accounts called most, with how often, those called most before the others.
fn callees(txs: &IndexVec<TxIndex, DrawnTx>) -> Vec<(Address, usize)> {
    let mut calls: BTreeMap<Address, usize> = BTreeMap::new();
    for address in txs.iter().filter_map(|tx| tx.callee) {
        *calls.entry(address).or_default() += 1;
    }
    let mut calls: Vec<(Address, usize)> = calls.into_iter().collect();
    calls.sort_by_key(|&(address, n)| (core::cmp::Reverse(n), address));
    calls
}
