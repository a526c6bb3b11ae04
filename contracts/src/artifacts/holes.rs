//! What stands in code where the compiler left a hole?
//!
//! In: code as an artifact has it, with zeroes for immutables and `__…__` for libraries, and where
//! those are. Out: [`Hole`]s, and code with a mark in each.
//! Before → after: `PUSH32 0` → `PUSH32 a51c00b1 a51c00b1 …`. A mark is four bytes again and again, so
//! that whatever part of it the code takes, left or right, address or word, still reads as the mark.
//! Guard: marks are told apart up to [`MAX_MARKS`] holes; later ones share the last.
//!
//! Zeroes would be worse: a branch on an immutable would be folded away.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::hex;
use serde_json::Value;

/// Holes with a mark of their own.
const MAX_MARKS: usize = 255;
/// Digits of a mark.
const MARK_DIGITS: usize = 8;
/// Bytes of a library's address, and hexadecimal digits of what stands for it.
const ADDRESS: usize = 20;

/// A hole in some code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hole {
    /// Its first byte.
    pub(crate) start: usize,
    /// Its bytes.
    pub(crate) len: usize,
    /// What will stand there, in the words of the source.
    pub(crate) name: String,
}

/// The holes that immutables leave: `{"<id>": [{"start", "length"}]}`; `names` are by id.
pub(crate) fn immutables(references: &Value, names: &BTreeMap<String, String>) -> Vec<Hole> {
    let mut by_place: BTreeMap<usize, (&str, &Value)> = BTreeMap::new();
    for (id, places) in references.as_object().into_iter().flatten() {
        let first =
            places.as_array().into_iter().flatten().filter_map(|place| number(place, "start"));
        if let Some(first) = first.min() {
            by_place.insert(first, (id, places));
        }
    }
    let mut holes = Vec::new();
    // Ids change with every compilation, their order in the code does not.
    for (n, (id, places)) in by_place.into_values().enumerate() {
        let name = names.get(id).cloned().unwrap_or_else(|| format!("immutable{n}"));
        for place in places.as_array().into_iter().flatten() {
            if let (Some(start), Some(len)) = (number(place, "start"), number(place, "length")) {
                holes.push(Hole { start, len, name: name.clone() });
            }
        }
    }
    holes
}

fn number(place: &Value, key: &str) -> Option<usize> {
    place[key].as_u64().and_then(|number| usize::try_from(number).ok())
}

/// Code from its text, with the holes that libraries leave; `links` is `{file: {library: [..]}}`.
///
/// The places of the links are found in the text itself, which every compiler marks, and only their
/// names are looked up.
pub(crate) fn linked(text: &str, links: &Value) -> Result<(Vec<u8>, Vec<Hole>), &'static str> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut plain = digits.to_owned();
    let mut holes = Vec::new();
    while let Some(at) = plain.find("__") {
        let end = at + 2 * ADDRESS;
        let Some(label) = plain.get(at..end).map(str::to_owned) else {
            return Err("ends inside the placeholder of a library; compile it again");
        };
        if at % 2 == 1 {
            return Err(
                "has the placeholder of a library in the middle of a byte; compile it again",
            );
        }
        plain.replace_range(at..end, &"0".repeat(2 * ADDRESS));
        let name = link_name(links, at / 2, &label);
        holes.push(Hole { start: at / 2, len: ADDRESS, name });
    }
    let code = hex::decode(&plain).map_err(|_| match plain.len() % 2 {
        1 => "has an odd number of hexadecimal digits; one is missing",
        _ => "is not hexadecimal; compile it again",
    })?;
    Ok((code, holes))
}

/// What the library at a place is called: as stated, else as its placeholder says.
fn link_name(links: &Value, start: usize, label: &str) -> String {
    for libraries in links.as_object().into_iter().flatten().map(|(_, libraries)| libraries) {
        for (library, places) in libraries.as_object().into_iter().flatten() {
            let mut places = places.as_array().into_iter().flatten();
            if places.any(|place| number(place, "start") == Some(start)) {
                return library.clone();
            }
        }
    }
    // `__Name____…` before solc 0.5, `__$hash$__` from then on.
    let label = label.trim_matches(['_', '$']);
    label.rsplit([':', '/']).next().unwrap_or(label).to_owned()
}

/// Puts marks into the holes; those outside the code are dropped.
pub(crate) fn fill(code: &mut [u8], holes: &mut Vec<Hole>) {
    holes.sort();
    holes.retain(|hole| hole.start.checked_add(hole.len).is_some_and(|end| end <= code.len()));
    let names = names(holes);
    for hole in holes.iter() {
        let mark = mark(names.iter().position(|name| *name == hole.name).unwrap_or(MAX_MARKS));
        for (byte, mark) in
            code[hole.start..hole.start + hole.len].iter_mut().zip(mark.iter().cycle())
        {
            *byte = *mark;
        }
    }
}

/// The names of holes, sorted and distinct.
fn names(holes: &[Hole]) -> Vec<String> {
    holes.iter().map(|hole| hole.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

const fn mark(n: usize) -> [u8; 4] {
    let n = if n < MAX_MARKS { n } else { MAX_MARKS };
    [0xa5, 0x1c, n as u8, 0xb1]
}

/// `text` with names where marks are: numbers of at least eight digits that are a mark repeated.
pub(crate) fn unmark(text: &str, holes: &[Hole]) -> String {
    if holes.is_empty() || !text.contains("0x") {
        return text.to_owned();
    }
    let names = names(holes);
    let marks: Vec<String> = (0..names.len()).map(|n| hex::encode(mark(n))).collect();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        let digits = &rest[at + 2..];
        let end = digits.bytes().position(|b| !b.is_ascii_hexdigit()).unwrap_or(digits.len());
        let found = marks.iter().position(|mark| is_repeated(&digits[..end], mark));
        out.push_str(&rest[..at]);
        match found {
            Some(n) => out.push_str(&names[n]),
            None => out.push_str(&rest[at..at + 2 + end]),
        }
        rest = &digits[end..];
    }
    out + rest
}

/// Whether `digits` are `mark` again and again, perhaps behind zeroes.
fn is_repeated(digits: &str, mark: &str) -> bool {
    let digits = digits.trim_start_matches('0');
    let n_full = digits.len() / MARK_DIGITS;
    1 <= n_full
        && digits.len().is_multiple_of(MARK_DIGITS)
        && (0..n_full).all(|n| &digits[n * MARK_DIGITS..(n + 1) * MARK_DIGITS] == mark)
}

#[cfg(test)]
mod tests;
