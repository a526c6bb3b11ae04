//! What is to be divided, and what does a division cost?
//!
//! In: weighted vertices, and nets that each hold some of them together. Out: a [`Hypergraph`].
//! Invariants: the pins of a net ascend, there are at least two of them, and no two nets have the same;
//! the result depends on what is given as sets, not on its order.

use slotcast_model::{Index, IndexVec, index_newtype};

index_newtype! {
    /// Something that is put on one shard.
    pub struct VertexIndex;
    /// Vertices that are better on one shard.
    pub struct NetIndex;
    /// One of the machines that share the state, from zero.
    pub struct ShardIndex;
}

/// What being on several shards costs a net, over the number of shards beyond the first.
///
/// So that a net on two shards costs three and one on three shards four: what counts is whether a
/// transaction crosses at all, and how many shards it holds decides among those that do.
const CROSSING: u64 = 2;

/// A net with its weight.
pub type WeightedNet = (Vec<VertexIndex>, u64);

/// Vertices, and nets over them.
#[derive(Clone, Debug)]
pub struct Hypergraph {
    weights: IndexVec<VertexIndex, u64>,
    net_weights: IndexVec<NetIndex, u64>,
    pins: Rows<VertexIndex>,
    nets: Rows<NetIndex>,
    n_fixed: usize,
}

/// Lists of different lengths, one after the other.
#[derive(Clone, Debug)]
struct Rows<T> {
    starts: Vec<usize>,
    items: Vec<T>,
}

impl<T> Rows<T> {
    fn row(&self, n: usize) -> &[T] {
        &self.items[self.starts[n]..self.starts[n + 1]]
    }
}

impl Hypergraph {
    /// Vertices with these weights and nets over them, in any order. Nets with fewer than two different
    /// pins are left out, and equal ones count as one with the sum of their weights.
    pub fn new(weights: IndexVec<VertexIndex, u64>, mut nets: Vec<WeightedNet>) -> Self {
        for (pins, _) in &mut nets {
            pins.sort_unstable();
            pins.dedup();
        }
        nets.retain(|(pins, _)| 1 < pins.len());
        nets.sort_unstable();
        nets.dedup_by(|(pins, weight), (kept, sum)| {
            let is_same = pins == kept;
            *sum += if is_same { *weight } else { 0 };
            is_same
        });
        let mut pins = Rows { starts: vec![0], items: Vec::new() };
        let mut net_weights = IndexVec::with_capacity(nets.len());
        let mut starts = vec![0; weights.len() + 1];
        for (of_net, weight) in &nets {
            pins.items.extend_from_slice(of_net);
            pins.starts.push(pins.items.len());
            net_weights.push(*weight);
            of_net.iter().for_each(|pin| starts[pin.as_usize() + 1] += 1);
        }
        for vertex in 0..weights.len() {
            starts[vertex + 1] += starts[vertex];
        }
        let mut next = starts.clone();
        let mut items = vec![NetIndex(0); pins.items.len()];
        for (net, (of_net, _)) in nets.iter().enumerate() {
            for pin in of_net {
                items[next[pin.as_usize()]] = NetIndex::from_usize(net);
                next[pin.as_usize()] += 1;
            }
        }
        Self { weights, net_weights, pins, nets: Rows { starts, items }, n_fixed: 0 }
    }

    /// The same, whose first `n` vertices stay on the shard of their own number.
    #[must_use]
    pub fn with_fixed(self, n: usize) -> Self {
        Self { n_fixed: n, ..self }
    }

    /// How many vertices stay where they are.
    pub const fn n_fixed(&self) -> usize {
        self.n_fixed
    }

    /// Whether a vertex stays where it is.
    pub(super) fn is_fixed(&self, vertex: VertexIndex) -> bool {
        vertex.as_usize() < self.n_fixed
    }

    /// The vertices' weights.
    pub const fn weights(&self) -> &IndexVec<VertexIndex, u64> {
        &self.weights
    }

    /// The weight of a net.
    pub fn weight_of(&self, net: NetIndex) -> u64 {
        self.net_weights[net]
    }

    /// How many nets there are.
    pub const fn n_nets(&self) -> usize {
        self.net_weights.len()
    }

    /// All nets.
    pub fn net_indices(&self) -> impl Iterator<Item = NetIndex> + use<> {
        self.net_weights.indices()
    }

    /// The vertices of a net, ascending.
    pub fn pins(&self, net: NetIndex) -> &[VertexIndex] {
        self.pins.row(net.as_usize())
    }

    /// The nets of a vertex, ascending.
    pub fn nets(&self, vertex: VertexIndex) -> &[NetIndex] {
        self.nets.row(vertex.as_usize())
    }

    /// What a division costs: of each net its weight, by the number of shards it is on; what weighs more is
    /// cut less.
    pub fn cost(&self, shards: &IndexVec<VertexIndex, ShardIndex>) -> u64 {
        let cost = |net| self.net_weights[net] * cost_of(self.n_shards(net, shards));
        self.net_indices().map(cost).sum()
    }

    /// On how many shards a net is.
    fn n_shards(&self, net: NetIndex, shards: &IndexVec<VertexIndex, ShardIndex>) -> usize {
        let mut on: Vec<ShardIndex> = self.pins(net).iter().map(|pin| shards[*pin]).collect();
        on.sort_unstable();
        on.dedup();
        on.len()
    }

    /// What each of `n` shards carries.
    pub fn loads(&self, shards: &IndexVec<VertexIndex, ShardIndex>, n: usize) -> Vec<u64> {
        let mut loads = vec![0; n];
        for (vertex, shard) in shards.iter_enumerated() {
            loads[shard.as_usize()] += self.weights[vertex];
        }
        loads
    }
}

/// What a net of weight one costs on so many shards.
pub(super) const fn cost_of(n_shards: usize) -> u64 {
    match n_shards {
        0 | 1 => 0,
        n => CROSSING + n as u64 - 1,
    }
}
