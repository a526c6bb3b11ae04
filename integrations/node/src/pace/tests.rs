//! Is the pace kept?

use super::*;

#[test]
fn callers_go_one_gap_after_the_other_and_unused_time_is_not_saved_up() {
    let pace = Pace::new(Some(10));
    let millis = Duration::from_millis;
    assert_eq!(pace.claim(millis(0)), millis(0));
    assert_eq!(pace.claim(millis(0)), millis(100));
    assert_eq!(pace.claim(millis(50)), millis(150));
    assert_eq!(pace.claim(millis(1000)), millis(0), "a late caller goes at once");
    assert_eq!(pace.claim(millis(1000)), millis(100));
}
