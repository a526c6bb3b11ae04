//! In which short way is a storage key made?
//!
//! In: a key and the words a transaction names. Out: an [`Origin`], and from an origin the key.
//! Invariants: [`Origin::key`] of what was found is the key; the search is bounded and depends on its
//! inputs alone.

use std::collections::BTreeMap;

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
const MAX_FAILURES: u32 = 3;

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

/// The words of one transaction, and what was hashed of them so far: what one contract was tried with
/// is not hashed again for the next.
#[derive(Debug)]
pub(super) struct Hashes {
    words: Vec<(Word, U256)>,
    keyed: BTreeMap<(Order, u64), Vec<U256>>,
    nested: BTreeMap<(Order, u64), Vec<U256>>,
}

impl Hashes {
    pub(super) const fn of(words: Vec<(Word, U256)>) -> Self {
        Self { words, keyed: BTreeMap::new(), nested: BTreeMap::new() }
    }

    /// What a mapping at `base` has for word `n`.
    fn keyed(&mut self, order: Order, base: u64, n: usize) -> U256 {
        let known = self.keyed.entry((order, base)).or_default();
        while known.len() <= n {
            known.push(hash(order, self.words[known.len()].1, U256::from(base)));
        }
        known[n]
    }

    /// What a mapping of mappings at `base` has for the words `outer` and `inner`.
    fn nested(&mut self, order: Order, base: u64, outer: usize, inner: usize) -> U256 {
        let width = self.n_nested();
        let n = outer * width + inner;
        let mut len = self.nested.entry((order, base)).or_default().len();
        while len <= n {
            let map = self.keyed(order, base, len / width);
            let start = hash(order, self.words[len % width].1, map);
            self.nested.entry((order, base)).or_default().push(start);
            len += 1;
        }
        self.nested[&(order, base)][n]
    }

    /// How many words are tried as keys of mappings of mappings.
    fn n_nested(&self) -> usize {
        self.words.len().min(MAX_NESTED_WORDS)
    }
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
        hashes: &mut Hashes,
        arrays: &Arrays,
    ) -> Vec<Option<Origin>> {
        let mut sought = Sought { keys, found: vec![None; keys.len()], n_left: keys.len() };
        for (base, start) in (0..MAX_BASE).zip(arrays.0) {
            sought.offer(start, |offset| Origin::Element { base, offset });
        }
        let n_words = hashes.words.len();
        for &shape in &self.fitted {
            try_shape(shape, n_words, hashes, &mut sought);
        }
        if 0 < sought.n_left && self.n_failures < MAX_FAILURES {
            let n_before = sought.n_left;
            self.try_all(n_words.min(MAX_TRIED_WORDS), hashes, &mut sought);
            self.n_failures += u32::from(sought.n_left == n_before);
        }
        sought.found
    }

    /// Tries every shape that has not been tried, of the orders that the contract may have.
    fn try_all(&mut self, n_words: usize, hashes: &mut Hashes, sought: &mut Sought<'_>) {
        for order in [Order::WordFirst, Order::SlotFirst] {
            // One compiler made all of it.
            let known = self.fitted.first().map(|shape| shape.order);
            if known.is_some_and(|known| known != order) {
                continue;
            }
            for is_nested in [false, true] {
                // Mappings of mappings take many tries, and who hashes the slot first is rare.
                if is_nested && order == Order::SlotFirst && self.fitted.is_empty() {
                    break;
                }
                for base in 0..MAX_BASE {
                    let shape = Shape { order, base, is_nested };
                    let is_new = !self.fitted.contains(&shape);
                    if is_new && try_shape(shape, n_words, hashes, sought) {
                        self.fitted.push(shape);
                    }
                }
            }
        }
    }
}

/// Whether any key that is left is made in this way of any of the first `n_words` words.
fn try_shape(shape: Shape, n_words: usize, hashes: &mut Hashes, sought: &mut Sought<'_>) -> bool {
    let Shape { order, base, is_nested } = shape;
    let mut fits = false;
    if !is_nested {
        for n in 0..n_words {
            if sought.n_left == 0 {
                break;
            }
            let (word, start) = (hashes.words[n].0, hashes.keyed(order, base, n));
            fits |= sought.offer(start, |offset| Origin::Keyed { order, word, base, offset });
        }
        return fits;
    }
    let n_words = n_words.min(hashes.n_nested());
    for (outer_at, inner_at) in (0..n_words).flat_map(|a| (0..n_words).map(move |b| (a, b))) {
        if sought.n_left == 0 {
            break;
        }
        let (outer, inner) = (hashes.words[outer_at].0, hashes.words[inner_at].0);
        let start = hashes.nested(order, base, outer_at, inner_at);
        let nested = |offset| Origin::Nested { order, outer, inner, base, offset };
        fits |= sought.offer(start, nested);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_contract_was_tried_with_is_not_hashed_again_for_the_next() {
        let words = [(Word::Sender, U256::from(7)), (Word::Recipient, U256::from(9))];
        let mut hashes = Hashes::of(words.to_vec());
        let n_hashed = |hashes: &Hashes| {
            let lists = hashes.keyed.values().chain(hashes.nested.values());
            lists.map(Vec::len).sum::<usize>()
        };
        let nowhere = [U256::MAX];
        let arrays = Arrays::default();
        assert_eq!(Shapes::default().seek(&nowhere, &mut hashes, &arrays), [None]);
        // Each base with two words in two orders, and in one of them with two words within two.
        assert_eq!(n_hashed(&hashes), MAX_BASE as usize * (2 + 2 + 4));
        let found = hash(Order::WordFirst, U256::from(9), U256::from(3));
        let origins = Shapes::default().seek(&[found], &mut hashes, &arrays);
        assert!(matches!(origins[0], Some(Origin::Keyed { word: Word::Recipient, base: 3, .. })));
        assert_eq!(n_hashed(&hashes), MAX_BASE as usize * (2 + 2 + 4));
    }
}
