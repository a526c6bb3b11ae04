//! How do words of state look in requests and answers?
//!
//! In and out: `{"address", "slot" | "field", "value"}`, where `field` is one of `balance`, `nonce` and
//! `codeHash`.
//! Invariants: slots and hashes are written with 32 bytes, other values as quantities; any number of
//! digits is read.

use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use slotcast::model::{Location, Slot, StateRead};

use crate::fault::Fault;

/// A place, as answers have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PlaceOut {
    address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Field>,
}

/// A place and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WordOut {
    #[serde(flatten)]
    place: PlaceOut,
    value: String,
}

/// A place that holds something else than it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ChangeOut {
    #[serde(flatten)]
    place: PlaceOut,
    was: String,
    now: String,
}

/// A part of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Field {
    Balance,
    Nonce,
    CodeHash,
}

/// A place and what it held, as requests have it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WordIn {
    address: Address,
    slot: Option<U256>,
    field: Option<Field>,
    value: U256,
}

impl From<&Location> for PlaceOut {
    fn from(location: &Location) -> Self {
        let (address, slot) = (location.address(), location.slot());
        let field = match location {
            Location::Balance(_) => Some(Field::Balance),
            Location::Nonce(_) => Some(Field::Nonce),
            Location::Code(_) => Some(Field::CodeHash),
            Location::Storage(_) => None,
        };
        Self { address, slot: slot.map(|slot| slot.key.into()), field }
    }
}

impl From<StateRead> for WordOut {
    fn from(word: StateRead) -> Self {
        let place = PlaceOut::from(&word.location);
        Self { place, value: value_text(&word.location, word.value) }
    }
}

impl ChangeOut {
    /// The word that `before` tells of, which now holds `now`.
    pub(crate) fn new(before: &StateRead, now: U256) -> Self {
        let location = &before.location;
        Self {
            place: location.into(),
            was: value_text(location, before.value),
            now: value_text(location, now),
        }
    }
}

fn value_text(location: &Location, value: U256) -> String {
    match location {
        Location::Code(_) => B256::from(value).to_string(),
        _ => format!("{value:#x}"),
    }
}

impl WordIn {
    /// The word in the terms of the model.
    pub(crate) fn read(&self) -> Result<StateRead, Fault> {
        let address = self.address;
        let location = match (self.slot, self.field) {
            (Some(key), None) => Location::Storage(Slot::new(address, key)),
            (None, Some(Field::Balance)) => Location::Balance(address),
            (None, Some(Field::Nonce)) => Location::Nonce(address),
            (None, Some(Field::CodeHash)) => Location::Code(address),
            (Some(_), Some(_)) | (None, None) => {
                let reason = "it needs one of slot and field, and not both";
                return Err(Fault::Params(reason.to_owned()));
            }
        };
        Ok(StateRead { location, value: self.value })
    }
}

#[cfg(test)]
mod tests;
