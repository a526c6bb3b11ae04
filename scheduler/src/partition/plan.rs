//! Which shard does each piece of state stand on, and where does each transaction run?
//!
//! In: what transactions are predicted to touch and the work each is, and where state stands so far.
//! Out: a [`ShardPlan`], which also routes transactions that it was not made for.
//! Invariants: the plan depends on its inputs alone; no shard is given more work than
//! [`load_limit`](super::load_limit) allows.

use alloy_primitives::map::HashMap;
use slotcast_model::{Index, IndexVec, Location, LocationTable, TxIndex};

use super::{
    ShardSettings, divide,
    hypergraph::{Hypergraph, ShardIndex, VertexIndex, WeightedNet},
};

/// How many pieces of state may be moved to keep one transaction on one shard.
const MOVES_PER_CROSSING: u64 = 16;

/// What a transaction touches, and the work it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The locations that have to be on the shard where it runs, ascending.
    pub locations: Vec<Location>,
    /// The work, in any unit that is the same for all.
    pub work: u64,
}

/// Where state stands and transactions run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardPlan {
    /// Ascending.
    locations: Vec<(Location, ShardIndex)>,
    homes: IndexVec<TxIndex, ShardIndex>,
}

/// The shards that a transaction needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// It can run on this one alone.
    One(ShardIndex),
    /// It needs all of these, ascending; none if it touches nothing.
    Several(Vec<ShardIndex>),
}

impl Route {
    /// The way of a transaction that touches state on these shards.
    pub fn over(shards: impl Iterator<Item = ShardIndex>) -> Self {
        let mut shards: Vec<ShardIndex> = shards.collect();
        shards.sort_unstable();
        shards.dedup();
        match shards[..] {
            [one] => Self::One(one),
            _ => Self::Several(shards),
        }
    }

    /// The shards, ascending.
    pub fn shards(&self) -> &[ShardIndex] {
        match self {
            Self::One(one) => core::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }

    /// Whether it takes a message between shards.
    pub const fn is_crossing(&self) -> bool {
        matches!(self, Self::Several(all) if 1 < all.len())
    }
}

impl ShardPlan {
    /// Plans for these transactions; `stands` says where a location is until it is moved.
    ///
    /// ```
    /// use alloy_primitives::Address;
    /// use slotcast_model::{Location, TxIndex};
    /// use slotcast_scheduler::partition::{ShardIndex, ShardPlan, ShardSettings, Touched};
    ///
    /// let of = |n| Location::Balance(Address::with_last_byte(n));
    /// let pays = |from, to| Touched { locations: vec![of(from), of(to)], work: 21_000 };
    /// let txs = [pays(1, 2), pays(3, 4), pays(2, 5), pays(4, 6)].into_iter().collect();
    /// let settings = ShardSettings { n_shards: 2, bound_percent: 105 };
    /// let plan = ShardPlan::new(&txs, &settings, |_| ShardIndex(0));
    /// assert!(txs.iter().all(|tx| !plan.route(&tx.locations, |_| ShardIndex(0)).is_crossing()));
    /// assert_ne!(plan.home(TxIndex(0)), plan.home(TxIndex(1)));
    /// ```
    pub fn new(
        txs: &IndexVec<TxIndex, Touched>,
        settings: &ShardSettings,
        stands: impl Fn(&Location) -> ShardIndex,
    ) -> Self {
        let n = settings.n_shards;
        let mut table = LocationTable::new();
        let mut n_uses: Vec<(u32, TxIndex)> = Vec::new();
        for (tx, touched) in txs.iter_enumerated() {
            for location in &touched.locations {
                match table.intern(*location).as_usize() {
                    new if new == n_uses.len() => n_uses.push((1, tx)),
                    old => n_uses[old].0 += 1,
                }
            }
        }
        // First a vertex for each shard, then one for each transaction, then the shared locations; a
        // location that one transaction alone touches goes where it runs.
        let mut weights: Vec<u64> = vec![0; n];
        weights.extend(txs.iter().map(|tx| tx.work));
        let of_tx = |tx: TxIndex| VertexIndex::from_usize(n + tx.as_usize());
        let vertices: Vec<VertexIndex> = n_uses
            .iter()
            .map(|&(n_uses, tx)| match n_uses {
                1 => of_tx(tx),
                _ => {
                    weights.push(0);
                    VertexIndex::from_usize(weights.len() - 1)
                }
            })
            .collect();
        let vertex = |location: &Location| {
            let id = table.get(location).expect("every location was interned");
            vertices[id.as_usize()]
        };
        let mut nets: Vec<WeightedNet> = Vec::new();
        for (tx, touched) in txs.iter_enumerated() {
            let pins = touched.locations.iter().map(vertex).chain([of_tx(tx)]).collect();
            nets.push((pins, MOVES_PER_CROSSING));
        }
        let locations = || (0..n_uses.len()).map(|id| table.resolve(Index::from_usize(id)));
        for (location, vertex) in locations().zip(&vertices) {
            nets.push((vec![VertexIndex::from_usize(stands(&location).as_usize()), *vertex], 1));
        }
        let graph = Hypergraph::new(weights.into(), nets).with_fixed(n);
        let shards = divide(&graph, settings);
        let mut locations: Vec<_> =
            locations().zip(&vertices).map(|(it, vertex)| (it, shards[*vertex])).collect();
        locations.sort_unstable();
        let homes = txs.indices().map(|tx| shards[of_tx(tx)]).collect();
        Self { locations, homes }
    }

    /// Where a location is put, if a transaction was predicted to touch it.
    pub fn shard(&self, location: &Location) -> Option<ShardIndex> {
        let at = self.locations.binary_search_by(|(it, _)| it.cmp(location)).ok()?;
        Some(self.locations[at].1)
    }

    /// Where a transaction runs, alone or first, that the plan was made for.
    pub fn home(&self, tx: TxIndex) -> ShardIndex {
        self.homes[tx]
    }

    /// All locations with their shards, ascending.
    pub fn locations(&self) -> &[(Location, ShardIndex)] {
        &self.locations
    }

    /// The shards that a pending transaction needs that touches these locations; `stands` says where a
    /// location is that the plan leaves where it is.
    pub fn route(&self, locations: &[Location], stands: impl Fn(&Location) -> ShardIndex) -> Route {
        Route::over(locations.iter().map(|it| self.shard(it).unwrap_or_else(|| stands(it))))
    }

    /// The same for a transaction that the plan was made for: where the shard that has all it touches
    /// has enough to do already, it runs on another one and crosses.
    pub fn route_of(
        &self,
        tx: TxIndex,
        locations: &[Location],
        stands: impl Fn(&Location) -> ShardIndex,
    ) -> Route {
        let shards = locations.iter().map(|it| self.shard(it).unwrap_or_else(|| stands(it)));
        Route::over(shards.chain([self.home(tx)]))
    }
}

/// Where state stands after some plans, and where it stands by default.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    moved: HashMap<Location, ShardIndex>,
}

impl Standing {
    /// Moves locations to where they are placed now, and says how many stood elsewhere; `default` says
    /// where one stands that was never placed.
    pub fn follow(
        &mut self,
        placed: &[(Location, ShardIndex)],
        default: impl Fn(&Location) -> ShardIndex,
    ) -> usize {
        let mut n_moved = 0;
        for (location, shard) in placed {
            let before = self.moved.insert(*location, *shard).unwrap_or_else(|| default(location));
            n_moved += usize::from(before != *shard);
        }
        n_moved
    }

    /// Where a location stands, if it was ever placed.
    pub fn shard(&self, location: &Location) -> Option<ShardIndex> {
        self.moved.get(location).copied()
    }
}
