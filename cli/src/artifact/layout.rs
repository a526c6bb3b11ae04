//! What does the source call a slot?
//!
//! In: a storage layout as solc prints it, and a slot as the analyzer writes it. Out: a name such as
//! `allowance[caller][arg0]`.
//! Invariant: a slot whose form is not understood has no name; nothing is guessed.
//!
//! Forms understood, with `v` the variable at slot 4: `4` is `v`, `keccak(k . 4)` is `v[k]`,
//! `keccak(4) + i` and, for an array of fixed length, `i + 4` are `v[i]`; a number added to any of
//! these selects a member of a struct. Variables that share a slot are named together, `{a, b}`.

use alloy_primitives::U256;
use slotcast::corpus::contract::{StorageLayout, Variable};

/// A slot's name, as far as it is read.
struct Place<'a> {
    name: String,
    /// The type of what lies there, when it is one thing.
    type_name: Option<&'a str>,
}

/// The name of the slot written `slot`.
pub(super) fn name_of(layout: &StorageLayout, slot: &str) -> Option<String> {
    let place = place(layout, slot)?;
    match place.type_name {
        // A struct's first slot is known by the members in it.
        Some(type_name) => Some(inside(layout, place.name, type_name, U256::ZERO)?.name),
        None => Some(place.name),
    }
}

fn place<'a>(layout: &'a StorageLayout, slot: &str) -> Option<Place<'a>> {
    let slot = unwrapped(slot);
    if let Some(number) = number(slot) {
        return variable(layout, number);
    }
    if let Some((left, right)) = split_last(slot, " + ") {
        return match (hashed(left), number(right)) {
            (Some(inner), _) if split_last(inner, " . ").is_none() => {
                element(layout, number(unwrapped(inner))?, "dynamic_array", right)
            }
            (Some(_), Some(offset)) => {
                let Place { name, type_name } = place(layout, left)?;
                inside(layout, name, type_name?, offset)
            }
            (None, Some(first)) => element(layout, first, "inplace", left),
            _ => None,
        };
    }
    let inner = hashed(slot)?;
    let Some((key, base)) = split_last(inner, " . ") else {
        return element(layout, number(inner)?, "dynamic_array", "0");
    };
    let mapping = place(layout, base)?;
    let value = layout.types.get(mapping.type_name?)?.value.as_deref()?;
    Some(Place { name: format!("{}[{key}]", mapping.name), type_name: Some(value) })
}

/// What lies at slot `number` of the contract itself.
fn variable(layout: &StorageLayout, number: U256) -> Option<Place<'_>> {
    among(layout, &layout.storage, number, "")
}

/// What lies `offset` slots into a thing of this type called `name`.
fn inside<'a>(
    layout: &'a StorageLayout,
    name: String,
    type_name: &'a str,
    offset: U256,
) -> Option<Place<'a>> {
    let of = layout.types.get(type_name)?;
    if !of.members.is_empty() {
        return among(layout, &of.members, offset, &format!("{name}."));
    }
    offset.is_zero().then_some(Place { name, type_name: Some(type_name) })
}

/// The variables that share slot `number`, or the one that reaches over it.
fn among<'a>(
    layout: &'a StorageLayout,
    variables: &'a [Variable],
    number: U256,
    prefix: &str,
) -> Option<Place<'a>> {
    let here: Vec<&Variable> = variables.iter().filter(|it| it.slot == number).collect();
    match here.as_slice() {
        [] => {
            let over = variables.iter().rev().find(|it| it.slot < number)?;
            let within = number - over.slot;
            let of = layout.types.get(&over.type_name)?;
            let reaches = within < of.number_of_bytes.div_ceil(U256::from(32));
            let is_struct = reaches && !of.members.is_empty();
            let name = format!("{prefix}{}", over.label);
            if is_struct { inside(layout, name, &over.type_name, within) } else { None }
        }
        [one] => {
            Some(Place { name: format!("{prefix}{}", one.label), type_name: Some(&one.type_name) })
        }
        several => {
            let names: Vec<&str> = several.iter().map(|it| it.label.as_str()).collect();
            Some(Place { name: format!("{prefix}{{{}}}", names.join(", ")), type_name: None })
        }
    }
}

/// An element of the array at slot `first`; which one is only known if each takes one slot.
fn element<'a>(
    layout: &'a StorageLayout,
    first: U256,
    encoding: &str,
    index: &str,
) -> Option<Place<'a>> {
    let array = variable(layout, first)?;
    let of = layout.types.get(array.type_name?)?;
    if of.encoding == "bytes" && encoding == "dynamic_array" {
        return Some(Place { name: format!("{}[…]", array.name), type_name: None });
    }
    let base = of.base.as_deref().filter(|_| of.encoding == encoding)?;
    let element = layout.types.get(base)?;
    // Smaller elements share a slot, larger ones take several.
    let is_word = (U256::from(17)..=U256::from(32)).contains(&element.number_of_bytes);
    let index = if is_word { index } else { "…" };
    let type_name = is_word.then_some(base);
    Some(Place { name: format!("{}[{index}]", array.name), type_name })
}

/// What is inside `keccak(…)`, if that is all of `text`.
fn hashed(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("keccak(")?.strip_suffix(')')?;
    is_balanced(inner).then_some(inner)
}

/// `text` without brackets around all of it.
fn unwrapped(text: &str) -> &str {
    match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(inner) if is_balanced(inner) => inner,
        _ => text,
    }
}

/// `text` around the last `between` that no bracket encloses.
fn split_last<'a>(text: &'a str, between: &str) -> Option<(&'a str, &'a str)> {
    let places = text.rmatch_indices(between).map(|(at, _)| at);
    let mut places = places.filter(|&at| is_balanced(&text[..at]));
    let at = places.next()?;
    Some((&text[..at], &text[at + between.len()..]))
}

/// Whether every bracket that opens closes, and none closes that was not opened.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_usize;
    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

fn number(text: &str) -> Option<U256> {
    match text.strip_prefix("0x") {
        Some(digits) => U256::from_str_radix(digits, 16).ok(),
        None if text.bytes().all(|digit| digit.is_ascii_digit()) && !text.is_empty() => {
            U256::from_str_radix(text, 10).ok()
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn layout() -> StorageLayout {
        let variable = |label: &str, slot: u8, offset: u8, kind: &str| json!({"label": label, "slot": slot.to_string(), "offset": offset, "type": kind});
        let word = json!({"encoding": "inplace", "label": "uint256", "numberOfBytes": "32"});
        let mapping = |value: &str| {
            json!({
                "encoding": "mapping", "label": "mapping", "numberOfBytes": "32", "key": "word",
                "value": value,
            })
        };
        let array = |encoding: &str, bytes: u16, base: &str| {
            json!({
                "encoding": encoding, "label": "array", "numberOfBytes": bytes.to_string(),
                "base": base,
            })
        };
        let half = json!({"encoding": "inplace", "label": "uint128", "numberOfBytes": "16"});
        let position = json!({
            "encoding": "inplace", "label": "Position", "numberOfBytes": "96",
            "members": [
                variable("size", 0, 0, "half"), variable("debt", 0, 16, "half"),
                variable("owner", 1, 0, "word"), variable("of", 2, 0, "map"),
            ],
        });
        serde_json::from_value(json!({
            "storage": [
                variable("low", 0, 0, "half"), variable("high", 0, 16, "half"),
                variable("total", 1, 0, "word"), variable("balances", 2, 0, "map"),
                variable("allowances", 3, 0, "maps"), variable("positions", 4, 0, "structs"),
                variable("list", 5, 0, "dynamic"), variable("small", 6, 0, "packed"),
                variable("ring", 7, 0, "fixed"), variable("main", 20, 0, "position"),
            ],
            "types": {
                "word": word, "half": half, "map": mapping("word"), "maps": mapping("map"),
                "structs": mapping("position"), "position": position,
                "dynamic": array("dynamic_array", 32, "word"),
                "packed": array("dynamic_array", 32, "half"),
                "fixed": array("inplace", 320, "word"),
            },
        }))
        .unwrap()
    }

    #[test]
    fn slots_have_the_names_of_the_source() {
        let layout = layout();
        let cases = [
            ("0", Some("{low, high}")),
            ("0x1", Some("total")),
            ("keccak(caller . 2)", Some("balances[caller]")),
            ("keccak(arg1 & (arg0 + 1) . 2)", Some("balances[arg1 & (arg0 + 1)]")),
            ("keccak(arg1 . keccak(arg0 . 3))", Some("allowances[arg0][arg1]")),
            ("keccak(arg0 . 4)", Some("positions[arg0].{size, debt}")),
            ("keccak(arg0 . 4) + 1", Some("positions[arg0].owner")),
            ("keccak(caller . (keccak(arg0 . 4) + 2))", Some("positions[arg0].of[caller]")),
            ("keccak(caller . keccak(arg0 . 4) + 2)", Some("positions[arg0].of[caller]")),
            ("keccak(5) + arg0", Some("list[arg0]")),
            ("keccak(5)", Some("list[0]")),
            ("keccak(6) + arg0", Some("small[…]")),
            ("arg0 + 7", Some("ring[arg0]")),
            ("21", Some("main.owner")),
            ("keccak(arg0 . 1)", None),
            ("keccak(arg0 . 99)", None),
            ("99", None),
            ("loop0", None),
            ("", None),
        ];
        for (slot, expected) in cases {
            assert_eq!(name_of(&layout, slot).as_deref(), expected, "{slot}");
        }
    }
}
