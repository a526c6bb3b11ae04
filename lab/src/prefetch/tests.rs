//! Tests of: what of the state does an executor load before it starts?

use slotcast_corpus::{Plan, Scenario, generate};
use slotcast_executor::{
    Advice, ReadThrough, SequentialSettings, Settings, block_level_work, execute,
    execute_sequential,
};
use slotcast_model::Coverage;

use super::*;
use crate::seal;
use slotcast::graph::Waits;
use slotcast_corpus::{prepare, state_of};

#[test]
fn a_run_with_complete_predictions_reads_nothing_cold_and_has_the_same_outcome() {
    for scenario in [Scenario::Transfers, Scenario::TokensApart, Scenario::PoolsApart] {
        let plan = Plan { n_txs: 60, scenario, ..Plan::default() };
        let recorded = seal(generate(&plan).unwrap()).unwrap();
        let prepared = prepare(&recorded).unwrap();
        let block = prepared.block();
        let predictions = prepared.predict(&Default::default()).predictions;
        assert!(predictions.iter().all(|it| it.coverage() != Coverage::Partial));

        // What the block does by itself is in no prediction.
        let of_block = ReadThrough::new(state_of(&recorded));
        block_level_work(block, &of_block).unwrap();
        let warm = ReadThrough::new(state_of(&recorded));
        let cold = ReadThrough::new(state_of(&recorded));
        warm.warm(&wanted(block, &FetchPlan::of(&predictions))).unwrap();
        let settings = Settings::with_threads(2).unwrap();
        let run = |state: &ReadThrough<_>| {
            let mut waits = Waits::new(block, prepared.state(), Default::default());
            let mut next = |tx| waits.next(&predictions[tx]);
            let run = execute(block, state, Advice::Streamed(&mut next, &settings));
            run.unwrap().into_outcome(state).unwrap()
        };
        let unobserved = SequentialSettings { is_observed: false };
        let expected = execute_sequential(block, prepared.state(), &unobserved).unwrap();
        assert_eq!(run(&warm), expected.outcome, "{scenario:?}");
        assert_eq!(run(&cold), expected.outcome, "{scenario:?}");
        let (warm, cold) = (warm.asked(), cold.asked());
        assert!(warm.single_state <= of_block.asked().single_state, "{scenario:?}: {warm:?}");
        assert!(60 < cold.single_state - warm.single_state, "{scenario:?}: {cold:?}");
        assert_eq!(cold.batches, 0);
    }
}
