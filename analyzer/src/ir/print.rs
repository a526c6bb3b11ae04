//! How are terms and graphs written down?
//!
//! In: terms. Out: text such as `keccak(caller . 3)`, `storage[5]`, `arg0 & 0xff`.
//! Invariants: the same term prints the same in every run; a text says with `…` where it was cut
//! off, at [`MAX_DEPTH`] or after [`MAX_TERMS`], so printing is bounded however terms share parts.

mod graph;
mod reader;

use core::fmt::Write as _;

use alloy_primitives::U256;

use super::{Env, Op, Term, TermId, TermPool};

pub(crate) use graph::{call_name, effect_text, print_graph};
pub(crate) use reader::{as_condition, as_reader};

/// Operands nested deeper than this are cut off.
const MAX_DEPTH: usize = 24;
/// Terms in one text.
const MAX_TERMS: usize = 160;

/// What the reader of a text knows of the leaves.
pub(crate) trait Leaves {
    /// Writes a phi or the result of an effect, in parentheses where it is an operand and a sum.
    fn leaf(&self, out: &mut Text<'_, '_>, leaf: Term<'_>, is_operand: bool);

    /// Writes a constant in a way of its own; false when it has none.
    fn constant(&self, _out: &mut Text<'_, '_>, _value: U256) -> bool {
        false
    }

    /// Whether a leaf is a word of storage, of which shifts and masks take fields.
    fn is_stored(&self, _leaf: Term<'_>) -> bool {
        false
    }
}

/// A text being written over one pool.
pub(crate) struct Text<'a, 't> {
    pool: &'a TermPool<'t>,
    leaves: &'a dyn Leaves,
    style: Style,
    buffer: String,
    depth: usize,
    left: usize,
}

/// For whom a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Every operation as it stands.
    Exact,
    /// What a contract's author would have written.
    Reader,
}

impl<'a, 't> Text<'a, 't> {
    const fn new(pool: &'a TermPool<'t>, leaves: &'a dyn Leaves, style: Style) -> Self {
        Self { pool, leaves, style, buffer: String::new(), depth: 0, left: MAX_TERMS }
    }

    /// Writes text as it stands.
    pub(crate) fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
    }

    /// How long the text is by now, in bytes.
    pub(crate) const fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Takes back what was written since the text was `len` bytes long.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    /// Writes `term` where nothing around it can be mistaken for a part of it.
    pub(crate) fn term(&mut self, term: TermId) {
        self.nested(term, false);
    }

    /// Writes `term` as an operand.
    pub(crate) fn operand(&mut self, term: TermId) {
        self.nested(term, true);
    }

    fn nested(&mut self, term: TermId, is_operand: bool) {
        if self.depth == MAX_DEPTH || self.left == 0 {
            self.push("…");
            return;
        }
        self.left -= 1;
        self.depth += 1;
        match self.pool.get(term) {
            Term::Const(value) => self.constant(value),
            Term::Env(env) => self.push(env_name(env)),
            Term::CallData(at) => self.calldata(at),
            Term::BlobHash(index) => self.call("blobhash", &[index]),
            Term::Apply(op, operands) => self.apply(op, &operands[..op.arity()], is_operand),
            Term::Keccak(words) => self.keccak(words),
            leaf @ (Term::Phi(..) | Term::Result(..)) => {
                let leaves = self.leaves;
                leaves.leaf(self, leaf, is_operand);
            }
        }
        self.depth -= 1;
    }

    fn constant(&mut self, value: U256) {
        let leaves = self.leaves;
        if self.style == Style::Exact || !leaves.constant(self, value) {
            self.push(&constant(value));
        }
    }

    /// `keccak(a . b)`.
    pub(crate) fn keccak(&mut self, words: &[TermId]) {
        self.push("keccak(");
        for (n, &word) in words.iter().enumerate() {
            if n != 0 {
                self.push(" . ");
            }
            self.term(word);
        }
        self.push(")");
    }

    fn calldata(&mut self, at: TermId) {
        match self.pool.as_usize(at) {
            Some(at) if 4 <= at && (at - 4) % 32 == 0 => {
                let _ = write!(self.buffer, "arg{}", (at - 4) / 32);
            }
            _ => {
                self.push("calldata[");
                self.term(at);
                self.push("]");
            }
        }
    }

    fn call(&mut self, name: &str, operands: &[TermId]) {
        self.push(name);
        self.push("(");
        for (n, &operand) in operands.iter().enumerate() {
            if n != 0 {
                self.push(", ");
            }
            self.term(operand);
        }
        self.push(")");
    }

    fn apply(&mut self, op: Op, operands: &[TermId], is_operand: bool) {
        if self.style == Style::Reader && self.apply_for_reader(op, operands, is_operand) {
            return;
        }
        let Some(sign) = infix(op) else {
            return self.call(&format!("{op:?}").to_lowercase(), operands);
        };
        // A constant reads better behind the sign.
        let (mut left, mut right) = (operands[0], operands[1]);
        if op.commutes() && self.pool.as_const(left).is_some() {
            core::mem::swap(&mut left, &mut right);
        }
        self.infix(left, sign, right, is_operand);
    }

    /// `left sign right`, in parentheses as an operand; adding a huge constant is subtracting.
    fn infix(&mut self, left: TermId, sign: &str, right: TermId, is_operand: bool) {
        if is_operand {
            self.push("(");
        }
        self.operand(left);
        match self.pool.as_const(right) {
            Some(value) if sign == "+" && value.bit(255) && U256::MAX - value < DISTANCE => {
                let _ = write!(self.buffer, " - {}", constant(value.wrapping_neg()));
            }
            _ => {
                let _ = write!(self.buffer, " {sign} ");
                self.operand(right);
            }
        }
        if is_operand {
            self.push(")");
        }
    }
}

/// Constants closer than this to zero, from below, read as something subtracted.
const DISTANCE: U256 = U256::from_limbs([0, 1, 0, 0]);

/// The sign of an operation that is written between its operands.
pub(crate) const fn infix(op: Op) -> Option<&'static str> {
    Some(match op {
        Op::Add => "+",
        Op::Sub => "-",
        Op::Mul => "*",
        Op::Div => "/",
        Op::Mod => "%",
        Op::And => "&",
        Op::Or => "|",
        Op::Xor => "^",
        Op::Eq => "==",
        Op::Lt => "<",
        Op::Gt => ">",
        _ => return None,
    })
}

/// Small numbers in decimal, others in hexadecimal.
pub(crate) fn constant(value: U256) -> String {
    if value < U256::from(1_000_000) { value.to_string() } else { format!("{value:#x}") }
}

/// A word of the frame as a reader knows it.
pub(crate) const fn env_name(env: Env) -> &'static str {
    match env {
        Env::Address => "this",
        Env::Origin => "origin",
        Env::Caller => "caller",
        Env::CallValue => "callvalue",
        Env::CallDataSize => "calldatasize",
        Env::CodeSize => "codesize",
        Env::GasPrice => "gasprice",
        Env::Coinbase => "coinbase",
        Env::Timestamp => "timestamp",
        Env::Number => "number",
        Env::Difficulty => "prevrandao",
        Env::GasLimit => "gaslimit",
        Env::ChainId => "chainid",
        Env::BaseFee => "basefee",
        Env::BlobBaseFee => "blobbasefee",
        Env::SlotNumber => "slotnumber",
    }
}
