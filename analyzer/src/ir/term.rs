//! Which values does a function compute with?
//!
//! In: operations on values. Out: [`TermId`]s into a [`TermPool`], one arena per analysis.
//! Invariants: equal terms have equal ids; operands have smaller ids than the terms built on them;
//! terms are pure, so a term may be computed again wherever its leaves are known.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use bumpalo::Bump;
use serde::{Deserialize, Serialize};
use slotcast_model::{Index, index_newtype};

use super::{NodeId, fold, interner::Interner};
use crate::bytecode::Pc;

index_newtype! {
    /// A term of one pool.
    pub struct TermId;
}

/// Pure operations of one to three words; the EVM opcodes of the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the opcode of that name")]
pub enum Op {
    Add,
    Mul,
    Sub,
    Div,
    SDiv,
    Mod,
    SMod,
    AddMod,
    MulMod,
    Exp,
    SignExtend,
    Lt,
    Gt,
    SLt,
    SGt,
    Eq,
    IsZero,
    And,
    Or,
    Xor,
    Not,
    Byte,
    Shl,
    Shr,
    Sar,
    Clz,
}

impl Op {
    /// How many operands the operation takes.
    pub const fn arity(self) -> usize {
        match self {
            Self::IsZero | Self::Not | Self::Clz => 1,
            Self::AddMod | Self::MulMod => 3,
            _ => 2,
        }
    }

    /// Whether swapping the two operands changes nothing.
    pub const fn commutes(self) -> bool {
        matches!(self, Self::Add | Self::Mul | Self::Eq | Self::And | Self::Or | Self::Xor)
    }
}

/// Words that are fixed for the length of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the opcode of that name")]
pub enum Env {
    Address,
    Origin,
    Caller,
    CallValue,
    CallDataSize,
    CodeSize,
    GasPrice,
    Coinbase,
    Timestamp,
    Number,
    Difficulty,
    GasLimit,
    ChainId,
    BaseFee,
    BlobBaseFee,
    SlotNumber,
}

/// A pure value. Operands are ids, so a term is small and compares in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term<'t> {
    /// A constant word.
    Const(U256),
    /// A word of the frame.
    Env(Env),
    /// The 32 bytes of calldata at an offset, zeros past its end.
    CallData(TermId),
    /// The hash of the blob with that index (EIP-4844).
    BlobHash(TermId),
    /// An operation; unused operands repeat the first.
    Apply(Op, [TermId; 3]),
    /// keccak256 of these words, one after the other.
    Keccak(&'t [TermId]),
    /// What a stack position holds on entry to a node where paths with different values meet.
    Phi(NodeId, u32),
    /// What the effect of an instruction gives, in that node.
    Result(NodeId, Pc),
}

impl Term<'_> {
    /// Calls `f` on what the term is computed from; a phi and a result have nothing of their own.
    pub(crate) fn for_each_operand(self, mut f: impl FnMut(TermId)) {
        match self {
            Self::Apply(op, operands) => operands[..op.arity()].iter().for_each(|&x| f(x)),
            Self::CallData(x) | Self::BlobHash(x) => f(x),
            Self::Keccak(words) => words.iter().for_each(|&x| f(x)),
            Self::Const(_) | Self::Env(_) | Self::Phi(..) | Self::Result(..) => {}
        }
    }
}

/// The terms of one analysis, each distinct one stored once.
#[derive(Debug)]
pub struct TermPool<'t> {
    arena: &'t Bump,
    terms: Vec<Term<'t>>,
    ids: Interner,
    /// The constants of one byte that were made; zero is made first and stands for none here.
    bytes: Vec<TermId>,
    /// For each term, its value if it is a constant below `u32::MAX`, else that.
    small: Vec<u32>,
    /// What hashes that were computed here are hashes of.
    preimages: BTreeMap<U256, &'t [TermId]>,
    selector: Option<u32>,
}

/// Room for the terms of a plain function.
const FEW_TERMS: usize = 256;

impl<'t> TermPool<'t> {
    /// The constant zero.
    pub const ZERO: TermId = TermId(0);

    /// An empty pool whose word lists live in `arena`.
    ///
    /// With a `selector`, the first four bytes of calldata are taken to be it.
    pub fn new(arena: &'t Bump, selector: Option<u32>) -> Self {
        let mut pool = Self {
            arena,
            terms: Vec::with_capacity(FEW_TERMS),
            ids: Interner::with_capacity(FEW_TERMS),
            small: Vec::with_capacity(FEW_TERMS),
            bytes: vec![Self::ZERO; 256],
            preimages: BTreeMap::new(),
            selector,
        };
        let zero = pool.constant(U256::ZERO);
        debug_assert_eq!(zero, Self::ZERO, "the first term is zero");
        pool
    }

    /// Bytes that the terms take.
    pub(crate) fn n_bytes(&self) -> usize {
        self.arena.allocated_bytes()
            + self.terms.capacity() * size_of::<Term<'_>>()
            + self.small.capacity() * size_of::<u32>()
            + self.ids.n_bytes()
    }

    /// The term behind `id`.
    pub fn get(&self, id: TermId) -> Term<'t> {
        self.terms[id.as_usize()]
    }

    /// How many distinct terms there are.
    pub const fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The selector calldata is taken to begin with.
    pub const fn selector(&self) -> Option<u32> {
        self.selector
    }

    /// The constant `value`.
    pub fn constant(&mut self, value: U256) -> TermId {
        let Ok(byte) = u8::try_from(value) else { return self.intern(Term::Const(value)) };
        let known = self.bytes[usize::from(byte)];
        if known != Self::ZERO || (byte == 0 && !self.terms.is_empty()) {
            return known;
        }
        let made = self.intern(Term::Const(value));
        self.bytes[usize::from(byte)] = made;
        made
    }

    /// The constant behind `id`, if it is one.
    pub fn as_const(&self, id: TermId) -> Option<U256> {
        match self.get(id) {
            Term::Const(value) => Some(value),
            _ => None,
        }
    }

    /// The one of two operands that is a constant, behind the other.
    pub(crate) fn with_const(&self, a: TermId, b: TermId) -> Option<(TermId, U256)> {
        match (self.as_const(a), self.as_const(b)) {
            (_, Some(constant)) => Some((a, constant)),
            (Some(constant), _) => Some((b, constant)),
            _ => None,
        }
    }

    /// The constant behind `id` as a small number, if it is one.
    pub fn as_usize(&self, id: TermId) -> Option<usize> {
        self.as_const(id).and_then(|value| usize::try_from(value).ok())
    }

    /// The constant behind `id`, if it is one below `u32::MAX`.
    pub fn as_small(&self, id: TermId) -> Option<u32> {
        let value = self.small[id.as_usize()];
        (value != NOT_SMALL).then_some(value)
    }

    /// The id of `term`, if it was made.
    pub fn find(&self, term: Term<'_>) -> Option<TermId> {
        let found = self.ids.find(hash(&term), |id| self.terms[id as usize] == term);
        found.map(TermId)
    }

    /// A leaf: any term but an operation.
    pub fn leaf(&mut self, term: Term<'t>) -> TermId {
        self.intern(term)
    }

    /// keccak256 of `words`; a constant when they all are.
    pub fn keccak(&mut self, words: &[TermId]) -> TermId {
        let constants: Option<Vec<u8>> = words
            .iter()
            .map(|&word| self.as_const(word).map(|value| value.to_be_bytes::<32>()))
            .collect::<Option<Vec<_>>>()
            .map(|words| words.concat());
        let words = self.arena.alloc_slice_copy(words);
        match constants {
            Some(bytes) => {
                let hash = alloy_primitives::keccak256(bytes).into();
                self.preimages.insert(hash, words);
                self.constant(hash)
            }
            None => self.intern(Term::Keccak(words)),
        }
    }

    /// The words whose hash lies nearest below `value`, with the distance, among the hashes that
    /// [`keccak`](Self::keccak) folded.
    pub fn preimage(&self, value: U256) -> Option<(&'t [TermId], U256)> {
        let (hash, words) = self.preimages.range(..=value).next_back()?;
        Some((words, value - hash))
    }

    /// `op` on `operands`, simplified; missing operands are ignored by the operation.
    pub fn apply(&mut self, op: Op, operands: &[TermId]) -> TermId {
        let a = operands[0];
        let b = operands.get(1).copied().unwrap_or(a);
        let c = operands.get(2).copied().unwrap_or(a);
        fold::apply(self, op, a, b, c)
    }

    /// `op` as it stands, without rewriting; commuting operands are put in order.
    pub(super) fn raw(&mut self, op: Op, mut operands: [TermId; 3]) -> TermId {
        if op.commutes() && operands[1] < operands[0] {
            operands.swap(0, 1);
        }
        // Unused operands repeat the first, so that equal operations are equal terms.
        for unused in op.arity()..3 {
            operands[unused] = operands[0];
        }
        self.intern(Term::Apply(op, operands))
    }

    fn intern(&mut self, term: Term<'t>) -> TermId {
        let hash = hash(&term);
        let terms = &self.terms;
        if let Some(id) = self.ids.find(hash, |id| terms[id as usize] == term) {
            return TermId(id);
        }
        let id = TermId::from_usize(self.terms.len());
        self.ids.insert(hash, id.0);
        self.terms.push(term);
        let small = match term {
            Term::Const(value) => u32::try_from(value).unwrap_or(NOT_SMALL),
            _ => NOT_SMALL,
        };
        self.small.push(small);
        id
    }
}

/// What stands for a term that is no small constant.
const NOT_SMALL: u32 = u32::MAX;

/// The term as a few words, mixed.
fn hash(term: &Term<'_>) -> u32 {
    let pair = |a: u32, b: u32| u64::from(a) << 32 | u64::from(b);
    let mixed = match *term {
        Term::Const(value) => {
            let [a, b, c, d] = *value.as_limbs();
            if b | c | d == 0 { mix(a, 0) } else { mix(mix(a, b), mix(c, d)) }
        }
        Term::Env(env) => mix(env as u64, 1),
        Term::CallData(at) => mix(u64::from(at.0), 2),
        Term::BlobHash(index) => mix(u64::from(index.0), 3),
        Term::Apply(op, [a, b, c]) => mix(pair(a.0, b.0), pair(c.0, 4 + op as u32)),
        Term::Keccak(words) => words.iter().fold(4, |hash, word| mix(hash, u64::from(word.0))),
        Term::Phi(node, position) => mix(pair(node.0, position), 5),
        Term::Result(node, pc) => mix(pair(node.0, pc.0), 6),
    };
    (mixed >> 32) as u32
}

/// The halves of a product of 128 bits on one another, which every bit of both factors reaches.
fn mix(a: u64, b: u64) -> u64 {
    const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
    let product = u128::from(a ^ SEEDS[0]) * u128::from(b ^ SEEDS[1]);
    product as u64 ^ (product >> 64) as u64
}
