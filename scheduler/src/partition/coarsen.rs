//! Which vertices may as well be one?
//!
//! In: a [`Hypergraph`], and how heavy a vertex may get. Out: a smaller one, and which vertex of it each
//! vertex went into.
//! Invariants: no vertex gets heavier than allowed unless it was; fixed vertices stay alone and keep
//! their numbers.
//!
//! Each vertex joins the one it shares most with, where a net of few pins says more than one of many.
//! Of equals it joins the one with the fewest nets, because a location that all use is no reason to be
//! anywhere. Traffic is made of stars, a token or an exchange with its users, and a star soon gets too
//! heavy for its other users to join; those of one star then join each other.

use petgraph::unionfind::UnionFind;
use slotcast_model::{Index, IndexVec};

use super::hypergraph::{Hypergraph, VertexIndex};

/// Nets with more pins than this say nothing about which of them belong together.
const MANY_PINS: usize = 300;

/// A smaller hypergraph and where each vertex is in it.
pub(super) struct Level {
    pub(super) graph: Hypergraph,
    pub(super) into: IndexVec<VertexIndex, VertexIndex>,
}

/// One step; nothing if it hardly makes the hypergraph smaller.
pub(super) fn coarsen(graph: &Hypergraph, heaviest: u64) -> Option<Level> {
    let n = graph.weights().len();
    let mut joined = Clusters::new(graph, heaviest);
    for vertex in graph.weights().indices().skip(graph.n_fixed()) {
        if !joined.is_joined[vertex] {
            joined.join(vertex);
        }
    }
    let into = joined.numbered(graph.n_fixed());
    let n_left = into.iter().max().map_or(0, |last| last.as_usize() + 1);
    if n - n / 20 <= n_left {
        return None;
    }
    let mut weights = IndexVec::from_elem(0, n_left);
    for (vertex, into) in into.iter_enumerated() {
        weights[*into] += graph.weights()[vertex];
    }
    let moved = |net| {
        let pins = graph.pins(net).iter().map(|pin| into[*pin]).collect();
        (pins, graph.weight_of(net))
    };
    let nets = graph.net_indices().map(moved).collect();
    Some(Level { graph: Hypergraph::new(weights, nets).with_fixed(graph.n_fixed()), into })
}

struct Clusters<'g> {
    graph: &'g Hypergraph,
    heaviest: u64,
    sets: UnionFind<u32>,
    /// By the representative of a set.
    weights: IndexVec<VertexIndex, u64>,
    is_joined: IndexVec<VertexIndex, bool>,
    /// Of a vertex that is too heavy for some of its neighbours, the last of these.
    turned_away: IndexVec<VertexIndex, Option<VertexIndex>>,
    /// What one vertex shares with others; zero in between.
    shared: IndexVec<VertexIndex, u64>,
}

impl<'g> Clusters<'g> {
    fn new(graph: &'g Hypergraph, heaviest: u64) -> Self {
        let n = graph.weights().len();
        Self {
            graph,
            heaviest,
            sets: UnionFind::new(n),
            weights: graph.weights().clone(),
            is_joined: IndexVec::from_elem(false, n),
            turned_away: IndexVec::from_elem(None, n),
            shared: IndexVec::from_elem(0, n),
        }
    }

    fn join(&mut self, vertex: VertexIndex) {
        let mut others = Vec::new();
        for &net in self.graph.nets(vertex) {
            let pins = self.graph.pins(net);
            if MANY_PINS < pins.len() || self.graph.is_fixed(pins[0]) {
                continue;
            }
            let each = (self.graph.weight_of(net) << 16) / (pins.len() as u64 - 1);
            for &pin in pins.iter().filter(|pin| **pin != vertex) {
                if self.shared[pin] == 0 {
                    others.push(pin);
                }
                self.shared[pin] += each.max(1);
            }
        }
        let by_rank = |pin: &VertexIndex| {
            (core::cmp::Reverse(self.shared[*pin]), self.graph.nets(*pin).len(), *pin)
        };
        others.sort_unstable_by_key(by_rank);
        let found = others.iter().copied().find(|other| self.unite(vertex, *other));
        if let (None, Some(&best)) = (found, others.first())
            && let Some(other) = self.turned_away[best].replace(vertex)
        {
            self.unite(vertex, other);
        }
        others.into_iter().for_each(|other| self.shared[other] = 0);
    }

    /// Makes two vertices one, if that is not too heavy.
    fn unite(&mut self, left: VertexIndex, right: VertexIndex) -> bool {
        let [mine, theirs] = [left, right].map(|it| VertexIndex(self.sets.find_mut(it.0)));
        let weight = self.weights[mine] + self.weights[theirs];
        let is_light = self.weights[mine] == 0 || self.weights[theirs] == 0;
        if mine == theirs || (self.heaviest < weight && !is_light) {
            return false;
        }
        self.sets.union(mine.0, theirs.0);
        self.weights[VertexIndex(self.sets.find_mut(mine.0))] = weight;
        self.is_joined[left] = true;
        self.is_joined[right] = true;
        true
    }

    /// The sets, numbered by their first vertices.
    fn numbered(mut self, n_fixed: usize) -> IndexVec<VertexIndex, VertexIndex> {
        let n = self.weights.len();
        let mut numbers: IndexVec<VertexIndex, Option<VertexIndex>> = IndexVec::from_elem(None, n);
        let mut next = 0;
        let mut number = |vertex: usize| {
            let set = VertexIndex(self.sets.find_mut(vertex as u32));
            *numbers[set].get_or_insert_with(|| {
                next += 1;
                VertexIndex::from_usize(next - 1)
            })
        };
        let into: IndexVec<_, _> = (0..n).map(&mut number).collect();
        debug_assert!((0..n_fixed).all(|it| into[VertexIndex::from_usize(it)].as_usize() == it));
        into
    }
}
