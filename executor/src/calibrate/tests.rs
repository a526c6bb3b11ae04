//! Do costs follow the machine, within bounds?

use super::*;
use crate::outcome::{TxOutcome, TxStatus};

#[test]
fn the_contract_runs_to_its_end() {
    let (block, state) = contract();
    let outcomes = execute_baseline(&block, &state).unwrap().tx_outcomes();
    let TxOutcome::Executed(executed) = &outcomes.as_slice()[0] else { panic!("{outcomes:?}") };
    assert_eq!(executed.status, TxStatus::Success);
    // Each of 256 loads costs 2,100.
    assert!(256 * 2_100 < executed.gas_used, "{}", executed.gas_used);
}

#[test]
fn all_costs_but_waking_are_scaled_and_no_more_than_fourfold() {
    let units = UnitCosts::default();
    let twice = units.scaled(2_000, 1_000);
    assert_eq!(twice.slot_nanos, 2 * units.slot_nanos);
    assert_eq!(twice.call.base_nanos, 2 * units.call.base_nanos);
    assert_eq!(twice.hand_over_nanos, 2 * units.hand_over_nanos);
    assert_eq!((twice.wake_nanos, twice.used_percent), (units.wake_nanos, units.used_percent));
    assert_eq!(units.scaled(1_000_000, 1_000), units.scaled(4_000, 1_000));
    assert_eq!(units.scaled(0, 1_000), units.scaled(250, 1_000));
    let wake = |nanos| units.with_wake(nanos).wake_nanos;
    let usual = units.wake_nanos;
    assert_eq!([wake(0), wake(usual + 1), wake(u64::MAX)], [usual / 4, usual + 1, 4 * usual]);
}

#[test]
fn one_thread_has_none_to_wake() {
    let units = UnitCosts::default();
    let alone = units.on_this_machine(&Pool::new(1).unwrap()).unwrap();
    assert_eq!(alone.wake_nanos, units.wake_nanos);
    let two = units.on_this_machine(&Pool::new(2).unwrap()).unwrap();
    assert!(units.wake_nanos / 4 <= two.wake_nanos, "{}", two.wake_nanos);
}
