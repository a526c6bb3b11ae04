//! How is a small hypergraph divided to begin with?
//!
//! In: a [`Hypergraph`], a number of shards and what each may carry. Out: the best of a few divisions,
//! each made by placing one vertex after the other and refined.
//! Invariant: the result depends on the inputs alone; what looks random is a fixed sequence.

use core::cmp::Reverse;

use slotcast_model::{Index, IndexVec};

use super::{
    hypergraph::{Hypergraph, ShardIndex, VertexIndex},
    refine::Division,
};

/// How many divisions are tried.
const N_TRIES: u64 = 12;

/// The best of a few divisions.
pub(super) fn divide(
    graph: &Hypergraph,
    n_shards: usize,
    limit: u64,
) -> IndexVec<VertexIndex, ShardIndex> {
    let tries = (0..N_TRIES).map(|seed| {
        let shards = placed(graph, n_shards, limit, seed);
        let mut division = Division::new(graph, shards, n_shards, limit);
        division.refine();
        (division.badness(), division.shards)
    });
    // The first of equals.
    let best = tries.min_by_key(|(badness, _)| *badness);
    best.map(|(_, shards)| shards).unwrap_or_default()
}

/// Places the vertices in an order of this seed, the heaviest first for the first, each where most of
/// what it shares is placed already and there is room.
fn placed(
    graph: &Hypergraph,
    n_shards: usize,
    limit: u64,
    seed: u64,
) -> IndexVec<VertexIndex, ShardIndex> {
    let n = graph.weights().len();
    let mut order: Vec<VertexIndex> = graph.weights().indices().skip(graph.n_fixed()).collect();
    order.sort_by_key(|vertex| match seed {
        0 => Reverse(graph.weights()[*vertex]),
        _ => Reverse(mix(seed << 32 | u64::from(vertex.0))),
    });
    let mut placed: IndexVec<VertexIndex, Option<ShardIndex>> = IndexVec::from_elem(None, n);
    for fixed in 0..graph.n_fixed() {
        placed[VertexIndex::from_usize(fixed)] = Some(ShardIndex::from_usize(fixed));
    }
    let mut loads = vec![0_u64; n_shards];
    let mut shared = vec![0_u64; n_shards];
    for vertex in order {
        shared.fill(0);
        for &net in graph.nets(vertex) {
            let pins = graph.pins(net);
            let each = (graph.weight_of(net) << 16) / (pins.len() as u64 - 1);
            for shard in pins.iter().filter_map(|pin| placed[*pin]) {
                shared[shard.as_usize()] += each;
            }
        }
        let weight = graph.weights()[vertex];
        let rank = |shard: &usize| {
            let fits = loads[*shard] + weight <= limit;
            (!fits, Reverse(if fits { shared[*shard] } else { 0 }), loads[*shard])
        };
        let shard = (0..n_shards).min_by_key(rank).unwrap_or(0);
        loads[shard] += weight;
        placed[vertex] = Some(ShardIndex::from_usize(shard));
    }
    placed.into_vec().into_iter().map(Option::unwrap_or_default).collect()
}

/// A number that looks random (splitmix64).
const fn mix(seed: u64) -> u64 {
    let mut word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
