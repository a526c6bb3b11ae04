//! Are the selectors of a table found, and none that the dispatcher does not compare?

use slotcast_model::Fork;

use super::*;

/// Loads a word of the code at 0x20, of which the four bytes at `0x20 + 4 * (selector % 2)` are an
/// entry, and compares the selector with it.
fn dispatcher(test: u8) -> Vec<u8> {
    let mut code = vec![
        0x5f, 0x35, 0x60, 0xe0, 0x1c, // selector
        0x60, 4, 0x60, 2, 0x82, 0x06, 0x60, 4, 0x02, 0x60, 0x20,
        0x01, // 4, 0x20 + 4 * (selector % 2)
        0x60, 28, 0x39, // to the low end of the first word
        0x5f, 0x51, test, 0x00,
    ];
    code.resize(0x20, 0);
    code.extend([0xaa, 0xbb, 0xcc, 0x00, 0xaa, 0xbb, 0xcc, 0x01]);
    code
}

fn check(code: &[u8], selectors: &[u32]) {
    let found = table_selectors(&Bytecode::new(code, Fork::Osaka));
    assert_eq!(found, (selectors.to_vec(), true));
}

#[test]
fn entries_of_a_table_are_found_whatever_compares_them() {
    for test in [0x14, 0x18, 0x03] {
        check(&dispatcher(test), &[0xaabb_cc00, 0xaabb_cc01]);
    }
    // ADD is no comparison.
    check(&dispatcher(0x01), &[]);
}

#[test]
fn an_entry_in_the_wrong_place_is_none() {
    let mut code = dispatcher(0x14);
    code.swap(0x23, 0x27);
    check(&code, &[]);
}

#[test]
fn calldata_compared_with_itself_is_no_selector() {
    check(&[0x5f, 0x35, 0x60, 0xe0, 0x1c, 0x80, 0x14, 0x00, 1, 2, 3, 4], &[]);
}

#[test]
fn any_code_ends() {
    check(&[0x5b, 0x5f, 0x56, 0, 0], &[]);
    check(&[], &[]);
    check(&[0x39, 0x51, 0x52, 0x90], &[]);
}
