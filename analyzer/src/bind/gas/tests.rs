//! Is a store priced by what the slot held?

use super::*;

#[test]
fn a_store_is_priced_by_what_the_slot_held() {
    let known = |n: u64| Value::Known(U256::from(n));
    let cell = |original, current| Cell {
        original: known(original),
        current: known(current),
        only_added: false,
    };
    let price = |fork, cell: Cell, new| Prices::of(fork).store(&cell, known(new), true);
    assert_eq!(price(Fork::London, cell(0, 0), 1), 22_100);
    assert_eq!(price(Fork::London, cell(1, 1), 2), 5_000);
    assert_eq!(price(Fork::London, cell(1, 2), 3), 2_200);
    assert_eq!(price(Fork::London, cell(1, 1), 1), 2_200);
    assert_eq!(price(Fork::Istanbul, cell(0, 5), 1), 800);
    assert_eq!(price(Fork::Byzantium, cell(1, 2), 3), 5_000);
    assert_eq!(price(Fork::Byzantium, cell(0, 0), 3), 20_000);
}
