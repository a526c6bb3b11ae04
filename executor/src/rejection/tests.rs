//! How do rejections read?

use super::*;

#[test]
fn the_texts_are_those_of_the_block_executor() {
    let no_room = Rejection::NoRoom { gas_limit: 30_000, left: 21_000 };
    assert_eq!(
        no_room.to_string(),
        "transaction gas limit 30000 is more than blocks available gas 21000"
    );
    let invalid = InvalidTransaction::NonceTooHigh { tx: 5, state: 2 };
    assert_eq!(Rejection::from(invalid.clone()).to_string(), invalid.to_string());
}
