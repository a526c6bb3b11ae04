//! Is a slow state asked once for each thing?

use super::*;
use crate::{AccountRecord, CodeRecord, MemoryState};

#[test]
fn everything_is_asked_for_once_and_answered_as_the_base_state_does() {
    let address = Address::with_last_byte(1);
    let account = AccountRecord {
        address,
        balance: U256::from(5),
        nonce: 1,
        code: CodeRecord::None,
        storage: vec![(U256::from(7), U256::from(8)), (U256::from(9), U256::from(10))],
    };
    let state = MemoryState::new(5, [account], []);
    let state = ReadThrough::new(state);
    let slots = vec![Slot::new(address, U256::from(7))];
    let wanted = Wanted { with_code: vec![address], slots, ..Wanted::default() };
    state.warm(&wanted).unwrap();
    assert_eq!(state.asked(), Asked { batches: 2, in_batches: 2, ..Asked::default() });
    for _ in 0..2 {
        assert_eq!(state.basic_ref(address).unwrap().unwrap().balance, U256::from(5));
        assert_eq!(state.storage_ref(address, U256::from(7)).unwrap(), U256::from(8));
    }
    assert_eq!(state.asked().single, 0);
    for _ in 0..2 {
        assert_eq!(state.storage_ref(address, U256::from(9)).unwrap(), U256::from(10));
        assert_eq!(state.basic_ref(Address::with_last_byte(2)).unwrap(), None);
    }
    assert_eq!((state.asked().single, state.asked().single_state), (2, 2));
}
