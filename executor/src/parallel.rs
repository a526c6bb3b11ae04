//! How do several threads execute a block without waiting for one another at every step?
//!
//! In: a block, its base state, threads, and what each transaction waits for, which may still be
//! worked out while the first transactions run. Out: [`Complete`], everything committed.
//! Invariants: the outcome is the sequential one whatever the advice; outcome, re-executed
//! transactions and number of runs are the same for every number of threads.
//!
//! # Who does what
//!
//! A transaction sees what is below its horizon (`wait.rs`). Every thread takes, in this order: the
//! commits that can be made, if no thread is making any; the transaction that may start with the
//! most to do behind it (`slotcast_scheduler::ranks`), or as long as not all are known the lowest; a
//! rest. Plain transfers are not run speculatively at all: making one in closed form costs less than
//! handing it over. A transaction that waits for the one just before it is run on the prefix right
//! away.
//!
//! # Giving up
//!
//! No transaction starts a [window](crate::wait::WINDOW) before it is committed or earlier. So when
//! advice is given up after some transaction, it is certain which ones have been or will be run
//! speculatively, the window after it, and that all others run on the prefix; timing has no say.

mod dispatch;
mod ready_queue;
mod workers;

use alloy_primitives::Address;
use revm::database_interface::DatabaseRef;
use slotcast_model::TxIndex;

use crate::{
    error::ExecutionError,
    evm::Told,
    job::Job,
    pool::Settings,
    prefix::Complete,
    profit::UnitCosts,
    runner::unless_it_panics,
    transfer::Transfers,
    wait::{Advice, Horizon, Wait},
};
use dispatch::Dispatch;
use workers::Workers;

/// Commits every transaction of a block whose opening is in the store, as `advice` says.
///
/// # Panics
///
/// When `advice` has no threads.
pub(crate) fn run_parallel<DB: DatabaseRef + Sync>(
    job: Job<'_, DB>,
    advice: Advice<'_>,
) -> Result<Complete, ExecutionError> {
    match advice {
        Advice::None => unreachable!("without advice a block is executed sequentially"),
        Advice::Schedule(schedule, settings) => {
            run_streamed(job, settings, |tx| Wait::of(schedule, tx, settings.mode))
        }
        Advice::Streamed(waits_for, settings) => run_streamed(job, settings, waits_for),
    }
}

fn run_streamed<DB: DatabaseRef + Sync>(
    job: Job<'_, DB>,
    settings: &Settings,
    mut waits_for: impl FnMut(TxIndex) -> Wait,
) -> Result<Complete, ExecutionError> {
    let transfers = Transfers::new(job.rules);
    let workers = Workers::new(job, settings.fallback, &settings.pool.chaos);
    let lead = || {
        workers.lead(|tx| {
            // The prediction of a transfer may still be of use for those after it.
            let wait = waits_for(tx);
            dispatch(job, &transfers, &settings.units, tx, wait)
        });
    };
    settings.pool.run(lead, || workers.work());
    workers.complete()
}

/// How a transaction is to be run.
fn dispatch<DB: DatabaseRef>(
    job: Job<'_, DB>,
    transfers: &Transfers<'_>,
    units: &UnitCosts,
    tx: TxIndex,
    wait: Wait,
) -> Dispatch {
    let Wait { horizon, deltas, expected, accounts, gas } = wait;
    assert!(horizon.0 <= tx, "a transaction waits for earlier ones only");
    let look = |to| unless_it_panics(|| job.base.basic_ref(to).ok());
    let recipient = transfers.recipient(job.block.transaction(tx));
    let has_no_code =
        |info: Option<revm::state::AccountInfo>| info.is_none_or(|it| it.is_empty_code_hash());
    let told = |to: &Address| {
        let at = accounts.binary_search_by_key(to, |(address, _)| *address);
        at.ok().and_then(|at| accounts[at].1.code.as_ref())
    };
    // Code that is put in place from the horizon on is run like any other.
    let is_told = recipient.as_ref().and_then(told).is_some_and(|code| !code.is_empty());
    let is_transfer = !is_told && recipient.and_then(look).is_some_and(has_no_code);
    // What all read stands in the first transaction of a rollup's block.
    let first = u32::from(job.rules.optimism.is_some());
    let Horizon(horizon) = horizon.within_window(tx);
    let horizon = horizon.max(TxIndex(first.min(tx.0)));
    if is_transfer {
        Dispatch::OnPrefix { horizon: TxIndex(0), nanos: units.transfer_nanos }
    } else if horizon == tx && horizon != TxIndex(0) {
        Dispatch::OnPrefix { horizon, nanos: units.call.nanos(gas) }
    } else {
        let nanos = [units.call.nanos(gas), units.hand_over_nanos];
        Dispatch::Speculatively { horizon, nanos, told: Told { deltas, expected, accounts } }
    }
}
