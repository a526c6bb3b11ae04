//! Does the model of traffic give the chains that its head describes?

use slotcast_analyzer::limits::StopReason;

use super::*;
use crate::lint::function::{Role, Touch};

/// A function that does this to slots.
fn function(uses: &[(u64, Use)]) -> Function {
    let touch = |&(slot, kind): &(u64, Use)| (SlotId::plain(slot), Touch::of(kind));
    Function {
        label: String::new(),
        role: Role::Users,
        shared: uses.iter().map(touch).collect(),
        own: std::collections::BTreeMap::new(),
        unknown: BTreeSet::new(),
        n_calls: 0,
        stop: StopReason::Finished,
        declared: None,
    }
}

fn check(functions: &[Function], gone: &[u64], chain: u32, ordered: u32) {
    let functions: Vec<&Function> = functions.iter().collect();
    let gone: Vec<SlotId> = gone.iter().map(|slot| SlotId::plain(*slot)).collect();
    let gone = gone.iter().collect();
    let model = Model::new(&functions);
    assert_eq!(model.chain(&gone, Deltas::Moved), chain);
    assert_eq!(model.chain(&gone, Deltas::Ordered), ordered);
}

#[test]
fn the_example_of_the_head() {
    let both = [function(&[(0, Use::Writes)]), function(&[(0, Use::Reads)])];
    check(&both, &[], ROUNDS + 1, ROUNDS + 1);
    check(&both, &[0], 1, 1);
}

#[test]
fn deltas_wait_for_no_call_and_readers_for_them() {
    let adds = function(&[(0, Use::Adds)]);
    check(std::slice::from_ref(&adds), &[], 1, ROUNDS);
    check(&[adds.clone(), function(&[(0, Use::Reads)])], &[], 2, ROUNDS + 1);
    check(&[adds, function(&[(0, Use::Writes)])], &[], ROUNDS + 1, 2 * ROUNDS);
    check(&[function(&[(0, Use::Counts)])], &[], ROUNDS, ROUNDS);
}

#[test]
fn locks_and_reads_make_no_call_wait() {
    check(&[function(&[(0, Use::Locks)]), function(&[(0, Use::Reads)])], &[], 1, 1);
}

#[test]
fn what_waits_twice_gains_by_neither_alone() {
    let both = [function(&[(0, Use::Writes), (1, Use::Writes)])];
    check(&both, &[0], ROUNDS, ROUNDS);
    check(&both, &[1], ROUNDS, ROUNDS);
    check(&both, &[0, 1], 1, 1);
}
