//! What did a transaction run on of accounts that earlier ones were predicted to change?
//!
//! In: what it was told of accounts, and the block. Out: one [`PredictedValue`] for each balance, nonce or
//! code that it looked at, with what was there instead where that is something else.
//! Invariant: what it found is what it was told on top of what was committed below its horizon, which is
//! looked up.

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use slotcast::Prepared;
use slotcast_corpus::RunError;
use slotcast_executor::{Code, Question, ToldAccount, Wait, inspect};
use slotcast_model::{IndexVec, LastWriters, Location, Prediction, TxIndex};

use super::outcome::{Instead, PredictedValue};

/// What `tx`, which was told this, ran on of accounts; `is_read` says of a location whether it looked.
pub(super) fn of_accounts(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    last_writers: &LastWriters,
    (tx, told): (TxIndex, &Wait),
    is_read: impl Fn(&Location) -> bool,
) -> Result<Vec<PredictedValue>, RunError> {
    let parts = told.accounts.iter().flat_map(|(address, told)| told_of(*address, told));
    let parts: Vec<_> = parts.filter(|(location, _)| is_read(location)).collect();
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let locations: Vec<_> = parts.iter().map(|(location, _)| *location).collect();
    let mut questions: IndexVec<TxIndex, Question> =
        predictions.indices().map(|_| Question::default()).collect();
    let horizon = told.horizon.0;
    for at in [horizon, tx] {
        questions[at].locations.clone_from(&locations);
    }
    let answers = inspect(prepared.block(), prepared.state(), &questions)
        .map_err(|source| RunError::of(prepared.block(), source))?
        .answers;
    let (below, found) = (&answers[horizon].values, &answers[tx].values);
    let value = |((location, told), (below, found)): ((Location, Told), (&U256, &U256))| {
        let value = match told {
            Told::Is(value) => value,
            Told::Adds(added) => below.wrapping_add(added),
        };
        let earlier = predictions.iter_enumerated().take(tx.0 as usize);
        let sends = |at| location == Location::Nonce(prepared.block().transaction(at).signer());
        let mut earlier = earlier.rev();
        let (from, _) = earlier.find(|(at, it)| sends(*at) || is_changed_by(it, &location))?;
        let by = last_writers.of(&location).map(|by| by.0);
        let instead = (*found != value).then_some(Instead { value: *found, by });
        Some(PredictedValue { location: location.to_string(), value, from: from.0, instead })
    };
    Ok(parts.into_iter().zip(below.iter().zip(found)).filter_map(value).collect())
}

/// What is told of one location.
pub(super) enum Told {
    /// That it holds this.
    Is(U256),
    /// That this is added to it.
    Adds(U256),
}

/// What is told of an account, location by location.
pub(super) fn told_of(
    address: Address,
    told: &ToldAccount,
) -> impl Iterator<Item = (Location, Told)> {
    let sum = |added: U256| match told.is_destroyed {
        true => Some(Told::Is(added)),
        false => (!added.is_zero()).then_some(Told::Adds(added)),
    };
    let none = told.is_destroyed.then_some(KECCAK256_EMPTY);
    let code = told.code.as_ref().map(Code::hash).or(none);
    let balance = sum(told.balance).map(|it| (Location::Balance(address), it));
    let nonce = sum(U256::from(told.nonces)).map(|it| (Location::Nonce(address), it));
    let code = code.map(|hash| (Location::Code(address), Told::Is(hash.into())));
    [balance, nonce, code].into_iter().flatten()
}

/// Whether a transaction is predicted to change this of an account, in a way that is known.
fn is_changed_by(prediction: &Prediction, location: &Location) -> bool {
    let address = location.address();
    let changes = prediction.account_changes();
    let change = changes.iter().find(|(it, _)| *it == address).map(|(_, change)| change);
    let is_destroyed = change.is_some_and(|change| change.is_destroyed);
    is_destroyed
        || match location {
            Location::Balance(_) => {
                prediction.balance_changes().iter().any(|(it, _)| *it == address)
            }
            Location::Nonce(_) => change.is_some_and(|change| change.nonces != 0),
            Location::Code(_) => change.is_some_and(|change| change.code.is_some()),
            Location::Storage(_) => false,
        }
}
