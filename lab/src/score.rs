//! How good was a prediction?
//!
//! In: predictions, and what execution really touched. Out: [`Score`], whole and by stratum.
//! Invariants: every figure is a ratio of two counts that add up over blocks; wildcards never count
//! as a hit; nothing here depends on time.
//!
//! Truth of a transaction: *read* is every slot hit by SLOAD or SSTORE, *write* every slot whose
//! value changed. A *conflict edge* i → j, i before j, is a slot that i writes and j reads. A slot
//! that j is predicted to add to only, and really does, is no reason for an edge.

mod accounts;
mod edges;
mod reasons;

use alloy_primitives::{Address, Selector, U256};
use slotcast_model::{Coverage, IndexVec, Observation, Prediction, Slot, TxIndex};

use edges::{critical_path, edges};

pub use accounts::{AccountCounts, HitFigures, Hits};
pub use reasons::{Bar, Fault, Histogram, Miss, Reason};
pub(crate) use reasons::{Evidence, misses};

/// Functions whose direct calls make up the stratum `erc20`: a way to split the scoreboard, which
/// no prediction sees.
const ERC20_CALLS: [Selector; 3] = [
    Selector::new([0xa9, 0x05, 0x9c, 0xbb]),
    Selector::new([0x23, 0xb8, 0x72, 0xdd]),
    Selector::new([0x09, 0x5e, 0xa7, 0xb3]),
];

/// A part of the transactions that is scored on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stratum {
    /// No storage touched.
    Transfer,
    /// A direct call of `transfer`, `transferFrom` or `approve`.
    Erc20,
    /// The rest.
    Other,
}

impl Stratum {
    /// All strata.
    pub const ALL: [Self; 3] = [Self::Transfer, Self::Erc20, Self::Other];

    /// The stratum's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Erc20 => "erc20",
            Self::Other => "other",
        }
    }

    /// The stratum of a transaction with this calldata that touched this.
    pub fn of(input: &[u8], truth: &Observation) -> Self {
        if truth.reads.is_empty() {
            return Self::Transfer;
        }
        match ERC20_CALLS.iter().any(|selector| input.starts_with(selector.as_slice())) {
            true => Self::Erc20,
            false => Self::Other,
        }
    }
}

/// Counts that add up over transactions and blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transactions.
    pub txs: u64,
    /// Transactions that touched storage.
    pub storage_txs: u64,
    /// Slots touched.
    pub true_slots: u64,
    /// Slots predicted.
    pub predicted_slots: u64,
    /// Slots touched and predicted.
    pub hit_slots: u64,
    /// Slots changed.
    pub true_writes: u64,
    /// Slots changed and predicted to be.
    pub hit_writes: u64,
    /// Conflict edges.
    pub true_edges: u64,
    /// Conflict edges predicted.
    pub predicted_edges: u64,
    /// Conflict edges that are true and predicted.
    pub hit_edges: u64,
    /// Conflict edges over a distance of at most three.
    pub true_near_edges: u64,
    /// Those of them predicted.
    pub hit_near_edges: u64,
    /// Storage transactions with both lists right.
    pub exact: u64,
    /// Storage transactions with nothing missing.
    pub supersets: u64,
    /// Storage transactions of which each touched slot held what earlier predictions say.
    pub value_exact: u64,
    /// Changes of balances predicted.
    pub balances: u64,
    /// Those of them that were just that.
    pub exact_balances: u64,
    /// Transactions with a prediction that claims to be complete.
    pub complete_claims: u64,
    /// Those of them with nothing missing.
    pub sound_claims: u64,
    /// Transactions with a prediction that assumes state words, all of which held.
    pub assuming_claims: u64,
    /// Those of them with nothing missing.
    pub sound_assuming_claims: u64,
    /// Transactions with a wildcard.
    pub wildcard_txs: u64,
    /// State words read to predict.
    pub state_reads: u64,
    /// Gas on the longest chain of predicted conflict edges.
    pub predicted_path_gas: u64,
    /// Gas on the longest chain of true conflict edges.
    pub true_path_gas: u64,
}

impl Counts {
    /// Adds another part.
    pub const fn add(&mut self, other: &Self) {
        self.txs += other.txs;
        self.storage_txs += other.storage_txs;
        self.true_slots += other.true_slots;
        self.predicted_slots += other.predicted_slots;
        self.hit_slots += other.hit_slots;
        self.true_writes += other.true_writes;
        self.hit_writes += other.hit_writes;
        self.true_edges += other.true_edges;
        self.predicted_edges += other.predicted_edges;
        self.hit_edges += other.hit_edges;
        self.true_near_edges += other.true_near_edges;
        self.hit_near_edges += other.hit_near_edges;
        self.exact += other.exact;
        self.supersets += other.supersets;
        self.value_exact += other.value_exact;
        self.balances += other.balances;
        self.exact_balances += other.exact_balances;
        self.complete_claims += other.complete_claims;
        self.sound_claims += other.sound_claims;
        self.assuming_claims += other.assuming_claims;
        self.sound_assuming_claims += other.sound_assuming_claims;
        self.wildcard_txs += other.wildcard_txs;
        self.state_reads += other.state_reads;
        self.predicted_path_gas += other.predicted_path_gas;
        self.true_path_gas += other.true_path_gas;
    }

    /// Slots hit of those touched.
    pub fn slot_recall(&self) -> f64 {
        share(self.hit_slots, self.true_slots)
    }

    /// Slots hit of those predicted.
    pub fn slot_precision(&self) -> f64 {
        share(self.hit_slots, self.predicted_slots)
    }

    /// Writes hit of those that happened.
    pub fn write_recall(&self) -> f64 {
        share(self.hit_writes, self.true_writes)
    }

    /// Edges hit of those that are.
    pub fn edge_recall(&self) -> f64 {
        share(self.hit_edges, self.true_edges)
    }

    /// Edges hit of those predicted.
    pub fn edge_precision(&self) -> f64 {
        share(self.hit_edges, self.predicted_edges)
    }

    /// Edges over at most three transactions hit of those that are.
    pub fn edge_recall_near(&self) -> f64 {
        share(self.hit_near_edges, self.true_near_edges)
    }

    /// Storage transactions predicted exactly.
    pub fn exact_share(&self) -> f64 {
        share(self.exact, self.storage_txs)
    }

    /// Storage transactions predicted without a miss.
    pub fn superset_share(&self) -> f64 {
        share(self.supersets, self.storage_txs)
    }

    /// Changes of balances that were just as predicted, of those predicted.
    pub fn balance_exact_share(&self) -> f64 {
        share(self.exact_balances, self.balances)
    }

    /// Storage transactions that read only values that earlier predictions say are left, of all of them.
    pub fn value_exact_share(&self) -> f64 {
        share(self.value_exact, self.storage_txs)
    }

    /// Complete claims that hold.
    pub fn complete_claims_sound(&self) -> f64 {
        share(self.sound_claims, self.complete_claims)
    }

    /// Claims under assumptions that held which hold themselves.
    pub fn assuming_claims_sound(&self) -> f64 {
        share(self.sound_assuming_claims, self.assuming_claims)
    }

    /// Transactions with a wildcard.
    pub fn wildcard_tx_share(&self) -> f64 {
        if self.txs == 0 { 0.0 } else { share(self.wildcard_txs, self.txs) }
    }

    /// State words read for each transaction.
    pub fn state_reads_per_tx(&self) -> f64 {
        if self.txs == 0 { 0.0 } else { self.state_reads as f64 / self.txs as f64 }
    }

    /// How much longer the predicted critical path is than the true one.
    pub fn critical_path_inflation(&self) -> f64 {
        share(self.predicted_path_gas, self.true_path_gas)
    }
}

/// What claims that a slot is only added to are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeltaCounts {
    /// Slots claimed to be only added to.
    pub claimed: u64,
    /// Those of them of which it is true.
    pub confirmed: u64,
    /// Conflict edges without those of deltas that are not observed.
    pub edges: u64,
    /// Those of them that the confirmed claims take away.
    pub explained_edges: u64,
}

impl DeltaCounts {
    /// Adds another block.
    pub const fn add(&mut self, other: &Self) {
        self.claimed += other.claimed;
        self.confirmed += other.confirmed;
        self.edges += other.edges;
        self.explained_edges += other.explained_edges;
    }

    /// Claims that hold.
    pub fn confirmed_share(&self) -> f64 {
        share(self.confirmed, self.claimed)
    }

    /// Edges that the confirmed claims take away; of no edges, none.
    pub fn explained_edge_share(&self) -> f64 {
        if self.edges == 0 { 0.0 } else { share(self.explained_edges, self.edges) }
    }
}

/// A ratio of counts; nothing of nothing is all of it.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The score of one block, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// All transactions.
    pub total: Counts,
    /// By stratum, in the order of [`Stratum::ALL`]. An edge counts for the transaction that reads.
    pub strata: [Counts; 3],
    /// The account lists.
    pub accounts: AccountCounts,
    /// The claims that slots are only added to.
    pub deltas: DeltaCounts,
}

impl Score {
    /// Adds another block.
    pub fn add(&mut self, other: &Self) {
        self.total.add(&other.total);
        for (mine, theirs) in self.strata.iter_mut().zip(&other.strata) {
            mine.add(theirs);
        }
        self.accounts.add(&other.accounts);
        self.deltas.add(&other.deltas);
    }
}

/// What scoring needs to know of one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// What was predicted.
    pub prediction: &'a Prediction,
    /// What happened.
    pub truth: &'a Observation,
    /// The slots that it was predicted to add to only and really does, ascending.
    pub confirmed: &'a [Slot],
    /// Whether all state words that the prediction relied on are known and held what it says.
    pub words_held: bool,
    /// Whether each slot it touched held what the predictions of those before it say.
    pub values_held: bool,
    /// Its stratum.
    pub stratum: Stratum,
    /// Gas it used.
    pub gas: u64,
}

/// Scores the predictions of one block.
///
/// ```
/// use slotcast::model::IndexVec;
/// use slotcast_lab::score::score;
///
/// assert_eq!(score(&IndexVec::new()).total.txs, 0);
/// ```
pub fn score(txs: &IndexVec<TxIndex, Scored<'_>>) -> Score {
    let mut score = Score::default();
    for tx in txs {
        let counts = count_tx(tx);
        score.total.add(&counts);
        score.strata[tx.stratum as usize].add(&counts);
        let (predicted, truth) = (tx.prediction.accounts(), &tx.truth.accounts);
        score.accounts.add(&AccountCounts::of(predicted, truth));
    }
    let truth = edges(txs, |tx| (&tx.truth.writes, &[], &tx.truth.reads), |tx| tx.confirmed);
    let predicted = edges(
        txs,
        |tx| {
            let storage = tx.prediction.storage();
            (&storage.writes, &storage.deltas, &storage.reads)
        },
        |_| &[],
    );
    score.deltas = count_deltas(txs, truth.len());
    for (list, is_true) in [(&truth, true), (&predicted, false)] {
        for edge in list {
            let hit = is_true && predicted.binary_search(edge).is_ok();
            let counts = count_edge(edge, is_true, hit);
            score.total.add(&counts);
            score.strata[txs[edge.1].stratum as usize].add(&counts);
        }
    }
    let gas: IndexVec<TxIndex, u64> = txs.iter().map(|tx| tx.gas).collect();
    score.total.true_path_gas = critical_path(&truth, &gas);
    score.total.predicted_path_gas = critical_path(&predicted, &gas);
    score
}

fn count_deltas(txs: &IndexVec<TxIndex, Scored<'_>>, n_edges_left: usize) -> DeltaCounts {
    let sum = |n: fn(&Scored<'_>) -> usize| txs.iter().map(n).sum::<usize>() as u64;
    let claimed = sum(|tx| tx.prediction.storage().deltas.len());
    let confirmed = sum(|tx| tx.confirmed.len());
    let n_edges = match confirmed {
        0 => n_edges_left,
        _ => edges(txs, |tx| (&tx.truth.writes, &[], &tx.truth.reads), |_| &[]).len(),
    };
    let explained_edges = (n_edges - n_edges_left) as u64;
    DeltaCounts { claimed, confirmed, edges: n_edges as u64, explained_edges }
}

fn count_edge(&(from, to): &(TxIndex, TxIndex), is_true: bool, hit: bool) -> Counts {
    let near = to.0 - from.0 <= 3;
    match is_true {
        true => Counts {
            true_edges: 1,
            hit_edges: hit.into(),
            true_near_edges: near.into(),
            hit_near_edges: (near && hit).into(),
            ..Counts::default()
        },
        false => Counts { predicted_edges: 1, ..Counts::default() },
    }
}

fn count_tx(tx: &Scored<'_>) -> Counts {
    let storage = tx.prediction.storage();
    let deltas = &storage.deltas;
    let is_touched = |slot: &&Slot| contains(&storage.reads, slot) || contains(deltas, slot);
    let is_written = |slot: &&Slot| contains(&storage.writes, slot) || contains(deltas, slot);
    let hit_slots = tx.truth.reads.iter().filter(is_touched).count();
    let hit_writes = tx.truth.writes.iter().filter(is_written).count();
    let is_left = |(address, change): &&(Address, U256)| {
        let changes = &tx.truth.balance_changes;
        let at = changes.binary_search_by_key(address, |(address, _)| *address);
        at.map_or(U256::ZERO, |at| changes[at].1) == *change
    };
    let n_touched = storage.reads.len() + deltas.len();
    let n_written = storage.writes.len() + deltas.len();
    let superset = hit_slots == tx.truth.reads.len() && hit_writes == tx.truth.writes.len();
    let exact = superset && n_touched == hit_slots && n_written == hit_writes;
    let touches = !tx.truth.reads.is_empty();
    let claims = tx.prediction.coverage() == Coverage::Complete;
    let assumes = tx.prediction.coverage() == Coverage::Assuming && tx.words_held;
    Counts {
        txs: 1,
        storage_txs: touches.into(),
        true_slots: tx.truth.reads.len() as u64,
        predicted_slots: n_touched as u64,
        hit_slots: hit_slots as u64,
        true_writes: tx.truth.writes.len() as u64,
        hit_writes: hit_writes as u64,
        exact: (touches && exact).into(),
        supersets: (touches && superset).into(),
        value_exact: (touches && tx.values_held).into(),
        balances: tx.prediction.balance_changes().len() as u64,
        exact_balances: tx.prediction.balance_changes().iter().filter(is_left).count() as u64,
        complete_claims: claims.into(),
        sound_claims: (claims && superset).into(),
        assuming_claims: assumes.into(),
        sound_assuming_claims: (assumes && superset).into(),
        wildcard_txs: (!tx.prediction.wildcards().is_empty()).into(),
        state_reads: tx.prediction.n_state_reads() as u64,
        ..Counts::default()
    }
}

fn contains(sorted: &[Slot], slot: &Slot) -> bool {
    sorted.binary_search(slot).is_ok()
}

#[cfg(test)]
mod tests;
