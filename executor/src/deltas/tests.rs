//! Which words does a range keep?

use super::*;

/// A number, or one counted down from 2^256.
fn word(n: i64) -> U256 {
    match u64::try_from(n) {
        Ok(n) => U256::from(n),
        Err(_) => U256::ZERO.wrapping_sub(U256::from(n.unsigned_abs())),
    }
}

/// Whether a condition is the same for every word of the range that is near an end, and differs
/// just outside.
fn check(found: i64, keep: impl Fn(&mut Range), condition: impl Fn(U256) -> bool) {
    let mut range = Range::any(word(found));
    keep(&mut range);
    let truth = condition(word(found));
    for end in [range.least, range.most] {
        assert_eq!(condition(end), truth, "{range:?}");
    }
    for near in -40..40 {
        let near = word(near);
        assert!(!range.contains(near) || condition(near) == truth, "{near} of {range:?}");
    }
    if let Some(outside) = range.least.checked_sub(U256::ONE) {
        assert_ne!(condition(outside), truth, "{range:?}");
    }
    if let Some(outside) = range.most.checked_add(U256::ONE) {
        assert_ne!(condition(outside), truth, "{range:?}");
    }
}

#[test]
fn a_comparison_keeps_exactly_the_words_around_the_found_one_for_which_it_is_the_same() {
    for found in [-20, -3, -1, 0, 1, 2, 10, 20] {
        for offset in [-12, -1, 0, 1, 9].map(word) {
            for bound in [-15, -1, 0, 1, 2, 8, 15].map(word) {
                let sum = |it: U256| it.wrapping_add(offset);
                check(found, |range| range.keep_below(offset, bound), |it| sum(it) < bound);
                check(found, |range| range.keep_above(offset, bound), |it| bound < sum(it));
            }
            check(
                found,
                |range| range.keep_wrapping(offset),
                |it| it.checked_add(offset).is_none(),
            );
        }
    }
}

#[test]
fn equality_is_kept_by_one_word_or_by_those_on_one_side() {
    let mut same = Range::any(word(7));
    same.keep_equal(word(3), word(10));
    assert_eq!((same.least, same.most), (word(7), word(7)));
    let mut other = Range::any(word(7));
    other.keep_equal(word(3), word(5));
    assert_eq!((other.least, other.most), (word(3), word(-4)));
}

#[test]
fn what_was_looked_at_is_followed_no_more() {
    let slot = |n| Slot::new(alloy_primitives::Address::ZERO, word(n));
    let mut deltas = Deltas::of(&[slot(1), slot(2)]);
    assert_eq!(deltas.followed(&slot(2)), Some(1));
    assert_eq!(deltas.range(&slot(2)), None);
    deltas.read(1, word(5));
    assert_eq!(deltas.range(&slot(2)), Some(Range::any(word(5))));
    deltas.look_at(1);
    assert_eq!((deltas.followed(&slot(2)), deltas.range(&slot(2))), (None, None));
}
