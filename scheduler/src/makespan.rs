//! How long would a schedule take on so many threads?
//!
//! In: a [`Schedule`], a cost per transaction, a number of threads and [`Overheads`]. Out: the
//! *simulated* time from first start to last end, in the unit of the costs.
//! Invariants: nothing is run and no clock is read, so equal inputs give equal answers; with no
//! overheads one thread takes exactly the sum of the costs, and no number of threads takes less
//! than the sum divided by that number.
//!
//! Both modes are list schedules: a free thread takes the lowest transaction that may start. In
//! layers mode that is any of the current layer, and a barrier follows each layer. In dataflow mode it
//! is any below whose *horizon* everything has ended, the horizon being one more than the highest
//! transaction it waits for; [`simulate_unbound`] asks for those it waits for only. More threads do
//! not always help a list schedule: what a thread takes early may be in the way later.

use core::{cmp::Reverse, num::NonZeroUsize};
use std::collections::BinaryHeap;

use slotcast_model::{Index, IndexVec, TxIndex};

use crate::Schedule;

/// The two ways of running a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// One layer after the other, with a barrier between.
    Layers,
    /// Each transaction as soon as those it waits for have ended; layers do not matter.
    Dataflow,
}

impl Mode {
    /// The mode as reports spell it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Dataflow => "dataflow",
        }
    }
}

/// What running in parallel costs besides the transactions, in the unit of the costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Overheads {
    /// For each transaction: handing it to a thread and taking the result back.
    pub per_tx: u64,
    /// For each layer in layers mode: waiting for the last thread and waking all.
    pub per_barrier: u64,
}

/// The simulated time of `schedule` on `threads` threads.
///
/// # Panics
///
/// When there is not one cost for each transaction.
pub fn simulate(
    schedule: &Schedule,
    costs: &IndexVec<TxIndex, u64>,
    threads: NonZeroUsize,
    mode: Mode,
    overheads: Overheads,
) -> u64 {
    assert_eq!(schedule.len(), costs.len(), "there is one cost for each transaction");
    let cost = |tx: TxIndex| costs[tx].saturating_add(overheads.per_tx);
    match mode {
        Mode::Layers => {
            let of_layer = |layer: &Vec<TxIndex>| {
                independent(layer.iter().map(|&tx| cost(tx)), threads)
                    .saturating_add(overheads.per_barrier)
            };
            schedule.layers().iter().map(of_layer).fold(0, u64::saturating_add)
        }
        Mode::Dataflow => horizons(schedule, cost, threads),
    }
}

/// The simulated time if a transaction could start as soon as those it waits for have ended: what a
/// schedule allows, whoever follows it.
pub fn simulate_unbound(
    schedule: &Schedule,
    costs: &IndexVec<TxIndex, u64>,
    threads: NonZeroUsize,
) -> u64 {
    dataflow(schedule, |tx| costs[tx], threads)
}

/// Transactions that see everything below their horizon.
fn horizons(schedule: &Schedule, cost: impl Fn(TxIndex) -> u64, threads: NonZeroUsize) -> u64 {
    let horizon = |tx| schedule.predecessors(tx).last().map_or(0, |last| last.0 + 1);
    let txs = (0..schedule.len()).map(TxIndex::from_usize);
    below_horizons(txs.map(|tx| TxIndex(horizon(tx))).collect(), cost, threads)
}

/// The simulated time of transactions each of which may start when everything below its horizon has
/// ended: what dataflow mode does, for whoever has horizons and no schedule.
pub fn simulate_horizons(
    horizons: IndexVec<TxIndex, TxIndex>,
    costs: &IndexVec<TxIndex, u64>,
    threads: NonZeroUsize,
) -> u64 {
    below_horizons(horizons, |tx| costs[tx], threads)
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

/// The time for independent `costs`, each going to the thread that is free first.
fn independent(costs: impl Iterator<Item = u64>, threads: NonZeroUsize) -> u64 {
    let mut busy: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let mut end = 0;
    for cost in costs {
        let start = match busy.len() < threads.get() {
            true => 0,
            false => busy.pop().map_or(0, |Reverse(free_at)| free_at),
        };
        let ends_at = start.saturating_add(cost);
        busy.push(Reverse(ends_at));
        end = end.max(ends_at);
    }
    end
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
mod tests {
    use super::*;

    const FREE: Overheads = Overheads { per_tx: 0, per_barrier: 0 };

    /// Dependencies and costs in; simulated layers and dataflow times on `threads` out.
    fn check(
        pairs: &[(u32, u32)],
        costs: &[u64],
        threads: usize,
        overheads: Overheads,
        expected: [u64; 2],
    ) {
        let pairs = pairs.iter().map(|&(from, to)| (TxIndex(from), TxIndex(to)));
        let schedule = Schedule::from_edges(costs.len(), pairs).unwrap();
        let costs = IndexVec::from(costs.to_vec());
        let threads = NonZeroUsize::new(threads).unwrap();
        let times = [Mode::Layers, Mode::Dataflow]
            .map(|mode| simulate(&schedule, &costs, threads, mode, overheads));
        assert_eq!(times, expected);
    }

    #[test]
    fn a_horizon_waits_for_more_than_the_edges_do() {
        // 2 waits for 1 and so for the long 0; without horizons it would end at 2.
        check(&[(1, 2)], &[10, 1, 1], 2, FREE, [11, 11]);
        let schedule = Schedule::from_edges(3, [(TxIndex(1), TxIndex(2))]).unwrap();
        let (costs, two) = (IndexVec::from(vec![10, 1, 1]), NonZeroUsize::new(2).unwrap());
        assert_eq!(simulate_unbound(&schedule, &costs, two), 10);
    }

    #[test]
    fn an_empty_block_takes_no_time() {
        check(&[], &[], 4, Overheads { per_tx: 1, per_barrier: 5 }, [0, 0]);
    }

    #[test]
    fn independent_transactions_share_the_threads_in_block_order() {
        check(&[], &[3, 1, 1, 4], 2, FREE, [6, 6]);
        check(&[], &[3, 1, 1, 4], 4, FREE, [4, 4]);
    }

    #[test]
    fn dataflow_does_not_wait_for_a_layer_to_end() {
        // 2 is long and independent; 0 -> 1 can go on meanwhile.
        check(&[(0, 1)], &[1, 9, 10], 2, FREE, [19, 10]);
    }

    #[test]
    fn of_all_set_free_at_once_the_lowest_go_first() {
        // 0 and 1 end together and set 4, and 2 and 3 free; were 4 to start before 3, the long 3
        // would end at 7.
        check(&[(0, 4), (1, 2), (1, 3)], &[1, 1, 1, 5, 1], 2, FREE, [6, 6]);
    }

    #[test]
    fn overheads_are_per_transaction_and_per_layer() {
        let overheads = Overheads { per_tx: 1, per_barrier: 5 };
        check(&[(0, 1), (1, 2)], &[10, 10, 10], 8, overheads, [48, 33]);
    }
}
