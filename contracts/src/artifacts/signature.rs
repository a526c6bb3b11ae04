//! Which functions does an interface describe?
//!
//! In: the `abi` of an artifact, or its table of selectors. Out: [`Signature`]s by selector, with
//! the names of those parameters that are single words of calldata.
//! Invariant: what is no function, or is not understood, is left out.

use std::collections::BTreeMap;

use alloy_primitives::keccak256;
use serde_json::Value;

use crate::artifacts::visible;

/// A function's signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    /// Such as `transfer(address,uint256)`.
    pub(crate) text: String,
    /// For each word of the arguments, the parameter that it is; empty where it is none or one
    /// without a name.
    pub(crate) words: Vec<String>,
}

/// The functions of an interface, and those that only `identifiers` (`{signature: selector}`) has.
pub(crate) fn signatures(abi: &Value, identifiers: Option<&Value>) -> BTreeMap<u32, Signature> {
    let mut found = of_interface(abi);
    let identifiers = identifiers.and_then(Value::as_object).into_iter().flatten();
    for (text, selector) in identifiers {
        let Some(digits) = selector.as_str() else { continue };
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        if let Ok(selector) = u32::from_str_radix(digits, 16) {
            // Libraries' signatures name storage parameters, which their interfaces spell otherwise.
            found.entry(selector).or_default().text = visible(text);
        }
    }
    found
}

fn of_interface(abi: &Value) -> BTreeMap<u32, Signature> {
    let entries = abi.as_array().into_iter().flatten();
    entries
        .filter(|entry| entry["type"] == "function")
        .filter_map(|entry| {
            let text = format!("{}{}", entry["name"].as_str()?, parameters(&entry["inputs"])?);
            let hash = keccak256(&text);
            let selector = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
            let mut words = Vec::new();
            for input in entry["inputs"].as_array()? {
                words.extend(words_of(input, input["name"].as_str().unwrap_or_default()));
            }
            Some((selector, Signature { text: visible(&text), words }))
        })
        .collect()
}

/// The words of the head that a parameter called `name` takes.
fn words_of(parameter: &Value, name: &str) -> Vec<String> {
    let type_name = parameter["type"].as_str().unwrap_or_default();
    if is_dynamic(parameter, type_name) {
        return vec![String::new()];
    }
    if let Some((element, len)) = fixed_array(type_name) {
        let mut inner = parameter.clone();
        inner["type"] = element.into();
        let element = |n: usize| words_of(&inner, &behind(name, &format!("[{n}]")));
        return (0..len).flat_map(element).collect();
    }
    if type_name == "tuple" {
        let members = parameter["components"].as_array().into_iter().flatten();
        let member = |member: &Value| {
            let label = member["name"].as_str().unwrap_or_default();
            let name = if label.is_empty() { "" } else { name };
            words_of(member, &behind(name, &format!(".{label}")))
        };
        return members.flat_map(member).collect();
    }
    vec![name.to_owned()]
}

/// `name` and what comes behind it; nothing without a name.
fn behind(name: &str, rest: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{name}{rest}") }
}

/// `uint256[3]` as `uint256` and 3.
fn fixed_array(type_name: &str) -> Option<(&str, usize)> {
    let (element, len) = type_name.strip_suffix(']')?.rsplit_once('[')?;
    Some((element, len.parse().ok().filter(|len| *len < 1024)?))
}

fn is_dynamic(parameter: &Value, type_name: &str) -> bool {
    let base = type_name.split('[').next().unwrap_or_default();
    let has_dynamic_member = || {
        let members = parameter["components"].as_array().into_iter().flatten();
        members.into_iter().any(|it| is_dynamic(it, it["type"].as_str().unwrap_or_default()))
    };
    type_name.contains("[]") || base == "string" || base == "bytes" || has_dynamic_member()
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
mod tests;
