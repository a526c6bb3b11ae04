//! Are holes marked, read back and dropped where they lie outside?

use serde_json::json;

use super::*;

#[test]
fn holes_are_marked_and_read_back() {
    let references =
        json!({"77": [{"start": 1, "length": 32}], "9": [{"start": 34, "length": 32}]});
    let names = BTreeMap::from([("77".to_owned(), "asset".to_owned())]);
    let mut holes = immutables(&references, &names);
    let mut code = vec![0_u8; 70];
    fill(&mut code, &mut holes);
    assert_eq!(
        holes.iter().map(|hole| hole.name.as_str()).collect::<Vec<_>>(),
        ["asset", "immutable1"]
    );
    assert_eq!((code[0], code[33], code[66]), (0, 0, 0));
    let word = format!("0x{}", hex::encode(&code[1..33]));
    let address = format!("0x{}", hex::encode(&code[46..66]));
    assert_eq!(
        unmark(&format!("{word} == {address} + 0x1234"), &holes),
        "asset == immutable1 + 0x1234"
    );
}

#[test]
fn placeholders_of_both_kinds_are_holes() {
    let links = json!({"src/Lib.sol": {"Lib": [{"start": 1, "length": 20}]}});
    let new = format!("73__${}$__00", "a".repeat(34));
    let (code, holes) = linked(&new, &links).unwrap();
    assert_eq!((code.len(), holes[0].start, holes[0].name.as_str()), (22, 1, "Lib"));
    let old = format!("0x73__Maths{}", "_".repeat(33));
    assert_eq!(linked(&old, &json!({})).unwrap().1[0].name, "Maths");
    assert!(linked("0x73__Maths", &json!({})).is_err());
    assert!(linked("0x1", &json!({})).unwrap_err().contains("odd"));
}

#[test]
fn a_place_outside_the_code_is_no_hole() {
    let mut holes = vec![Hole { start: usize::MAX, len: 2, name: String::new() }];
    fill(&mut [0; 4], &mut holes);
    assert!(holes.is_empty());
}
