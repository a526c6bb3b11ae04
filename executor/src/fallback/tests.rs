//! When is advice given up, and is a third run noticed?

use super::*;

#[test]
fn advice_is_given_up_after_eight_retries_and_more_than_a_quarter() {
    let rule = FallbackRule::DEFAULT;
    assert!(!rule.gives_up(7, 7));
    assert!(rule.gives_up(8, 31));
    assert!(!rule.gives_up(8, 32));
    assert!(rule.gives_up(9, 35));
    assert!(!FallbackRule::NEVER.gives_up(1_000, 1_000));
}

#[test]
#[should_panic(expected = "no transaction is run more than twice")]
fn a_third_run_is_a_bug() {
    let mut tally = Tally::new(1);
    for _ in 0..3 {
        tally.count_run(TxIndex(0));
    }
}
