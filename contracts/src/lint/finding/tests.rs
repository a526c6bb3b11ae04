//! Are variables of one slot named once?

use super::*;

#[test]
fn variables_of_one_slot_are_named_once() {
    let of = |names: &[&str]| in_one(&names.iter().copied().collect());
    assert_eq!(of(&["total"]), "total");
    assert_eq!(of(&["updatedAt", "{total, updatedAt}"]), "{total, updatedAt}");
    assert_eq!(of(&["slot0.{tick, unlocked}", "slot0.price"]), "slot0.{price, tick, unlocked}");
    assert_eq!(of(&["fees[{0 | 1}]"]), "fees[{0 | 1}]");
    assert_eq!(of(&["a[x.y]", "b"]), "{a[x.y], b}");
}
