//! In which short way is a storage key made?
//!
//! In: a key and the words a transaction names. Out: an [`Origin`], and from an origin the key.
//! Invariants: [`Origin::key`] of what was found is the key; the search is bounded and depends on its
//! inputs alone.

use alloy_primitives::{Address, U256, keccak256, map::HashSet};

use super::KnownTx;

/// Mappings and arrays are sought at the slots below this one.
pub(super) const MAX_BASE: u64 = 24;
/// Members of a struct, or elements of an array beside a known one.
pub(super) const MAX_OFFSET: u64 = 32;
/// Words that are tried as keys of a mapping of mappings.
const MAX_NESTED_WORDS: usize = 10;
/// Words of calldata that are tried.
const MAX_INPUT_WORDS: usize = 40;
/// Words that are tried with bases that fitted nothing of the contract yet.
const MAX_TRIED_WORDS: usize = 64;
/// How often all bases are tried for a contract without finding any before only those that fitted are.
const MAX_FAILURES: u32 = 2;

/// Whether the word or the slot stands first in what is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// As Solidity does.
    WordFirst,
    /// As Vyper does.
    SlotFirst,
}

/// A word both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Sender,
    Recipient,
    /// A word of calldata behind the selector.
    Input(u32),
    /// An address that was mentioned, by its number.
    Mentioned(u32),
}

/// A way to make a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The key is a small number.
    Small(u64),
    /// Nothing short makes it.
    Plain(U256),
    /// So many slots behind another of the contract.
    Behind { slot: u32, offset: u64 },
    /// An element of the array at `base`.
    Element { base: u64, offset: u64 },
    /// What a mapping at `base` has for a word, and the members behind it.
    Keyed { order: Order, word: Word, base: u64, offset: u64 },
    /// What a mapping of mappings has for two words.
    Nested { order: Order, outer: Word, inner: Word, base: u64, offset: u64 },
}

impl Origin {
    /// The key, given the value of every word and the contract's slots mentioned so far; none if it
    /// names what there is not.
    pub(super) fn key(self, value: impl Fn(Word) -> Option<U256>, slots: &[U256]) -> Option<U256> {
        let behind = |key: U256, offset: u64| key.wrapping_add(U256::from(offset));
        match self {
            Self::Small(key) => Some(U256::from(key)),
            Self::Plain(key) => Some(key),
            Self::Behind { slot, offset } => Some(behind(*slots.get(slot as usize)?, offset)),
            Self::Element { base, offset } => Some(behind(array_start(base), offset)),
            Self::Keyed { order, word, base, offset } => {
                Some(behind(hash(order, value(word)?, U256::from(base)), offset))
            }
            Self::Nested { order, outer, inner, base, offset } => {
                let map = hash(order, value(outer)?, U256::from(base));
                Some(behind(hash(order, value(inner)?, map), offset))
            }
        }
    }
}

/// Where the elements of dynamic arrays at the first slots begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrays([U256; MAX_BASE as usize]);

impl Default for Arrays {
    fn default() -> Self {
        Self(core::array::from_fn(|base| array_start(base as u64)))
    }
}

/// Where the elements of a dynamic array at `base` begin.
fn array_start(base: u64) -> U256 {
    keccak256(U256::from(base).to_be_bytes::<32>()).into()
}

fn hash(order: Order, word: U256, slot: U256) -> U256 {
    let (first, second) = match order {
        Order::WordFirst => (word, slot),
        Order::SlotFirst => (slot, word),
    };
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(&first.to_be_bytes::<32>());
    pair[32..].copy_from_slice(&second.to_be_bytes::<32>());
    keccak256(pair).into()
}

/// The value of a word of calldata behind the selector, if calldata reaches so far.
pub(super) fn input_word(known: &KnownTx, n: u32) -> Option<U256> {
    let from = (n as usize).checked_mul(32)?.checked_add(4)?;
    let bytes = known.input.get(from..from.checked_add(32)?)?;
    U256::try_from_be_slice(bytes)
}

/// The words a transaction names, each once, the likeliest keys of mappings first.
pub(super) fn words_of(known: &KnownTx, mentioned: &[(u32, Address)]) -> Vec<(Word, U256)> {
    let as_word = |address: Address| U256::from_be_bytes(address.into_word().0);
    let mut words = Vec::new();
    // Only ever asked for one value, never walked.
    let mut values: HashSet<U256> = HashSet::default();
    let mut add = |word, value| {
        if values.insert(value) {
            words.push((word, value));
        }
    };
    add(Word::Sender, as_word(known.sender));
    let n_words = known.input.len().saturating_sub(4) / 32;
    for n in 0..n_words.min(MAX_INPUT_WORDS) as u32 {
        if let Some(value) = input_word(known, n) {
            add(Word::Input(n), value);
        }
    }
    if let Some(to) = known.to {
        add(Word::Recipient, as_word(to));
    }
    for &(id, address) in mentioned {
        add(Word::Mentioned(id), as_word(address));
    }
    words
}

/// A way that made a key of a contract, without its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    order: Order,
    base: u64,
    is_nested: bool,
}

/// What made the keys of one contract so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    fitted: Vec<Shape>,
    n_failures: u32,
}

/// Keys for which a way is sought, ascending, with what was found.
struct Sought<'a> {
    keys: &'a [U256],
    found: Vec<Option<Origin>>,
    n_left: usize,
}

impl Sought<'_> {
    /// Takes `origin(offset)` for every key at most [`MAX_OFFSET`] behind `start`; whether any was.
    fn offer(&mut self, start: U256, origin: impl Fn(u64) -> Origin) -> bool {
        let from = self.keys.partition_point(|key| *key < start);
        let mut fits = false;
        for at in from..self.keys.len() {
            let offset = self.keys[at] - start;
            if U256::from(MAX_OFFSET) < offset {
                break;
            }
            if self.found[at].is_none() {
                self.found[at] = Some(origin(offset.to()));
                self.n_left -= 1;
            }
            fits = true;
        }
        fits
    }
}

impl Shapes {
    /// A way for each of `keys`, which are ascending and no small numbers, where one is found.
    pub(super) fn seek(
        &mut self,
        keys: &[U256],
        words: &[(Word, U256)],
        arrays: &Arrays,
    ) -> Vec<Option<Origin>> {
        let mut sought = Sought { keys, found: vec![None; keys.len()], n_left: keys.len() };
        for (base, start) in (0..MAX_BASE).zip(arrays.0) {
            sought.offer(start, |offset| Origin::Element { base, offset });
        }
        for shape in self.fitted.clone() {
            if 0 < sought.n_left {
                try_shape(shape, words, &mut sought);
            }
        }
        if 0 < sought.n_left && self.n_failures < MAX_FAILURES {
            let n_before = sought.n_left;
            self.try_all(&words[..words.len().min(MAX_TRIED_WORDS)], &mut sought);
            self.n_failures += u32::from(sought.n_left == n_before);
        }
        sought.found
    }

    /// Tries every shape that has not been tried.
    fn try_all(&mut self, words: &[(Word, U256)], sought: &mut Sought<'_>) {
        for is_nested in [false, true] {
            for base in 0..MAX_BASE {
                for order in [Order::WordFirst, Order::SlotFirst] {
                    let shape = Shape { order, base, is_nested };
                    if sought.n_left == 0 {
                        return;
                    }
                    if !self.fitted.contains(&shape) && try_shape(shape, words, sought) {
                        self.fitted.push(shape);
                    }
                }
            }
        }
    }
}

/// Whether any key is made in this way of any of the words.
fn try_shape(shape: Shape, words: &[(Word, U256)], sought: &mut Sought<'_>) -> bool {
    let Shape { order, base, is_nested } = shape;
    let mut fits = false;
    if !is_nested {
        for &(word, value) in words {
            if sought.n_left == 0 {
                break;
            }
            let start = hash(order, value, U256::from(base));
            fits |= sought.offer(start, |offset| Origin::Keyed { order, word, base, offset });
        }
        return fits;
    }
    let words = &words[..words.len().min(MAX_NESTED_WORDS)];
    for &(outer, value) in words {
        let map = hash(order, value, U256::from(base));
        if sought.n_left == 0 {
            return fits;
        }
        for &(inner, value) in words {
            let start = hash(order, value, map);
            let nested = |offset| Origin::Nested { order, outer, inner, base, offset };
            fits |= sought.offer(start, nested);
        }
    }
    fits
}
