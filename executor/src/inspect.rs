//! What did the state hold when a transaction's turn came, and would another value there have
//! mattered?
//!
//! In: a block, a base state, and for each transaction a [`Question`]. Out: [`Inspected`], what
//! happened and the [`Answer`]s.
//! Invariants: the block is run sequentially by the block executor, and asking changes nothing of it;
//! this takes part in judging predictions only, never in making them or in executing a block.
//!
//! A slot is *only added to* by a transaction when raising it before the transaction raises it as
//! much after the transaction and changes nothing else: the transaction succeeds or fails as before,
//! uses the same gas, leaves the same logs, touches the same slots and accounts and leaves the same
//! values everywhere else.

use alloy_primitives::U256;
use revm::{
    Database, DatabaseRef,
    database::State,
    state::{Account, EvmState},
};
use slotcast_model::{IndexVec, Location, Observation, Slot, TxIndex};

use crate::{
    any_state::{AnyState, Erased, state_error},
    canonical::{Base, Canonical, Run, TxResult},
    error::ExecutionError,
    fork::Rules,
    input::Block,
    outcome::TxOutcome,
};

/// What to ask when a transaction's turn has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Words to look up just before the transaction.
    pub locations: Vec<Location>,
    /// Slots to raise, and by how much, to see whether that matters.
    pub raises: Vec<(Slot, U256)>,
}

/// What the answer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What each location held; for code, the code hash as a number.
    pub values: Vec<U256>,
    /// Whether each raise raised the slot afterwards and changed nothing else.
    pub only_added: Vec<bool>,
    /// What each slot that the transaction read or wrote held before it, in the order in which its
    /// observation lists those it read.
    pub found: Vec<U256>,
}

/// A block that was run sequentially and asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// What became of each transaction.
    pub txs: IndexVec<TxIndex, TxOutcome>,
    /// What each touched; empty for rejected ones.
    pub observations: IndexVec<TxIndex, Observation>,
    /// One for each transaction.
    pub answers: IndexVec<TxIndex, Answer>,
}

/// Executes `block` on `base` sequentially, answering `questions` on the way.
///
/// # Panics
///
/// When there is not one question for each transaction.
pub fn inspect<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    questions: &IndexVec<TxIndex, Question>,
) -> Result<Inspected, ExecutionError> {
    inspect_any(block, &(&Erased(base) as AnyState<'_>), questions)
}

fn inspect_any(
    block: &Block,
    base: &AnyState<'_>,
    questions: &IndexVec<TxIndex, Question>,
) -> Result<Inspected, ExecutionError> {
    assert_eq!(block.n_transactions(), questions.len(), "there is one question for each");
    let rules = Rules::of(block)?;
    let state = State::builder().with_database(Base(base)).build();
    let mut canonical = Canonical::open(block, &rules, state, true)?;
    let mut inspected =
        Inspected { txs: IndexVec::new(), observations: IndexVec::new(), answers: IndexVec::new() };
    for (tx, question) in questions.iter_enumerated() {
        let mut answer = Answer::default();
        for &location in &question.locations {
            answer.values.push(look_up(canonical.state_mut(), tx, location)?);
        }
        match canonical.run(tx)? {
            Run::Rejected(reason) => {
                inspected.txs.push(TxOutcome::Rejected(reason));
                inspected.observations.push(Observation::default());
                answer.only_added.resize(question.raises.len(), false);
            }
            Run::Executed(result) => {
                let observation = canonical.observe(&result);
                for &(slot, by) in &question.raises {
                    let truth = (&result, &observation);
                    answer.only_added.push(only_adds(&mut canonical, tx, slot, by, truth)?);
                }
                for &slot in &observation.reads {
                    answer.found.push(word(canonical.state_mut(), tx, slot)?);
                }
                inspected.txs.push(TxOutcome::executed(&result.result.result));
                inspected.observations.push(observation);
                canonical.commit(tx, result)?;
            }
        }
        inspected.answers.push(answer);
    }
    Ok(inspected)
}

/// The state between two transactions.
type Prefix<'a, DB> = State<Base<'a, DB>>;

fn look_up<DB: DatabaseRef>(
    state: &mut Prefix<'_, DB>,
    tx: TxIndex,
    location: Location,
) -> Result<U256, ExecutionError> {
    let account = match location {
        Location::Storage(slot) => return word(state, tx, slot),
        Location::Balance(account) | Location::Nonce(account) | Location::Code(account) => account,
    };
    let info = Database::basic(state, account)
        .map_err(|source| ExecutionError::Database { tx: Some(tx), source: state_error(source) })?
        .unwrap_or_default();
    Ok(match location {
        Location::Balance(_) => info.balance,
        Location::Nonce(_) => U256::from(info.nonce),
        Location::Code(_) | Location::Storage(_) => info.code_hash.into(),
    })
}

fn word<DB: DatabaseRef>(
    state: &mut Prefix<'_, DB>,
    tx: TxIndex,
    slot: Slot,
) -> Result<U256, ExecutionError> {
    Database::storage(state, slot.address, slot.key)
        .map_err(|source| ExecutionError::Database { tx: Some(tx), source: state_error(source) })
}

/// Whether raising `slot` by `by` before `tx` raises it as much afterwards and changes nothing else
/// of what `truth` says.
fn only_adds<DB: DatabaseRef>(
    canonical: &mut Canonical<'_, Prefix<'_, DB>>,
    tx: TxIndex,
    slot: Slot,
    by: U256,
    truth: (&TxResult, &Observation),
) -> Result<bool, ExecutionError> {
    let before = word(canonical.state_mut(), tx, slot)?;
    let Some(raised) = before.checked_add(by) else { return Ok(false) };
    if !put(canonical.state_mut(), slot, raised) {
        return Ok(false);
    }
    let run = canonical.run(tx);
    put(canonical.state_mut(), slot, before);
    let Run::Executed(result) = run? else { return Ok(false) };
    let observation = canonical.observe(&result);
    let (was, is) = (&truth.0.result, &result.result);
    Ok(observation == *truth.1
        && was.result.is_success() == is.result.is_success()
        && was.result.gas() == is.result.gas()
        && was.result.logs() == is.result.logs()
        && is_same_but(&was.state, &is.state, slot, by))
}

/// Puts a word into the state between transactions; false when its account does not exist.
fn put<DB>(state: &mut Prefix<'_, DB>, slot: Slot, value: U256) -> bool {
    let cached = state.cache.accounts.get_mut(&slot.address);
    let Some(account) = cached.and_then(|cached| cached.account.as_mut()) else { return false };
    account.storage.insert(slot.key, value);
    true
}

/// Whether two results leave the same everywhere, but for `slot`, where the second has `by` more.
fn is_same_but(was: &EvmState, is: &EvmState, slot: Slot, by: U256) -> bool {
    let is_same = |address, was: &Account, is: &Account| {
        let fields = |account: &Account| {
            let info = &account.info;
            (info.balance, info.nonce, info.code_hash, account.status)
        };
        let is_same_word = |key: &U256, word: U256| {
            let more = if Slot::new(address, *key) == slot { by } else { U256::ZERO };
            let now = is.storage.get(key).map(|now| now.present_value);
            now == word.checked_add(more)
        };
        fields(was) == fields(is)
            && was.storage.len() == is.storage.len()
            && was.storage.iter().all(|(key, word)| is_same_word(key, word.present_value))
    };
    was.len() == is.len()
        && was
            .iter()
            .all(|(address, was)| is.get(address).is_some_and(|is| is_same(*address, was, is)))
}
