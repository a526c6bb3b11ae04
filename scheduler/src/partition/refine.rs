//! Which vertices are better on another shard?
//!
//! In: a [`Hypergraph`], a division of it and what a shard may carry. Out: a division that is no worse:
//! first by how much shards carry beyond that, then by cost.
//! Invariant: the result depends on the inputs alone.
//!
//! This is the method of Fiduccia and Mattheyses for any number of shards. A pass moves each vertex at
//! most once, always the one whose move gains most, also where that is a loss, and then goes back to
//! the best division it has seen. So it gets over hills that single moves do not. Gains are worked out
//! again when a vertex comes up, which costs less than keeping all of them right.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use slotcast_model::{Index, IndexVec};

use super::hypergraph::{Hypergraph, ShardIndex, VertexIndex, cost_of};

/// Most passes over one level.
const MAX_PASSES: usize = 6;
/// Vertices in more nets than this are looked at when they come up, not whenever a neighbour moves.
const MANY_NETS: usize = 128;

/// Up to so many vertices, two may change places: the first makes its new shard carry too much.
const FEW_VERTICES: usize = 1_500;

/// Where a vertex would go, the best last: whether that helps a shard that carries too much, what it
/// gains, and how little its new shard carries.
type Move = (bool, i64, Reverse<u64>, Reverse<ShardIndex>);

/// A division that gets better.
pub(super) struct Division<'g> {
    graph: &'g Hypergraph,
    limit: u64,
    pub(super) shards: IndexVec<VertexIndex, ShardIndex>,
    pub(super) loads: Vec<u64>,
    /// By shard: which net was last seen there.
    seen: Vec<u64>,
    n_seen: u64,
    /// By shard: what a move there gains over a move to where no neighbour is.
    joined: Vec<i64>,
}

impl<'g> Division<'g> {
    pub(super) fn new(
        graph: &'g Hypergraph,
        shards: IndexVec<VertexIndex, ShardIndex>,
        n: usize,
        limit: u64,
    ) -> Self {
        let loads = graph.loads(&shards, n);
        Self { graph, limit, shards, loads, seen: vec![0; n], n_seen: 0, joined: vec![0; n] }
    }

    /// What shards carry beyond the limit, and the cost.
    pub(super) fn badness(&self) -> (u64, u64) {
        let beyond = self.loads.iter().map(|load| load.saturating_sub(self.limit)).sum();
        (beyond, self.graph.cost(&self.shards))
    }

    /// Makes passes until one finds nothing.
    pub(super) fn refine(&mut self) {
        for _ in 0..MAX_PASSES {
            if !self.pass() {
                break;
            }
        }
    }

    /// One pass; whether it found something.
    fn pass(&mut self) -> bool {
        let n = self.shards.len();
        let mut is_done = IndexVec::from_elem(false, n);
        (0..self.graph.n_fixed()).for_each(|it| is_done[VertexIndex::from_usize(it)] = true);
        let mut heap: BinaryHeap<(Move, Reverse<VertexIndex>)> = BinaryHeap::new();
        for vertex in self.shards.indices().filter(|it| !is_done[*it]) {
            if self.is_at_edge(vertex) {
                heap.extend(self.best(vertex).map(|it| (it, Reverse(vertex))));
            }
        }
        let (beyond, cost) = self.badness();
        let (mut now, mut best) = ((beyond, cost as i64), (beyond, cost as i64));
        let (mut moves, mut n_kept) = (Vec::new(), 0);
        let patience = 100 + n / 50;
        while let Some((expected, Reverse(vertex))) = heap.pop() {
            if is_done[vertex] {
                continue;
            }
            let Some(found) = self.best(vertex) else { continue };
            if found < expected && heap.peek().is_some_and(|(next, _)| found < *next) {
                heap.push((found, Reverse(vertex)));
                continue;
            }
            let (_, gain, _, Reverse(to)) = found;
            let from = self.shards[vertex];
            now = (self.put(vertex, to, now.0), now.1 - gain);
            moves.push((vertex, from));
            is_done[vertex] = true;
            if self.limit < self.loads[to.as_usize()] {
                // Any vertex there may now be the one that makes room.
                let there =
                    self.shards.indices().filter(|it| self.shards[*it] == to && !is_done[*it]);
                for other in there.collect::<Vec<_>>() {
                    heap.extend(self.best(other).map(|it| (it, Reverse(other))));
                }
            }
            if now < best {
                (best, n_kept) = (now, moves.len());
            }
            if n_kept + patience < moves.len() {
                break;
            }
            for at in 0..self.graph.nets(vertex).len() {
                let net = self.graph.nets(vertex)[at];
                let on = |shard| {
                    self.graph.pins(net).iter().filter(|pin| self.shards[**pin] == shard).count()
                };
                // With more left on both shards, no gain of another pin has changed.
                if 1 < on(from) && 2 < on(to) {
                    continue;
                }
                for &pin in self.graph.pins(net) {
                    if !is_done[pin] && self.graph.nets(pin).len() <= MANY_NETS {
                        heap.extend(self.best(pin).map(|it| (it, Reverse(pin))));
                    }
                }
            }
        }
        for (vertex, from) in moves.drain(n_kept..).rev() {
            self.put(vertex, from, 0);
        }
        best < (beyond, cost as i64)
    }

    /// Puts a vertex on another shard, and says how much shards then carry beyond the limit, if it was
    /// `beyond`.
    fn put(&mut self, vertex: VertexIndex, to: ShardIndex, beyond: u64) -> u64 {
        let (from, to) =
            (core::mem::replace(&mut self.shards[vertex], to).as_usize(), to.as_usize());
        let weight = self.graph.weights()[vertex];
        let over = |load: u64| load.saturating_sub(self.limit);
        let before = over(self.loads[from]) + over(self.loads[to]);
        self.loads[from] -= weight;
        self.loads[to] += weight;
        let after = over(self.loads[from]) + over(self.loads[to]);
        (beyond + after).saturating_sub(before)
    }

    /// Whether a vertex has a neighbour on another shard, or is on one that carries too much.
    fn is_at_edge(&self, vertex: VertexIndex) -> bool {
        let shard = self.shards[vertex];
        let mut pins = self.graph.nets(vertex).iter().flat_map(|net| self.graph.pins(*net));
        self.limit < self.loads[shard.as_usize()] || pins.any(|pin| self.shards[*pin] != shard)
    }

    /// The best move of a vertex, if it may move at all.
    pub(super) fn best(&mut self, vertex: VertexIndex) -> Option<Move> {
        let from = self.shards[vertex];
        let (mut apart, mut near) = (0, Vec::new());
        for &net in self.graph.nets(vertex) {
            self.n_seen += 1;
            let (mut n_here, mut n_shards, first) = (0, 0, near.len());
            for pin in self.graph.pins(net) {
                let shard = self.shards[*pin];
                n_here += usize::from(shard == from);
                if core::mem::replace(&mut self.seen[shard.as_usize()], self.n_seen) != self.n_seen
                {
                    n_shards += 1;
                    near.push(shard);
                }
            }
            let n_left = n_shards - usize::from(n_here == 1);
            let weight = self.graph.weight_of(net) as i64;
            let cost = |n| weight * cost_of(n) as i64;
            apart += cost(n_shards) - cost(n_left + 1);
            for shard in &near[first..] {
                self.joined[shard.as_usize()] += cost(n_left + 1) - cost(n_left);
            }
        }
        near.push(self.lightest());
        near.sort_unstable();
        near.dedup();
        let weight = self.graph.weights()[vertex];
        let load = |shard: ShardIndex| self.loads[shard.as_usize()];
        let may_swap = self.shards.len() <= FEW_VERTICES;
        let is_allowed = |to: ShardIndex| {
            let then = load(to) + weight;
            let fits = weight == 0 || then <= self.limit || then < load(from);
            to != from && (fits || (may_swap && load(to) <= self.limit))
        };
        let to = near.iter().copied().filter(|it| is_allowed(*it));
        let found = to.map(|to| {
            let gain = apart + self.joined[to.as_usize()];
            let helps = weight != 0 && self.limit < load(from) && load(to) + weight <= self.limit;
            (helps, gain, Reverse(load(to)), Reverse(to))
        });
        let found = found.max();
        near.into_iter().for_each(|shard| self.joined[shard.as_usize()] = 0);
        found
    }

    /// The shard that carries least.
    pub(super) fn lightest(&self) -> ShardIndex {
        let lightest = (0..self.loads.len()).min_by_key(|shard| self.loads[*shard]);
        ShardIndex::from_usize(lightest.unwrap_or(0))
    }

    /// Takes vertices off shards, those that lose least first, until none carries more than `least`;
    /// then puts them back, the heaviest first, where they gain most and fit.
    pub(super) fn refill(&mut self, least: u64) {
        let mut movable: Vec<(Reverse<i64>, u64, VertexIndex)> = Vec::new();
        for vertex in self.shards.indices().skip(self.graph.n_fixed()) {
            let weight = self.graph.weights()[vertex];
            if weight != 0 && least < self.loads[self.shards[vertex].as_usize()] {
                let gain = self.best(vertex).map_or(i64::MIN, |(_, gain, _, _)| gain);
                movable.push((Reverse(gain), weight, vertex));
            }
        }
        movable.sort_unstable();
        let mut taken = Vec::new();
        for (_, weight, vertex) in movable {
            let load = &mut self.loads[self.shards[vertex].as_usize()];
            if least < *load {
                *load -= weight;
                taken.push((Reverse(weight), vertex));
            }
        }
        taken.sort_unstable();
        for (Reverse(weight), vertex) in taken {
            let near = self.graph.nets(vertex).iter().flat_map(|net| self.graph.pins(*net));
            let mut near: Vec<ShardIndex> = near.map(|pin| self.shards[*pin]).collect();
            near.sort_unstable();
            let fits = |shard: &ShardIndex| self.loads[shard.as_usize()] + weight <= self.limit;
            let mut runs = near.chunk_by(|left, right| left == right).filter(|it| fits(&it[0]));
            // With nothing left on the shards, this is the packing that the limit is known to allow.
            let most = if least == 0 { None } else { runs.by_ref().max_by_key(|it| it.len()) };
            let to = most.map_or_else(|| self.lightest(), |it| it[0]);
            self.shards[vertex] = to;
            self.loads[to.as_usize()] += weight;
        }
    }
}
