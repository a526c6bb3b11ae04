//! Which slots will one transaction touch?
//!
//! In: a transaction ([`TxFrame`]), its block ([`BlockWords`]) and a [`StateView`] to ask. Out: a
//! [`Prediction`].
//! Invariants: total within [`BindLimits`]; the same inputs give the same prediction; every state
//! word read is counted and listed in the prediction; the state is asked for single words and never
//! enumerated.
//!
//! Binding runs the access programs of [`summary`](crate::summary) in a word machine: registers,
//! byte memory where the analysis could not do without, and calls that follow the callee's summary.
//! A value that cannot be had (the output of a costly precompile, the result of a call that is not
//! followed) is *unknown*, and so is what is computed from it. An unknown branch takes the side that
//! does not merely revert; everything else unknown that decides an access is a
//! [`Gap`].

mod account;
mod ahead;
mod buffer;
mod create;
mod eval;
mod follow;
mod frame;
mod gas;
mod journal;
mod memory;
mod precompile;
mod resume;
mod running;
mod storage;
mod trace;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use slotcast_model::{
    AccountAccess, Fork, Gap, Location, Prediction, Slot, StateRead, StorageAccess,
};

use crate::{bytecode::Pc, summary::Summary};

pub use frame::{BlockWordSet, BlockWords, TxFrame};
use precompile::is_precompile;
pub use trace::{Entered, Trace};

/// What a binder may ask of the parent state.
pub trait StateView {
    /// Whether the view is to be told what happens in a binding.
    const IS_TRACED: bool = false;

    /// Told what happens in a binding, if [`Self::IS_TRACED`] says so.
    fn trace(&self, _trace: Trace<'_>) {}
    /// The value of a storage slot; none when it is not to be had.
    fn storage(&self, address: Address, key: U256) -> Option<U256>;
    /// An account's balance in wei; zero for an account that does not exist.
    fn balance(&self, address: Address) -> Option<U256>;
    /// An account's nonce; zero for an account that does not exist.
    fn nonce(&self, address: Address) -> Option<u64>;
    /// What runs at an address.
    fn callee(&self, address: Address) -> Callee;
    /// What `code`, which is at no address yet, does: init code, or code that it leaves behind.
    fn summarise(&self, code: Bytes) -> Callee;
    /// What runs at an address, analysed again with one more target of a computed jump.
    ///
    /// A view that cannot do so leaves the jump unresolved.
    fn refine(&self, _address: Address, _jump: Pc, _target: Pc) -> Option<Callee> {
        None
    }
    /// The hash of one of the last 256 blocks.
    fn block_hash(&self, number: u64) -> Option<B256>;
}

/// What runs at an address.
#[derive(Clone, Debug)]
pub enum Callee {
    /// Nothing: the account has no code.
    Nothing,
    /// Code, with its summary.
    Contract {
        /// The summary of the code.
        summary: Arc<Summary>,
        /// The code itself, for what copies from it.
        code: Bytes,
    },
    /// Not to be had.
    Unavailable,
}

/// Limits of binding one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindLimits {
    /// Program steps.
    pub steps: u64,
    /// State words read.
    pub state_reads: usize,
    /// Nested calls.
    pub depth: usize,
    /// Bytes of memory of one frame.
    pub memory: usize,
}

impl Default for BindLimits {
    fn default() -> Self {
        let (steps, state_reads, depth, memory) = (400_000, 4096, 64, 1 << 20);
        Self { steps, state_reads, depth, memory }
    }
}

/// What a transaction is expected to leave behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Slots left with another value, and the value if it is known.
    pub storage: Vec<(Slot, Option<U256>)>,
    /// Accounts with the wei credited to and debited from them, fees aside.
    pub balances: Vec<(Address, U256, U256)>,
    /// Accounts with the number of nonces they took: one for each contract they created, and since
    /// EIP-161 one for having been created themselves.
    pub nonces: Vec<(Address, u64)>,
    /// Created accounts with their code, if it is known.
    pub codes: Vec<(Address, Option<Bytes>)>,
    /// Accounts that are gone, with code, storage, nonce and balance.
    pub destroyed: Vec<Address>,
    /// Whether they keep their balance (EIP-8246).
    pub spares_balance: bool,
    /// Accounts whose balance follows from how much gas is left, which is only estimated.
    pub by_gas: Vec<Address>,
}

impl Changes {
    /// The accounts whose balance changes in another way than with less gas.
    fn balances_other_than(&self, with_less: &Self) -> Vec<Address> {
        let others = self.balances.iter().filter(|it| !with_less.balances.contains(it));
        others.map(|(address, ..)| *address).collect()
    }
}

/// A transaction bound to a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What it touches.
    pub prediction: Prediction,
    /// What it leaves behind.
    pub changes: Changes,
    /// Which words of the block decided that.
    pub block_words: BlockWordSet,
}

/// How often a transaction is run again with another side of an unknown branch.
const MAX_RETRIES: u32 = 4;

/// Signers recovered of one transaction, each of which takes as long as binding a small one; any other
/// is taken to be the expected one, and the prediction says so.
const MAX_RECOVERED: u32 = 128;

/// What a run takes for granted.
#[derive(Clone, Copy, Debug, Default)]
struct Guess {
    /// The unknown branches, by their number, at which the other side than usual is taken.
    other_sides: u32,
    /// Whether code that asks how much gas is left finds the least that there can be.
    has_less_gas: bool,
}

/// What was in doubt while a transaction ran.
#[derive(Clone, Copy, Debug, Default)]
struct Doubts {
    guess: Guess,
    /// Unknown branches met so far.
    n_branches: u32,
    /// Whether a frame that met an unknown branch was undone.
    is_undone: bool,
    /// Signers recovered so far.
    n_recovered: u32,
    /// Whether code asked how much gas is left, for more than giving it to calls.
    is_gas_asked: bool,
}

impl Doubts {
    /// Whether the other side than usual is to be taken at the next unknown branch.
    const fn next_is_other(&mut self) -> bool {
        let n = self.n_branches;
        self.n_branches += 1;
        n < u32::BITS && self.guess.other_sides >> n & 1 == 1
    }

    /// Whether the next signer is to be recovered.
    const fn next_is_recovered(&mut self) -> bool {
        let may_be = self.n_recovered < MAX_RECOVERED;
        self.n_recovered += may_be as u32;
        may_be
    }
}

/// What makes one of several runs with unknown branches the most plausible.
fn plausibility((bound, doubts): &(Bound, Doubts)) -> (bool, usize) {
    let storage = bound.prediction.storage();
    (!doubts.is_undone, storage.reads.len() + storage.deltas.len())
}

/// What a transaction to an account without code touches: there is nothing to run.
fn payment(tx: &TxFrame, to: Address) -> Bound {
    let mut accounts = AccountAccess { code_reads: vec![to], ..AccountAccess::default() };
    let mut changes = Changes::default();
    if !tx.value.is_zero() {
        // Room for the fee's recipient, which the caller adds.
        accounts.balance_credits.reserve_exact(2);
        accounts.balance_credits.push(to);
        if tx.caller != to {
            accounts.balance_debits.push(tx.caller);
            let debit = (tx.caller, U256::ZERO, tx.value);
            changes.balances = vec![debit, (to, tx.value, U256::ZERO)];
        }
    }
    let storage = StorageAccess::default();
    let nothing = StateRead { location: Location::Code(to), value: KECCAK256_EMPTY.into() };
    let prediction = Prediction::new(storage, accounts, Vec::new(), vec![nothing], Vec::new());
    Bound { prediction, changes, block_words: BlockWordSet::default() }
}

/// Binds transactions; keeps its working memory from one to the next.
#[derive(Debug)]
pub struct Binder {
    limits: BindLimits,
    fork: Fork,
    work: eval::Work,
}

impl Binder {
    /// A binder for transactions under the rules of `fork`.
    pub fn new(fork: Fork, limits: BindLimits) -> Self {
        Self { limits, fork, work: eval::Work::default() }
    }

    /// The fork whose rules hold.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// Predicts what `tx` touches in a block with these words, on the state that `state` shows.
    ///
    /// Only what the transaction's frames do is predicted; the sender's nonce and fee, which every
    /// transaction touches, are for the caller to add.
    pub fn bind<S: StateView>(&mut self, tx: &TxFrame, block: &BlockWords, state: &S) -> Bound {
        if let Some(to) = tx.to
            && !S::IS_TRACED
            && !is_precompile(to, self.fork)
            && matches!(state.callee(to), Callee::Nothing)
        {
            return payment(tx, to);
        }
        self.work.block_words = BlockWordSet::default();
        self.most_plausible(tx, block, state)
    }

    /// Runs the transaction, and again with other sides of its first unknown branches: what is unknown is
    /// mostly a check, checks mostly pass, and what passes goes on to touch more.
    fn most_plausible<S: StateView>(
        &mut self,
        tx: &TxFrame,
        block: &BlockWords,
        state: &S,
    ) -> Bound {
        let mut guess = Guess::default();
        let mut best = self.run(tx, block, state, guess);
        for n in 0..MAX_RETRIES {
            if best.1.n_branches <= n {
                break;
            }
            let other = Guess { other_sides: guess.other_sides | 1 << n, ..guess };
            let again = self.run(tx, block, state, other);
            if plausibility(&best) < plausibility(&again) {
                (best, guess) = (again, other);
            }
        }
        let (mut gas_decides, mut by_gas) = (false, Vec::new());
        if best.1.is_gas_asked && best.0.prediction.gaps().is_empty() {
            let less = Guess { has_less_gas: true, ..guess };
            let with_less = self.run(tx, block, state, less).0;
            gas_decides = with_less.prediction.storage() != best.0.prediction.storage();
            by_gas = best.0.changes.balances_other_than(&with_less.changes);
        }
        let mut bound = match S::IS_TRACED && (best.1.n_branches != 0 || best.1.is_gas_asked) {
            // What was told last is what is kept.
            true => self.run(tx, block, state, guess).0,
            false => best.0,
        };
        bound.changes.by_gas = by_gas;
        if gas_decides {
            bound.prediction.add_gap(Gap::Gas);
        }
        bound
    }

    /// One run.
    fn run<S: StateView>(
        &mut self,
        tx: &TxFrame,
        block: &BlockWords,
        state: &S,
        guess: Guess,
    ) -> (Bound, Doubts) {
        let doubts = Doubts { guess, ..Doubts::default() };
        let mut machine =
            eval::Machine::new(&mut self.work, self.limits, self.fork, tx, block, state, doubts);
        if S::IS_TRACED {
            state.trace(Trace::Begin);
        }
        match tx.to {
            Some(to) => machine.call_top(to),
            None => machine.create_top(),
        }
        let doubts = machine.doubts;
        (machine.finish(), doubts)
    }
}
