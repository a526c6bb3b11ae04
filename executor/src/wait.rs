//! What does a transaction wait for, and what is it expected to do?
//!
//! In: a schedule and a mode, or whatever the caller knows of one transaction after the other. Out:
//! [`Wait`], and [`Advice`] for a whole block.
//! Invariants: a wait names earlier transactions only; it is advice, so the outcome is the same
//! whatever it says.
//!
//! # Horizons
//!
//! A transaction's *horizon* is one more than the highest transaction it waits for. It may start when
//! everything below its horizon is committed, and it sees exactly that: nothing that is committed
//! later, though it may be there, and nothing that is still speculative. So what it sees follows from
//! the advice and never from timing, with a single number instead of a set of transactions, and a
//! wrong prediction never spreads from one transaction to the next.
//!
//! ```text
//! tx        0   1   2   3   4   5          3 waits for 1: horizon 2
//! horizon   0   0   0   2   0   4          5 waits for 0 and 3: horizon 4
//! ```
//!
//! A transaction that waits for 3 waits for 2 as well. Since transactions are taken in block order, 2
//! is done or about to be by then; `slotcast schedule` simulates what that costs on many threads.
//!
//! # Predicted values
//!
//! Where the value that an earlier transaction leaves in a slot is predicted, there is no need to
//! wait for it: the transaction is told the value and finds it on top of what is committed below its
//! horizon. The values are part of the advice, so that what a transaction sees still follows from
//! the advice alone, workers share nothing more than before, and a wrong value costs one
//! re-execution like any other wrong prediction. Of a balance and of a nonce the change is told instead
//! of the value, so that what is added below the horizon need not be known; code that is put in place and
//! an account that is destroyed are told as they are.
//!
//! ```text
//! tx         0         1              2               0 and 1 count in slot s, which holds 7
//! leaves     s = 8     s = 9                          all three start at once
//! is told              s = 8          s = 9
//! ```
//!
//! In layers mode a transaction waits for every transaction of a lower layer that lies before it,
//! whether or not it depends on it.

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::{bytecode::Bytecode, state::AccountInfo};
use slotcast_model::{Location, Slot, TxIndex};
use slotcast_scheduler::{Mode, Schedule};

use crate::{error::ExecutionError, input::Block, pool::Settings, state::analysed};

/// How far ahead of what is committed a transaction may start.
///
/// Twice the transactions of a usual block: it hardly ever delays a transaction, and bounds what is
/// run in vain after advice was given up.
pub(crate) const WINDOW: usize = 512;

/// What a transaction waits for: that everything below is committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Horizon(pub TxIndex);

impl Horizon {
    /// The horizon of `tx` in a schedule that is followed in this mode.
    pub fn of(schedule: &Schedule, tx: TxIndex, mode: Mode) -> Self {
        Self(mode.horizon(schedule, tx))
    }

    /// The same, no less than the window allows, and equal for many transactions that wait for
    /// nothing, so that what they see of an account that all change is one and the same version.
    pub(crate) const fn within_window(self, tx: TxIndex) -> Self {
        const STEP: u32 = WINDOW as u32 / 2;
        let least = tx.0.saturating_sub(STEP) / STEP * STEP;
        if self.0.0 < least { Self(TxIndex(least)) } else { self }
    }
}

/// What transactions are predicted to do to an account that a later one looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldAccount {
    /// Whether it is destroyed, so that what else is told is all that there is of it. Its slots are told
    /// like others.
    pub is_destroyed: bool,
    /// What is added to its balance, modulo 2^256.
    pub balance: U256,
    /// What is added to its nonce, modulo 2^64.
    pub nonces: u64,
    /// The code that is put in place.
    pub code: Option<Code>,
}

impl ToldAccount {
    /// Changes what was found of the account by what is told of it.
    pub(crate) fn apply(&self, info: &mut Option<AccountInfo>) {
        let Self { is_destroyed, balance, nonces, code } = self;
        if *is_destroyed {
            *info = None;
        }
        let is_without_code = code.as_ref().is_none_or(Code::is_empty);
        if info.is_none() && balance.is_zero() && *nonces == 0 && is_without_code {
            return;
        }
        let info = info.get_or_insert_default();
        info.balance = info.balance.wrapping_add(*balance);
        info.nonce = info.nonce.wrapping_add(*nonces);
        if let Some(Code(code)) = code {
            info.code_hash = code.hash_slow();
            info.code = Some(code.clone());
        }
    }
}

/// Code that is put in place, ready to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code(Bytecode);

impl Code {
    /// Looks for the jump targets once, for all transactions that are told.
    pub fn new(bytes: Bytes) -> Self {
        Self(analysed(bytes))
    }

    /// Whether there is no code.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its hash.
    pub fn hash(&self) -> B256 {
        self.0.hash_slow()
    }
}

/// What a transaction waits for, what it need not wait for, and about how long it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Up to where it waits.
    pub horizon: Horizon,
    /// The storage slots that it is expected to only add to, whichever transaction changed them
    /// before. If it does, and takes the same steps from the committed word, it is not run again; if
    /// not, it is.
    pub deltas: Vec<Slot>,
    /// What it finds in slots that transactions from its horizon on are predicted to change,
    /// ascending by slot: it runs on these values, and is validated by what is committed.
    pub expected: Vec<(Slot, U256)>,
    /// What transactions from its horizon on are predicted to change of accounts that it looks at,
    /// ascending by address; validated like the values of slots.
    pub accounts: Vec<(Address, ToldAccount)>,
    /// About how much gas it uses: of those that may start, the one with the most to do behind it
    /// starts first.
    pub gas: u64,
}

impl Wait {
    /// The wait of `tx` in a schedule that is followed in this mode.
    pub fn of(schedule: &Schedule, tx: TxIndex, mode: Mode) -> Self {
        let slot = |location: &Location| match location {
            Location::Storage(slot) => Some(*slot),
            Location::Balance(_) | Location::Nonce(_) | Location::Code(_) => None,
        };
        let deltas = schedule.deltas(tx).iter().filter_map(slot).collect();
        let (horizon, gas) = (Horizon::of(schedule, tx, mode), schedule.weights()[tx]);
        Self { horizon, deltas, gas, ..Self::default() }
    }
}

impl From<Horizon> for Wait {
    fn from(horizon: Horizon) -> Self {
        Self { horizon, ..Self::default() }
    }
}

/// How a block is executed.
pub enum Advice<'a> {
    /// One transaction after the other, on the calling thread.
    None,
    /// On the threads of the settings, by a schedule followed in their mode.
    Schedule(&'a Schedule, &'a Settings),
    /// On the threads of the settings, by what the function says of one transaction after the other:
    /// it is called on the calling thread, while those known already run.
    Streamed(&'a mut dyn FnMut(TxIndex) -> Wait, &'a Settings),
}

impl Advice<'_> {
    /// Whether a schedule was made for a block of this length.
    pub(crate) fn check_length(&self, block: &Block) -> Result<(), ExecutionError> {
        let Self::Schedule(schedule, _) = self else { return Ok(()) };
        let (n_scheduled, n_transactions) = (schedule.len(), block.n_transactions());
        match n_scheduled == n_transactions {
            true => Ok(()),
            false => Err(ExecutionError::ForeignSchedule { n_scheduled, n_transactions }),
        }
    }
}

impl core::fmt::Debug for Advice<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Schedule(..) => "Schedule",
            Self::Streamed(..) => "Streamed",
        })
    }
}

#[cfg(test)]
mod tests;
