//! Does a description say what a successful call does?
//!
//! In: a contract's description, and what a call of it was observed to touch. Out: what contradicts
//! the description.
//! Only slots that the description writes as numbers are looked at: what must be touched was, and
//! what was touched, by a function without calls, is described.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};
use slotcast::{
    analyzer::describe::{Certainty, Description, FunctionText},
    model::Observation,
};

/// Slots below this are told by number; elements of arrays lie above.
const PLAIN: u64 = 1 << 32;

/// What of `observation` contradicts the description of the function that `input` enters.
pub(crate) fn contradiction(
    description: &Description,
    input: &[u8],
    contract: Address,
    observation: &Observation,
) -> Option<String> {
    let selector = input.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    let find = |selector: Option<u32>| {
        description.functions.iter().find(|function: &&FunctionText| function.selector == selector)
    };
    let function = find(selector).or_else(|| find(None))?;
    let observed: BTreeSet<u64> = observation
        .reads
        .iter()
        .filter(|slot| slot.address == contract && slot.key < U256::from(PLAIN))
        .map(|slot| slot.key.to())
        .collect();
    let mut described = BTreeSet::new();
    let mut is_all_plain = function.calls.is_empty();
    for access in &function.accesses {
        match access.slot.parse::<u64>() {
            Ok(slot) if access.certainty == Certainty::Must && !observed.contains(&slot) => {
                return Some(format!("slot {slot} must be touched and was not"));
            }
            Ok(slot) => {
                described.insert(slot);
            }
            Err(_) => is_all_plain &= access.slot.starts_with("keccak("),
        }
    }
    let more = observed.difference(&described).next().filter(|_| is_all_plain);
    more.map(|slot| format!("slot {slot} was touched and is not described"))
}
