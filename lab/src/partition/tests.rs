//! Tests of: how many transactions need more than one shard, by which way of dividing the state?

use slotcast::Prepared;
use slotcast_corpus::{Plan, Scenario, block_of, generate, state_of};

use super::*;

fn blocks(scenario: Scenario, n_txs: usize, per_block: usize) -> Vec<ShardBlock> {
    let unsealed = generate(&Plan { n_txs, scenario, ..Plan::default() }).unwrap();
    let (block, state) = (block_of(unsealed.block()), state_of(unsealed.block()));
    shard_blocks(&Prepared::new(block, state).unwrap(), per_block).unwrap()
}

const STUDY: ShardStudy<'_> =
    ShardStudy { bound_percent: 105, threads: 1, round_trip_micros: 100, divider: None };

#[test]
fn plans_from_predictions_cross_less_than_hashing_and_carry_no_more_than_allowed() {
    let blocks = blocks(Scenario::Popular, 900, 300);
    assert_eq!(blocks.iter().map(|it| it.truth.len()).collect::<Vec<_>>(), [300; 3]);
    let row = |division| study_shards(&blocks, 4, &STUDY, division).unwrap();
    let [hashed, predicted] = [Division::HashedAccounts, Division::Predicted].map(row);
    assert!(predicted.crossing_share < hashed.crossing_share / 2.0, "{predicted:?} {hashed:?}");
    assert!(predicted.load_predicted <= predicted.load_limit + 1e-6);
    assert_eq!((hashed.moved_share, hashed.misrouted_share), (Some(0.0), None));
    assert!(predicted.misrouted_share.unwrap() <= 0.001, "{predicted:?}");
    assert!(hashed.throughput < predicted.throughput);
    let again = ShardRow { seconds: predicted.seconds, ..row(Division::Predicted) };
    assert_eq!(again, predicted, "all but the seconds depends on the blocks alone");
}

#[test]
fn payments_between_strangers_need_not_cross() {
    let blocks = blocks(Scenario::PaymentsApart, 120, 120);
    let row = study_shards(&blocks, 4, &STUDY, Division::Truth).unwrap();
    assert_eq!(row.crossing_share, 0.0);
    assert!(3.0 < row.throughput && row.load < 1.06, "{row:?}");
}

#[test]
fn the_divider_gets_the_graph_of_the_past_and_its_parts_are_checked() {
    let blocks = blocks(Scenario::Erc20, 60, 30);
    let seen = core::cell::RefCell::new(Vec::new());
    let all_on_last = |graph: &AccountGraph, n: usize| {
        seen.borrow_mut().push(graph.metis());
        Ok(vec![n as u32 - 1; graph.len()])
    };
    let study = ShardStudy { divider: Some(&all_on_last), ..STUDY };
    study_shards(&blocks, 3, &study, Division::DividerOnPastAccounts).unwrap();
    let seen = seen.into_inner();
    let head: Vec<usize> =
        seen[0].lines().next().unwrap().split(' ').map(|it| it.parse().unwrap()).collect();
    assert_eq!(seen.len(), 1, "before the first block there is no past");
    assert_eq!((head.len(), head[2], seen[0].lines().count()), (3, 11, 1 + head[0]));
    let numbers = |line: &str| line.split(' ').skip(1).count() / 2;
    assert_eq!(seen[0].lines().skip(1).map(numbers).sum::<usize>(), 2 * head[1]);
    let wrong = |graph: &AccountGraph, n: usize| Ok(vec![n as u32; graph.len()]);
    let study = ShardStudy { divider: Some(&wrong), ..STUDY };
    let error = study_shards(&blocks, 3, &study, Division::DividerOnPastAccounts).unwrap_err();
    assert!(error.contains("one of 3 parts"), "{error}");
}
