//! How are numbers and bytes spelled in a recorded block?
//!
//! In: JSON strings as JSON-RPC writes them, `0x` and hexadecimal digits; leading zeros are allowed,
//! since storage words come padded. Out: words, 64-bit numbers, bytes.
//! Invariant: what is not understood is quoted in the message, shortened if long.

use core::fmt;

use alloy_primitives::{B256, Bytes, U256, hex};
use serde::{Deserializer, de};

/// Longest piece of offending text that a message quotes.
const QUOTED_CHARS: usize = 24;

/// A 256-bit number.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    deserializer.deserialize_str(Text { expects: "a number as a 0x… string", parse: parse_word })
}

/// A 64-bit number.
pub(super) fn small<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_str(Text { expects: "a number as a 0x… string", parse: parse_small })
}

/// A 64-bit number that geth's prestate tracer writes as a plain JSON number.
pub(super) fn nonce<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(Nonce)
}

/// Bytes, or their absence.
pub(super) fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    deserializer
        .deserialize_str(Text { expects: "bytes as a 0x… string", parse: parse_bytes })
        .map(Some)
}

/// The number written in `text`, at most 256 bits.
pub(super) fn parse_word(text: &str) -> Result<U256, String> {
    let digits = text.strip_prefix("0x").ok_or_else(|| not_hex(text))?;
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(not_hex(text));
    }
    U256::from_str_radix(digits, 16)
        .map_err(|_| format!("number `{}` needs more than 256 bits", quoted(text)))
}

/// The number written in `text`, at most 64 bits.
pub(super) fn parse_small(text: &str) -> Result<u64, String> {
    u64::try_from(parse_word(text)?)
        .map_err(|_| format!("number `{}` needs more than 64 bits", quoted(text)))
}

/// The bytes written in `text`.
pub(super) fn parse_bytes(text: &str) -> Result<Bytes, String> {
    let digits = text
        .strip_prefix("0x")
        .ok_or_else(|| format!("invalid hex `{}`: write bytes as 0x…", quoted(text)))?;
    hex::decode(digits).map(Bytes::from).map_err(|error| {
        format!("invalid hex `{}`: {}", quoted(text), error.to_string().to_lowercase())
    })
}

/// The 32 bytes written in `text`.
pub(super) fn parse_hash(text: &str) -> Result<B256, String> {
    let bytes = parse_bytes(text)?;
    B256::try_from(bytes.as_ref())
        .map_err(|_| format!("hash `{}` has {} bytes instead of 32", quoted(text), bytes.len()))
}

fn not_hex(text: &str) -> String {
    format!("invalid hex `{}`: write numbers as 0x… in hexadecimal", quoted(text))
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Takes a JSON string without copying it and hands it to `parse`.
pub(super) struct Text<T> {
    pub(super) expects: &'static str,
    pub(super) parse: fn(&str) -> Result<T, String>,
}

impl<T> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expects)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

impl<'de, T> de::DeserializeSeed<'de> for Text<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// Takes a nonce in either spelling.
struct Nonce;

impl de::Visitor<'_> for Nonce {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number as a 0x… string")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        parse_small(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests;
