//! What would a contract's author have written?
//!
//! In: terms as the compiler made them. Out: text for the reader of an access list.
//! Invariant: only the notation changes; the one thing left out is the mask of an address, which
//! cuts nothing off a clean one.
//!
//! | form | before → after |
//! | --- | --- |
//! | address | `x & (2^160 - 1)` → `x` |
//! | field | `(storage[6] >> 112) & (2^112 - 1)` → `storage[6].bits(112..224)` |
//! | comparison | `iszero(lt(a, b))` → `a >= b`; `lt(5, x)` → `x > 5`; signed ones `s<` |
//! | cast | `x & 0xffff` → `uint16(x)`; `x & (0xffff << 240)` → `bytes2(x)` |
//! | selector | `calldata[0] >> 224` → `msg.sig` |
//! | scale | `shl(5, x)` → `x * 32`; `shr(5, x)` → `x / 32` |
//! | sign | `signextend(2, x)` → `int24(x)` |
//! | element | `arg0 + keccak(7)` → `keccak(7) + arg0` |

use core::fmt::Write as _;

use alloy_primitives::U256;

use super::{Leaves, Op, Style, Term, TermId, TermPool, Text};

/// Shifts up to this many bits read as a product.
const MAX_SCALE: usize = 16;
const ADDRESS_BITS: usize = 160;

/// `term` as text for a reader.
pub(crate) fn as_reader(pool: &TermPool<'_>, leaves: &dyn Leaves, term: TermId) -> String {
    let mut text = Text::new(pool, leaves, Style::Reader);
    text.term(term);
    text.buffer
}

/// That the word `term` is not zero (or, with `holds` false, is) as text for a reader.
pub(crate) fn as_condition(
    pool: &TermPool<'_>,
    leaves: &dyn Leaves,
    term: TermId,
    holds: bool,
) -> String {
    let mut text = Text::new(pool, leaves, Style::Reader);
    text.truth(term, holds, false);
    text.buffer
}

impl Text<'_, '_> {
    /// Writes an operation in a reader's notation; false when it has none.
    pub(super) fn apply_for_reader(
        &mut self,
        op: Op,
        operands: &[TermId],
        is_operand: bool,
    ) -> bool {
        let a = operands[0];
        let b = operands.get(1).copied().unwrap_or(a);
        match op {
            Op::And | Op::Shr if self.field(op, a, b) => {}
            Op::And | Op::Shr if self.is_selector(op, a, b) => self.push("msg.sig"),
            Op::And => return self.masked(a, b, is_operand),
            Op::IsZero => self.truth(a, false, is_operand),
            Op::Lt => self.comparison((a, "<", b), ">", is_operand),
            Op::SLt => self.comparison((a, "s<", b), "s>", is_operand),
            Op::Eq => self.comparison((a, "==", b), "==", is_operand),
            Op::Shl | Op::Shr => return self.scale(op, a, b, is_operand),
            Op::SignExtend => match self.pool.as_usize(a) {
                Some(n) if n < 31 => {
                    let _ = write!(self.buffer, "int{}(", 8 * (n + 1));
                    self.term(b);
                    self.push(")");
                }
                _ => return false,
            },
            Op::Not => {
                self.push("~");
                self.operand(a);
            }
            Op::Add => {
                let (first, second) = if self.rank(a) <= self.rank(b) { (a, b) } else { (b, a) };
                self.infix(first, "+", second, is_operand);
            }
            _ => return false,
        }
        true
    }

    /// The order in which the parts of a sum read best: a region's start, what varies, a distance.
    fn rank(&self, term: TermId) -> u32 {
        match self.pool.get(term) {
            Term::Const(value) if value.bit_len() <= 64 => 3,
            Term::Const(value) if DISTANCE_FROM_ABOVE < value => 3,
            Term::Const(_) | Term::Keccak(_) => 0,
            Term::Apply(..) => 1,
            _ => 2,
        }
    }

    /// Whether an operation takes the first four bytes of calldata, wherever it leaves them.
    fn is_selector(&self, op: Op, a: TermId, b: TermId) -> bool {
        let (word, takes) = match (op, self.pool.with_const(a, b)) {
            (Op::And, Some((x, mask))) => (x, mask == U256::from(u32::MAX) << 224),
            (_, Some((x, by))) => (x, by == U256::from(224)),
            _ => return false,
        };
        let Term::CallData(at) = self.pool.get(word) else { return false };
        takes && self.pool.as_const(at) == Some(U256::ZERO)
    }

    /// A mask as the cast it stands for; false for one that is none.
    fn masked(&mut self, a: TermId, b: TermId, is_operand: bool) -> bool {
        if let Some(inner) = self.masked_address(a, b) {
            self.nested(inner, is_operand);
            return true;
        }
        let Some((x, mask)) = self.pool.with_const(a, b) else { return false };
        let name = match (low_mask(mask), low_mask(!mask)) {
            (Some(bits), _) if bits % 8 == 0 && bits < 256 => format!("uint{bits}("),
            (_, Some(bits)) if bits % 8 == 0 && (64..256).contains(&bits) => {
                format!("bytes{}(", 32 - bits / 8)
            }
            _ => return false,
        };
        self.push(&name);
        self.term(x);
        self.push(")");
        true
    }

    /// `x` of `x & (2^160 - 1)`.
    fn masked_address(&self, a: TermId, b: TermId) -> Option<TermId> {
        let (x, mask) = self.pool.with_const(a, b)?;
        (low_mask(mask) == Some(ADDRESS_BITS)).then_some(x)
    }

    /// `storage[..].bits(from..to)` for a shift or mask of a stored word; false for others.
    fn field(&mut self, op: Op, a: TermId, b: TermId) -> bool {
        let (shifted, width) = match op {
            Op::Shr => (None, 256),
            _ => {
                let Some((x, mask)) = self.pool.with_const(a, b) else { return false };
                let Some(width) = low_mask(mask) else { return false };
                (Some(x), width)
            }
        };
        let parts = match shifted.map(|x| (x, self.pool.get(x))) {
            None => Some((a, b)),
            Some((_, Term::Apply(Op::Shr, [by, word, _]))) => Some((by, word)),
            Some(_) => None,
        };
        let (from, word) = match (parts, shifted) {
            (Some((by, word)), _) => match self.pool.as_usize(by) {
                Some(by) if by < 256 => (by, word),
                _ => return false,
            },
            (None, Some(word)) => (0, word),
            (None, None) => return false,
        };
        let is_address = from == 0 && width == ADDRESS_BITS;
        if is_address || !self.leaves.is_stored(self.pool.get(word)) {
            return false;
        }
        self.operand(word);
        let _ = write!(self.buffer, ".bits({from}..{})", (from + width).min(256));
        true
    }

    /// `a sign b`, turned round to `b mirrored a` when that puts the better known side first.
    fn comparison(
        &mut self,
        (a, sign, b): (TermId, &str, TermId),
        mirrored: &str,
        is_operand: bool,
    ) {
        let familiar = |term| match self.pool.get(term) {
            Term::Env(_) => 0,
            Term::CallData(_) => 1,
            Term::Const(_) => 3,
            _ => 2,
        };
        if familiar(self.unmasked(a)) <= familiar(self.unmasked(b)) {
            self.infix(a, sign, b, is_operand);
        } else {
            self.infix(b, mirrored, a, is_operand);
        }
    }

    fn unmasked(&self, term: TermId) -> TermId {
        match self.pool.get(term) {
            Term::Apply(Op::And, [a, b, _]) => self.masked_address(a, b).unwrap_or(term),
            _ => term,
        }
    }

    fn scale(&mut self, op: Op, by: TermId, x: TermId, is_operand: bool) -> bool {
        let Some(by) = self.pool.as_usize(by).filter(|by| *by < 256) else { return false };
        if is_operand {
            self.push("(");
        }
        self.operand(x);
        let _ = match (op, by <= MAX_SCALE) {
            (Op::Shl, true) => write!(self.buffer, " * {}", 1_u32 << by),
            (Op::Shl, false) => write!(self.buffer, " << {by}"),
            (_, true) => write!(self.buffer, " / {}", 1_u32 << by),
            (_, false) => write!(self.buffer, " >> {by}"),
        };
        if is_operand {
            self.push(")");
        }
        true
    }

    /// That `term` is not zero, or, with `holds` false, that it is.
    fn truth(&mut self, term: TermId, holds: bool, is_operand: bool) {
        let Term::Apply(op, [a, b, _]) = self.pool.get(term) else {
            return self.against_zero(term, holds, is_operand);
        };
        match (op, holds) {
            (Op::IsZero, _) => self.truth(a, !holds, is_operand),
            (Op::Lt, true) => self.comparison((a, "<", b), ">", is_operand),
            (Op::Lt, false) => self.comparison((a, ">=", b), "<=", is_operand),
            (Op::SLt, true) => self.comparison((a, "s<", b), "s>", is_operand),
            (Op::SLt, false) => self.comparison((a, "s>=", b), "s<=", is_operand),
            (Op::Eq, true) => self.comparison((a, "==", b), "==", is_operand),
            (Op::Eq, false) => self.comparison((a, "!=", b), "!=", is_operand),
            (Op::Sub | Op::Xor, true) => self.comparison((a, "!=", b), "!=", is_operand),
            (Op::Sub | Op::Xor, false) => self.comparison((a, "==", b), "==", is_operand),
            (Op::Add, _) => match self.pool.with_const(a, b) {
                // A difference to a constant was folded to a sum.
                Some((x, constant)) if constant.bit(255) => {
                    let sign = if holds { "!=" } else { "==" };
                    self.against(x, sign, constant.wrapping_neg(), is_operand);
                }
                _ => self.against_zero(term, holds, is_operand),
            },
            _ => self.against_zero(term, holds, is_operand),
        }
    }

    fn against_zero(&mut self, term: TermId, holds: bool, is_operand: bool) {
        self.against(term, if holds { "!=" } else { "==" }, U256::ZERO, is_operand);
    }

    fn against(&mut self, term: TermId, sign: &str, value: U256, is_operand: bool) {
        if is_operand {
            self.push("(");
        }
        self.operand(term);
        let _ = write!(self.buffer, " {sign} ");
        self.constant(value);
        if is_operand {
            self.push(")");
        }
    }
}

/// Constants above this stand for something subtracted.
const DISTANCE_FROM_ABOVE: U256 = U256::from_limbs([0, u64::MAX, u64::MAX, u64::MAX]);

/// The width of a mask of low bits.
fn low_mask(mask: U256) -> Option<usize> {
    let is_low = mask & mask.wrapping_add(U256::ONE) == U256::ZERO;
    (is_low && !mask.is_zero()).then(|| mask.bit_len())
}
