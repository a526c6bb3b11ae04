//! Which code is in a text that a tool printed?
//!
//! In: the bytes of a file, or an argument. Out: its text, whatever its encoding; the code of
//! hexadecimal digits; what solc prints as the JSON document that says the same.
//! Before → after: `"0x6000\n35"` → 6000 35; `=== a.sol:A ===`, `Binary of the runtime part:`, digits →
//! `{"contracts": {"a.sol:A": {"bin-runtime": …}}}`.
//! Invariant: text that is not understood is refused and never taken for raw code.

use std::borrow::Cow;

use alloy_primitives::hex;
use serde_json::{Map, Value, json};

/// What stands around digits: quotes, separators of lists and statements, continued lines.
const AROUND: [char; 7] = ['"', '\'', '`', ',', ';', '\\', '\u{feff}'];

/// The text that `bytes` are, with its marks and encoding resolved; none when they are no text.
pub(super) fn decode(bytes: &[u8]) -> Option<Result<Cow<'_, str>, &'static str>> {
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return Some(utf16(rest, u16::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return Some(utf16(rest, u16::from_be_bytes));
    }
    if let Some((&first, rest)) = bytes.split_first()
        && bytes.len().is_multiple_of(2)
    {
        // Without a mark: each second byte of Latin text is zero, and the others are printed.
        let alternate = |of: &[u8]| of.iter().step_by(2).all(|byte| *byte == 0);
        let is_printed = |of: &[u8]| of.iter().step_by(2).all(|byte| !is_control(*byte));
        if alternate(rest) && is_printed(bytes) {
            return Some(utf16(bytes, u16::from_le_bytes));
        }
        if first == 0 && alternate(bytes) && is_printed(rest) {
            return Some(utf16(bytes, u16::from_be_bytes));
        }
    }
    if bytes.iter().any(|byte| is_control(*byte)) {
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Some(Ok(String::from_utf8_lossy(bytes)))
}

/// Whether text has no such byte; code has, for arithmetic and STOP are among them.
const fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c) || byte == 0x7f
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, &'static str> {
    let (pairs, rest) = bytes.as_chunks();
    let text = String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>());
    match (text, rest) {
        (Ok(text), []) => Ok(Cow::Owned(text)),
        _ => Err("is not valid UTF-16; save it as UTF-8"),
    }
}

/// The bytes that hexadecimal digits stand for, over any number of lines.
pub(super) fn hex_code(text: &str) -> Result<Vec<u8>, String> {
    let mut digits = String::new();
    for word in text.split(|letter: char| letter.is_whitespace() || AROUND.contains(&letter)) {
        let plain = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
        let is_literal = digits.is_empty() && word == "hex";
        if is_literal || plain.is_empty() {
            continue;
        }
        if let Some(letter) = plain.chars().find(|letter| !letter.is_ascii_hexdigit()) {
            let start: String = word.chars().take(24).flat_map(char::escape_debug).collect();
            let letter = letter.escape_debug();
            return Err(format!("is not hexadecimal: `{letter}` in `{start}`"));
        }
        digits.push_str(plain);
    }
    match (digits.as_str(), digits.len() % 2) {
        ("", _) => Err("is empty: there is no code in it".to_owned()),
        (_, 1) => Err("has an odd number of hexadecimal digits; one is missing".to_owned()),
        _ => hex::decode(&digits).map_err(|_| "is not hexadecimal".to_owned()),
    }
}

/// What solc prints on its standard output, as combined JSON; none when `text` has no heading of it.
pub(super) fn compiler_output(text: &str) -> Option<Result<Value, &'static str>> {
    let mut contracts = Map::new();
    let mut name = None;
    let mut part = "";
    let mut has_creation = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let heading = line.strip_prefix("=======").and_then(|rest| rest.strip_suffix("======="));
        if let Some(heading) = heading {
            name = Some(heading.trim());
            part = "";
            continue;
        }
        let Some(name) = name else { continue };
        has_creation |= line == "Binary:";
        if line.ends_with(':') {
            part = line;
            continue;
        }
        let of = contracts.entry(name).or_insert_with(|| json!({}));
        let parsed = || serde_json::from_str(line).unwrap_or_default();
        match part {
            "Binary of the runtime part:" => of["bin-runtime"] = line.into(),
            "Contract Storage Layout:" => of["storage-layout"] = parsed(),
            "Contract JSON ABI" => of["abi"] = parsed(),
            "Function signatures:" => {
                if let Some((selector, signature)) = line.split_once(": ") {
                    of["hashes"][signature] = selector.into();
                }
            }
            _ if line == "Contract JSON ABI" => part = "Contract JSON ABI",
            _ => {}
        }
    }
    name?;
    let has_code = contracts.values().any(|of| of["bin-runtime"].is_string());
    match !has_code && has_creation {
        true => Some(Err("holds creation code only; compile with --bin-runtime")),
        false => Some(Ok(json!({"contracts": contracts}))),
    }
}
