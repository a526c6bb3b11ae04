//! Tests of: where do the generator's choices come from?

use super::*;

#[test]
fn the_stream_is_the_published_one() {
    // Reference values of splitmix64 from state 0.
    let mut rng = Rng::new(0);
    assert_eq!(rng.next(), 0xe220_a839_7b1d_cdaf);
    assert_eq!(rng.next(), 0x6e78_9e6a_a1b9_65f4);
    assert_eq!(rng.next(), 0x06c4_5d18_8009_454f);
}

#[test]
fn choices_stay_in_bounds_and_reach_them() {
    let mut rng = Rng::new(7);
    let drawn: Vec<u64> = (0..400).map(|_| rng.range(3, 6)).collect();
    for number in 3..6 {
        assert!(drawn.contains(&number));
    }
    assert!(drawn.iter().all(|number| (3..6).contains(number)));
    let first = (0..1000).filter(|_| rng.skewed(100) < 10).count();
    assert!(200 < first, "small indices come often, here {first} times of 1000");
    assert_eq!(rng.weighted(&[0, 5, 0]), 1);
}

#[test]
fn popularity_falls_as_the_rank_grows() {
    let mut rng = Rng::new(7);
    let mut times = [0_u32; 100];
    (0..70_000).for_each(|_| times[rng.zipf(100)] += 1);
    let group = |from: usize, to: usize| times[from..to].iter().sum::<u32>();
    for of_group in [group(0, 1), group(1, 3), group(3, 7), group(7, 15), group(31, 63)] {
        assert!((9_500..11_500).contains(&of_group), "{of_group}");
    }
    assert!(times.iter().all(|n| *n != 0), "every index is drawn");
    assert_eq!([1, 2].map(|n| rng.zipf(n)).map(|index| index / 2), [0, 0]);
}
