//! Do the blocks tell one limit from the next?

use std::collections::BTreeMap;

use super::*;
use crate::{ours, theirs};

/// Which calls succeeded, by contract and length, where both sides say the same.
fn succeeded(fork: OpFork) -> BTreeMap<(u16, u64), bool> {
    let (_, block, state) = block(fork);
    let came = ours::run(&block, &state);
    assert_eq!(came.differences(&theirs::run(&block, &state)), [""; 0]);
    let storage = &came.state[&CALLER].storage;
    let keys = calls().into_iter().map(|(number, length)| {
        let key = (U256::from(number) << 32) | (U256::from(length) << 1);
        let is_called = storage.contains_key(&key);
        (is_called, (number, length), storage.contains_key(&(key | U256::from(1))))
    });
    keys.filter(|(is_called, ..)| *is_called).map(|(_, call, success)| (call, success)).collect()
}

#[test]
fn each_limit_lets_the_last_whole_input_pass_and_not_the_next() {
    let all: BTreeMap<OpFork, _> =
        [OpFork::Fjord, OpFork::Granite, OpFork::Isthmus, OpFork::Jovian, OpFork::Karst]
            .into_iter()
            .map(|fork| (fork, succeeded(fork)))
            .collect();
    let is_let = |fork: OpFork, number: u16, most: u64, unit: u64| {
        let whole = most / unit * unit;
        [whole, whole + unit].map(|length| all[&fork].get(&(number, length)).copied())
    };
    let [both, first, none] = [[Some(true); 2], [Some(true), Some(false)], [Some(false); 2]];
    assert_eq!(is_let(OpFork::Fjord, 0x08, 112_687, 192), both);
    assert_eq!(is_let(OpFork::Granite, 0x08, 112_687, 192), first);
    assert_eq!(is_let(OpFork::Granite, 0x08, 81_984, 192), both);
    assert_eq!(is_let(OpFork::Jovian, 0x08, 81_984, 192), first);
    for (number, most, unit) in LIMITS.into_iter().filter(|(number, ..)| *number != BN_PAIRING) {
        let is_of_jovian = LIMITS.iter().any(|it| it.0 == number && most < it.1);
        let [isthmus, later] = if is_of_jovian { [both, first] } else { [first, none] };
        assert_eq!(is_let(OpFork::Isthmus, number, most, unit), isthmus);
        assert_eq!(is_let(OpFork::Jovian, number, most, unit), later);
        assert_eq!(is_let(OpFork::Karst, number, most, unit), later);
    }
}
