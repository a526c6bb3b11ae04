//! Which functions does an interface describe?
//!
//! In: the `abi` of an artifact. Out: signatures by selector.
//! Invariant: what is no function, or is not understood, is left out.

use std::collections::BTreeMap;

use alloy_primitives::keccak256;
use serde_json::Value;

/// The signatures of all functions.
pub(super) fn of_interface(abi: &Value) -> BTreeMap<u32, String> {
    let entries = abi.as_array().into_iter().flatten();
    entries
        .filter(|entry| entry["type"] == "function")
        .filter_map(|entry| {
            let signature = format!("{}{}", entry["name"].as_str()?, parameters(&entry["inputs"])?);
            let hash = keccak256(&signature);
            let selector = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
            Some((selector, signature))
        })
        .collect()
}

/// The types of some parameters, in brackets.
fn parameters(inputs: &Value) -> Option<String> {
    let types: Option<Vec<String>> = inputs.as_array()?.iter().map(type_name).collect();
    Some(format!("({})", types?.join(",")))
}

/// A type as signatures have it: a tuple is spelt out, whatever stands behind it stays.
fn type_name(parameter: &Value) -> Option<String> {
    let name = parameter["type"].as_str()?;
    match name.strip_prefix("tuple") {
        None => Some(name.to_owned()),
        Some(dimensions) => Some(format!("{}{dimensions}", parameters(&parameter["components"])?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tuples_are_spelt_out() {
        let pair = json!([{"type": "address"}, {"type": "uint256"}]);
        let abi = json!([
            {"type": "event", "name": "transfer", "inputs": []},
            {"type": "function", "name": "transfer", "inputs": pair},
            {"type": "function", "name": "pay", "inputs": [{"type": "tuple[]", "components": pair}]},
        ]);
        let found = of_interface(&abi);
        assert_eq!(found[&0xa905_9cbb], "transfer(address,uint256)");
        assert_eq!(found.len(), 2);
        assert!(found.values().any(|signature| signature == "pay((address,uint256)[])"));
    }
}
