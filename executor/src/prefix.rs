//! What is committed of the block so far?
//!
//! In: transactions in block order, each with a speculative run or without. Out: [`CommittedPrefix`], and at
//! its end everything but what the block does after its transactions.
//! Invariants: the prefix grows by one transaction at a time and never shrinks; a transaction enters
//! it validated and within the block's gas, in closed form, or by running on the prefix itself; none
//! is run more than twice.

use alloy_consensus::{Transaction, Typed2718};
use revm::{
    context::result::{ExecutionResult, Output, ResultAndState, ResultGas, SuccessReason},
    database_interface::DatabaseRef,
    primitives::{U256, hardfork::SpecId},
};
use slotcast_model::{Index, IndexVec, Slot, TxIndex};

use crate::{
    any_state::state_error,
    chain::optimism::L1_BLOCK,
    error::ExecutionError,
    evm::Speculative,
    fallback::{FallbackRule, Tally},
    fork::Rules,
    input::Block,
    meter::Meter,
    outcome::{ExecutedTx, TxOutcome, TxStatus},
    reads::{AccountRead, SlotRead},
    receipt::{Receipt, RollupReceipt},
    rejection::Rejection,
    runner::{Decided, Runner, unless_it_panics},
    store::{Shared, Sharing, Since, Store},
    transfer::{Made, Transfers},
    validate::{Committed, Now, validate},
    version::{Seen, Version},
};

/// The transactions below [`CommittedPrefix::next`], committed for good.
pub(crate) struct CommittedPrefix<'a, S: Sharing = Shared> {
    block: &'a Block,
    rules: &'a Rules,
    store: &'a Store<S>,
    transfers: Transfers<'a>,
    rule: FallbackRule,
    txs: IndexVec<TxIndex, TxOutcome>,
    receipts: Vec<Receipt>,
    meter: Meter,
    tally: Tally,
    n_transfers: usize,
    n_moved_slots: usize,
    /// What the transactions that ran came to, kept where their states are.
    results: Vec<ExecutionResult>,
}

/// A prefix that holds all transactions.
#[derive(Debug, Default)]
pub(crate) struct Complete {
    pub(crate) txs: IndexVec<TxIndex, TxOutcome>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) meter: Meter,
    pub(crate) reexecuted: Vec<TxIndex>,
    pub(crate) n_executions: usize,
    pub(crate) n_transfers: usize,
    pub(crate) n_moved_slots: usize,
    pub(crate) results: Vec<ExecutionResult>,
}

impl<'a, S: Sharing> CommittedPrefix<'a, S> {
    pub(crate) fn new(
        block: &'a Block,
        rules: &'a Rules,
        store: &'a Store<S>,
        rule: FallbackRule,
    ) -> Self {
        let n_transactions = block.n_transactions();
        Self {
            block,
            rules,
            store,
            transfers: Transfers::new(rules),
            rule,
            txs: IndexVec::with_capacity(n_transactions),
            receipts: Vec::with_capacity(n_transactions),
            meter: Meter::default(),
            tally: Tally::new(n_transactions),
            n_transfers: 0,
            n_moved_slots: 0,
            results: Vec::new(),
        }
    }

    /// The first transaction that is not committed.
    pub(crate) fn next(&self) -> TxIndex {
        TxIndex::from_usize(self.txs.len())
    }

    /// Whether so many runs were in vain that advice is not worth following.
    pub(crate) fn gives_up(&self) -> bool {
        self.rule.gives_up(self.tally.n_retried(), self.txs.len())
    }

    /// Commits the next transaction from its speculative run, which saw what is below `horizon`, and
    /// runs it again if that is not good enough.
    pub(crate) fn extend<DB: DatabaseRef>(
        &mut self,
        speculative: Speculative,
        horizon: Version,
        runner: &mut Runner<'a, DB>,
    ) -> Result<(), ExecutionError> {
        let tx = self.next();
        assert_eq!(speculative.tx(), tx, "transactions are committed in block order");
        self.tally.count_run(tx);
        let mut committed = SinceHorizon { store: self.store, horizon };
        let spec = self.rules.spec();
        let validated =
            unless_it_panics(|| validate(speculative, &mut committed, runner.base(), spec));
        // What does not fit into the block is rejected by the run that says so for good.
        let has_room = self.no_room(tx, runner.base())?.is_none();
        match validated.filter(|_| has_room) {
            Some(validated) => {
                self.n_moved_slots += validated.n_moved_slots();
                self.commit(validated.tx(), validated.into_result(), runner.base())
            }
            None => {
                self.tally.count_retry(tx);
                self.run_next(runner)
            }
        }
    }

    /// Commits the next transaction on the prefix: in closed form, or by running it.
    pub(crate) fn commit_next<DB: DatabaseRef>(
        &mut self,
        runner: &mut Runner<'a, DB>,
    ) -> Result<(), ExecutionError> {
        let tx = self.next();
        let made = match self.no_room(tx, runner.base())? {
            None => {
                unless_it_panics(|| self.transfers.make(self.block, tx, self.store, runner.base()))
            }
            Some(_) => None,
        };
        match made {
            Some(made) => {
                self.tally.count_run(tx);
                self.n_transfers += 1;
                self.enter_transfer(tx, made);
                Ok(())
            }
            None => self.run_next(runner),
        }
    }

    /// Everything committed, once that is all.
    pub(crate) fn complete(self) -> Complete {
        assert_eq!(self.txs.len(), self.block.n_transactions(), "every transaction is committed");
        let Self { txs, receipts, meter, tally, n_transfers, n_moved_slots, results, .. } = self;
        let (reexecuted, n_executions) = tally.into_counts();
        Complete {
            txs,
            receipts,
            meter,
            reexecuted,
            n_executions,
            n_transfers,
            n_moved_slots,
            results,
        }
    }

    fn run_next<DB: DatabaseRef>(
        &mut self,
        runner: &mut Runner<'a, DB>,
    ) -> Result<(), ExecutionError> {
        let tx = self.next();
        self.tally.count_run(tx);
        let decided = match self.no_room(tx, runner.base())? {
            Some(reason) => Decided::Rejected(reason),
            None => runner.run(tx)?,
        };
        match decided {
            Decided::Rejected(reason) => {
                self.txs.push(TxOutcome::Rejected(reason));
                Ok(())
            }
            Decided::Executed(result) => self.commit(tx, result, runner.base()),
        }
    }

    fn commit<DB: DatabaseRef>(
        &mut self,
        tx: TxIndex,
        ResultAndState { result, state }: ResultAndState,
        base: &DB,
    ) -> Result<(), ExecutionError> {
        let rollup = match &self.rules.optimism {
            None => None,
            Some(op) => {
                let read = |slot| self.parameter(base, slot);
                let receipt = op.receipt(self.block, tx, result.gas(), &state, read);
                receipt.map_err(|source| unreadable(tx, source))?
            }
        };
        self.store.commit(Version::of(tx), state);
        self.enter(tx, result, rollup);
        Ok(())
    }

    /// A word of the contract that holds a rollup's fee parameters.
    fn parameter<DB: DatabaseRef>(&self, base: &DB, slot: U256) -> Result<U256, DB::Error> {
        match self.store.last_slot(&Slot::new(L1_BLOCK, slot)) {
            Seen::Written(word) => Ok(word),
            Seen::Base => base.storage_ref(L1_BLOCK, slot),
        }
    }

    /// Enters the result of the next transaction, whose effects are in the store.
    fn enter(&mut self, tx: TxIndex, result: ExecutionResult, rollup: Option<Box<RollupReceipt>>) {
        let gas = result.gas();
        self.meter.count(gas);
        self.count_data(tx, rollup.as_deref());
        if self.store.is_keeping_states() {
            self.results.push(result.clone());
        }
        let success = result.is_success();
        let (outcome, logs) = TxOutcome::taking(result);
        self.txs.push(outcome);
        self.receipts.push(Receipt {
            tx_type: self.tx_type(tx),
            success,
            cumulative_gas_used: self.meter.cumulative,
            logs,
            rollup,
        });
    }

    fn enter_transfer(&mut self, tx: TxIndex, Made { gas_used, rollup }: Made) {
        if self.store.is_keeping_states() {
            self.results.push(ExecutionResult::Success {
                reason: SuccessReason::Stop,
                gas: ResultGas::default().with_total_gas_spent(gas_used),
                logs: Vec::new(),
                output: Output::Call(Default::default()),
            });
        }
        self.meter.regular += gas_used;
        self.meter.cumulative += gas_used;
        self.count_data(tx, rollup.as_deref());
        self.txs.push(TxOutcome::Executed(ExecutedTx {
            status: TxStatus::Success,
            gas_used,
            output: Default::default(),
            created: None,
        }));
        self.receipts.push(Receipt {
            tx_type: self.tx_type(tx),
            success: true,
            cumulative_gas_used: self.meter.cumulative,
            logs: Vec::new(),
            rollup,
        });
    }

    fn tx_type(&self, tx: TxIndex) -> u8 {
        self.block.transaction(tx).ty()
    }

    /// Counts what a transaction takes of the room for blobs, or of a rollup's room for data.
    fn count_data(&mut self, tx: TxIndex, rollup: Option<&RollupReceipt>) {
        if let Some(RollupReceipt::Fees(fees)) = rollup {
            self.meter.blob += fees.da_footprint.unwrap_or_default();
        } else if SpecId::CANCUN <= self.rules.spec() {
            self.meter.blob += self.block.transaction(tx).blob_gas_used().unwrap_or_default();
        }
    }

    /// Why the block has no room for `tx` after everything committed.
    fn no_room<DB: DatabaseRef>(
        &self,
        tx: TxIndex,
        base: &DB,
    ) -> Result<Option<Rejection>, ExecutionError> {
        let footprint = match &self.rules.optimism {
            None => 0,
            Some(op) => op
                .da_footprint(self.block, tx, |slot| self.parameter(base, slot))
                .map_err(|source| unreadable(tx, source))?,
        };
        Ok(self.meter.no_room(self.rules, self.block.transaction(tx), footprint))
    }
}

fn unreadable<E: core::error::Error + Send + Sync + 'static>(
    tx: TxIndex,
    source: E,
) -> ExecutionError {
    ExecutionError::Database { tx: Some(tx), source: state_error(source) }
}

/// What is committed now, against what was below a horizon.
struct SinceHorizon<'s, S: Sharing> {
    store: &'s Store<S>,
    horizon: Version,
}

impl<S: Sharing> Committed for SinceHorizon<'_, S> {
    fn slot(&self, read: &SlotRead) -> Seen<revm::primitives::StorageValue> {
        self.store.last_slot(&read.slot)
    }

    fn account(&mut self, address: alloy_primitives::Address, read: &AccountRead) -> Now {
        // What was assumed or told was found nowhere, so it is not enough that nothing changed.
        if read.is_assumed {
            return match self.store.last_account(&address) {
                Seen::Written(info) => Now::Written(info),
                Seen::Base => Now::Base,
            };
        }
        match self.store.account_since(&address, self.horizon) {
            Since::Same => Now::Same,
            Since::Written(info) => Now::Written(info),
        }
    }
}
