//! Tests of: how much faster is a block run by its prediction than by a plain loop?

use super::*;

#[test]
fn medians_and_means() {
    assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
    assert_eq!(median([].into_iter()), 0.0);
    let mean = geometric_mean([1.0, 4.0].into_iter()).unwrap();
    assert!((mean - 2.0).abs() < 1e-12);
    assert_eq!(geometric_mean([].into_iter()), None);
}

/// Parts of which each is so many times this.
fn simulated(ratio: f64) -> Simulated {
    let [cold, pooled, hinted, optimistic, limit] = [1.0, 2.0, 3.0, 4.0, 5.0].map(|n| n * ratio);
    Simulated { cold, pooled, hinted, optimistic, limit }
}

#[test]
fn a_summary_is_about_large_blocks_but_the_worst_may_be_small() {
    let line = |block, gas_used, ratio, since_london| BenchLine {
        block,
        synthetic: None,
        txs: 2,
        gas_used,
        threads: 2,
        sequential_micros: ratio,
        total_micros: 1.0,
        ratio,
        ratio_cold: Some(3.0 * ratio),
        ratio_pooled: 1.5 * ratio,
        ratio_hinted: 2.0 * ratio,
        predict_micros: 0.0,
        schedule_micros: 0.0,
        execute_micros: 1.0,
        execute_hinted_micros: 1.0,
        block_level_micros: 0.0,
        ratio_of_loops: 2.0,
        simulated: [(8, simulated(ratio))].into(),
        ratio_of_best: ratio,
        ratio_pooled_of_best: ratio,
        ratio_hinted_of_best: ratio,
        executions: 3,
        matches_sequential: true,
        runs: 1,
        since_london,
    };
    let lines = [
        line(1, 4_000_000, 1.0, false),
        line(2, 9_000_000, 4.0, true),
        line(3, 3_999_999, 0.5, true),
    ];
    let summary = BenchSummary::of(2, &lines);
    assert_eq!((summary.blocks, summary.blocks_since_london), (2, 1));
    assert!((summary.ratio.unwrap() - 2.0).abs() < 1e-12);
    assert!((summary.ratio_hinted_since_london.unwrap() - 8.0).abs() < 1e-12);
    assert_eq!((summary.worst_block, summary.worst_ratio), (Some(3), Some(0.5)));
    assert_eq!((summary.worst_cold_block, summary.worst_ratio_cold), (Some(3), Some(1.5)));
    assert!((summary.ratio_cold.unwrap() - 6.0).abs() < 1e-12);
    assert_eq!(summary.ratio_of_loops, Some(2.0));
    let mean = summary.simulated[&8];
    assert!((mean.cold - 2.0).abs() < 1e-12 && (mean.limit - 10.0).abs() < 1e-12, "{mean:?}");
    assert_eq!(summary.executions_per_tx, Some(1.5));
    assert_eq!(BenchSummary::of(8, &lines).worst_block, None);
}
