//! How does a text of the analyzer read to the author of the source?
//!
//! In: texts such as `storage[keccak(caller . 3)] >= arg1`. Out: `balanceOf[caller] >= value`.
//! Before → after: `arg1` → the parameter's name; a mark → the immutable or library it stands for;
//! `storage[slot]` → the slot's name, with `.bits(..)` the variable that has them.
//! Guard: a parameter keeps its number where its name could be read as something else.

use alloy_primitives::U256;
use slotcast_analyzer::describe::AccessText;

use crate::artifacts::{Contract, StorageLayout, names, signature::Signature, visible};

/// Words that texts of the analyzer use by themselves.
const RESERVED: [&str; 18] = [
    "balance",
    "basefee",
    "caller",
    "callvalue",
    "chainid",
    "coinbase",
    "gas",
    "gasprice",
    "keccak",
    "max",
    "memory",
    "merged",
    "number",
    "origin",
    "storage",
    "this",
    "timestamp",
    "transient",
];
/// Stored words within one another that are named.
const MAX_DEPTH: u32 = 4;
/// The bits of an address, which the analyzer writes without saying that they are a part.
const ADDRESS_BITS: usize = 160;

/// What one function's texts are read with.
pub(crate) struct Reader<'a> {
    contract: &'a Contract,
    signature: Option<&'a Signature>,
    accesses: &'a [AccessText],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        contract: &'a Contract,
        selector: Option<u32>,
        accesses: &'a [AccessText],
    ) -> Self {
        let signature = selector.and_then(|selector| contract.signatures.get(&selector));
        Self { contract, signature, accesses }
    }

    /// What the source calls the slot of an access; none when that is not known.
    pub(crate) fn slot(&self, access: &AccessText) -> Option<String> {
        let name = self.slot_of(access, access.bits, 0).or_else(|| label_of_hash(&access.slot));
        name.map(|name| visible(&name))
    }

    /// `text` in the words of the source.
    pub(crate) fn text(&self, text: &str) -> String {
        visible(&self.nested(text, 0))
    }

    fn slot_of(&self, access: &AccessText, bits: U256, depth: u32) -> Option<String> {
        let layout = self.contract.layout.as_ref()?;
        let name =
            |place| names::name_of(layout, place, bits, &|part| self.nested(&part.text, depth + 1));
        let mut found: Vec<String> = access.places.iter().map(name).collect::<Option<_>>()?;
        found.sort();
        found.dedup();
        match found.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            several => Some(format!("{{{}}}", several.join(" | "))),
        }
    }

    fn nested(&self, text: &str, depth: u32) -> String {
        let text = crate::artifacts::holes::unmark(text, &self.contract.holes);
        let text = self.arguments(&text);
        let text = if depth < MAX_DEPTH { self.stored(&text, depth) } else { text };
        cast_once(&text)
    }

    /// Parameters by their names.
    fn arguments(&self, text: &str) -> String {
        let Some(signature) = self.signature else { return text.to_owned() };
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("arg") {
            let digits = &rest[at + 3..];
            let end = digits.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
            let is_word = !rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && !digits[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let word = digits[..end].parse::<usize>().ok().filter(|_| is_word);
            let name = word.and_then(|word| signature.words.get(word));
            out.push_str(&rest[..at]);
            match name.filter(|name| self.is_clear(name)) {
                Some(name) => out.push_str(name),
                None => out.push_str(&rest[at..at + 3 + end]),
            }
            rest = &digits[end..];
        }
        out + rest
    }

    /// Whether a parameter's name can be read as nothing else.
    fn is_clear(&self, name: &str) -> bool {
        let first = name.split(['.', '[']).next().unwrap_or_default();
        let is_variable =
            |layout: &StorageLayout| layout.storage.iter().any(|it| it.label == first);
        !first.is_empty()
            && !RESERVED.contains(&first)
            && !first.starts_with("arg")
            && !first.starts_with("loop")
            && !self.contract.layout.as_ref().is_some_and(is_variable)
            && !self.contract.holes.iter().any(|hole| hole.name == first)
    }

    /// Stored words by the names of their slots.
    fn stored(&self, text: &str, depth: u32) -> String {
        const OPEN: &str = "storage[";
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(OPEN) {
            out.push_str(&rest[..at]);
            let inner = &rest[at + OPEN.len()..];
            let Some(end) = closing(inner) else { break };
            let (bits, len) = bits_behind(&inner[end + 1..]);
            match self.named(&inner[..end], bits, depth) {
                Some(name) => out.push_str(&name),
                None => {
                    let slot = self.nested(&inner[..end], depth + 1);
                    out.push_str(&format!("{OPEN}{slot}]{}", &inner[end + 1..end + 1 + len]));
                }
            }
            rest = &inner[end + 1 + len..];
        }
        out + rest
    }

    /// The name of the slot that the analyzer writes like this, where one of the function's accesses
    /// is to it.
    fn named(&self, slot: &str, bits: Option<U256>, depth: u32) -> Option<String> {
        let is_it = |access: &&AccessText| {
            let unmarked = crate::artifacts::holes::unmark(&access.slot, &self.contract.holes);
            self.arguments(&unmarked) == slot
        };
        let access = self.accesses.iter().find(is_it)?;
        if let Some(bits) = bits {
            return self.slot_of(access, bits, depth);
        }
        // An address at the low end of a word reads like the whole word.
        let low = (U256::ONE << ADDRESS_BITS) - U256::ONE;
        let whole = self.slot_of(access, U256::MAX, depth)?;
        if whole.contains('{') { self.slot_of(access, low, depth) } else { Some(whole) }
    }
}

/// A cast of what was cast to the same type before, once: `int24(int24(tick))` as `int24(tick)`.
fn cast_once(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('(') {
        let start = rest[..at].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
        let word = &rest[start..at];
        let inner = &rest[at + 1..];
        let again = inner.strip_prefix(word).and_then(|behind| behind.strip_prefix('('));
        let is_type = ["uint", "int", "bytes"].into_iter().any(|kind| word.starts_with(kind));
        let once = again.filter(|_| is_type).and_then(|innermost| {
            let end = closing_of(innermost, '(', ')')?;
            let behind = innermost[end + 1..].strip_prefix(')')?;
            Some(format!("{word}({}){behind}", &innermost[..end]))
        });
        match once {
            Some(once) => return out + &rest[..start] + &cast_once(&once),
            None => out.push_str(&rest[..=at]),
        }
        rest = inner;
    }
    out + rest
}

/// The text whose hash a slot is, one less, as ERC-1967 has it: `keccak("…") - 1`.
fn label_of_hash(slot: &str) -> Option<String> {
    let label = slot.strip_prefix("keccak(\"")?.strip_suffix("\") - 1")?;
    (!label.contains('"')).then(|| label.to_owned())
}

/// Where the square bracket that is open before `text` closes.
fn closing(text: &str) -> Option<usize> {
    closing_of(text, '[', ']')
}

/// Where the bracket that is open before `text` closes.
fn closing_of(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, letter) in text.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            match depth {
                0 => return Some(at),
                _ => depth -= 1,
            }
        }
    }
    None
}

/// The bits that `.bits(8..16)` at the beginning of `text` names, and how long that is.
fn bits_behind(text: &str) -> (Option<U256>, usize) {
    let read = || {
        let inner = text.strip_prefix(".bits(")?;
        let (inside, _) = inner.split_once(')')?;
        let (from, to) = inside.split_once("..")?;
        let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
        (from < to && to <= 256).then(|| {
            let ones = U256::MAX >> (256 - (to - from));
            (ones << from, ".bits(".len() + inside.len() + 1)
        })
    };
    read().map_or((None, 0), |(bits, len)| (Some(bits), len))
}

#[cfg(test)]
mod tests;
