//! What is a value called?
//!
//! In: the leaves of one entry point. Out: [`Names`], which turns terms into text for a reader.
//! Invariant: a name depends on the code alone; a loop's values are numbered in the order in which
//! texts first mention them.

mod hashes;
pub(super) mod phis;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use alloy_primitives::{Address, U256};

use self::phis::{Choice, Phis};
use super::{
    behind::Behind,
    memory::{Memories, Origin},
};
use crate::{
    bytecode::Pc,
    ir::{Effect, Leaves, NodeId, Op, Term, TermId, TermPool, Text, as_condition, as_reader},
};

pub(super) use hashes::Hashes;

/// Words of a hash that are spelt out.
const MAX_WORDS: u32 = 8;
/// Choices within one another that are written out.
const MAX_OPEN: u32 = 2;
/// Memory addresses longer than this, as text, say nothing.
const MAX_ADDRESS: usize = 24;
const WORD: u32 = 32;

/// Names for one entry point.
pub(super) struct Names<'a, 't> {
    pool: &'a TermPool<'t>,
    behind: &'a Behind<'a>,
    memories: &'a Memories<'a>,
    hashes: &'a Hashes,
    calls: BTreeMap<(NodeId, Pc), usize>,
    loops: RefCell<Vec<(NodeId, u32)>>,
    /// Choices being written out, one within the other.
    n_open: Cell<u32>,
}

impl<'a, 't> Names<'a, 't> {
    pub(super) const fn new(
        pool: &'a TermPool<'t>,
        behind: &'a Behind<'a>,
        memories: &'a Memories<'a>,
        hashes: &'a Hashes,
    ) -> Self {
        let loops = RefCell::new(Vec::new());
        let n_open = Cell::new(0);
        Self { pool, behind, memories, hashes, calls: BTreeMap::new(), loops, n_open }
    }

    /// Makes the call at `pc` in `node` known as the one of this number.
    pub(super) fn number_call(&mut self, node: NodeId, pc: Pc, number: usize) {
        self.calls.insert((node, pc), number);
    }

    /// `term` as text.
    pub(super) fn text(&self, term: TermId) -> String {
        as_reader(self.pool, self, term)
    }

    /// That `condition` holds, or does not, as text.
    pub(super) fn condition(&self, condition: TermId, holds: bool) -> String {
        as_condition(self.pool, self, condition, holds)
    }

    /// Who is called at the address `target`.
    pub(super) fn callee(&self, target: TermId) -> String {
        match self.pool.as_const(target) {
            Some(value) => match self.pool.as_usize(target).and_then(precompile) {
                Some(name) => name.to_owned(),
                None => format!("{:#x}", Address::from_word(value.into())),
            },
            None => self.text(target),
        }
    }

    /// The selector that the call at `position` of `node` passes in `input`.
    pub(super) fn called_selector(
        &self,
        node: NodeId,
        position: usize,
        (at, len): (TermId, TermId),
    ) -> Option<String> {
        if self.pool.as_const(len).is_some_and(|len| len < U256::from(4)) {
            return None;
        }
        let mut texts: Vec<String> = Vec::new();
        for origin in self.memories.read((node, position), at, 0, 4) {
            let text = match origin {
                Origin::Stored(word, skip) => {
                    let bytes = self.high_bytes(word, skip + 4)?;
                    format!("{:#010x}", bytes.wrapping_to::<u32>())
                }
                Origin::CallData(from, 0) if self.pool.as_const(from) == Some(U256::ZERO) => {
                    "msg.sig".to_owned()
                }
                // The path on which a copying loop copies nothing.
                Origin::Zero => continue,
                _ => return None,
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        match texts.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(format!("{{{}}}", texts.join(" | "))),
        }
    }

    /// The first `n` bytes of a word as a number, if they are constant.
    fn high_bytes(&self, word: TermId, n: u32) -> Option<U256> {
        let shift = 8 * (WORD - n) as usize;
        if let Some(value) = self.pool.as_const(word) {
            return Some(value >> shift);
        }
        // A selector is put in front of bytes that were there: `(x & low) | selector`.
        let Term::Apply(Op::Or, [a, b, _]) = self.pool.get(word) else { return None };
        let (other, value) = self.pool.with_const(a, b)?;
        (crate::ir::bits(self.pool, other) <= shift).then(|| value >> shift)
    }

    fn result(&self, out: &mut Text<'_, '_>, (node, pc): (NodeId, Pc), is_operand: bool) {
        let Some((position, effect)) = self.behind.effect_at(node, pc) else {
            return out.push("merged");
        };
        let mut function = |name: &str, operand: TermId| {
            out.push(name);
            out.term(operand);
        };
        match effect {
            Effect::SLoad { key } => {
                match self.behind.stored_before(self.pool, (node, position), key) {
                    Some(value) if is_operand => out.operand(value),
                    Some(value) => out.term(value),
                    None => {
                        function("storage[", key);
                        out.push("]");
                    }
                }
            }
            Effect::TLoad { key } => {
                function("transient[", key);
                out.push("]");
            }
            Effect::Balance { account } => {
                function("balance(", account);
                out.push(")");
            }
            Effect::ExtCodeSize { account } => {
                function("extcodesize(", account);
                out.push(")");
            }
            Effect::ExtCodeHash { account } => {
                function("extcodehash(", account);
                out.push(")");
            }
            Effect::BlockHash { number } => {
                function("blockhash(", number);
                out.push(")");
            }
            Effect::MLoad { at } => self.load(out, (node, position), at),
            Effect::Keccak { at, len } => self.hash(out, (node, position, pc), at, len),
            Effect::Call { .. } => self.call(out, node, pc, ".ok"),
            Effect::Create { .. } => self.call(out, node, pc, ".address"),
            Effect::SelfBalance => out.push("balance(this)"),
            Effect::ReturnDataSize => out.push("returndatasize"),
            Effect::MSize => out.push("msize"),
            Effect::Gas => out.push("gas"),
            _ => out.push("merged"),
        }
    }

    fn call(&self, out: &mut Text<'_, '_>, node: NodeId, pc: Pc, part: &str) {
        match self.calls.get(&(node, pc)) {
            Some(number) => out.push(&format!("call#{number}{part}")),
            None => out.push(&format!("call{part}")),
        }
    }

    fn load(&self, out: &mut Text<'_, '_>, place: (NodeId, usize), at: TermId) {
        let origins = self.memories.read(place, at, 0, WORD);
        if self.origins(out, &origins) {
            return;
        }
        out.push("memory[");
        let start = out.len();
        out.term(at);
        if start + MAX_ADDRESS < out.len() {
            out.truncate(start);
            out.push("..");
        }
        out.push("]");
    }

    /// Writes what a word of memory may hold; false when that is not known.
    fn origins(&self, out: &mut Text<'_, '_>, origins: &[Origin]) -> bool {
        match origins {
            [] => return false,
            [one] => self.origin(out, *one),
            _ => {
                out.push("{");
                for (n, &origin) in origins.iter().enumerate() {
                    out.push(if n == 0 { "" } else { " | " });
                    self.origin(out, origin);
                }
                out.push("}");
            }
        }
        true
    }

    fn origin(&self, out: &mut Text<'_, '_>, origin: Origin) {
        match origin {
            // Words are read whole, so nothing of a stored one was skipped.
            Origin::Stored(value, _) => out.term(value),
            Origin::CallData(from, skip) => match self.pool.as_usize(from) {
                Some(from) if 4 <= from && (from - 4 + skip as usize).is_multiple_of(32) => {
                    out.push(&format!("arg{}", (from - 4 + skip as usize) / 32));
                }
                _ => {
                    out.push("calldata[");
                    out.term(from);
                    out.push(&if skip == 0 { "]".to_owned() } else { format!(" + {skip}]") });
                }
            },
            Origin::Returned(node, pc, skip) => {
                self.call(out, node, pc, &format!("[{}]", skip / WORD));
            }
            Origin::Zero => out.push("0"),
        }
    }

    /// A hash of memory that the walk could not see: its words, or at least its last one, which is
    /// the slot of a mapping with keys of any length.
    fn hash(
        &self,
        out: &mut Text<'_, '_>,
        (node, position, pc): (NodeId, usize, Pc),
        at: TermId,
        len: TermId,
    ) {
        let read = |at, skip| self.memories.read((node, position), at, skip, WORD);
        if let Some(tail) = self.memories.tail(node, pc) {
            let origins = read(tail, 0);
            if origins.is_empty() {
                return out.push("keccak(bytes)");
            }
            out.push("keccak(bytes . ");
            self.origins(out, &origins);
            return out.push(")");
        }
        let len = self.pool.as_usize(len).and_then(|len| u32::try_from(len).ok());
        let n_words = len.filter(|len| len % WORD == 0).map(|len| len / WORD);
        let words: Vec<Vec<Origin>> = match n_words {
            Some(n) if n <= MAX_WORDS => (0..n).map(|n| read(at, n * WORD)).collect(),
            _ => Vec::new(),
        };
        if words.is_empty() || words.iter().all(Vec::is_empty) {
            return out.push("keccak(bytes)");
        }
        out.push("keccak(");
        for (n, origins) in words.iter().enumerate() {
            out.push(if n == 0 { "" } else { " . " });
            if !self.origins(out, origins) {
                out.push("merged");
            }
        }
        out.push(")");
    }

    fn phi(&self, out: &mut Text<'_, '_>, (node, position): (NodeId, u32), is_operand: bool) {
        let phis = Phis { pool: self.pool, behind: self.behind };
        match phis.choice(node, position) {
            Choice::One(value) if is_operand => out.operand(value),
            Choice::One(value) => out.term(value),
            Choice::Of(_) if self.n_open.get() == MAX_OPEN => out.push("merged"),
            Choice::Of(values) => {
                self.n_open.set(self.n_open.get() + 1);
                out.push("{");
                for (n, value) in values.into_iter().enumerate() {
                    out.push(if n == 0 { "" } else { " | " });
                    out.term(value);
                }
                out.push("}");
                self.n_open.set(self.n_open.get() - 1);
            }
            Choice::Loop(node, position) => out.push(&self.loop_name(node, position)),
            Choice::Count { at, start, step } => {
                let mut name = self.loop_name(at.0, at.1);
                if step != U256::ONE {
                    name = format!("{name} * {step}");
                }
                if self.pool.as_const(start) == Some(U256::ZERO)
                    && !(is_operand && step != U256::ONE)
                {
                    return out.push(&name);
                }
                out.push(if is_operand { "(" } else { "" });
                if self.pool.as_const(start) != Some(U256::ZERO) {
                    out.term(start);
                    out.push(" + ");
                }
                out.push(&name);
                out.push(if is_operand { ")" } else { "" });
            }
            Choice::Merged => out.push("merged"),
        }
    }

    /// What the value that goes round a loop in this phi is called.
    pub(super) fn loop_name(&self, node: NodeId, position: u32) -> String {
        let mut loops = self.loops.borrow_mut();
        let number = match loops.iter().position(|known| *known == (node, position)) {
            Some(number) => number,
            None => {
                loops.push((node, position));
                loops.len() - 1
            }
        };
        format!("loop{number}")
    }
}

impl Leaves for Names<'_, '_> {
    fn leaf(&self, out: &mut Text<'_, '_>, leaf: Term<'_>, is_operand: bool) {
        match leaf {
            Term::Phi(node, position) => self.phi(out, (node, position), is_operand),
            Term::Result(node, pc) => self.result(out, (node, pc), is_operand),
            _ => unreachable!("all other terms are printed by the text itself"),
        }
    }

    fn constant(&self, out: &mut Text<'_, '_>, value: U256) -> bool {
        if value == U256::MAX {
            out.push("max");
            return true;
        }
        self.hashes.write(out, self.pool, value)
    }

    fn is_stored(&self, leaf: Term<'_>) -> bool {
        matches!(self.behind.effect(leaf), Some(Effect::SLoad { .. }))
    }
}

/// The name of the precompile at an address.
const fn precompile(address: usize) -> Option<&'static str> {
    Some(match address {
        1 => "ecrecover",
        2 => "sha256",
        3 => "ripemd160",
        4 => "identity",
        5 => "modexp",
        6 => "bn254.add",
        7 => "bn254.mul",
        8 => "bn254.pairing",
        9 => "blake2f",
        10 => "kzg",
        _ => return None,
    })
}
