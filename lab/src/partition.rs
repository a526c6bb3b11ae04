//! How many transactions need more than one shard, by which way of dividing the state?
//!
//! In: blocks with what their transactions are predicted to touch and do touch ([`ShardBlock`]). Out: a
//! [`ShardRow`] for each number of shards and way of dividing.
//! Invariants: predicted plans are made from predictions alone; what counts is what transactions do
//! touch; everything but the seconds depends on the blocks alone, and throughput is simulated.
//!
//! A transaction crosses if what it touches stands on more than one shard, or if the shard where that
//! stands has enough to do and it runs on another one. What counts as touched says `footprint.rs`.

mod accounts;
mod footprint;

use alloy_primitives::keccak256;
use serde::Serialize;
use slotcast::Clock;
use slotcast_model::{Index, IndexVec, Location, TxIndex};
use slotcast_scheduler::partition::{
    Machines, Route, ShardIndex, ShardPlan, ShardSettings, ShardedTx, Standing, Touched, divide,
    simulate_shards,
};

pub use self::{
    accounts::AccountGraph,
    footprint::{PredictedFootprints, ShardBlock, predicted_footprints, shard_blocks},
};

/// A program by others that divides a graph of accounts among so many shards.
pub type Divider<'a> = dyn Fn(&AccountGraph, usize) -> Result<Vec<u32>, String> + 'a;

/// What to compare, and on which machines.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "a function has nothing to show")]
pub struct ShardStudy<'a> {
    /// What a shard may carry, in percent of the mean.
    pub bound_percent: u64,
    /// Threads of each shard in the simulation.
    pub threads: usize,
    /// What a crossing transaction takes longer in the simulation.
    pub round_trip_micros: u64,
    /// A divider of the account graph to compare with.
    pub divider: Option<&'a Divider<'a>>,
}

/// Ways of dividing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Division {
    /// By a hash of the account.
    HashedAccounts,
    /// By a hash of the account and the slot.
    HashedSlots,
    /// By the divider to compare with, from the graph of accounts that transactions of earlier blocks touched together.
    DividerOnPastAccounts,
    /// The same by our own partitioner.
    PastAccounts,
    /// By our plan from predicted sets.
    Predicted,
    /// By our plan from what transactions do touch.
    Truth,
}

impl Division {
    /// All ways, in the order of tables.
    pub const ALL: [Self; 6] = [
        Self::HashedAccounts,
        Self::HashedSlots,
        Self::DividerOnPastAccounts,
        Self::PastAccounts,
        Self::Predicted,
        Self::Truth,
    ];
}

/// What one way of dividing came to over all blocks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardRow {
    /// How many shards.
    pub shards: usize,
    /// How state was divided.
    pub division: Division,
    /// Transactions.
    pub txs: usize,
    /// The share of transactions that need several shards.
    pub crossing_share: f64,
    /// The work of the shard that has most, over the mean; over blocks, sum over sum.
    pub load: f64,
    /// The same by the work that was predicted, which is what the bound holds for.
    pub load_predicted: f64,
    /// The least load that is known to be possible: the bound, or where single transactions are too
    /// heavy for it, what packing the heaviest first gives.
    pub load_limit: f64,
    /// The share of transactions that need several shards, though their predictions, which were not
    /// partial, said one.
    pub misrouted_share: Option<f64>,
    /// The share of what a block touches that stood on another shard before; without the first block.
    pub moved_share: Option<f64>,
    /// Seconds to plan all blocks.
    pub seconds: f64,
    /// Simulated: the time of one machine with the threads of one shard over the time of all shards.
    pub throughput: f64,
}

/// Studies blocks in order.
pub fn study_shards(
    blocks: &[ShardBlock],
    n_shards: usize,
    study: &ShardStudy<'_>,
    division: Division,
) -> Result<ShardRow, String> {
    let mut course = Course::new(n_shards, study, division);
    for (n, block) in blocks.iter().enumerate() {
        let placement = course.place(block)?;
        course.judge(block, &placement, n == 0);
    }
    Ok(course.row())
}

/// Where a block's state stands.
enum Placement {
    Plan(ShardPlan),
    ByAccount,
    BySlot,
    Accounts(accounts::Placed),
}

/// Sums over the blocks so far.
struct Course<'a> {
    settings: ShardSettings,
    study: &'a ShardStudy<'a>,
    division: Division,
    past: AccountGraph,
    /// Where accounts of the past were before.
    before: Option<accounts::Placed>,
    standing: Standing,
    n_txs: usize,
    n_crossing: usize,
    n_misrouted: usize,
    n_moved: usize,
    n_touched: usize,
    /// Most, most by prediction, what is allowed, all.
    loads: [u64; 4],
    nanos_sharded: u64,
    nanos_alone: u64,
    seconds: f64,
}

impl<'a> Course<'a> {
    fn new(n_shards: usize, study: &'a ShardStudy<'a>, division: Division) -> Self {
        Self {
            settings: ShardSettings { n_shards, bound_percent: study.bound_percent },
            study,
            division,
            past: AccountGraph::default(),
            before: None,
            standing: Standing::default(),
            n_txs: 0,
            n_crossing: 0,
            n_misrouted: 0,
            n_moved: 0,
            n_touched: 0,
            loads: [0; 4],
            nanos_sharded: 0,
            nanos_alone: 0,
            seconds: 0.0,
        }
    }

    /// Divides the state for a block.
    fn place(&mut self, block: &ShardBlock) -> Result<Placement, String> {
        let n = self.settings.n_shards;
        let stands =
            |it: &Location| self.standing.shard(it).unwrap_or_else(|| hashed_account(it, n));
        let clock = Clock::start();
        let placement = match self.division {
            Division::HashedAccounts => Placement::ByAccount,
            Division::HashedSlots => Placement::BySlot,
            Division::Predicted => {
                Placement::Plan(ShardPlan::new(&block.predicted, &self.settings, stands))
            }
            Division::Truth => {
                Placement::Plan(ShardPlan::new(&block.truth, &self.settings, stands))
            }
            Division::PastAccounts => {
                let shards = divide(&self.past.hypergraph(), &self.settings);
                let shards: Vec<u32> = shards.iter().map(|it| it.0).collect();
                Placement::Accounts(self.past.placed(&shards, n, self.before.as_ref()))
            }
            Division::DividerOnPastAccounts => {
                let divider = self.study.divider.ok_or("there is no divider to compare with")?;
                let shards =
                    if self.past.is_empty() { Vec::new() } else { divider(&self.past, n)? };
                if shards.len() != self.past.len() || shards.iter().any(|it| n <= *it as usize) {
                    return Err(format!(
                        "the divider must name one of {n} parts for each of {} vertices",
                        self.past.len()
                    ));
                }
                Placement::Accounts(self.past.placed(&shards, n, self.before.as_ref()))
            }
        };
        self.seconds += clock.elapsed().as_secs_f64();
        if let Placement::Accounts(placed) = &placement {
            self.past.add(block);
            self.before = Some(placed.clone());
        }
        Ok(placement)
    }

    /// Adds what a block comes to that is divided like this.
    fn judge(&mut self, block: &ShardBlock, placement: &Placement, is_first: bool) {
        let n = self.settings.n_shards;
        let default = |it: &Location| hashed_account(it, n);
        let stands = |it: &Location| self.standing.shard(it).unwrap_or_else(|| default(it));
        let shard = |it: &Location| match placement {
            Placement::Plan(plan) => plan.shard(it).unwrap_or_else(|| stands(it)),
            Placement::ByAccount => default(it),
            Placement::BySlot => hashed_slot(it, n),
            Placement::Accounts(placed) => placed.shard(it).unwrap_or_else(|| default(it)),
        };
        let route = |tx: TxIndex, touched: &Touched| match placement {
            Placement::Plan(plan) => plan.route_of(tx, &touched.locations, stands),
            _ => Route::over(touched.locations.iter().map(shard)),
        };
        let (mut loads, mut predicted) = (vec![0_u64; n], vec![0_u64; n]);
        let mut sharded = Vec::with_capacity(block.truth.len());
        for (tx, touched) in block.truth.iter_enumerated() {
            let needs = route(tx, touched);
            let home = match placement {
                Placement::Plan(plan) => plan.home(tx).as_usize(),
                // Of the shards it needs anyway, the one that has least to do.
                _ => {
                    let all = needs.shards().iter().map(|shard| shard.as_usize());
                    all.min_by_key(|shard| loads[*shard]).unwrap_or(0)
                }
            };
            loads[home] += touched.work;
            predicted[home] += block.predicted[tx].work;
            self.n_crossing += usize::from(needs.is_crossing());
            // Where a prediction says that it may miss accesses, one shard is no claim.
            let claims_one =
                !block.is_partial[tx] && !route(tx, &block.predicted[tx]).is_crossing();
            if needs.is_crossing() && claims_one {
                self.n_misrouted += 1;
            }
            let access = block.accesses[tx].clone();
            sharded.push(ShardedTx { access, cost: touched.work, shards: needs.shards().to_vec() });
        }
        let mut locations: Vec<(Location, ShardIndex)> = Vec::new();
        let all = block.truth.iter().flat_map(|touched| &touched.locations);
        locations.extend(all.map(|it| (*it, shard(it))));
        locations.sort_unstable();
        locations.dedup();
        // By hashes, state is where it always was.
        let is_hashed = matches!(placement, Placement::ByAccount | Placement::BySlot);
        let n_moved = if is_hashed { 0 } else { self.standing.follow(&locations, default) };
        if !is_first {
            self.n_moved += n_moved;
            self.n_touched += locations.len();
        }
        let works: Vec<u64> = block.predicted.iter().map(|touched| touched.work).collect();
        let limit = slotcast_scheduler::partition::load_limit(&works, &self.settings);
        let most = |loads: &[u64]| loads.iter().copied().max().unwrap_or(0) * n as u64;
        let share = |part: u64| {
            (part as f64 * sum(&block.truth) / works.iter().sum::<u64>().max(1) as f64) as u64
        };
        let of_block =
            [most(&loads), share(most(&predicted)), share(limit * n as u64), loads.iter().sum()];
        self.loads.iter_mut().zip(of_block).for_each(|(sum, it)| *sum += it);
        self.n_txs += block.truth.len();
        let ShardStudy { threads, round_trip_micros, .. } = *self.study;
        let machines = Machines { n_shards: n, threads, round_trip: round_trip_micros * 1_000 };
        self.nanos_sharded += simulate_shards(&sharded, &machines);
        sharded.iter_mut().for_each(|tx| tx.shards.clear());
        self.nanos_alone += simulate_shards(&sharded, &Machines { n_shards: 1, ..machines });
    }

    fn row(&self) -> ShardRow {
        let ratio = |part: usize, of: usize| part as f64 / of.max(1) as f64;
        let load = |n: usize| self.loads[n] as f64 / self.loads[3].max(1) as f64;
        let predicts = self.division == Division::Predicted;
        ShardRow {
            shards: self.settings.n_shards,
            division: self.division,
            txs: self.n_txs,
            crossing_share: ratio(self.n_crossing, self.n_txs),
            load: load(0),
            load_predicted: load(1),
            load_limit: load(2),
            misrouted_share: predicts.then(|| ratio(self.n_misrouted, self.n_txs)),
            moved_share: (self.n_touched != 0).then(|| ratio(self.n_moved, self.n_touched)),
            seconds: self.seconds,
            throughput: self.nanos_alone as f64 / self.nanos_sharded.max(1) as f64,
        }
    }
}

/// All work.
fn sum(txs: &IndexVec<TxIndex, Touched>) -> f64 {
    txs.iter().map(|touched| touched.work).sum::<u64>() as f64
}

/// The shard of an account, by a hash.
pub fn hashed_account(location: &Location, n_shards: usize) -> ShardIndex {
    of_hash(location.address().as_slice(), n_shards)
}

/// The shard of a slot, by a hash.
fn hashed_slot(location: &Location, n_shards: usize) -> ShardIndex {
    match location.slot() {
        Some(slot) => {
            of_hash(&[slot.address.as_slice(), &slot.key.to_be_bytes::<32>()].concat(), n_shards)
        }
        None => hashed_account(location, n_shards),
    }
}

fn of_hash(bytes: &[u8], n_shards: usize) -> ShardIndex {
    let hash = keccak256(bytes);
    let word = hash.first_chunk::<8>().copied().map_or(0, u64::from_be_bytes);
    ShardIndex::from_usize((word % n_shards.max(1) as u64) as usize)
}

#[cfg(test)]
mod tests;
