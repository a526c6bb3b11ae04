//! How are terms and graphs written down?
//!
//! In: terms. Out: text such as `keccak(caller . 3)`, `storage[5]`, `arg0 & 0xff`.
//! Invariant: the same term prints the same in every run; depth is cut off, and said, at a limit.

use core::fmt::Write as _;

use alloy_primitives::U256;

use super::{Effect, Env, Exit, Graph, Op, Term, TermId, TermPool};
use crate::ir::{CallKind, CopyKind};

/// Operands nested deeper than this print as `…`.
const MAX_DEPTH: usize = 12;

/// A term as text; `results` names what effects gave, for the reader of an access list.
pub(crate) fn print_term(
    pool: &TermPool<'_>,
    term: TermId,
    results: &dyn Fn(Term<'_>) -> Option<String>,
) -> String {
    let mut text = String::new();
    Printer { pool, results }.term(&mut text, term, 0);
    text
}

struct Printer<'a, 't> {
    pool: &'a TermPool<'t>,
    results: &'a dyn Fn(Term<'_>) -> Option<String>,
}

impl Printer<'_, '_> {
    fn term(&self, out: &mut String, term: TermId, depth: usize) {
        if depth == MAX_DEPTH {
            out.push('…');
            return;
        }
        match self.pool.get(term) {
            Term::Const(value) => out.push_str(&constant(value)),
            Term::Env(env) => out.push_str(env_name(env)),
            Term::CallData(at) => self.calldata(out, at, depth),
            Term::BlobHash(index) => self.call(out, "blobhash", &[index], depth),
            Term::Apply(op, operands) => self.apply(out, op, &operands[..op.arity()], depth),
            Term::Keccak(words) => {
                out.push_str("keccak(");
                for (n, &word) in words.iter().enumerate() {
                    if n != 0 {
                        out.push_str(" . ");
                    }
                    self.term(out, word, depth + 1);
                }
                out.push(')');
            }
            leaf @ (Term::Phi(..) | Term::Result(..)) => match (self.results)(leaf) {
                Some(name) => out.push_str(&name),
                None => out.push_str("merged"),
            },
        }
    }

    fn calldata(&self, out: &mut String, at: TermId, depth: usize) {
        match self.pool.as_usize(at) {
            Some(at) if 4 <= at && (at - 4) % 32 == 0 => {
                let _ = write!(out, "arg{}", (at - 4) / 32);
            }
            _ => {
                out.push_str("calldata[");
                self.term(out, at, depth + 1);
                out.push(']');
            }
        }
    }

    fn call(&self, out: &mut String, name: &str, operands: &[TermId], depth: usize) {
        out.push_str(name);
        out.push('(');
        for (n, &operand) in operands.iter().enumerate() {
            if n != 0 {
                out.push_str(", ");
            }
            self.term(out, operand, depth + 1);
        }
        out.push(')');
    }

    fn apply(&self, out: &mut String, op: Op, operands: &[TermId], depth: usize) {
        let Some(sign) = infix(op) else {
            return self.call(out, &format!("{op:?}").to_lowercase(), operands, depth);
        };
        // A constant reads better behind the sign; a sum with a huge constant is a difference.
        let (mut left, mut right) = (operands[0], operands[1]);
        if op.commutes() && self.pool.as_const(left).is_some() {
            core::mem::swap(&mut left, &mut right);
        }
        if depth != 0 {
            out.push('(');
        }
        self.term(out, left, depth + 1);
        match (op, self.pool.as_const(right)) {
            (Op::Add, Some(value)) if value.bit(255) => {
                let _ = write!(out, " - {}", constant(value.wrapping_neg()));
            }
            _ => {
                let _ = write!(out, " {sign} ");
                self.term(out, right, depth + 1);
            }
        }
        if depth != 0 {
            out.push(')');
        }
    }
}

const fn infix(op: Op) -> Option<&'static str> {
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
fn constant(value: U256) -> String {
    if value < U256::from(1024) { value.to_string() } else { format!("{value:#x}") }
}

const fn env_name(env: Env) -> &'static str {
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

/// A graph as text: a paragraph a node, a line an effect.
pub(crate) fn print_graph(graph: &Graph, pool: &TermPool<'_>) -> String {
    let name = |term: Term<'_>| match term {
        Term::Phi(node, position) => Some(format!("phi{node}.{position}")),
        Term::Result(node, pc) => Some(format!("n{node}@{pc}")),
        _ => None,
    };
    let print = |term| print_term(pool, term, &name);
    let mut out = String::new();
    for (id, node) in graph.nodes.iter_enumerated().filter(|(_, node)| node.is_reachable()) {
        let _ = write!(out, "n{id} (pc {:#x})", node.pc.0);
        if node.only_reverts {
            out.push_str(" only reverts");
        }
        out.push('\n');
        for (pc, effect) in &node.effects {
            let _ = writeln!(out, "  {:#06x} {}", pc.0, effect_text(effect, &print));
        }
        let target = |next: crate::ir::NodeId, n: usize| {
            let phis = graph.nodes[next].phis.iter().zip(&node.arguments[n]);
            let moves: Vec<String> =
                phis.map(|(at, value)| format!("phi{next}.{at} = {}", print(*value))).collect();
            if moves.is_empty() {
                format!("n{next}")
            } else {
                format!("n{next} [{}]", moves.join(", "))
            }
        };
        let exit = match node.exit {
            Exit::Jump(next) => format!("jump {}", target(next, 0)),
            Exit::Branch { condition, then, other } => {
                format!(
                    "if {} then {} else {}",
                    print(condition),
                    target(then, 0),
                    target(other, 1)
                )
            }
            Exit::Switch(target_term) => {
                let cases = node.cases.iter().enumerate();
                let cases: Vec<String> = cases.map(|(n, next)| target(*next, n)).collect();
                format!("switch {} to {}", print(target_term), cases.join(", "))
            }
            Exit::Return(at, len) => format!("return {}..+{}", print(at), print(len)),
            Exit::Stop => "stop".to_owned(),
            Exit::Revert(..) => "revert".to_owned(),
            Exit::Invalid => "invalid".to_owned(),
            Exit::Unknown(reason) => format!("unknown: {reason}"),
        };
        let _ = writeln!(out, "  {exit}");
    }
    out
}

fn effect_text(effect: &Effect<TermId>, print: &dyn Fn(TermId) -> String) -> String {
    match *effect {
        Effect::SLoad { key } => format!("sload [{}]", print(key)),
        Effect::SStore { key, value } => format!("sstore [{}] = {}", print(key), print(value)),
        Effect::TLoad { key } => format!("tload [{}]", print(key)),
        Effect::TStore { key, value } => format!("tstore [{}] = {}", print(key), print(value)),
        Effect::MLoad { at } => format!("mload {}", print(at)),
        Effect::MStore { at, value } => format!("mstore {} = {}", print(at), print(value)),
        Effect::MStore8 { at, value } => format!("mstore8 {} = {}", print(at), print(value)),
        Effect::Copy { kind, account, to, from, len } => {
            let account = match kind {
                CopyKind::ExtCode => format!(" of {}", print(account)),
                _ => String::new(),
            };
            let kind = format!("{kind:?}").to_lowercase();
            format!("copy {kind}{account} {}..+{} to {}", print(from), print(len), print(to))
        }
        Effect::Keccak { at, len } => format!("keccak {}..+{}", print(at), print(len)),
        Effect::Call { kind, target, value, input, output, .. } => format!(
            "{} {} value {} in {}..+{} out {}..+{}",
            call_name(kind),
            print(target),
            print(value),
            print(input.0),
            print(input.1),
            print(output.0),
            print(output.1)
        ),
        Effect::Create { value, input, salt } => format!(
            "create value {} code {}..+{}{}",
            print(value),
            print(input.0),
            print(input.1),
            salt.map(|salt| format!(" salt {}", print(salt))).unwrap_or_default()
        ),
        Effect::Balance { account } => format!("balance {}", print(account)),
        Effect::SelfBalance => "selfbalance".to_owned(),
        Effect::ExtCodeSize { account } => format!("extcodesize {}", print(account)),
        Effect::ExtCodeHash { account } => format!("extcodehash {}", print(account)),
        Effect::BlockHash { number } => format!("blockhash {}", print(number)),
        Effect::ReturnDataSize => "returndatasize".to_owned(),
        Effect::MSize => "msize".to_owned(),
        Effect::Gas => "gas".to_owned(),
        Effect::SelfDestruct { to } => format!("selfdestruct to {}", print(to)),
        Effect::Log { at, len } => format!("log {}..+{}", print(at), print(len)),
    }
}

/// The call's name as a reader knows it.
pub(crate) const fn call_name(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Call => "call",
        CallKind::CallCode => "callcode",
        CallKind::DelegateCall => "delegatecall",
        CallKind::StaticCall => "staticcall",
    }
}
