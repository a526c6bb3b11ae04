//! What does the next transaction do on everything before it?
//!
//! In: a transaction whose predecessors are all committed. Out: [`Decided`], for good.
//! Invariants: revm runs it, and nothing is recorded; the interpreter is made when it is
//! first needed, so that a block of transfers makes none.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use revm::{
    context::result::{EVMError, ResultAndState},
    database_interface::DatabaseRef,
};
use slotcast_model::TxIndex;

use crate::{
    any_state::state_error,
    canonical::panic_text,
    chain_evm::transact,
    error::ExecutionError,
    evm::{ViewEvm, build_evm, view_of},
    fork::Rules,
    input::Block,
    rejection::Rejection,
    version::Version,
    view::StateSource,
};

/// What `look` finds in the base state; nothing when the base state panics. The caller then runs the
/// transaction, and if the base state panics again it is reported with it.
pub(crate) fn unless_it_panics<T>(look: impl FnOnce() -> Option<T>) -> Option<T> {
    // Nothing is changed before everything was looked at, so nothing is left half changed.
    catch_unwind(AssertUnwindSafe(look)).ok().flatten()
}

/// What became of a transaction, for good.
#[derive(Clone, Debug)]
pub enum Decided {
    /// It ran, with this result and this state left behind.
    Executed(ResultAndState),
    /// It cannot be included, for this reason.
    Rejected(Rejection),
}

/// Runs transactions of one block for good, one after the other.
pub(crate) struct Runner<'a, DB: DatabaseRef> {
    block: &'a Block,
    rules: &'a Rules,
    base: &'a DB,
    source: StateSource<'a>,
    evm: Option<ViewEvm<'a, DB>>,
}

impl<'a, DB: DatabaseRef> Runner<'a, DB> {
    pub(crate) const fn new(
        block: &'a Block,
        rules: &'a Rules,
        base: &'a DB,
        source: StateSource<'a>,
    ) -> Self {
        Self { block, rules, base, source, evm: None }
    }

    /// Runs `tx` on everything below it, all of which is committed.
    pub(crate) fn run(&mut self, tx: TxIndex) -> Result<Decided, ExecutionError> {
        let Self { rules, base, source, block, .. } = *self;
        let build = || build_evm(rules, view_of(rules, base, source));
        let evm = self.evm.get_or_insert_with(build);
        evm.ctx.journaled_state.database.start_for_good(Version::of(tx));
        // After a panic the interpreter is in an unknown state, but then it is not used again.
        match catch_unwind(AssertUnwindSafe(|| transact(evm, rules, block, tx))) {
            Ok(Ok((result, _))) => Ok(Decided::Executed(result)),
            Ok(Err(EVMError::Transaction(reason))) => Ok(Decided::Rejected(reason.into())),
            Ok(Err(EVMError::Database(source))) => {
                Err(ExecutionError::Database { tx: Some(tx), source: state_error(source) })
            }
            Ok(Err(error)) => Err(ExecutionError::Evm { tx, source: Box::new(error) }),
            Err(panic) => Err(ExecutionError::Panicked { tx, message: panic_text(&*panic) }),
        }
    }

    /// The base state.
    pub(crate) const fn base(&self) -> &'a DB {
        self.base
    }
}
