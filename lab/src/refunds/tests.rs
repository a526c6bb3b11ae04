//! Are refunds those that one works out by hand, and do wrong lists show?

use slotcast_corpus::{Plan, Scenario, embedded, generate, prepare};
use slotcast_model::StorageAccess;

use super::*;
use crate::{judge_block, seal};

const A: Address = Address::repeat_byte(0xaa);
const B: Address = Address::repeat_byte(0xbb);
const C: Address = Address::repeat_byte(0xcc);

fn slot(address: Address, key: u64) -> Slot {
    Slot { address, key: U256::from(key) }
}

fn touched(slots: &[Slot], accounts: &[Address]) -> Touched {
    Touched {
        slots: slots.iter().copied().collect(),
        accounts: accounts.iter().copied().collect(),
        others: BTreeSet::new(),
    }
}

fn asked(slots: &[Slot], accounts: &[Address]) -> Asked {
    let accounts = accounts.iter().copied().collect();
    Asked { is_refunded: true, slots: slots.iter().copied().collect(), accounts }
}

#[test]
fn a_refund_is_what_an_earlier_transaction_warmed() {
    // Each calls A first; the second and third call B, and C is looked at by the third alone.
    let asked: IndexVec<TxIndex, Asked> =
        vec![asked(&[], &[A]), asked(&[], &[A]), asked(&[slot(A, 2)], &[A])].into();
    let truth: IndexVec<TxIndex, Touched> = vec![
        touched(&[slot(A, 1), slot(A, 2)], &[A, B]),
        touched(&[slot(A, 1), slot(B, 1)], &[A, B]),
        touched(&[slot(A, 1), slot(A, 2), slot(B, 1), slot(B, 2)], &[A, B, C]),
    ]
    .into();
    // Of the first, slot 1 is not foreseen and slot 9 is, which neither it nor the third touches.
    let mut third = truth[TxIndex(2)].clone();
    third.slots.insert(slot(A, 9));
    let predicted: IndexVec<TxIndex, Touched> =
        vec![touched(&[slot(A, 2), slot(A, 9)], &[A, B]), truth[TxIndex(1)].clone(), third].into();
    let refunds = refunds(&asked, &truth, &predicted);
    let expected = [
        Refund { truth: 0, ahead: 0, in_order: 0 },
        // A's slot 1, and B. A itself is the recipient.
        Refund { truth: 2_000 + 2_500, ahead: 2_500, in_order: 2_000 + 2_500 },
        // A's slot 1, B's slot 1, and B; slot 2 of A is in the access list, slot 2 of B and C are cold.
        Refund { truth: 4_000 + 2_500, ahead: 6_000 + 2_500, in_order: 4_000 + 2_500 },
    ];
    assert_eq!(refunds, IndexVec::from(expected.to_vec()));
    let mut counts = RefundCounts::default();
    refunds.iter().for_each(|refund| counts.count(*refund, false));
    assert_eq!((counts.txs, counts.refunded, counts.true_gas), (3, 2, 11_000));
    let ahead = RefundHits { exact: 1, exact_refunded: 0, gas: 11_000, over: 2_000, under: 2_000 };
    let in_order = RefundHits { exact: 3, exact_refunded: 2, gas: 11_000, over: 0, under: 0 };
    assert_eq!((counts.ahead, counts.in_order), (ahead, in_order));
    let figures = RefundFigures::from(&counts);
    assert_eq!(figures.in_order.exact_share_of_refunded, 1.0);
    assert_eq!(figures.ahead.exact_share, 1.0 / 3.0);
}

#[test]
fn what_is_warm_from_the_start_gives_nothing_back() {
    let precompile = Address::with_last_byte(8);
    let mut warm = Touched::default();
    warm.add(&Touched::of(
        &[],
        &AccountAccess {
            balance_credits: vec![A],
            code_reads: vec![A, precompile],
            created: vec![B],
            nonces: vec![C],
            ..AccountAccess::default()
        },
    ));
    let again = Touched::of(
        &[],
        &AccountAccess {
            balance_credits: vec![A, B, C, precompile],
            created: vec![B],
            delegated: vec![C],
            ..AccountAccess::default()
        },
    );
    assert_eq!(asked(&[], &[]).refund(&again, &warm), 2_500, "of A alone");
    assert_eq!(asked(&[], &[A]).refund(&again, &warm), 0);
}

fn study(
    prepared: &Prepared,
    choose: impl Fn(&Observation, Prediction) -> Prediction,
) -> RefundCounts {
    let ours = prepared.predict(&Default::default()).predictions;
    let observations = judge_block(prepared, &ours).unwrap().truth.observations;
    let pairs = observations.iter().zip(ours);
    let predictions = pairs.map(|(truth, ours)| choose(truth, ours)).collect();
    block_refunds(prepared, &predictions, &observations).unwrap()
}

fn exact(truth: &Observation) -> Prediction {
    let (reads, writes) = (truth.reads.clone(), truth.writes.clone());
    let storage = StorageAccess { reads, writes, deltas: vec![] };
    Prediction::new(storage, truth.accounts.clone(), vec![], vec![], vec![])
}

#[test]
fn blocks_whose_refunds_are_known_by_construction() {
    let block = |scenario| {
        let plan = Plan { n_txs: 5, scenario, ..Plan::default() };
        prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap()
    };
    // Every transaction but the first reads 256 warm slots of its recipient.
    let counts = study(&block(Scenario::SharedStorageWarm), |truth, _| exact(truth));
    assert_eq!((counts.txs, counts.refunded, counts.true_gas), (5, 4, 4 * 256 * 2_000));
    assert_eq!((counts.ahead.exact, counts.in_order.exact), (5, 5));
    // The same number of slots, each read once.
    let counts = study(&block(Scenario::SharedStorageCold), |truth, _| exact(truth));
    assert_eq!((counts.txs, counts.refunded, counts.true_gas), (5, 0, 0));
    // One counter for all.
    let counts = study(&block(Scenario::ConflictingStorageCold), |truth, _| exact(truth));
    assert_eq!((counts.refunded, counts.true_gas), (4, 4 * 2_000));
}

#[test]
fn true_lists_give_true_refunds_and_empty_ones_none() {
    let prepared = prepare(&embedded().unwrap()).unwrap();
    let by_truth = study(&prepared, |truth, _| exact(truth));
    assert_eq!(by_truth.txs, prepared.block().n_transactions() as u64);
    assert!(by_truth.txs / 4 < by_truth.refunded && by_truth.refunded < by_truth.txs);
    for hits in [by_truth.ahead, by_truth.in_order] {
        let (exact, exact_refunded) = (by_truth.txs, by_truth.refunded);
        let gas = by_truth.true_gas;
        assert_eq!(hits, RefundHits { exact, exact_refunded, gas, over: 0, under: 0 });
    }
    let by_nothing = study(&prepared, |_, _| Prediction::default());
    let exact = by_truth.txs - by_truth.refunded;
    let none = RefundHits { exact, exact_refunded: 0, gas: 0, over: 0, under: by_truth.true_gas };
    assert_eq!((by_nothing.ahead, by_nothing.in_order), (none, none));
    let ours = study(&prepared, |_, ours| ours);
    assert_eq!((ours.refunded, ours.true_gas), (by_truth.refunded, by_truth.true_gas));
    assert!(ours.txs * 95 / 100 < ours.in_order.exact, "{ours:?}");
    assert!(ours.txs * 95 / 100 < ours.ahead.exact, "{ours:?}");
}

#[test]
fn before_berlin_nothing_is_cold() {
    let plan = Plan { n_txs: 20, era: slotcast_corpus::Era::Istanbul, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    assert_eq!(study(&prepared, |truth, _| exact(truth)), RefundCounts::default());
}
