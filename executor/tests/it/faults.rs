//! What happens when the base state cannot be read, or panics?
//!
//! In: a base state that fails at its n-th read, for every n. Out: the sequential outcome, when only
//! a speculative run was hit, or a typed error that names the transaction; never a deadlock.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{Address, B256, TxKind, U256};
use revm::{
    bytecode::Bytecode, context::DBErrorMarker, database_interface::DatabaseRef, state::AccountInfo,
};
use slotcast_executor::{
    Advice, ExecutionError, Fork, MemoryState, SequentialSettings, Settings, execute_sequential,
    execute_with_bundle,
};
use slotcast_model::TxIndex;
use slotcast_scheduler::Schedule;

use crate::{
    asm::Asm,
    made::{Call, ETHER, Made, address},
    parallel::run,
};

#[derive(Clone, Copy, Debug)]
enum Fault {
    Error,
    Panic,
}

/// A base state that fails on some reads, counted from zero.
struct Faulty<'a> {
    state: &'a MemoryState,
    fault: Fault,
    fails_at: core::ops::Range<u64>,
    n_reads: AtomicU64,
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the disk is gone")]
struct Gone;

impl DBErrorMarker for Gone {}

impl Faulty<'_> {
    fn read<T>(&self, read: impl FnOnce(&MemoryState) -> T) -> Result<T, Gone> {
        let n = self.n_reads.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            _ if !self.fails_at.contains(&n) => Ok(read(self.state)),
            Fault::Error => Err(Gone),
            Fault::Panic => panic!("the disk is gone"),
        }
    }
}

impl DatabaseRef for Faulty<'_> {
    type Error = Gone;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Gone> {
        self.read(|state| state.basic_ref(address).unwrap())
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Gone> {
        self.read(|state| state.code_by_hash_ref(hash).unwrap())
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, Gone> {
        self.read(|state| state.storage(address, key))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Gone> {
        self.read(|state| state.block_hash(number))
    }
}

fn block() -> Made {
    let mut made = Made::new(Fork::London);
    let code = address(0xd0);
    made.contract(code, 0, &Asm::default().increment(0).0, &[]);
    for n in 0..6 {
        let from = address(0xa0 + n);
        made.account(from, ETHER);
        made.send(from, 0, TxKind::Call(code), Call::default());
    }
    made
}

#[test]
fn a_read_that_fails_once_costs_a_run_or_is_an_error_with_its_transaction() {
    let (block, state) = block().build();
    let observed = SequentialSettings { is_observed: false };
    let sequential = execute_sequential(&block, &state, &observed).unwrap();
    let schedule = Schedule::single_layer(block.n_transactions());
    let (mut n_recovered, mut n_errors) = (0, 0);
    for fault in [Fault::Error, Fault::Panic] {
        for threads in [1, 3] {
            let settings = Settings::with_threads(threads).unwrap();
            for n in 0..40 {
                let fails_at = n..n + 1;
                let faulty = Faulty { state: &state, fault, fails_at, n_reads: AtomicU64::new(0) };
                match run(&block, &schedule, &faulty, &settings) {
                    Ok(parallel) => {
                        assert!(parallel.outcome == sequential.outcome);
                        n_recovered += 1;
                    }
                    Err(error) => {
                        // Only the run on the prefix is final, and what it reads for the first time
                        // is read there only.
                        assert!(error.to_string().contains("the disk is gone"), "{error}");
                        n_errors += 1;
                    }
                }
            }
        }
    }
    assert!(0 < n_recovered, "a speculative run was hit");
    assert!(0 < n_errors, "a run on the prefix was hit");
}

#[test]
fn a_state_that_stays_broken_is_an_error_with_the_first_transaction_it_hits() {
    let (block, state) = block().build();
    let schedule = Schedule::single_layer(block.n_transactions());
    let faulty = |fault, from| Faulty {
        state: &state,
        fault,
        fails_at: from..u64::MAX,
        n_reads: AtomicU64::new(0),
    };
    for threads in [1, 2, 4] {
        let settings = Settings::with_threads(threads).unwrap();
        let error =
            run(&block, &schedule, &faulty(Fault::Error, 0), &settings).map(drop).unwrap_err();
        assert!(
            matches!(error, ExecutionError::Database { tx: Some(TxIndex(0)), .. }),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            "the state could not be read in transaction 0: the disk is gone"
        );
        let error =
            run(&block, &schedule, &faulty(Fault::Panic, 0), &settings).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "transaction 0 panicked: the disk is gone");
    }
    let observed = SequentialSettings { is_observed: false };
    let error = execute_sequential(&block, &faulty(Fault::Panic, 0), &observed).unwrap_err();
    assert_eq!(error.to_string(), "transaction 0 panicked: the disk is gone");
}

#[test]
fn a_pool_goes_on_after_an_error_and_a_bundle_has_the_same_errors() {
    let (block, state) = block().build();
    let unobserved = SequentialSettings { is_observed: false };
    let expected = execute_sequential(&block, &state, &unobserved).unwrap().outcome;
    let schedule = Schedule::single_layer(block.n_transactions());
    let settings = Settings::with_threads(3).unwrap();
    let with_bundle = |fault| {
        let faulty =
            Faulty { state: &state, fault, fails_at: 0..u64::MAX, n_reads: AtomicU64::new(0) };
        let advice = Advice::Schedule(&schedule, &settings);
        execute_with_bundle(&block, &faulty, advice).map(|_| ()).unwrap_err()
    };
    for _ in 0..20 {
        let error = with_bundle(Fault::Error);
        assert!(matches!(error, ExecutionError::Database { tx: Some(TxIndex(0)), .. }), "{error}");
        let error = with_bundle(Fault::Panic);
        assert!(matches!(error, ExecutionError::Panicked { tx: TxIndex(0), .. }), "{error}");
        assert!(run(&block, &schedule, &state, &settings).unwrap().outcome == expected);
    }
}
