//! What may be predicted of the transactions of a block?
//!
//! In: what each really touched. Out: predictions, each drawn on its own: the truth, nothing, some of
//! the truth, another transaction's truth, claims that all is only added to, claims to touch what
//! all touch, and admissions to have missed something.

use alloy_primitives::{Address, U256};
use slotcast::model::{
    AccountAccess, AccountLeft, Gap, Index, IndexVec, Observation, Prediction, Slot, StorageAccess,
    TxIndex,
};

use crate::random::Random;

pub(super) fn advice(
    random: &mut Random,
    truth: &IndexVec<TxIndex, Observation>,
) -> IndexVec<TxIndex, Prediction> {
    // Now and then all are alike, mostly each is drawn on its own.
    let kind = random.below(16);
    let n = truth.len();
    let predictions = truth.indices().map(|tx| {
        let kind = if kind < 8 { kind } else { random.below(8) };
        let other = TxIndex::from_usize(random.below(n));
        let prediction = prediction(random, kind, &truth[tx], &truth[other]);
        let values = values(random, &prediction, &truth[other]);
        let left = left(random, &prediction);
        prediction.with_values(values).with_account_changes(left)
    });
    predictions.collect()
}

/// Values for what it changes and for what another transaction reads: contracts keep small numbers, so
/// that some are right.
fn values(random: &mut Random, prediction: &Prediction, other: &Observation) -> Vec<(Slot, U256)> {
    let StorageAccess { writes, deltas, .. } = prediction.storage();
    let others = if random.once_in(4) { &other.reads[..] } else { &[] };
    let mut values = Vec::new();
    for slot in writes.iter().chain(deltas).chain(others) {
        let value = match random.below(6) {
            0 => continue,
            1 => U256::MAX,
            2 => U256::from(random.below(usize::MAX)),
            _ => U256::from(random.below(4)),
        };
        values.push((*slot, value));
    }
    values
}

/// What is left of accounts that it claims to change and of some whose code it looks at.
fn left(random: &mut Random, prediction: &Prediction) -> Vec<(Address, AccountLeft)> {
    let accounts = prediction.accounts();
    let changed =
        [&accounts.created[..], &accounts.destroyed, &accounts.delegated, &accounts.nonces];
    let mut left = Vec::new();
    for address in changed.into_iter().flatten().chain(accounts.code_reads.first()) {
        let code = match random.below(5) {
            0 => Some(vec![]),
            1 => Some(vec![0x00]),
            2 => Some((0..random.below(60)).map(|_| random.below(256) as u8).collect()),
            _ => None,
        };
        let (is_destroyed, nonces) = (random.once_in(4), random.below(3) as u64);
        left.push((*address, AccountLeft { is_destroyed, nonces, code: code.map(Into::into) }));
    }
    left
}

fn prediction(
    random: &mut Random,
    kind: usize,
    truth: &Observation,
    other: &Observation,
) -> Prediction {
    let Observation { reads, writes, accounts, .. } = truth;
    let storage =
        StorageAccess { reads: reads.clone(), writes: writes.clone(), ..StorageAccess::default() };
    let new = |storage, accounts, gaps| Prediction::new(storage, accounts, vec![], vec![], gaps);
    match kind {
        0 | 1 => new(storage, accounts.clone(), vec![]),
        2 => Prediction::default(),
        3 => new(some(random, &storage), some_accounts(random, accounts), vec![]),
        4 => {
            let storage = StorageAccess {
                reads: other.reads.clone(),
                writes: other.writes.clone(),
                ..StorageAccess::default()
            };
            new(storage, other.accounts.clone(), vec![])
        }
        5 => {
            // Now and then what another transaction touches is claimed to be added to as well.
            let others = if random.once_in(2) { other.reads.clone() } else { vec![] };
            let deltas = [&reads[..], &others].concat();
            let storage = StorageAccess { deltas, ..StorageAccess::default() };
            let accounts = AccountAccess {
                balance_credits: [&accounts.balance_debits[..], &accounts.balance_credits].concat(),
                ..AccountAccess::default()
            };
            new(storage, accounts, vec![])
        }
        6 => {
            let mut storage = storage;
            storage.writes.extend_from_slice(&other.reads);
            let mut accounts = accounts.clone();
            accounts.nonces.extend_from_slice(&other.accounts.nonces);
            accounts.destroyed.extend_from_slice(&other.accounts.code_reads);
            new(storage, accounts, vec![])
        }
        _ => {
            let gap = random.pick(&[Gap::UnknownCallee, Gap::UnknownKey, Gap::BindBudget]);
            new(some(random, &storage), accounts.clone(), vec![gap])
        }
    }
}

fn some<T>(random: &mut Random, list: T) -> T::Part
where
    T: Part,
{
    list.part(random)
}

/// Something of which a part can be taken.
trait Part {
    /// What the part is.
    type Part;
    /// About half of it.
    fn part(self, random: &mut Random) -> Self::Part;
}

impl<T: Copy> Part for &Vec<T> {
    type Part = Vec<T>;

    fn part(self, random: &mut Random) -> Vec<T> {
        self.iter().copied().filter(|_| random.once_in(2)).collect()
    }
}

impl Part for &StorageAccess {
    type Part = StorageAccess;

    fn part(self, random: &mut Random) -> StorageAccess {
        StorageAccess {
            reads: some(random, &self.reads),
            writes: some(random, &self.writes),
            deltas: some(random, &self.writes),
        }
    }
}

fn some_accounts(random: &mut Random, accounts: &AccountAccess) -> AccountAccess {
    AccountAccess {
        balance_reads: some(random, &accounts.balance_reads),
        balance_debits: some(random, &accounts.balance_debits),
        balance_credits: some(random, &accounts.balance_credits),
        nonces: some(random, &accounts.nonces),
        code_reads: some(random, &accounts.code_reads),
        created: some(random, &accounts.created),
        destroyed: some(random, &accounts.destroyed),
        delegated: some(random, &accounts.delegated),
    }
}
