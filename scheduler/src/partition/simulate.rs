//! How long would a block take on several machines that share its state?
//!
//! In: what each transaction reads, changes and costs, the shards it needs, threads of a shard, and what
//! a message there and back costs. Out: the simulated time.
//! Invariants: integer arithmetic only; nothing is run and no clock is read.
//!
//! Every shard takes its transactions in block order. One of a single shard starts when a thread is free
//! and what it depends on has ended. One of several shards starts when all threads of all of them are
//! free, and holds them for its own cost and one round trip. One machine is one shard.

use alloy_primitives::map::HashMap;
use slotcast_model::{AccessSet, Index, Location};

use super::hypergraph::ShardIndex;

/// One transaction of the simulation.
#[derive(Clone, Debug, Default)]
pub struct ShardedTx {
    /// What it reads and changes.
    pub access: AccessSet,
    /// How long it takes on one thread.
    pub cost: u64,
    /// The shards it needs.
    pub shards: Vec<ShardIndex>,
}

/// The shards of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machines {
    /// How many.
    pub n_shards: usize,
    /// The threads of each.
    pub threads: usize,
    /// What a transaction of several shards takes longer, in the unit of the costs.
    pub round_trip: u64,
}

/// The simulated time of these transactions.
///
/// ```
/// use slotcast_scheduler::partition::{Machines, ShardIndex, ShardedTx, simulate_shards};
///
/// let on = |shards: &[u32]| ShardedTx {
///     cost: 10,
///     shards: shards.iter().copied().map(ShardIndex).collect(),
///     ..ShardedTx::default()
/// };
/// let machines = Machines { n_shards: 2, threads: 1, round_trip: 5 };
/// assert_eq!(simulate_shards(&[on(&[0]), on(&[1])], &machines), 10);
/// assert_eq!(simulate_shards(&[on(&[0]), on(&[0, 1])], &machines), 10 + 10 + 5);
/// ```
pub fn simulate_shards(txs: &[ShardedTx], machines: &Machines) -> u64 {
    let mut free = vec![vec![0_u64; machines.threads.max(1)]; machines.n_shards.max(1)];
    let mut changed: HashMap<Location, u64> = HashMap::default();
    let mut end = 0;
    for ShardedTx { access, cost, shards } in txs {
        let of = |it: &Location| changed.get(it).copied().unwrap_or(0);
        let known = access.reads().iter().map(of).max().unwrap_or(0);
        let ends = match shards[..] {
            [] | [_] => {
                let shard = shards.first().copied().unwrap_or_default().as_usize();
                let threads = &mut free[shard];
                let first = (0..threads.len()).min_by_key(|thread| threads[*thread]).unwrap_or(0);
                threads[first] = threads[first].max(known) + cost;
                threads[first]
            }
            _ => {
                let held = shards.iter().flat_map(|shard| &free[shard.as_usize()]);
                let ends = held.copied().max().unwrap_or(0).max(known) + cost + machines.round_trip;
                shards.iter().for_each(|shard| free[shard.as_usize()].fill(ends));
                ends
            }
        };
        for location in access.writes().iter().chain(access.adds()) {
            let last = changed.entry(*location).or_insert(0);
            *last = ends.max(*last);
        }
        end = end.max(ends);
    }
    end
}
