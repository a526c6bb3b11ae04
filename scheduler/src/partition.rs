//! How is state divided among machines so that few transactions need more than one?
//!
//! In: what transactions are predicted to touch. Out: a [`ShardPlan`]: the shard of each location, and
//! of each transaction the shards that it needs.
//! Invariants: integer arithmetic only, and nothing random, so that the same predictions give the same
//! plan everywhere; no shard carries more than [`load_limit`] says.
//!
//! Transactions and locations are the vertices of a hypergraph, a transaction is also the net over itself
//! and what it touches, and its work is the weight of its vertex; locations weigh nothing. So a location
//! that a tenth of all transactions touch can be divided among sixty shards: one shard runs as many of
//! them as it may, and the others cross. The division is *multilevel*:
//!
//! ```text
//! coarsen   vertices that belong together become one, again and again     coarsen.rs
//! begin     the last hypergraph is small enough to try a few divisions    initial.rs
//! refine    on the way back, vertices at the edge of a shard move         refine.rs
//! ```
//!
//! State that stands somewhere is held there by nets to one fixed vertex for each shard, so that a plan
//! moves state only to keep transactions from crossing.

mod coarsen;
mod hypergraph;
mod initial;
mod plan;
mod refine;
mod simulate;

use core::cmp::Reverse;

use slotcast_model::IndexVec;

use self::refine::Division;

pub use self::{
    hypergraph::{Hypergraph, NetIndex, ShardIndex, VertexIndex, WeightedNet},
    plan::{Route, ShardPlan, Standing, Touched},
    simulate::{Machines, ShardedTx, simulate_shards},
};

/// Coarsening ends at so many vertices for each shard.
const COARSE_PER_SHARD: usize = 12;
/// A vertex gets no heavier than this part of what a shard may carry.
const HEAVIEST_PART: u64 = 6;

/// How to divide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardSettings {
    /// Among how many shards; at least one.
    pub n_shards: usize,
    /// What a shard may carry, in percent of the mean.
    pub bound_percent: u64,
}

/// What a shard may carry of vertices with these weights: as many percent of the mean as the settings
/// say, or where single weights are too heavy for that, what a shard gets if the heaviest is placed
/// first, each on the shard that carries least.
pub fn load_limit(weights: &[u64], settings: &ShardSettings) -> u64 {
    let n = settings.n_shards.max(1);
    let total: u128 = weights.iter().map(|it| u128::from(*it)).sum();
    let bound = (total * u128::from(settings.bound_percent) / 100).div_ceil(n as u128);
    let mut heaviest_first = weights.to_vec();
    heaviest_first.sort_unstable_by_key(|weight| Reverse(*weight));
    let mut loads: std::collections::BinaryHeap<Reverse<u64>> = vec![Reverse(0); n].into();
    let mut most = 0;
    for weight in heaviest_first {
        let Some(mut lightest) = loads.peek_mut() else { break };
        lightest.0 += weight;
        most = most.max(lightest.0);
    }
    most.max(u64::try_from(bound).unwrap_or(u64::MAX))
}

/// Divides the vertices of a hypergraph among shards.
///
/// ```
/// use slotcast_scheduler::partition::{Hypergraph, ShardSettings, VertexIndex, divide};
///
/// let net = |pins: &[u32]| (pins.iter().copied().map(VertexIndex).collect(), 1);
/// let nets = vec![net(&[0, 1]), net(&[1, 2]), net(&[3, 4, 5]), net(&[2, 3])];
/// let graph = Hypergraph::new(vec![1; 6].into(), nets);
/// let shards = divide(&graph, &ShardSettings { n_shards: 2, bound_percent: 105 });
/// assert_eq!(graph.cost(&shards), 3, "one net on two shards");
/// ```
pub fn divide(graph: &Hypergraph, settings: &ShardSettings) -> IndexVec<VertexIndex, ShardIndex> {
    let n = settings.n_shards.max(1);
    assert!(graph.n_fixed() <= n, "a fixed vertex stays on the shard of its number");
    let limit = load_limit(graph.weights().as_slice(), settings);
    let mut levels: Vec<coarsen::Level> = Vec::new();
    loop {
        let last = levels.last().map_or(graph, |level| &level.graph);
        if last.weights().len() <= n * COARSE_PER_SHARD {
            break;
        }
        let Some(level) = coarsen::coarsen(last, limit / HEAVIEST_PART) else { break };
        levels.push(level);
    }
    let mut shards = initial::divide(levels.last().map_or(graph, |it| &it.graph), n, limit);
    while let Some(coarse) = levels.pop() {
        let finer = levels.last().map_or(graph, |it| &it.graph);
        let projected = coarse.into.iter().map(|into| shards[*into]).collect();
        let mut division = Division::new(finer, projected, n, limit);
        division.refine();
        shards = division.shards;
    }
    within(graph, shards, n, limit)
}

/// The same division with no shard above the limit.
fn within(
    graph: &Hypergraph,
    shards: IndexVec<VertexIndex, ShardIndex>,
    n: usize,
    limit: u64,
) -> IndexVec<VertexIndex, ShardIndex> {
    let mut division = Division::new(graph, shards, n, limit);
    for quarters in (0..=4).rev() {
        if division.badness().0 == 0 {
            break;
        }
        division.refill(limit / 4 * quarters);
        division.refine();
    }
    assert_eq!(division.badness().0, 0, "the heaviest first is within the limit");
    division.shards
}

#[cfg(test)]
mod tests;
