//! How is a program written down?
//!
//! In: a [`Program`]. Out: a paragraph for each node, a line for each step and for the exit.
//! Invariant: nothing is left out or rewritten, so two programs that print alike run alike.
//!
//! ```text
//! n0 gas 42
//!   r0 = keccak(caller . 3)
//!   r1 = sload [r0]
//!   require r1 else n1, gas 9, unknown: holds
//!   stop
//! ```

use core::fmt::{self, Write as _};

use super::{Hypothesis, MemCopy, Operand, Program, ProgramNode, Run, Source, Span, Step, Word};
use crate::ir::{Exit, Op, constant, effect_text, env_name, infix};

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, node) in self.nodes.iter().enumerate() {
            write!(f, "n{n} gas {}", node.gas)?;
            writeln!(f, "{}", if node.only_reverts { " only reverts" } else { "" })?;
            for step in &self.steps[node.steps.range()] {
                writeln!(f, "  {}", self.step(step))?;
            }
            writeln!(f, "  {}", self.exit(node))?;
        }
        Ok(())
    }
}

impl Program {
    fn step(&self, step: &Step) -> String {
        let print = |operand| self.operand(operand);
        let given = |to: Option<u32>| to.map(|to| format!("r{to} = ")).unwrap_or_default();
        match *step {
            Step::Apply { op, to, operands } => format!("r{to} = {}", self.apply(op, &operands)),
            Step::Env { to, env } => format!("r{to} = {}", env_name(env)),
            Step::CallData { to, at } => format!("r{to} = calldata[{}]", print(at)),
            Step::BlobHash { to, index } => format!("r{to} = blobhash({})", print(index)),
            Step::Keccak { to, words } => {
                let words: Vec<String> =
                    self.operands[words.range()].iter().copied().map(print).collect();
                format!("r{to} = keccak({})", words.join(" . "))
            }
            Step::MLoad { to, at } => format!("{}mload {}", given(to), print(at)),
            Step::MStore { at, value } => format!("mstore {} = {}", print(at), print(value)),
            Step::SLoad { to, key, only_adds, .. } => {
                format!("{}sload [{}]{}", given(to), print(key), delta(only_adds))
            }
            Step::SStore { key, value, only_adds, .. } => {
                format!("sstore [{}] = {}{}", print(key), print(value), delta(only_adds))
            }
            Step::Effect { to, effect } => {
                format!("{}{}", given(to), effect_text(&self.effects[effect as usize], &print))
            }
            Step::Require { condition, is_true, gas, check } => {
                let check = self.checks[check as usize];
                let (not, other) =
                    (if is_true { "" } else { "not " }, self.target(check.other, check.moves));
                let unknown = match check.hypothesis {
                    Hypothesis { passes, is_gap: false } => {
                        if passes {
                            "holds"
                        } else {
                            "fails"
                        }
                    }
                    Hypothesis { passes, is_gap: true } => {
                        if passes {
                            "holds?"
                        } else {
                            "fails?"
                        }
                    }
                };
                let condition = print(condition);
                format!("require {not}{condition} else {other}, gas {gas}, unknown: {unknown}")
            }
            Step::Charge { gas } => format!("charge {gas}"),
            Step::Move { to, from } => format!("r{to} = {}", print(from)),
            Step::MemCopy { copy } => self.mem_copy(&self.mem_copies[copy as usize]),
            Step::Resume { at, is_jump, stack } => {
                let jump = if is_jump { "jump to " } else { "" };
                let stack = &self.operands[stack.range()];
                let words: Vec<_> = stack.iter().map(|word| print(*word)).collect();
                format!("resume {jump}{} [{}]", print(at), words.join(", "))
            }
            Step::Lost { to } => format!("r{to} = lost"),
        }
    }

    fn operand(&self, operand: Operand) -> String {
        match operand.source() {
            Source::Register(register) => format!("r{register}"),
            Source::Constant(at) => constant(self.constants[at as usize]),
        }
    }

    fn apply(&self, op: Op, operands: &[Operand; 3]) -> String {
        let operands: Vec<String> =
            operands[..op.arity()].iter().map(|operand| self.operand(*operand)).collect();
        match infix(op) {
            Some(sign) => operands.join(&format!(" {sign} ")),
            None => format!("{}({})", format!("{op:?}").to_lowercase(), operands.join(", ")),
        }
    }

    fn exit(&self, node: &ProgramNode) -> String {
        let print = |operand| self.operand(operand);
        match node.exit {
            Exit::Jump(next) => format!("jump {}", self.target(next, node.moves[0])),
            Exit::Branch { condition, then, other } => {
                let [then, other] = [(then, node.moves[0]), (other, node.moves[1])]
                    .map(|(to, moves)| self.target(to, moves));
                format!("if {} then {then} else {other}", print(condition))
            }
            Exit::Switch { target, .. } => {
                let mut text = format!("switch {}", print(target));
                for case in &self.cases[node.cases.range()] {
                    let _ =
                        write!(text, ", {:#x}: {}", case.pc, self.target(case.node, case.moves));
                }
                text
            }
            Exit::Return(at, len) => format!("return {}..+{}", print(at), print(len)),
            Exit::Stop => "stop".to_owned(),
            Exit::Revert(at, len) => format!("revert {}..+{}", print(at), print(len)),
            Exit::Invalid => "invalid".to_owned(),
            Exit::Unknown(reason) => format!("unknown: {reason}"),
        }
    }

    /// A node with the moves on the way there.
    fn target(&self, node: u32, moves: Run) -> String {
        let moves: Vec<String> = self.moves[moves.range()]
            .iter()
            .map(|(to, from)| format!("r{to} = {}", self.operand(*from)))
            .collect();
        match moves.is_empty() {
            true => format!("n{node}"),
            false => format!("n{node} [{}]", moves.join(", ")),
        }
    }

    fn mem_copy(&self, copy: &MemCopy) -> String {
        let span = |span: &Span| {
            let mut parts: Vec<String> =
                span.bases.iter().chain([&span.by]).map(|operand| self.operand(*operand)).collect();
            parts.retain(|part| part != "0");
            if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") }
        };
        let MemCopy { counter, limit, step, to, word, growth, gas } = copy;
        let word = match word {
            Word::Same(operand) => self.operand(*operand),
            Word::Copied { is_calldata, from, mask } => {
                let kind = if *is_calldata { "calldata" } else { "memory" };
                let mask = mask.map(|mask| format!(" & {}", self.operand(mask)));
                format!("{kind}[{}]{}", span(from), mask.unwrap_or_default())
            }
        };
        let mut text = format!(
            "memcopy while {} < {} step {step}: memory[{}] = {word}, gas {gas}",
            span(counter),
            span(limit),
            span(to),
        );
        for (register, by) in growth {
            let _ = write!(text, ", {} += {}", self.operand(*register), constant(*by));
        }
        text
    }
}

const fn delta(only_adds: bool) -> &'static str {
    if only_adds { " (delta)" } else { "" }
}
