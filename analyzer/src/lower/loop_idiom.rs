//! Which loops are the idiom of copying or filling memory, word by word?
//!
//! In: a [`Program`] whose nodes are joined, each value in a register of its own. Out: the same
//! program, where a node that is such a loop begins with [`Step::MemCopy`].
//! Invariant: a loop is only marked; run without its mark, it does the same.
//!
//! A loop is recognised when it is one node that leads to itself, whose registers each grow by a
//! constant from round to round or stay, and which goes on while a register is less than one that
//! stays. Per round it stores one word, 32 bytes behind the last: a word of memory or calldata, read
//! from likewise advancing places and possibly masked, or one that stays.
//!
//! ```text
//!  n: require i < n else r
//!     w = mload(from + i)
//!     mstore(to + i, w)
//!     i += 32, jump n
//! ```

use alloy_primitives::{U256, map::HashMap};

use crate::{
    ir::{Exit, Op},
    program::{MemCopy, Operand, Program, Register, Source, Span, Step, Word},
};

/// How far one round moves on, in bytes.
const STRIDE: U256 = U256::from_limbs([32, 0, 0, 0]);

/// Marks the loops that only copy or fill.
pub(super) fn mark(mut program: Program) -> Program {
    let loops: Vec<(usize, MemCopy)> = (0..program.nodes.len())
        .filter_map(|node| Some((node, copy_loop(&mut program, node)?)))
        .collect();
    if loops.is_empty() {
        return program;
    }
    let mut loops = loops.into_iter().peekable();
    let mut steps = Vec::with_capacity(program.steps.len() + loops.len());
    for (n, node) in program.nodes.iter_mut().enumerate() {
        let start = steps.len() as u32;
        if let Some((_, found)) = loops.next_if(|(at, _)| *at == n) {
            steps.push(Step::MemCopy { copy: program.mem_copies.len() as u32 });
            program.mem_copies.push(found);
        }
        steps.extend_from_slice(&program.steps[node.steps.range()]);
        node.steps.start = start;
        node.steps.end = steps.len() as u32;
    }
    Program { steps, ..program }
}

/// What a register holds in one round, in terms of what registers held at the start of the round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// The sum of up to two registers and a constant.
    Sum([Option<Register>; 2], U256),
    /// The word loaded, or some of its bits.
    Word(Option<U256>),
    /// Whether the first is less than the second, or, for `false`, is not.
    Less {
        is_true: bool,
        at: usize,
    },
    Other,
}

/// One round of a loop, as far as it has been followed.
struct Round<'p> {
    program: &'p Program,
    values: HashMap<Register, Value>,
    /// The two sides of each comparison.
    compared: Vec<[Value; 2]>,
    /// What the loop goes on while.
    condition: Option<[Value; 2]>,
    load: Option<(bool, Value)>,
    store: Option<(Value, Value)>,
    gas: u64,
}

/// The loop that a node is, if it is one that only copies.
fn copy_loop(program: &mut Program, node: usize) -> Option<MemCopy> {
    let steps = program.nodes[node].steps;
    if program.nodes[node].exit != Exit::Jump(node as u32) {
        return None;
    }
    let mut round = Round {
        program,
        values: HashMap::default(),
        compared: Vec::new(),
        condition: None,
        load: None,
        store: None,
        gas: program.nodes[node].gas.into(),
    };
    for step in &program.steps[steps.range()] {
        round.step(step)?;
    }
    let mut grown = Vec::new();
    for &(to, from) in &program.moves[program.nodes[node].moves[0].range()] {
        let value = round.value(from);
        round.values.insert(to, value);
        grown.push(to);
    }
    // Registers that are given values on the edge, or within the round only.
    let mut growth = Vec::new();
    for to in grown {
        match round.values[&to] {
            Value::Sum([Some(base), None], by) if base == to => growth.push((to, by)),
            // One that moves on the edge pass through.
            _ if !round.is_carried(to, node) => {}
            _ => return None,
        }
    }
    let Round { condition, load, store, gas, .. } = round;
    let ([Value::Sum(counter, behind), Value::Sum(limit, above)], (at, value)) =
        (condition?, store?)
    else {
        return None;
    };
    let grows = Growth(&growth);
    let (counter, limit) = (span(counter, behind, program), span(limit, above, program));
    let step = grows.of(&counter);
    if step.is_zero() || STRIDE < step || !grows.of(&limit).is_zero() {
        return None;
    }
    let to = advancing(at, &grows, program)?;
    let word = match (value, load) {
        (Value::Word(mask), Some((is_calldata, from))) => {
            let from = advancing(from, &grows, program)?;
            Word::Copied { is_calldata, from, mask: mask.map(|mask| constant(program, mask)) }
        }
        (Value::Sum([base, None], by), None) if by.is_zero() || base.is_none() => {
            let operand = base.map_or_else(|| constant(program, by), Operand::register);
            let stays = base.is_none_or(|base| grows.by(base).is_zero());
            stays.then_some(Word::Same(operand))?
        }
        _ => return None,
    };
    let growth = growth.into_iter().filter(|(_, by)| !by.is_zero());
    let growth: Vec<(Operand, U256)> =
        growth.map(|(register, by)| (Operand::register(register), by)).collect();
    let gas = u32::try_from(gas).ok()?;
    Some(MemCopy { counter, limit, step, to, word, growth, gas })
}

/// How much registers grow from round to round; those not listed stay.
struct Growth<'a>(&'a [(Register, U256)]);

impl Growth<'_> {
    fn by(&self, register: Register) -> U256 {
        self.0.iter().find(|(at, _)| *at == register).map_or(U256::ZERO, |(_, by)| *by)
    }

    fn of(&self, span: &Span) -> U256 {
        let by = |operand: &Operand| match operand.source() {
            Source::Register(register) => self.by(register),
            Source::Constant(_) => U256::ZERO,
        };
        by(&span.bases[0]).wrapping_add(by(&span.bases[1]))
    }
}

/// A place that moves on by one word a round.
fn advancing(value: Value, growth: &Growth<'_>, program: &mut Program) -> Option<Span> {
    let Value::Sum(bases, by) = value else { return None };
    let span = span(bases, by, program);
    (growth.of(&span) == STRIDE).then_some(span)
}

fn span(bases: [Option<Register>; 2], by: U256, program: &mut Program) -> Span {
    let [first, second] = bases.map(|base| base.map(Operand::register));
    let zero = constant(program, U256::ZERO);
    Span { bases: [first.unwrap_or(zero), second.unwrap_or(zero)], by: constant(program, by) }
}

fn constant(program: &mut Program, value: U256) -> Operand {
    let known = program.constants.iter().position(|constant| *constant == value);
    let at = known.unwrap_or_else(|| {
        program.constants.push(value);
        program.constants.len() - 1
    });
    Operand::constant(at as u32)
}

impl Round<'_> {
    fn value(&self, operand: Operand) -> Value {
        match operand.source() {
            Source::Constant(at) => Value::Sum([None; 2], self.program.constants[at as usize]),
            Source::Register(at) => {
                let before = Value::Sum([Some(at), None], U256::ZERO);
                self.values.get(&at).copied().unwrap_or(before)
            }
        }
    }

    /// Follows one step; none when a loop of copies would not have it.
    fn step(&mut self, step: &Step) -> Option<()> {
        match *step {
            Step::Apply { op, to, operands } => {
                let value = self.apply(op, operands);
                self.values.insert(to, value);
            }
            Step::Move { to, from } => {
                let value = self.value(from);
                self.values.insert(to, value);
            }
            Step::Charge { gas } => self.gas += u64::from(gas),
            Step::Require { condition, is_true, gas, .. } => {
                self.gas += u64::from(gas);
                let Value::Less { is_true: is_less, at } = self.value(condition) else {
                    return None;
                };
                let is_first = self.condition.is_none() && self.store.is_none();
                if is_less != is_true || !is_first || self.load.is_some() {
                    return None;
                }
                self.condition = Some(self.compared[at]);
            }
            Step::MLoad { to: Some(to), at } => self.load(to, at, false)?,
            Step::CallData { to, at } => self.load(to, at, true)?,
            Step::MStore { at, value } => {
                if self.store.is_some() {
                    return None;
                }
                self.store = Some((self.value(at), self.value(value)));
            }
            _ => return None,
        }
        Some(())
    }

    /// A word is loaded; none when it is the second, or is stored before it is loaded.
    fn load(&mut self, to: Register, at: Operand, is_calldata: bool) -> Option<()> {
        if self.load.is_some() || self.store.is_some() {
            return None;
        }
        self.load = Some((is_calldata, self.value(at)));
        self.values.insert(to, Value::Word(None));
        Some(())
    }

    fn apply(&mut self, op: Op, [a, b, _]: [Operand; 3]) -> Value {
        let (a, b) = (self.value(a), self.value(b));
        match (op, a, b) {
            (Op::Add, Value::Sum(these, by), Value::Sum(those, more)) => {
                let mut bases = these.into_iter().chain(those).flatten();
                let sum = [bases.next(), bases.next()];
                match bases.next() {
                    None => Value::Sum(sum, by.wrapping_add(more)),
                    Some(_) => Value::Other,
                }
            }
            (Op::Sub, Value::Sum(these, by), Value::Sum([None, None], less)) => {
                Value::Sum(these, by.wrapping_sub(less))
            }
            (Op::And, Value::Word(None), Value::Sum([None, None], mask))
            | (Op::And, Value::Sum([None, None], mask), Value::Word(None)) => {
                Value::Word(Some(mask))
            }
            (Op::Lt, ..) => self.compare(a, b),
            (Op::Gt, ..) => self.compare(b, a),
            (Op::IsZero, Value::Less { is_true, at }, _) => Value::Less { is_true: !is_true, at },
            _ => Value::Other,
        }
    }

    fn compare(&mut self, less: Value, than: Value) -> Value {
        self.compared.push([less, than]);
        Value::Less { is_true: true, at: self.compared.len() - 1 }
    }

    /// Whether what a register holds at the end of a round is read in the next, or behind the loop.
    fn is_carried(&self, register: Register, node: usize) -> bool {
        let program = self.program;
        let moves = &program.moves[program.nodes[node].moves[0].range()];
        let is_read_on_edge = moves.iter().any(|(_, from)| *from == Operand::register(register));
        let given = program.moves.iter().filter(|(to, _)| *to == register).count();
        // One that breaks a circle of moves is given on this edge alone, and read there.
        !(is_read_on_edge && given == 1)
    }
}
