//! Tests of: what if every first read of a key went to a disk?

use core::time::Duration;

use ethrex_vm::VmDatabase;
use slotcast::Clock;
use slotcast_corpus::embedded;

use super::{ColdSettings, ColdState};
use crate::{HostBlock, exact_list};

const READ: Duration = Duration::from_millis(2);

fn cold(depth: usize) -> (HostBlock, ColdState) {
    let host = HostBlock::new(embedded().unwrap()).unwrap();
    let state = ColdState::new(host.state.clone(), ColdSettings { read: READ, depth });
    (host, state)
}

fn took(read: impl FnOnce()) -> Duration {
    let clock = Clock::start();
    read();
    clock.elapsed()
}

#[test]
fn a_key_is_cold_once() {
    let (host, state) = cold(4);
    let at = host.block.header.coinbase;
    let first = took(|| drop(state.get_account_state(at)));
    assert!(READ <= first, "{first:?}");
    assert_eq!(state.n_read(), 1);
    // As often as would take seconds if it were cold.
    let again = took(|| (0..1_000).for_each(|_| drop(state.get_account_state(at))));
    assert!(again < 1_000 * READ, "{again:?}");
    assert_eq!(state.n_read(), 1);
}

#[test]
fn as_many_reads_of_a_batch_overlap_as_is_said() {
    let (host, state) = cold(4);
    let list = exact_list(&host).unwrap();
    let addresses: Vec<_> = list.accounts().iter().take(9).map(|it| it.address).collect();
    let all = took(|| drop(state.get_account_states_batch(&addresses)));
    assert!(3 * READ <= all, "{all:?}");
    assert_eq!(state.n_read(), 9);
    // One that is cold among those that are not.
    let one = list.accounts()[9].address;
    let rest = [addresses, vec![one]].concat();
    let last = took(|| drop(state.get_account_states_batch(&rest)));
    assert!(READ <= last, "{last:?}");
    assert_eq!(state.n_read(), 10);
}

#[test]
fn the_answers_are_those_of_the_state() {
    let (host, state) = cold(64);
    let addresses: Vec<_> =
        exact_list(&host).unwrap().accounts().iter().map(|it| it.address).collect();
    let batch = state.get_account_states_batch(&addresses).unwrap();
    let single: Vec<_> =
        addresses.iter().map(|at| host.state.get_account_state(*at).unwrap()).collect();
    assert_eq!(batch, single);
    assert!(batch.iter().flatten().count() > 100);
}
