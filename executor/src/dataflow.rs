//! How do several threads execute a block without waiting for one another at every step?
//!
//! In: block, base state, threads, and of each transaction up to where it waits, which may still be
//! worked out while the first transactions run. Out: [`Complete`], everything decided.
//! Invariants: the outcome is the sequential one whatever the schedule; outcome, retried
//! transactions and number of runs are the same for every number of threads.
//!
//! # Horizons
//!
//! A transaction's *horizon* is one more than the highest transaction it waits for. It may start when
//! everything below its horizon is decided for good, and it sees exactly that: not what is decided
//! later, though it may be there, and nothing that is still speculative. So what it sees follows from
//! the schedule and never from timing, with a single number instead of a set of transactions, and a
//! wrong forecast never spreads from one transaction to the next.
//!
//! ```text
//! tx        0   1   2   3   4   5          3 waits for 1: horizon 2
//! horizon   0   0   0   2   0   4          5 waits for 0 and 3: horizon 4
//! ```
//!
//! Whoever waits for 3 waits for 2 as well. Since transactions are taken in block order, 2 is done or
//! about to be by then; `slotcast schedule` simulates what that costs on many threads.
//!
//! # Who does what
//!
//! Every thread takes, in this order: the decisions that can be taken, if nobody is taking any; the
//! transaction that may start with the most to do behind it (`slotcast_scheduler::ranks`), or as long
//! as not all are known the lowest; a rest. Plain transfers are not run speculatively at all: making
//! one in closed form costs less than handing it over. A transaction that waits for the one just
//! before it is run on the prefix right away.
//!
//! # Giving up
//!
//! No transaction starts [`WINDOW`] before it is decided or earlier. So when the schedule is given up
//! after some transaction, it is certain which ones have been or will be run speculatively, the
//! window after it, and that all others run on the prefix; timing has no say in it.

mod crew;
mod task;

use revm::database_interface::DatabaseRef;
use slotcast_model::{Index, Location, Slot, TxIndex};
use slotcast_scheduler::Schedule;

use crate::{
    cost::UnitCosts,
    error::ExecutionError,
    fallback::FallbackRule,
    fork::Rules,
    input::Block,
    parallel::Pool,
    prefix::{Complete, Prefix},
    runner::{Runner, unless_it_panics},
    store::{Alone, Shared, Sharing, Store},
    transfer::Transfers,
    view::Ground,
};
use crew::Crew;
use task::Way;

/// How far ahead of what is decided a transaction may start.
///
/// Twice the transactions of a usual block: it hardly ever holds anybody up, and bounds what is run
/// in vain after a schedule was given up.
pub(crate) const WINDOW: usize = 512;

/// What a transaction waits for: the decision of everything below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Horizon(pub TxIndex);

impl Horizon {
    /// The horizon of `tx` in a schedule: one more than the highest transaction it waits for.
    pub fn of(schedule: &Schedule, tx: TxIndex) -> Self {
        let last = schedule.predecessors(tx).last();
        Self(last.map_or(TxIndex(0), |last| TxIndex(last.0 + 1)))
    }
}

/// What a transaction waits for, what it need not wait for, and what may wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Up to where it waits.
    pub horizon: Horizon,
    /// The storage slots that it is expected to only add to, whoever changed them before. If it does,
    /// and goes the same way from the committed word, it is not run again; if not, it is.
    pub additions: Vec<Slot>,
    /// About how much gas it uses: of those that may start, the one with the most to do behind it
    /// starts first.
    pub gas: u64,
}

impl Wait {
    /// The wait of `tx` in a schedule.
    pub fn of(schedule: &Schedule, tx: TxIndex) -> Self {
        let additions = added_slots(schedule, tx).collect();
        Self { horizon: Horizon::of(schedule, tx), additions, gas: schedule.weights()[tx] }
    }
}

impl From<Horizon> for Wait {
    fn from(horizon: Horizon) -> Self {
        Self { horizon, ..Self::default() }
    }
}

/// The storage slots that `tx` adds to without waiting.
pub(crate) fn added_slots(schedule: &Schedule, tx: TxIndex) -> impl Iterator<Item = Slot> {
    schedule.additions(tx).iter().filter_map(|location| match location {
        Location::Storage(slot) => Some(*slot),
        Location::Balance(_) | Location::Nonce(_) | Location::Code(_) => None,
    })
}

/// A block and what it is executed with.
#[derive(Debug)]
pub(crate) struct Work<'a, DB, S: Sharing = Shared> {
    pub(crate) block: &'a Block,
    pub(crate) rules: &'a Rules,
    pub(crate) base: &'a DB,
    pub(crate) store: &'a Store<S>,
}

impl<DB, S: Sharing> Clone for Work<'_, DB, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB, S: Sharing> Copy for Work<'_, DB, S> {}

/// Decides every transaction of a block whose opening is in the store, one after the other.
pub(crate) fn run_in_order<DB: DatabaseRef>(
    work: Work<'_, DB, Alone>,
    rule: FallbackRule,
) -> Result<Complete, ExecutionError> {
    let Work { block, rules, base, store } = work;
    let mut prefix = Prefix::new(block, rules, store, rule);
    let mut runner = Runner::new(block, rules, base, Ground::Alone(store));
    while prefix.next().as_usize() < block.n_transactions() {
        prefix.decide_next(&mut runner)?;
    }
    Ok(prefix.complete())
}

/// The same, with long stretches of plain transfers made on all threads.
pub(crate) fn run_in_order_on<DB: DatabaseRef + Sync>(
    work: Work<'_, DB, Alone>,
    pool: &Pool,
) -> Result<Complete, ExecutionError> {
    let Work { block, rules, base, store } = work;
    let mut prefix = Prefix::new(block, rules, store, FallbackRule::NEVER);
    let mut runner = Runner::new(block, rules, base, Ground::Alone(store));
    while prefix.next().as_usize() < block.n_transactions() {
        if prefix.decide_stretch(base, pool) == 0 {
            prefix.decide_next(&mut runner)?;
        }
    }
    Ok(prefix.complete())
}

/// Decides every transaction of a block whose opening is in the store, where `waits_for` says of one
/// transaction after the other up to where it waits: it is called on this thread, while the others
/// work on what is known already.
pub(crate) fn run_dataflow<DB: DatabaseRef + Sync>(
    work: Work<'_, DB>,
    pool: &Pool,
    rule: FallbackRule,
    mut waits_for: impl FnMut(TxIndex) -> Wait,
) -> Result<Complete, ExecutionError> {
    let transfers = Transfers::new(work.rules);
    let crew = Crew::new(work, rule, &pool.chaos);
    let lead = || {
        crew.lead(|tx| {
            // The transfer's forecast may still be of use for those after it.
            let wait = waits_for(tx);
            way(work, &transfers, tx, wait)
        });
    };
    pool.lead_with_help(lead, || crew.work());
    crew.complete()
}

/// How a transaction is to be decided.
fn way<DB: DatabaseRef>(
    work: Work<'_, DB>,
    transfers: &Transfers<'_>,
    tx: TxIndex,
    wait: Wait,
) -> Way {
    let Wait { horizon: Horizon(horizon), additions, gas } = wait;
    assert!(horizon <= tx, "a transaction waits for earlier ones only");
    let look = |to| unless_it_panics(|| work.base.basic_ref(to).ok());
    let recipient = transfers.recipient(work.block.transaction(tx));
    let is_transfer = recipient.and_then(look).is_some_and(has_no_code);
    let horizon = horizon.as_usize().max(least_horizon(tx.as_usize()));
    let (horizon, units) = (TxIndex::from_usize(horizon), UnitCosts::default());
    if is_transfer {
        Way::OnPrefix { horizon: TxIndex(0), nanos: units.transfer_nanos }
    } else if horizon == tx && horizon != TxIndex(0) {
        Way::OnPrefix { horizon, nanos: units.call.nanos(gas) }
    } else {
        let nanos = [units.call.nanos(gas), units.hand_over_nanos];
        Way::Speculatively { horizon, nanos, additions }
    }
}

/// The horizon of a transaction that waits for nobody: less than [`WINDOW`] before it, and the same for
/// many, so that what they see of an account that everybody changes is one and the same version.
const fn least_horizon(tx: usize) -> usize {
    const STEP: usize = WINDOW / 2;
    tx.saturating_sub(STEP) / STEP * STEP
}

fn has_no_code(info: Option<revm::state::AccountInfo>) -> bool {
    info.is_none_or(|info| info.is_empty_code_hash())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_starts_a_window_ahead_of_what_is_decided() {
        assert_eq!(least_horizon(WINDOW - 1), 0);
        for tx in 0..5 * WINDOW {
            assert!(least_horizon(tx) <= tx && tx < least_horizon(tx) + WINDOW, "{tx}");
        }
    }

    #[test]
    fn codeless_accounts_are_recognised() {
        use revm::state::AccountInfo;
        assert!(has_no_code(None));
        assert!(has_no_code(Some(AccountInfo::default())));
        let with_code =
            AccountInfo { code_hash: alloy_primitives::B256::ZERO, ..AccountInfo::default() };
        assert!(!has_no_code(Some(with_code)));
    }
}
