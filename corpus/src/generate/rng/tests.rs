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
