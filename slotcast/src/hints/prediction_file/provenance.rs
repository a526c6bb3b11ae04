//! How does a file say what its predictions hold for?
//!
//! In: state words and code hashes. Out: `reliedOn`, `[{"address", "slot" | "field", "value"}]` with a
//! field of balance, nonce and code, and `codes`, `[[address, hash]]`; and back.
//! Invariant: a word is either a slot's or a field's; what is neither is refused by name.

use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use slotcast_model::{Location, Slot, StateRead};

/// An account and the hash of its code.
pub(super) type CodeJson = (Address, B256);

/// A word of state with what it held.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "WordIn")]
pub(super) struct WordJson {
    address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Field>,
    value: U256,
}

/// The words a prediction relied on; nothing if it does not list all of them.
pub(super) fn words_of(relied_on: &[StateRead], n_state_reads: usize) -> Option<Vec<WordJson>> {
    (relied_on.len() == n_state_reads).then(|| relied_on.iter().map(WordJson::from).collect())
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Field {
    Balance,
    Nonce,
    Code,
}

/// A word before it is known to be one.
#[derive(Deserialize)]
struct WordIn {
    address: Address,
    slot: Option<B256>,
    field: Option<Field>,
    value: U256,
}

impl TryFrom<WordIn> for WordJson {
    type Error = &'static str;

    fn try_from(word: WordIn) -> Result<Self, Self::Error> {
        let WordIn { address, slot, field, value } = word;
        match (slot, field) {
            (Some(_), None) | (None, Some(_)) => Ok(Self { address, slot, field, value }),
            _ => Err("a state word has either a slot or a field of balance, nonce and code"),
        }
    }
}

impl From<&StateRead> for WordJson {
    fn from(word: &StateRead) -> Self {
        let (slot, field) = match word.location {
            Location::Storage(slot) => (Some(slot.key.into()), None),
            Location::Balance(_) => (None, Some(Field::Balance)),
            Location::Nonce(_) => (None, Some(Field::Nonce)),
            Location::Code(_) => (None, Some(Field::Code)),
        };
        Self { address: word.location.address(), slot, field, value: word.value }
    }
}

impl From<WordJson> for StateRead {
    fn from(word: WordJson) -> Self {
        let location = match (word.slot, word.field) {
            (_, Some(Field::Balance)) => Location::Balance(word.address),
            (_, Some(Field::Nonce)) => Location::Nonce(word.address),
            (_, Some(Field::Code)) => Location::Code(word.address),
            (slot, None) => {
                Location::Storage(Slot::new(word.address, slot.unwrap_or_default().into()))
            }
        };
        Self { location, value: word.value }
    }
}
