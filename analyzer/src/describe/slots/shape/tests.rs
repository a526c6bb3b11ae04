//! Do steps from a slot have one order?
//!
//! In: steps. Out: assertions on the shapes they give, as text.

use super::*;

fn check(base: u64, steps: &[Step], text: &str, kind: Kind) {
    let mut shape = SlotShape::plain(U256::from(base));
    steps.iter().for_each(|&step| shape.push(step));
    assert_eq!((shape.to_string().as_str(), shape.kind()), (text, kind));
}

#[test]
fn addends_have_one_order_and_hashes_keep_theirs() {
    use Step::{Elements, Index, Key, Offset};
    check(3, &[], "3", Kind::Plain);
    check(3, &[Offset(2), Offset(1)], "6", Kind::Plain);
    check(3, &[Index, Offset(2), Index], "5[i]", Kind::Plain);
    check(3, &[Key, Key, Offset(1)], "3[key][key]+1", Kind::Mapping);
    check(3, &[Elements, Offset(1), Index, Offset(2)], "3.data[i]+3", Kind::Array);
    check(3, &[Elements, Index, Offset(1), Index], "3.data[i]+1", Kind::Array);
    check(3, &[Key, Elements, Index, Index], "3[key].data[i]", Kind::Mapping);
    check(2000, &[Offset(0)], "0x7d0", Kind::Plain);
}

#[test]
fn nesting_counts_mappings_only() {
    let mut shape = SlotShape::plain(U256::ZERO);
    assert_eq!(shape.depth(), 0);
    [Step::Key, Step::Key, Step::Elements].into_iter().for_each(|step| shape.push(step));
    assert_eq!(shape.depth(), 2);
}
