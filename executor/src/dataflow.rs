//! How do several threads execute a block without waiting for one another at every step?
//!
//! In: block, schedule, base state, threads. Out: [`Complete`], everything decided.
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
//! lowest transaction that may start; a rest. Plain transfers are not run speculatively at all: making
//! one in closed form costs less than handing it over. A transaction that waits for the one just
//! before it is run on the prefix right away.
//!
//! # Giving up
//!
//! No transaction starts more than [`WINDOW`] before it is decided. So when the schedule is given up
//! after some transaction, it is certain which ones have been or will be run speculatively, the
//! window after it, and that all others run on the prefix; timing has no say in it.

mod crew;
mod task;

use alloy_consensus::TxEnvelope;
use revm::database_interface::DatabaseRef;
use slotcast_model::{Index, IndexVec, TxIndex};
use slotcast_scheduler::Schedule;

use crate::{
    error::ExecutionError,
    fallback::FallbackRule,
    fork::Rules,
    input::Block,
    parallel::Pool,
    prefix::{Complete, Prefix},
    runner::{Runner, unless_it_panics},
    store::Store,
    transfer::Transfers,
};
use crew::Crew;
use task::Way;

/// How far ahead of what is decided a transaction may start.
///
/// Twice the transactions of a usual block: it hardly ever holds anybody up, and bounds what is run
/// in vain after a schedule was given up.
pub(crate) const WINDOW: usize = 512;

/// A block and what it is executed with.
#[derive(Debug)]
pub(crate) struct Work<'a, DB> {
    pub(crate) block: &'a Block,
    pub(crate) rules: &'a Rules,
    pub(crate) base: &'a DB,
    pub(crate) store: &'a Store,
}

impl<DB> Clone for Work<'_, DB> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB> Copy for Work<'_, DB> {}

/// Decides every transaction of a block whose opening is in the store, one after the other.
pub(crate) fn run_in_order<DB: DatabaseRef>(
    work: Work<'_, DB>,
    rule: FallbackRule,
) -> Result<Complete, ExecutionError> {
    let Work { block, rules, base, store } = work;
    let mut prefix = Prefix::new(block, rules, store, rule);
    let mut runner = Runner::new(block, rules, base, store);
    while prefix.next().as_usize() < block.n_transactions() {
        prefix.decide_next(&mut runner)?;
    }
    Ok(prefix.complete())
}

/// Decides every transaction of a block whose opening is in the store, as `schedule` advises.
pub(crate) fn run_dataflow<DB: DatabaseRef + Sync>(
    work: Work<'_, DB>,
    schedule: &Schedule,
    pool: &Pool,
    rule: FallbackRule,
) -> Result<Complete, ExecutionError> {
    let ways = ways(work, schedule);
    let crew = Crew::new(work, ways, rule);
    pool.help(|| crew.work());
    crew.complete()
}

/// How each transaction is to be decided.
fn ways<DB: DatabaseRef>(work: Work<'_, DB>, schedule: &Schedule) -> IndexVec<TxIndex, Way> {
    let transfers = Transfers::new(work.rules);
    let is_transfer = |tx: &TxEnvelope| {
        let look = |to| unless_it_panics(|| work.base.basic_ref(to).ok());
        transfers.recipient(tx).and_then(look).is_some_and(has_no_code)
    };
    let way = |tx: TxIndex| {
        let waits_for = schedule.predecessors(tx).last().map_or(0, |last| last.as_usize() + 1);
        let horizon = waits_for.max(tx.as_usize().saturating_sub(WINDOW));
        if is_transfer(work.block.transaction(tx)) || horizon == tx.as_usize() && horizon != 0 {
            Way::OnPrefix
        } else {
            Way::Speculatively { horizon: TxIndex::from_usize(horizon) }
        }
    };
    work.block.tx_indices().map(way).collect()
}

fn has_no_code(info: Option<revm::state::AccountInfo>) -> bool {
    info.is_none_or(|info| info.is_empty_code_hash())
}

#[cfg(test)]
mod tests {
    use super::*;

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
