//! How long would a schedule take on so many threads?
//!
//! In: a [`Schedule`], a [`Mode`], a cost per transaction and a number of threads. Out: the
//! *simulated* time from first start to last end, in the unit of the costs.
//! Invariants: nothing is run and no clock is read, so equal inputs give equal answers; with no
//! overhead one thread takes exactly the sum of the costs, and no number of threads takes less
//! than the sum divided by that number.
//!
//! This is a list schedule: a free thread takes the lowest transaction below whose *horizon*
//! everything has ended; [`simulate_unbound`] asks for those it waits for only. More threads do not
//! always help a list schedule: what a thread takes early may be in the way later.

use core::{cmp::Reverse, num::NonZeroUsize};
use std::collections::BinaryHeap;

use slotcast_model::{IndexVec, TxIndex};

use crate::{Mode, Schedule};

/// The simulated time of `schedule` on `threads` threads, followed in `mode`, where handing a
/// transaction to a thread and taking the result back costs `per_tx`, in the unit of the costs.
///
/// # Panics
///
/// When there is not one cost for each transaction.
pub fn simulate(
    schedule: &Schedule,
    costs: &IndexVec<TxIndex, u64>,
    threads: NonZeroUsize,
    mode: Mode,
    per_tx: u64,
) -> u64 {
    assert_eq!(schedule.len(), costs.len(), "there is one cost for each transaction");
    let horizons = costs.indices().map(|tx| mode.horizon(schedule, tx)).collect();
    below_horizons(horizons, |tx| costs[tx].saturating_add(per_tx), threads)
}

/// The simulated time if a transaction could start as soon as those it waits for have ended: what a
/// schedule allows, however it is followed.
pub fn simulate_unbound(
    schedule: &Schedule,
    costs: &IndexVec<TxIndex, u64>,
    threads: NonZeroUsize,
) -> u64 {
    dataflow(schedule, |tx| costs[tx], threads)
}

fn below_horizons(
    horizons: IndexVec<TxIndex, TxIndex>,
    cost: impl Fn(TxIndex) -> u64,
    threads: NonZeroUsize,
) -> u64 {
    let n_txs = horizons.len();
    let mut by_horizon: Vec<(TxIndex, TxIndex)> =
        horizons.iter_enumerated().map(|(tx, horizon)| (*horizon, tx)).collect();
    by_horizon.sort_unstable();
    let mut waiting = by_horizon.into_iter().peekable();
    let mut has_ended: IndexVec<TxIndex, bool> = IndexVec::from_elem(false, n_txs);
    let mut n_ended_before = TxIndex(0);
    let mut ready: BinaryHeap<Reverse<TxIndex>> = BinaryHeap::new();
    let mut running: BinaryHeap<Reverse<(u64, TxIndex)>> = BinaryHeap::new();
    let mut now = 0;
    loop {
        while has_ended.get(n_ended_before).copied().unwrap_or(false) {
            n_ended_before.0 += 1;
        }
        while let Some((_, tx)) = waiting.next_if(|(horizon, _)| *horizon <= n_ended_before) {
            ready.push(Reverse(tx));
        }
        while running.len() < threads.get() {
            let Some(Reverse(tx)) = ready.pop() else { break };
            running.push(Reverse((cost(tx).saturating_add(now), tx)));
        }
        let Some(&Reverse((next_end, _))) = running.peek() else { return now };
        now = next_end;
        while let Some(&Reverse((ends_at, ended))) = running.peek()
            && ends_at <= now
        {
            running.pop();
            has_ended[ended] = true;
        }
    }
}

/// The time when every transaction starts as soon as it may and a thread is free.
fn dataflow(schedule: &Schedule, cost: impl Fn(TxIndex) -> u64, threads: NonZeroUsize) -> u64 {
    let dag = schedule.dag();
    let n_txs = schedule.len();
    let mut n_awaited: IndexVec<TxIndex, usize> = IndexVec::from_elem(0, n_txs);
    let mut ready: BinaryHeap<Reverse<TxIndex>> = BinaryHeap::new();
    for tx in n_awaited.indices() {
        n_awaited[tx] = dag.predecessors(tx).len();
        if n_awaited[tx] == 0 {
            ready.push(Reverse(tx));
        }
    }
    let mut running: BinaryHeap<Reverse<(u64, TxIndex)>> = BinaryHeap::new();
    let mut now = 0;
    loop {
        while running.len() < threads.get() {
            let Some(Reverse(tx)) = ready.pop() else { break };
            running.push(Reverse((cost(tx).saturating_add(now), tx)));
        }
        let Some(&Reverse((next_end, _))) = running.peek() else { return now };
        now = next_end;
        // All that end now are taken together, so that the lowest of all they set free goes first.
        while let Some(&Reverse((ends_at, ended))) = running.peek() {
            if now < ends_at {
                break;
            }
            running.pop();
            for &later in dag.successors(ended) {
                n_awaited[later] -= 1;
                if n_awaited[later] == 0 {
                    ready.push(Reverse(later));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
