//! What do users of a rollup send from the layer below?
//!
//! In: a draft whose first transaction stands, and its town. Out: one deposit of every kind, among them
//! some that fail and stay in the block.
//! Invariant: each succeeds or fails as its name says, whatever the seed.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use slotcast::executor::{OpChain, TxDeposit};

use crate::generate::{draft::Draft, programs, town::Town};

/// Gas of a deposit, and of one that has not enough for what it begins.
const GAS: u64 = 200_000;
const LITTLE_GAS: u64 = 60_000;

/// Appends the deposits; a short block ends before the last of them.
pub(super) fn append(draft: &mut Draft, town: &Town, l1_hash: B256) {
    let kinds: [fn(&mut Draft, &Town) -> TxDeposit; 8] =
        [bridge, move_funds, spend_too_much, call, fail, withdraw, run_out_of_gas, create];
    for (log, kind) in kinds.into_iter().enumerate() {
        let of_log = [l1_hash, B256::from(U256::from(log))].concat();
        let deposit = kind(draft, town);
        let source_hash = keccak256([B256::ZERO, keccak256(of_log)].concat());
        draft.deposit(TxDeposit { source_hash, ..deposit });
    }
}

/// A contract below sends ether that arrives with the deposit.
fn bridge(draft: &mut Draft, _: &Town) -> TxDeposit {
    let to = draft.payee();
    let value = draft.rng.range(1, 1_000_000_000_000_000_000);
    minting(value, of(draft, to, Bytes::new()))
}

/// An account moves what it has here, and signs transactions later on.
fn move_funds(draft: &mut Draft, _: &Town) -> TxDeposit {
    let (to, value) = (draft.payee(), draft.rng.milliether(1, 300));
    let from = draft.person();
    let from = draft.spend_below(from, value);
    TxDeposit { from, value, ..of(draft, to, Bytes::new()) }
}

/// What arrives is less than what is sent on; it stays with the sender.
fn spend_too_much(draft: &mut Draft, _: &Town) -> TxDeposit {
    let to = draft.payee();
    let value = draft.rng.range(2, 1_000_000_000_000_000_000);
    let deposit = minting(value, of(draft, to, Bytes::new()));
    TxDeposit { mint: deposit.mint - 1, ..deposit }
}

/// A contract is called.
fn call(draft: &mut Draft, town: &Town) -> TxDeposit {
    of(draft, town.programs.counter, Bytes::new())
}

/// A contract is called that reverts, so that what is sent to it stays with the sender.
fn fail(draft: &mut Draft, town: &Town) -> TxDeposit {
    let value = draft.rng.range(1, 1_000_000_000);
    minting(value, of(draft, town.programs.reverter, Bytes::new()))
}

/// A withdrawal is asked for.
fn withdraw(draft: &mut Draft, _: &Town) -> TxDeposit {
    let value = draft.rng.range(1, 1_000_000_000_000_000_000);
    let input = draft.rng.hash().into();
    minting(value, of(draft, OpChain::MESSAGE_PASSER, input))
}

/// A contract is called that never ends.
fn run_out_of_gas(draft: &mut Draft, town: &Town) -> TxDeposit {
    TxDeposit { gas_limit: LITTLE_GAS, ..of(draft, town.programs.spinner, Bytes::new()) }
}

/// A contract is deployed.
fn create(draft: &mut Draft, _: &Town) -> TxDeposit {
    let input = programs::creation_of(programs::COUNTER).into();
    TxDeposit { to: TxKind::Create, ..of(draft, Address::ZERO, input) }
}

/// A deposit by a contract below, whose address is another here.
fn of(draft: &mut Draft, to: Address, input: Bytes) -> TxDeposit {
    TxDeposit {
        from: draft.rng.address(),
        to: TxKind::Call(to),
        gas_limit: GAS,
        input,
        ..TxDeposit::default()
    }
}

/// The same with so much minted and sent on.
fn minting(wei: u64, deposit: TxDeposit) -> TxDeposit {
    TxDeposit { mint: wei.into(), value: U256::from(wei), ..deposit }
}
