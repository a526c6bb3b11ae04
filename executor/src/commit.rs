//! What is decided of the block so far?
//!
//! In: transactions in block order, each validated or to be run. Out: [`CommittedPrefix`], and at
//! its end the outcome.
//! Invariants: the prefix grows by one transaction at a time and never shrinks; a transaction enters
//! it either validated and within the block's gas, or by running on the prefix itself; none is run
//! more than twice.

use revm::{database_interface::DatabaseRef, primitives::hardfork::SpecId, state::EvmState};
use slotcast_model::{Fork, Index, IndexVec, TxIndex};

use crate::{
    canonical::{Canonical, Run},
    error::ExecutionError,
    evm::Speculative,
    fallback::Tally,
    fork::Rules,
    input::Block,
    ledger::Ledger,
    outcome::{BlockOutcome, TxOutcome},
    sync::RwLock,
    validate::{Below, Retry, Validated, validate},
    versions::{Stamp, Versions},
};

/// The transactions below [`CommittedPrefix::next`], decided for good.
pub(crate) struct CommittedPrefix<'a, DB: DatabaseRef> {
    canonical: Canonical<'a, Ledger<'a, DB>>,
    base: &'a DB,
    spec: SpecId,
    fork: Fork,
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
    /// The empty prefix: the block's system calls are run and their effects stand in `store`, which
    /// is held.
    pub(crate) fn open(
        block: &'a Block,
        rules: &'a Rules,
        base: &'a DB,
        store: &'a RwLock<Versions>,
    ) -> Result<Self, ExecutionError> {
        let canonical = Canonical::open(block, rules, Ledger::open(base, store), false)?;
        let tally = Tally::new(block.n_transactions());
        let (spec, fork) = (rules.spec(), rules.fork());
        Ok(Self { canonical, base, spec, fork, txs: IndexVec::new(), tally })
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

    /// Keeps workers out of the versions, to extend the prefix.
    pub(crate) fn hold(&mut self) {
        self.canonical.state_mut().hold();
    }

    /// Lets workers read the versions.
    pub(crate) fn release(&mut self) {
        self.canonical.state_mut().release();
    }

    /// Enters the effects of a speculative run that cannot be decided yet.
    pub(crate) fn publish(&mut self, tx: TxIndex, state: &EvmState) {
        self.versions().publish(Stamp::of(tx), state);
    }

    /// Decides the next transaction from its speculative run, running it again if that is not good
    /// enough.
    pub(crate) fn extend(
        &mut self,
        speculative: Speculative,
        is_published: bool,
    ) -> Result<(), ExecutionError> {
        let tx = self.next();
        assert_eq!(speculative.tx(), tx, "transactions are decided in block order");
        let (base, spec) = (self.base, self.spec);
        let mut below = Below { versions: self.versions(), stamp: Stamp::of(tx) };
        let retry = match validate(speculative, &mut below, base, spec) {
            Ok(validated) if self.canonical.admits(tx) => {
                // What was published has storage words as they were before they were moved.
                let is_published = is_published && !self.retract_if_moved(&validated);
                self.commit(validated, is_published);
                return Ok(());
            }
            // What does not fit into the block is rejected by whoever says so for good.
            Ok(validated) => Retry { superseded: Some(validated.into_result().state) },
            Err(retry) => retry,
        };
        self.tally.count_retry(tx);
        if let Some(state) = retry.superseded.filter(|_| is_published) {
            self.versions().retract(Stamp::of(tx), &state);
        }
        self.run_next()
    }

    /// Runs the next transaction on the prefix, for good.
    pub(crate) fn run_next(&mut self) -> Result<(), ExecutionError> {
        let tx = self.next();
        self.tally.count_run(tx);
        self.canonical.state_mut().turn_to(Stamp::of(tx));
        let outcome = match self.canonical.run(tx)? {
            Run::Rejected(reason) => TxOutcome::Rejected(reason),
            Run::Executed(result) => {
                let outcome = TxOutcome::executed(&result.result.result);
                self.canonical.commit(result);
                outcome
            }
        };
        self.txs.push(outcome);
        Ok(())
    }

    /// Ends the block.
    pub(crate) fn finish(mut self) -> Result<Finished, ExecutionError> {
        self.canonical.state_mut().turn_to(Stamp::CLOSING);
        let (mut ledger, result) = self.canonical.finish()?;
        let state = ledger
            .versions()
            .changes(self.base)
            .map_err(|source| ExecutionError::Database { tx: None, source: Box::new(source) })?;
        let outcome = BlockOutcome {
            fork: self.fork,
            txs: self.txs,
            receipts: result.receipts,
            gas_used: result.gas_used,
            blob_gas_used: result.blob_gas_used,
            requests: result.requests,
            state,
        };
        let (reexecuted, n_executions) = self.tally.into_counts();
        Ok(Finished { outcome, reexecuted, n_executions })
    }

    /// Takes back what was published of a transaction whose storage words were moved since; whether
    /// that was so.
    fn retract_if_moved(&mut self, validated: &Validated) -> bool {
        let has_moved = 0 < validated.n_moved_slots();
        if has_moved {
            let stamp = Stamp::of(validated.tx());
            self.versions().retract(stamp, validated.state());
        }
        has_moved
    }

    fn commit(&mut self, validated: Validated, is_published: bool) {
        let tx = validated.tx();
        let mut result = validated.into_result();
        self.txs.push(TxOutcome::executed(&result.result));
        if is_published {
            // The versions have its effects already, and effects do not depend on what they start
            // from.
            result.state = EvmState::default();
        }
        self.canonical.state_mut().turn_to(Stamp::of(tx));
        let result = self.canonical.tx_result(tx, result);
        self.canonical.commit(result);
    }

    fn versions(&mut self) -> &mut Versions {
        self.canonical.state_mut().versions()
    }
}
