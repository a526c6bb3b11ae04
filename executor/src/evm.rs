//! What would a transaction do, seen from its place in the schedule?
//!
//! In: a transaction and a view. Out: [`Speculative`], what it did and everything it read.
//! Invariants: a run changes nothing but its own result; whatever goes wrong in it, be it a
//! rejection, an unreadable state or a panic, only means that it must be run again.

mod context;
mod follow;
mod hashes;
mod instructions;

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U256};
use revm::{
    Context, MainBuilder, MainContext,
    context::{
        Transaction,
        either::Either,
        result::ResultAndState,
        transaction::{AuthorizationTr, TransactionType},
    },
    database_interface::DatabaseRef,
    primitives::{TxKind, hardfork::SpecId},
};
use slotcast_model::{Slot, TxIndex};

use crate::{
    chain_evm::transact,
    deltas::Deltas,
    fork::Rules,
    input::Block,
    reads::Reads,
    version::Version,
    view::{StateSource, View},
    wait::ToldAccount,
};

pub(crate) use context::ViewEvm;

/// A transaction that was run on what its schedule let it see.
#[derive(Debug)]
pub(crate) struct Speculative {
    /// Which transaction.
    tx: TxIndex,
    /// What it did and read; nothing when the run failed. Boxed, because it is handed on often.
    run: Option<Box<SpeculativeRun>>,
}

/// What a speculative run did and read.
#[derive(Debug)]
pub(crate) struct SpeculativeRun {
    /// What it did.
    pub(crate) result: ResultAndState,
    /// What it read.
    pub(crate) reads: Reads,
}

impl Speculative {
    /// Which transaction was run.
    pub(crate) const fn tx(&self) -> TxIndex {
        self.tx
    }

    /// The run itself, for validation.
    pub(crate) fn into_run(self) -> Option<Box<SpeculativeRun>> {
        self.run
    }
}

/// What a transaction is told of others besides its horizon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The slots it is expected to only add to.
    pub(crate) deltas: Vec<Slot>,
    /// What it finds in slots, ascending by slot.
    pub(crate) expected: Vec<(Slot, U256)>,
    /// What is changed of accounts that it finds, ascending by address.
    pub(crate) accounts: Vec<(Address, ToldAccount)>,
}

/// Runs transactions of one block speculatively, one at a time.
pub(crate) struct Speculator<'a, DB: DatabaseRef> {
    block: &'a Block,
    rules: &'a Rules,
    base: &'a DB,
    source: StateSource<'a>,
    evm: ViewEvm<'a, DB>,
}

impl<'a, DB: DatabaseRef> Speculator<'a, DB> {
    pub(crate) fn new(
        block: &'a Block,
        rules: &'a Rules,
        base: &'a DB,
        source: StateSource<'a>,
    ) -> Self {
        Self { block, rules, base, source, evm: watched_evm(rules, view_of(rules, base, source)) }
    }

    /// Runs `tx` on what is committed below `horizon`, with what it is told on top.
    pub(crate) fn run_below(&mut self, horizon: Version, tx: TxIndex, told: Told) -> Speculative {
        let transaction = self.block.transaction(tx);
        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        let Told { deltas, expected, accounts } = told;
        self.view().start_below(horizon, sender, nonce, expected, accounts);
        self.view().reads.deltas = Deltas::of(&deltas);
        self.run_started(tx)
    }

    fn run_started(&mut self, tx: TxIndex) -> Speculative {
        let (rules, block) = (self.rules, self.block);
        let result = catch_unwind(AssertUnwindSafe(|| transact(&mut self.evm, rules, block, tx)));
        let run = match result {
            Ok(Ok((result, extra))) => {
                self.note_roles(tx, extra);
                let reads = core::mem::take(&mut self.view().reads);
                Some(Box::new(SpeculativeRun { result, reads }))
            }
            Ok(Err(_)) => None,
            Err(_) => {
                // A panic may have left the interpreter anywhere, so it is not used again.
                self.evm = watched_evm(self.rules, view_of(self.rules, self.base, self.source));
                None
            }
        };
        Speculative { tx, run }
    }

    const fn view(&mut self) -> &mut View<'a, DB> {
        &mut self.evm.ctx.journaled_state.database
    }

    /// Explains the accounts that were loaded by the transaction itself and by no instruction; the
    /// sender had to have `extra` beside what Ethereum asks for.
    fn note_roles(&mut self, index: TxIndex, extra: U256) {
        let is_deposit = self.block.transaction(index).as_deposit().is_some();
        let Context { block, tx, cfg, journaled_state, .. } = &mut self.evm.ctx;
        let reads = &mut journaled_state.database.reads;
        let sender = tx.caller();
        if let Some(read) = reads.accounts.get_mut(&sender) {
            let balance = read.info.as_ref().map(|info| info.balance).unwrap_or_default();
            read.usage.explain();
            read.usage.look_at_nonce();
            match tx.max_balance_spending() {
                Ok(most) if !is_deposit => read.usage.spend(balance, most.saturating_add(extra)),
                // Whether a deposit fails depends on the balance.
                _ => read.usage.look_at_balance(),
            }
        }
        reads.note(block.beneficiary, |usage| usage.explain());
        if let Some(op) = &self.rules.optimism {
            op.vaults().into_iter().for_each(|vault| reads.note(vault, |usage| usage.explain()));
        }
        for created in core::mem::take(&mut reads.creations) {
            reads.note(created, |usage| usage.look_at_all());
        }
        match tx.kind() {
            TxKind::Create => {
                let created = sender.create(tx.nonce());
                reads.note(created, |usage| usage.look_at_all());
            }
            TxKind::Call(to) => {
                reads.note(to, |usage| {
                    usage.explain();
                    if SpecId::AMSTERDAM <= cfg.spec {
                        // The transaction pays for bringing its recipient into existence.
                        usage.look_at_existence();
                    }
                });
            }
        }
        if tx.tx_type() == TransactionType::Eip7702 {
            for authorization in &tx.authorization_list {
                let authority = match authorization {
                    Either::Left(signed) => signed.authority(),
                    Either::Right(recovered) => recovered.authority(),
                };
                let Some(authority) = authority else { continue };
                reads.note(authority, |usage| {
                    usage.explain();
                    usage.look_at_nonce();
                    usage.look_at_existence();
                });
            }
        }
    }
}

fn watched_evm<'a, DB: DatabaseRef>(rules: &Rules, view: View<'a, DB>) -> ViewEvm<'a, DB> {
    let evm = build_evm(rules, view);
    let mut evm = match &rules.of_host {
        None => evm,
        Some(host) => evm.with_precompiles(host.speculative()),
    };
    let table = evm.instruction.instruction_table_mut();
    instructions::watch_accounts(table);
    follow::watch_deltas(table);
    evm
}

/// The view on which a block's transactions are run.
pub(crate) fn view_of<'a, DB>(
    rules: &Rules,
    base: &'a DB,
    source: StateSource<'a>,
) -> View<'a, DB> {
    View::new(base, source, rules.env.block_env.beneficiary)
}

/// Revm on a view, which does as it always does.
pub(crate) fn build_evm<'a, DB: DatabaseRef>(rules: &Rules, view: View<'a, DB>) -> ViewEvm<'a, DB> {
    let mut evm = Context::mainnet()
        .with_db(view)
        .with_block(rules.env.block_env.clone())
        .with_cfg(rules.env.cfg_env.clone())
        .build_mainnet()
        .with_precompiles(rules.precompiles());
    hashes::remember_hashes(evm.instruction.instruction_table_mut());
    evm
}
