//! How do a schedule and a scoreboard look?
//!
//! In: a schedule, what each transaction costs and whom it calls; or tables and figures. Out: SVG, or
//! an HTML page.
//! Invariants: a file needs nothing but itself, no font or script from elsewhere; equal inputs give
//! equal bytes; simulated times say that they are.
//!
//! Read [`Drawing`] for a schedule, `slotcast::hints::ScheduleDocument` for the same as JSON; [`Page`] for tables, [`Plot`]s and [`Bars`].

mod svg;
mod timeline;

mod bars;
mod page;
mod plot;

use core::num::NonZeroUsize;

use alloy_primitives::Address;
use slotcast_model::{IndexVec, TxIndex};
use slotcast_scheduler::Schedule;

pub use bars::{Bars, Row};
pub use page::{Cell, Page, Part, Section, Table};
pub use plot::{Axis, Mark, Plot, Point, Scale, Series};
pub use timeline::{Span, timeline};

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'a> {
    /// The block's number.
    pub block: u64,
    /// Its schedule.
    pub schedule: &'a Schedule,
    /// The expected nanoseconds of each transaction.
    pub costs: &'a IndexVec<TxIndex, u64>,
    /// Whom each transaction calls, which gives it its colour; none if it creates a contract.
    pub callees: &'a IndexVec<TxIndex, Option<Address>>,
    /// How many threads the timeline has.
    pub threads: NonZeroUsize,
}

impl Drawing<'_> {
    /// The drawing alone.
    ///
    /// ```
    /// use core::num::NonZeroUsize;
    /// use slotcast_model::IndexVec;
    /// use slotcast_lab::render::Drawing;
    /// use slotcast_scheduler::Schedule;
    ///
    /// let (schedule, costs) = (Schedule::sequential(2), IndexVec::from(vec![5, 7]));
    /// let callees = IndexVec::from(vec![None, None]);
    /// let threads = NonZeroUsize::MIN;
    /// let drawing =
    ///     Drawing { block: 1, schedule: &schedule, costs: &costs, callees: &callees, threads };
    /// assert!(drawing.svg().starts_with("<svg "));
    /// ```
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// The drawing in a page of its own.
    pub fn html(&self) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <title>block {}</title><style>body{{margin:0;background:#fff}}\
             @media(prefers-color-scheme:dark){{body{{background:#14181f}}}}</style></head>\n\
             <body>\n{}</body></html>\n",
            self.block,
            self.svg()
        )
    }
}
