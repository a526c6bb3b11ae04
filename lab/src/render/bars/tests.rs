//! Tests of: how do counts of several kinds look?

use super::*;

#[test]
fn the_longest_row_is_as_long_as_there_is_room() {
    let row = |name: &str, values: &[f64]| Row {
        name: name.to_owned(),
        values: values.to_vec(),
        figure: "7".to_owned(),
    };
    let parts = ["missing", "wrong"].map(str::to_owned).to_vec();
    let rows = vec![row("a & b", &[3.0, 1.0]), row("c", &[0.0, 2.0])];
    let mut out = String::new();
    Bars { title: "why".to_owned(), parts, rows }.write(&mut out).unwrap();
    assert!(out.contains("a &amp; b") && out.contains("width=\"420.0\""), "{out}");
    assert!(out.contains("width=\"140.0\"") && out.contains("width=\"280.0\""), "{out}");
}

#[test]
fn no_row_and_nothing_in_it_are_bars_too() {
    for rows in
        [vec![], vec![Row { name: String::new(), values: vec![0.0], figure: String::new() }]]
    {
        let mut out = String::new();
        Bars { title: String::new(), parts: vec![String::new()], rows }.write(&mut out).unwrap();
        assert!(!out.contains("NaN") && !out.contains("inf"), "{out}");
    }
}
