//! Which accounts were touched together?
//!
//! In: blocks in order. Out: an [`AccountGraph`], as others divide it, and as we do.
//! Invariants: accounts are numbered in order of first mention; edges ascend.
//!
//! An edge weighs as many transactions as touched both accounts, a vertex as many as touched it. All
//! accounts of a transaction are joined pairwise, up to a bound; beyond it each with the sender.

use core::cmp::Reverse;
use std::{collections::BTreeMap, fmt::Write};

use alloy_primitives::{Address, map::AddressMap};
use slotcast_model::{IndexVec, Location};
use slotcast_scheduler::partition::{Hypergraph, ShardIndex, VertexIndex};

use super::ShardBlock;

/// Up to so many accounts of a transaction are joined pairwise.
const PAIRWISE: usize = 12;

/// Accounts and how often they were touched together.
#[derive(Clone, Debug, Default)]
pub struct AccountGraph {
    numbers: AddressMap<u32>,
    addresses: Vec<Address>,
    weights: Vec<u64>,
    edges: BTreeMap<(u32, u32), u64>,
}

/// Accounts with the shards they are put on.
#[derive(Clone)]
pub(super) struct Placed(AddressMap<ShardIndex>);

impl Placed {
    /// The shard of what belongs to an account that the graph knows.
    pub(super) fn shard(&self, location: &Location) -> Option<ShardIndex> {
        self.0.get(&location.address()).copied()
    }
}

impl AccountGraph {
    /// How many accounts there are.
    pub const fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Adds the transactions of a block.
    pub(super) fn add(&mut self, block: &ShardBlock) {
        for (touched, sender) in block.truth.iter().zip(&block.senders) {
            let mut accounts: Vec<Address> =
                touched.locations.iter().map(Location::address).collect();
            accounts.dedup();
            let mut numbers: Vec<u32> = accounts.into_iter().map(|it| self.number(it)).collect();
            numbers.sort_unstable();
            numbers.iter().for_each(|number| self.weights[*number as usize] += 1);
            let all = numbers.len() <= PAIRWISE;
            let sender = self.numbers.get(sender).copied();
            for (at, left) in numbers.iter().enumerate() {
                for right in &numbers[at + 1..] {
                    if all || [left, right].into_iter().any(|it| Some(*it) == sender) {
                        *self.edges.entry((*left, *right)).or_default() += 1;
                    }
                }
            }
        }
    }

    fn number(&mut self, address: Address) -> u32 {
        *self.numbers.entry(address).or_insert_with(|| {
            self.addresses.push(address);
            self.weights.push(0);
            self.weights.len() as u32 - 1
        })
    }

    /// The graph in the form that METIS reads: a line with the numbers of vertices and edges, then for
    /// each vertex its weight, and its neighbours, from 1, with the weights of the edges.
    pub fn metis(&self) -> String {
        let mut neighbours: Vec<Vec<(u32, u64)>> = vec![Vec::new(); self.len()];
        for (&(left, right), &weight) in &self.edges {
            neighbours[left as usize].push((right + 1, weight));
            neighbours[right as usize].push((left + 1, weight));
        }
        let mut text = format!("{} {} 011\n", self.len(), self.edges.len());
        for (weight, neighbours) in self.weights.iter().zip(neighbours) {
            let _ = write!(text, "{weight}");
            for (neighbour, weight) in neighbours {
                let _ = write!(text, " {neighbour} {weight}");
            }
            text.push('\n');
        }
        text
    }

    /// The graph for our own partitioner.
    pub(super) fn hypergraph(&self) -> Hypergraph {
        let net = |(&(left, right), &weight): (&(u32, u32), &u64)| {
            (vec![VertexIndex(left), VertexIndex(right)], weight)
        };
        let weights: IndexVec<VertexIndex, u64> = self.weights.clone().into();
        Hypergraph::new(weights, self.edges.iter().map(net).collect())
    }

    /// The accounts on these of `n` shards, whose numbers mean nothing: each is taken to be the one that
    /// held most of its accounts before, those with most first.
    pub(super) fn placed(&self, shards: &[u32], n: usize, before: Option<&Placed>) -> Placed {
        let mut held = vec![(0_u64, 0_usize, 0_usize); n * n];
        for (at, entry) in held.iter_mut().enumerate() {
            *entry = (0, at / n, at % n);
        }
        for (address, shard) in self.addresses.iter().zip(shards) {
            if let Some(old) = before.and_then(|it| it.0.get(address)) {
                held[*shard as usize * n + old.0 as usize].0 += 1;
            }
        }
        held.sort_by_key(|(n_held, ..)| Reverse(*n_held));
        let (mut names, mut is_taken) = (vec![None; n], vec![false; n]);
        for (_, new, old) in held {
            if names[new].is_none() && !is_taken[old] {
                (names[new], is_taken[old]) = (Some(ShardIndex(old as u32)), true);
            }
        }
        let named = |shard: &u32| names[*shard as usize].unwrap_or_default();
        Placed(self.addresses.iter().copied().zip(shards.iter().map(named)).collect())
    }
}
