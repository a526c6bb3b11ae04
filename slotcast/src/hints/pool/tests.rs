//! Does the pool say of every pair, group and stale prediction what a plain comparison says?

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};
use slotcast_model::{AccountAccess, Prediction, Slot, StorageAccess};

use super::*;

fn account(n: u8) -> Address {
    Address::with_last_byte(n)
}

fn slot(n: u64) -> Slot {
    Slot::new(account(1), U256::from(n))
}

fn slots(keys: &[u64]) -> Vec<Slot> {
    keys.iter().copied().map(slot).collect()
}

/// A transaction that reads, writes and adds to slots with these keys.
fn storage(reads: &[u64], writes: &[u64], deltas: &[u64]) -> Hint {
    let storage =
        StorageAccess { reads: slots(reads), writes: slots(writes), deltas: slots(deltas) };
    Prediction::new(storage, AccountAccess::default(), vec![], vec![], vec![]).into()
}

fn accounts(accounts: AccountAccess) -> Hint {
    Prediction::new(StorageAccess::default(), accounts, vec![], vec![], vec![]).into()
}

fn pool_of(scope: ConflictScope, hints: &[Hint]) -> (ConflictPool, Vec<Ticket>) {
    let mut pool = ConflictPool::new(scope);
    let tickets = hints.iter().map(|hint| pool.insert(hint)).collect();
    (pool, tickets)
}

#[test]
fn only_observing_what_another_changes_is_a_conflict() {
    let hints = [
        storage(&[1], &[], &[]),
        storage(&[], &[1], &[]),
        storage(&[], &[], &[2]),
        storage(&[], &[], &[2]),
        storage(&[1], &[], &[]),
    ];
    let (pool, t) = pool_of(ConflictScope::All, &hints);
    let conflicts: Vec<(usize, usize)> = (0..5)
        .flat_map(|i| (0..5).map(move |j| (i, j)))
        .filter(|&(i, j)| i < j && pool.conflicts(t[i], t[j]))
        .collect();
    assert_eq!(conflicts, [(0, 1), (1, 4)]);
    assert!(pool.conflicts(t[1], t[0]), "whichever comes first");
    assert!(!pool.conflicts(t[1], t[1]) && !pool.conflicts(t[1], Ticket(9)));
    assert_eq!(pool.conflicting_locations(t[1], t[4]), [slot(1).into()]);
    assert!(pool.conflicting_locations(t[2], t[3]).is_empty());
}

#[test]
fn who_pays_a_spender_conflicts_with_him_unless_only_what_is_looked_at_counts() {
    let spends = AccountAccess { balance_debits: vec![account(1)], ..AccountAccess::default() };
    let pays = AccountAccess { balance_credits: vec![account(1)], ..AccountAccess::default() };
    let looks = AccountAccess { balance_reads: vec![account(1)], ..AccountAccess::default() };
    let hints = [spends, pays, looks].map(accounts);
    let (mut all, _) = pool_of(ConflictScope::All, &hints);
    assert_eq!(all.groups().len(), 1);
    let (observed, t) = pool_of(ConflictScope::Observed, &hints);
    assert!(!observed.conflicts(t[0], t[1]));
    assert!(observed.conflicts(t[0], t[2]) && observed.conflicts(t[1], t[2]));
}

#[test]
fn transactions_of_one_sender_are_one_group() {
    let sent = || accounts(AccountAccess { nonces: vec![account(3)], ..AccountAccess::default() });
    let (mut pool, t) =
        pool_of(ConflictScope::Observed, &[sent(), storage(&[5], &[], &[]), sent()]);
    assert_eq!(pool.groups(), [vec![t[0], t[2]], vec![t[1]]]);
}

#[test]
fn a_group_falls_apart_without_the_one_that_holds_it_together() {
    let bridge = storage(&[], &[1, 2], &[]);
    let (mut pool, t) =
        pool_of(ConflictScope::All, &[storage(&[1], &[], &[]), storage(&[2], &[], &[]), bridge]);
    assert_eq!(pool.groups().len(), 1);
    assert!(pool.replace(t[2], &storage(&[], &[1], &[])));
    assert_eq!(pool.groups(), [vec![t[0], t[2]], vec![t[1]]]);
    assert!(pool.cancel(t[2]) && !pool.cancel(t[2]) && !pool.replace(t[2], &Hint::default()));
    assert_eq!((pool.groups().len(), pool.len()), (2, 2));
    assert_eq!(pool.group_of(t[2]), []);
    assert_eq!(pool.insert(&storage(&[], &[2], &[])), t[2], "the ticket is given again");
    assert_eq!(pool.group_of(t[2]), [t[1], t[2]]);
}

#[test]
fn only_those_who_relied_on_another_value_are_stale() {
    let relying = |key, value| {
        let word = StateRead { location: slot(key).into(), value: U256::from(value) };
        let none = (StorageAccess::default(), AccountAccess::default());
        let prediction = Prediction::new(none.0, none.1, vec![], vec![word], vec![]);
        Hint::new(prediction, vec![(account(7), B256::with_last_byte(1))], 2)
    };
    let (mut pool, t) =
        pool_of(ConflictScope::All, &[relying(1, 10), relying(1, 11), relying(2, 10)]);
    let now = |key, value| StateRead { location: slot(key).into(), value: U256::from(value) };
    assert_eq!(pool.revalidate(&[now(1, 11)]), [t[0]]);
    assert_eq!(pool.revalidate(&[now(1, 12), now(2, 10), now(3, 1)]), [t[0], t[1]]);
    let code = StateRead { location: Location::Code(account(7)), value: U256::from(2) };
    assert_eq!(pool.revalidate(&[code]), t);
    pool.cancel(t[0]);
    assert_eq!(pool.revalidate(&[now(1, 12)]), [t[1]]);
}

#[test]
fn unused_places_are_given_back() {
    let mut pool = ConflictPool::new(ConflictScope::All);
    for key in 0..100 {
        let ticket = pool.insert(&storage(&[key, key + 1], &[key], &[key + 2]));
        assert_eq!((ticket, pool.places.len()), (Ticket(0), 3));
        pool.cancel(ticket);
        assert!(pool.places.len() == 0 && pool.is_empty());
    }
}

/// A small generator of numbers, the same on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % n
    }

    fn keys(&mut self, most: u64) -> Vec<u64> {
        (0..self.below(most)).map(|_| self.below(60)).collect()
    }
}

/// What the pool should say, found by comparing everything with everything.
fn plainly(hints: &BTreeMap<Ticket, Hint>) -> (BTreeSet<(Ticket, Ticket)>, Vec<Vec<Ticket>>) {
    let observes = |a: &Hint, b: &Hint| {
        let (reads, b) = (&a.prediction().storage().reads, b.prediction().storage());
        reads.iter().any(|slot| b.writes.contains(slot) || b.deltas.contains(slot))
    };
    let mut conflicts = BTreeSet::new();
    let mut group: BTreeMap<Ticket, Ticket> = hints.keys().map(|&t| (t, t)).collect();
    for (&a, left) in hints {
        for (&b, right) in hints.range(..a) {
            if observes(left, right) || observes(right, left) {
                conflicts.extend([(a, b), (b, a)]);
                let (from, to) = (group[&a], group[&b]);
                group.values_mut().filter(|group| **group == from).for_each(|group| *group = to);
            }
        }
    }
    let mut members: BTreeMap<Ticket, Vec<Ticket>> = BTreeMap::new();
    for (ticket, group) in group {
        members.entry(group).or_default().push(ticket);
    }
    let mut groups: Vec<Vec<Ticket>> = members.into_values().collect();
    groups.sort();
    (conflicts, groups)
}

#[test]
fn after_any_comings_and_goings_answers_are_those_of_plain_comparison() {
    for seed in 0..40 {
        let mut numbers = Numbers(seed);
        let mut pool = ConflictPool::new(ConflictScope::All);
        let mut hints: BTreeMap<Ticket, Hint> = BTreeMap::new();
        for step in 0..80 {
            let [reads, writes, deltas] = [4, 2, 3].map(|most| numbers.keys(most));
            let hint = storage(&reads, &writes, &deltas);
            let known: Vec<Ticket> = hints.keys().copied().collect();
            let chosen =
                (!known.is_empty()).then(|| known[numbers.below(known.len() as u64) as usize]);
            match (numbers.below(4), chosen) {
                (0, Some(ticket)) => {
                    assert!(pool.cancel(ticket));
                    hints.remove(&ticket);
                }
                (1, Some(ticket)) => {
                    assert!(pool.replace(ticket, &hint));
                    hints.insert(ticket, hint);
                }
                _ => {
                    hints.insert(pool.insert(&hint), hint);
                }
            }
            if step % 5 != 0 {
                continue;
            }
            let (conflicts, groups) = plainly(&hints);
            assert_eq!(pool.groups(), groups, "seed {seed}, step {step}");
            assert!(pool.tickets().eq(hints.keys().copied()));
            for &a in hints.keys() {
                for &b in hints.keys() {
                    let expected = conflicts.contains(&(a, b));
                    assert_eq!(pool.conflicts(a, b), expected, "seed {seed}: {a} and {b}");
                    assert_eq!(!pool.conflicting_locations(a, b).is_empty(), expected);
                }
            }
        }
    }
}
