//! What is decided of the block so far?
//!
//! In: transactions in block order, each validated or to be run. Out: [`CommittedPrefix`], and at
//! its end the outcome.
//! Invariants: the prefix grows by one transaction at a time and never shrinks; a transaction enters
//! it either validated and within the block's gas, or by running on the prefix itself; none is run
//! more than twice.

use std::sync::RwLock;

use alloy_primitives::Address;
use revm::{database_interface::DatabaseRef, primitives::hardfork::SpecId, state::EvmState};
use slotcast_model::{Index, IndexVec, TxIndex};

use crate::{
    canonical::{Canonical, Run},
    error::ExecutionError,
    evm::Speculative,
    fallback::Tally,
    fork::Rules,
    input::Block,
    outcome::{BlockOutcome, TxOutcome},
    validate::{Retry, Validated, validate},
    versions::{Seen, Versions},
};

/// The transactions below [`CommittedPrefix::next`], decided for good.
pub(crate) struct CommittedPrefix<'a, DB: DatabaseRef> {
    canonical: Canonical<'a, DB>,
    base: &'a DB,
    spec: SpecId,
    txs: IndexVec<TxIndex, TxOutcome>,
    tally: Tally,
}

/// A prefix that holds the whole block.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) outcome: BlockOutcome,
    pub(crate) reexecuted: Vec<TxIndex>,
    pub(crate) n_executions: usize,
}

impl<'a, DB: DatabaseRef> CommittedPrefix<'a, DB> {
    /// The empty prefix: the block's system calls are run and entered into `store`.
    pub(crate) fn open(
        block: &'a Block,
        rules: &'a Rules,
        base: &'a DB,
        store: &RwLock<Versions>,
    ) -> Result<Self, ExecutionError> {
        let canonical = Canonical::open(block, rules, base, false)?;
        let mut versions = store.write().expect("nobody wrote before");
        canonical.changes_so_far(|address, info, slots| versions.start(address, info, slots));
        drop(versions);
        let tally = Tally::new(block.n_transactions());
        Ok(Self { canonical, base, spec: rules.spec(), txs: IndexVec::new(), tally })
    }

    /// The first transaction that is not decided.
    pub(crate) fn next(&self) -> TxIndex {
        TxIndex::from_usize(self.txs.len())
    }

    /// How often transactions were run so far.
    pub(crate) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Notes a speculative run of `tx`.
    pub(crate) fn count_speculative_run(&mut self, tx: TxIndex) {
        self.tally.count_run(tx);
    }

    /// Decides the next transaction from its speculative run, running it again if that is not good
    /// enough.
    pub(crate) fn extend(
        &mut self,
        speculative: Speculative,
        is_published: bool,
        versions: &mut Versions,
    ) -> Result<(), ExecutionError> {
        assert_eq!(speculative.tx(), self.next(), "transactions are decided in block order");
        let retry = match validate(speculative, versions, self.base, self.spec) {
            Ok(validated) if self.canonical.admits(validated.tx()) => {
                if !is_published {
                    versions.publish(validated.tx(), validated.state());
                }
                let touched = cfg!(debug_assertions)
                    .then(|| validated.state().keys().copied().collect::<Vec<_>>());
                self.commit(validated);
                self.assert_agreement(touched.unwrap_or_default(), versions);
                return Ok(());
            }
            // What does not fit into the block is rejected by whoever says so for good.
            Ok(validated) => Retry { superseded: Some(validated.into_result().state) },
            Err(retry) => retry,
        };
        self.tally.count_retry(self.next());
        if let Some(state) = retry.superseded.filter(|_| is_published) {
            versions.retract(self.next(), &state);
        }
        self.run_next(|tx, state| versions.publish(tx, state))
    }

    /// Runs the next transaction on the prefix, for good, and shows its state to `publish`.
    pub(crate) fn run_next(
        &mut self,
        publish: impl FnOnce(TxIndex, &EvmState),
    ) -> Result<(), ExecutionError> {
        let tx = self.next();
        self.tally.count_run(tx);
        let outcome = match self.canonical.run(tx)? {
            Run::Rejected(reason) => TxOutcome::Rejected(reason),
            Run::Executed(result) => {
                let outcome = TxOutcome::executed(&result.result.result);
                publish(tx, &result.result.state);
                self.canonical.commit(result);
                outcome
            }
        };
        self.txs.push(outcome);
        Ok(())
    }

    /// Ends the block.
    pub(crate) fn finish(self) -> Result<Finished, ExecutionError> {
        let outcome = self.canonical.finish(self.txs)?;
        let (reexecuted, n_executions) = self.tally.into_counts();
        Ok(Finished { outcome, reexecuted, n_executions })
    }

    /// Two records are kept of what is committed, the block executor's and the versions; where both
    /// know an account they must agree.
    fn assert_agreement(&self, touched: Vec<Address>, versions: &mut Versions) {
        for address in touched {
            let known = self.canonical.loaded_account(address);
            if let (Some(known), Seen::Left(left)) =
                (known, versions.account_mut(address, self.next()))
            {
                assert_eq!(known.as_ref(), left, "account {address} below {}", self.next());
            }
        }
    }

    fn commit(&mut self, validated: Validated) {
        let tx = validated.tx();
        let result = validated.into_result();
        self.txs.push(TxOutcome::executed(&result.result));
        let result = self.canonical.tx_result(tx, result);
        self.canonical.commit(result);
    }
}
