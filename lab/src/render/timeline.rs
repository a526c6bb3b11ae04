//! On which thread, from when to when, does each transaction run?
//!
//! In: a schedule, costs, a number of threads. Out: one [`Span`] for each transaction.
//! Invariant: the last end is what `slotcast_scheduler::simulate` says of dataflow mode without
//! overheads; the rule is the same, a free thread takes the lowest transaction below whose horizon
//! everything has ended.

use core::num::NonZeroUsize;

use slotcast_model::{Index, IndexVec, TxIndex};
use slotcast_scheduler::Schedule;

/// A transaction's time on a thread, in the unit of the costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The thread, from 0.
    pub thread: usize,
    /// When it starts.
    pub start: u64,
    /// When it ends.
    pub end: u64,
}

/// The simulated times of `schedule`.
///
/// # Panics
///
/// When there is not one cost for each transaction.
pub fn timeline(
    schedule: &Schedule,
    costs: &IndexVec<TxIndex, u64>,
    threads: NonZeroUsize,
) -> IndexVec<TxIndex, Span> {
    assert_eq!(schedule.len(), costs.len(), "there is one cost for each transaction");
    let horizon = |tx| schedule.predecessors(tx).last().map_or(0, |last| last.as_usize() + 1);
    let mut spans: IndexVec<TxIndex, Option<Span>> = IndexVec::from_elem(None, schedule.len());
    let mut free_at = vec![0_u64; threads.get()];
    let mut now = 0;
    let mut n_started = 0;
    while n_started < schedule.len() {
        let has_ended = |span: &Option<Span>| span.is_some_and(|span| span.end <= now);
        let n_ended = spans.iter().take_while(|span| has_ended(span)).count();
        let is_ready = |tx: &TxIndex| spans[*tx].is_none() && horizon(*tx) <= n_ended;
        let thread = free_at.iter().position(|free| *free <= now);
        match (spans.indices().find(is_ready), thread) {
            (Some(tx), Some(thread)) => {
                let end = now.saturating_add(costs[tx]);
                spans[tx] = Some(Span { thread, start: now, end });
                free_at[thread] = end;
                n_started += 1;
                // What costs nothing frees its thread at once, but ends only when all is started.
            }
            _ => {
                let next = free_at.iter().copied().filter(|free| now < *free).min();
                now = next.expect("the lowest transaction not started waits for one that runs");
            }
        }
    }
    spans.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests;
