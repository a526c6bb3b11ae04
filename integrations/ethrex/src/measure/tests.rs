//! Tests of: how much faster is a block in each way of warming?

use super::median;

#[test]
fn the_median_lies_in_the_middle() {
    assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    assert_eq!(median(vec![5.0]), 5.0);
}
