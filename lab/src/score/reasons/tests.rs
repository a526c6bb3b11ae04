//! Tests of: why was a prediction wrong?

use alloy_primitives::{Address, Bytes};
use slotcast_executor::ExecutedTx;
use slotcast_model::{AccountAccess, StorageAccess};

use super::*;

fn slot(n: u64) -> Slot {
    Slot::new(Address::with_last_byte(1), U256::from(n))
}

fn prediction(reads: &[u64], writes: &[u64], relied_on: &[(u64, u64)], gap: &[Gap]) -> Prediction {
    let slots = |list: &[u64]| list.iter().map(|&n| slot(n)).collect();
    let storage = StorageAccess { reads: slots(reads), writes: slots(writes), deltas: Vec::new() };
    let word = |&(at, value): &(u64, u64)| StateRead {
        location: slot(at).into(),
        value: U256::from(value),
    };
    let relied_on = relied_on.iter().map(word).collect();
    Prediction::new(storage, AccountAccess::default(), vec![], relied_on, gap.to_vec())
}

fn truth(reads: &[u64], writes: &[u64]) -> Observation {
    let slots = |list: &[u64]| list.iter().map(|&n| slot(n)).collect();
    Observation { reads: slots(reads), writes: slots(writes), ..Observation::default() }
}

fn ended(status: TxStatus) -> TxOutcome {
    let (output, created) = (Bytes::new(), None);
    TxOutcome::Executed(ExecutedTx { status, gas_used: 21_000, output, created })
}

/// The misses of the last of these transactions; the words relied on held these values.
fn of_last(txs: &[(Prediction, Observation, &[u64], TxStatus)]) -> Vec<(u64, Fault, Reason)> {
    let values: Vec<Vec<U256>> =
        txs.iter().map(|tx| tx.2.iter().map(|&value| U256::from(value)).collect()).collect();
    let outcomes: Vec<TxOutcome> = txs.iter().map(|tx| ended(tx.3.clone())).collect();
    let evidence = txs.iter().zip(values.iter().zip(&outcomes));
    let evidence = evidence.map(|(tx, (values, outcome))| Evidence {
        prediction: &tx.0,
        truth: &tx.1,
        values,
        outcome,
    });
    let last = TxIndex((txs.len() - 1) as u32);
    let of_last = misses(&evidence.collect()).into_iter().filter(|miss| miss.tx == last);
    of_last.map(|miss| (miss.slot.key.to(), miss.fault, miss.reason)).collect()
}

#[test]
fn every_difference_is_one_fault() {
    let txs = [(prediction(&[1, 2, 3, 4], &[3, 4], &[], &[]), truth(&[1, 2, 3, 5], &[2, 5]))];
    let [(prediction, truth)] = txs;
    let misses = of_last(&[(prediction, truth, &[], TxStatus::Success)]);
    let faults: Vec<_> = misses.iter().map(|&(slot, fault, _)| (slot, fault)).collect();
    let expected = [
        (2, Fault::MissingWrite),
        (3, Fault::WrongWrite),
        (4, Fault::WrongSlot),
        (5, Fault::MissingSlot),
    ];
    assert_eq!(faults, expected);
    assert!(misses.iter().all(|miss| miss.2 == Reason::UnseenBranch));
}

#[test]
fn of_several_changes_the_last_is_blamed() {
    let right = |slot| (prediction(&[slot], &[slot], &[], &[]), truth(&[slot], &[slot]));
    let (a, b) = (right(8), right(7));
    let wrong = prediction(&[1], &[1], &[(7, 0), (8, 0), (9, 0)], &[Gap::Loop]);
    let blamed = |values: &'static [u64]| {
        let txs = [
            (a.0.clone(), a.1.clone(), &[][..], TxStatus::Success),
            (b.0.clone(), b.1.clone(), &[][..], TxStatus::Success),
            (wrong.clone(), truth(&[2], &[]), values, TxStatus::Revert),
        ];
        of_last(&txs)[0].2
    };
    let by = |tx, at| Reason::StateChanged { by: TxIndex(tx), location: slot(at).into() };
    assert_eq!(blamed(&[1, 1, 1]), by(1, 7));
    assert_eq!(blamed(&[0, 1, 1]), by(0, 8));
    assert_eq!(blamed(&[0, 0, 1]), Reason::ExpectedChange { location: slot(9).into() });
    assert_eq!(blamed(&[0, 0, 0]), Reason::Reverted);
}

#[test]
fn how_it_ended_and_what_was_given_up_come_next() {
    let reason = |writes: &[u64], gaps: &[Gap], changed: &[u64], status| {
        let predicted = prediction(&[1], writes, &[], gaps);
        of_last(&[(predicted, truth(&[2], changed), &[], status)])[0].2
    };
    let halted = || TxStatus::Halt("out of gas".to_owned());
    assert_eq!(reason(&[1], &[Gap::Loop], &[], halted()), Reason::Halted);
    assert_eq!(reason(&[1], &[], &[], TxStatus::Revert), Reason::Reverted);
    assert_eq!(reason(&[], &[], &[], TxStatus::Revert), Reason::UnseenBranch);
    assert_eq!(reason(&[], &[Gap::Loop], &[2], TxStatus::Success), Reason::Gap(Gap::Loop));
    assert_eq!(reason(&[], &[], &[2], TxStatus::Success), Reason::WentThrough);
    assert_eq!(reason(&[1], &[], &[2], TxStatus::Success), Reason::UnseenBranch);
}

#[test]
fn the_longest_bar_comes_first() {
    let miss = |fault, reason| Miss { tx: TxIndex(0), slot: slot(1), fault, reason };
    let few = Histogram::of(&[miss(Fault::MissingSlot, Reason::Reverted)]);
    let mut all = Histogram::of(&[
        miss(Fault::WrongWrite, Reason::Gap(Gap::Loop)),
        miss(Fault::MissingWrite, Reason::Gap(Gap::Loop)),
    ]);
    all.add(&few);
    let bars = all.bars();
    let longest = Bar { reason: Gap::Loop.text(), missing: 1, wrong: 1 };
    assert_eq!(bars, [longest, Bar { reason: "revert", missing: 1, wrong: 0 }]);
}
