//! What may be predicted of a block, from the truth to lies?
//!
//! In: a block. Out: its sequential outcome and [`Advice`] of every kind.
//! Invariant: everything is drawn from seeds, so a failure is the same every time.

use alloy_primitives::U256;
use slotcast::{
    Prepared,
    executor::{BlockOutcome, SequentialSettings, execute_sequential},
    model::{
        AccountAccess, AccountLeft, Index, IndexVec, Observation, Prediction, Slot, StorageAccess,
        TxIndex,
    },
};
use slotcast_tests::random::Random;

/// Predictions for a whole block.
pub(crate) struct Advice {
    pub(crate) kind: &'static str,
    pub(crate) predictions: IndexVec<TxIndex, Prediction>,
}

/// The sequential outcome, and advice of every kind.
pub(crate) fn advice_for(prepared: &Prepared) -> (BlockOutcome, Vec<Advice>) {
    let settings = SequentialSettings { is_observed: true };
    let sequential = execute_sequential(prepared.block(), prepared.state(), &settings).unwrap();
    let truth = &sequential.observations;
    let n = truth.len();
    let from = |kind, of: &dyn Fn(TxIndex) -> Prediction| Advice {
        kind,
        predictions: truth.indices().map(of).collect(),
    };
    let mirrored = |tx: TxIndex| TxIndex::from_usize(n - 1 - tx.as_usize());
    let next = |tx: TxIndex| TxIndex::from_usize((tx.as_usize() + 1) % n);
    let everything = Everything::of(truth);
    let number = prepared.block().header.number;
    let ours = prepared.predict(&Default::default()).predictions;
    let told = |kind, value: &dyn Fn(usize, Slot, U256) -> (Slot, U256)| Advice {
        kind,
        predictions: ours.iter().enumerate().map(|(n, it)| with_values(it, n, value)).collect(),
    };
    let advice = vec![
        from("empty", &|_| Prediction::default()),
        from("perfect", &|tx| faithful(&truth[tx])),
        from("reversed", &|tx| faithful(&truth[mirrored(tx)])),
        from("shifted", &|tx| faithful(&truth[next(tx)])),
        from("random", &|tx| everything.draw(number.wrapping_add(u64::from(tx.0)))),
        from("storage only", &|tx| storage_only(&truth[tx])),
        from("everything is added to", &|tx| added(&truth[tx])),
        from("changes without reads", &|tx| unread(&truth[tx], tx)),
        from("everything at once", &|_| everything.all()),
        told("ours", &|_, slot, value| (slot, value)),
        told("every value is wrong", &|_, slot, value| (slot, !value)),
        told("some values are huge", &|n, slot, value| match n % 3 {
            0 => (slot, U256::MAX),
            _ => (slot, value),
        }),
        told("values are random", &|n, slot, _| (slot, U256::from(Random::new(n as u64).number()))),
        told("values of other accounts", &|n, slot, value| {
            (everything.slots.get(n).copied().unwrap_or(slot), value)
        }),
        Advice {
            kind: "accounts are left otherwise",
            predictions: ours.iter().enumerate().map(|(n, it)| left(it, n)).collect(),
        },
    ];
    (sequential.outcome, advice)
}

/// A prediction with other values than it has.
fn with_values(
    prediction: &Prediction,
    n: usize,
    value: &dyn Fn(usize, Slot, U256) -> (Slot, U256),
) -> Prediction {
    let values = prediction.values().iter().map(|&(slot, word)| value(n, slot, word));
    prediction.clone().with_values(values.collect())
}

/// A prediction that has every account whose code it looks at created, destroyed or delegated, with some
/// code and nonce.
fn left(prediction: &Prediction, n: usize) -> Prediction {
    let mut random = Random::new(n as u64);
    let codes = prediction.accounts().code_reads.clone();
    let changes: Vec<_> = codes.iter().map(|address| (*address, any_change(&mut random))).collect();
    let prediction = prediction.clone().with_accounts(|accounts| match n % 4 {
        0 => accounts.created.extend(&codes),
        1 => accounts.destroyed.extend(&codes),
        2 => accounts.delegated.extend(&codes),
        _ => accounts.nonces.extend(&codes),
    });
    prediction.with_account_changes(changes)
}

/// Anything that may be said of an account.
pub(crate) fn any_change(random: &mut Random) -> AccountLeft {
    let code = match random.below(6) {
        0 => Some(vec![]),
        1 => Some(vec![0x00]),
        2 => Some(vec![0xfe; 40]),
        3 => Some([&[0xef, 0x01, 0x00][..], &[0xaa; 20]].concat()),
        _ => None,
    };
    let is_destroyed = random.below(3) == 0;
    let nonces = if random.below(2) == 0 { random.number() } else { 1 };
    AccountLeft { is_destroyed, nonces, code: code.map(Into::into) }
}

fn prediction(storage: StorageAccess, accounts: AccountAccess) -> Prediction {
    Prediction::new(storage, accounts, vec![], vec![], vec![])
}

/// What the transaction did.
fn faithful(seen: &Observation) -> Prediction {
    let storage =
        StorageAccess { reads: seen.reads.clone(), writes: seen.writes.clone(), deltas: vec![] };
    prediction(storage, seen.accounts.clone())
}

/// The slots, and no word of nonces and balances.
fn storage_only(seen: &Observation) -> Prediction {
    let storage =
        StorageAccess { reads: seen.reads.clone(), writes: seen.writes.clone(), deltas: vec![] };
    prediction(storage, AccountAccess::default())
}

/// Claims that all slots and balances are only added to, so that nothing has to wait.
fn added(seen: &Observation) -> Prediction {
    let storage = StorageAccess { deltas: seen.reads.clone(), ..StorageAccess::default() };
    let accounts = AccountAccess {
        balance_credits: [&seen.accounts.balance_debits[..], &seen.accounts.balance_credits]
            .concat(),
        ..AccountAccess::default()
    };
    prediction(storage, accounts)
}

/// Claims that each transaction of a few touches what others read, and nothing that it reads itself.
fn unread(seen: &Observation, tx: TxIndex) -> Prediction {
    if tx.0.is_multiple_of(3) {
        return Prediction::default();
    }
    let deltas = seen.writes.clone();
    let accounts = AccountAccess {
        code_reads: seen.accounts.code_reads.clone(),
        destroyed: seen.accounts.code_reads.iter().copied().take(1).collect(),
        ..AccountAccess::default()
    };
    prediction(StorageAccess { deltas, ..StorageAccess::default() }, accounts)
}

/// All that any transaction of the block touches.
struct Everything {
    slots: Vec<Slot>,
    accounts: AccountAccess,
}

impl Everything {
    fn of(truth: &IndexVec<TxIndex, Observation>) -> Self {
        let mut slots: Vec<Slot> =
            truth.iter().flat_map(|seen| seen.reads.iter().copied()).collect();
        slots.sort_unstable();
        slots.dedup();
        let mut accounts = AccountAccess::default();
        for seen in truth {
            accounts.balance_debits.extend_from_slice(&seen.accounts.balance_debits);
            accounts.nonces.extend_from_slice(&seen.accounts.nonces);
            accounts.code_reads.extend_from_slice(&seen.accounts.code_reads);
        }
        for list in [&mut accounts.balance_debits, &mut accounts.nonces, &mut accounts.code_reads] {
            list.sort_unstable();
            list.dedup();
        }
        Self { slots, accounts }
    }

    /// Some of it.
    fn draw(&self, seed: u64) -> Prediction {
        let mut random = Random::new(seed);
        let mut storage = StorageAccess::default();
        for _ in 0..random.below(8) {
            let Some(slot) = one_of(&mut random, &self.slots) else { break };
            match random.below(3) {
                0 => storage.reads.push(slot),
                1 => storage.writes.push(slot),
                _ => storage.deltas.push(slot),
            }
        }
        let mut accounts = AccountAccess::default();
        for _ in 0..random.below(3) {
            accounts.nonces.extend(one_of(&mut random, &self.accounts.nonces));
            accounts.balance_reads.extend(one_of(&mut random, &self.accounts.balance_debits));
            accounts.balance_credits.extend(one_of(&mut random, &self.accounts.balance_debits));
            accounts.created.extend(one_of(&mut random, &self.accounts.code_reads));
        }
        prediction(storage, accounts)
    }

    /// The first few of everything, which makes every transaction wait for the one before it.
    fn all(&self) -> Prediction {
        let writes = self.slots.iter().copied().take(4).collect();
        let accounts = AccountAccess {
            nonces: self.accounts.nonces.iter().copied().take(4).collect(),
            ..AccountAccess::default()
        };
        prediction(StorageAccess { writes, ..StorageAccess::default() }, accounts)
    }
}

/// One of these, if there is any.
fn one_of<T: Copy>(random: &mut Random, from: &[T]) -> Option<T> {
    (!from.is_empty()).then(|| random.pick(from))
}
