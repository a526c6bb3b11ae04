//! Tests of: how do results and messages look, and where do they go?

use super::*;

#[test]
fn numbers_are_short() {
    assert_eq!(duration(950), "950 µs");
    assert_eq!(duration(12_345), "12.3 ms");
    assert_eq!(duration(61_000_000), "61.0 s");
    assert_eq!(gas(21_000), "21000");
    assert_eq!(gas(12_345_678), "12.35 M");
    assert_eq!(count(1, "layer", "layers"), "1 layer");
    assert_eq!(count(0, "layer", "layers"), "0 layers");
}

#[test]
fn cells_are_aligned_to_the_right_but_for_the_last() {
    let columns = Columns::new(&[("block", 0), ("gas", 6), ("result", 0)]);
    assert_eq!(columns.head(), "block     gas  result");
    let row = columns.row(["7", "21000", "ok"].map(str::to_owned));
    assert_eq!(row, "    7   21000  ok");
}
