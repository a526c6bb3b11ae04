//! How is a graph written down?
//!
//! In: a graph over a pool. Out: a paragraph for each reachable node, a line for each effect.
//! Invariant: nothing is left out or rewritten, so two graphs that print alike are alike.

use core::fmt::Write as _;

use super::{Leaves, Style, Text};
use crate::ir::{CallKind, CopyKind, Effect, Exit, Graph, Node, NodeId, Term, TermId, TermPool};

/// Leaves by where they are made: `phi3.1` and `n3@17`.
struct ByPlace;

impl Leaves for ByPlace {
    fn leaf(&self, out: &mut Text<'_, '_>, leaf: Term<'_>, _is_operand: bool) {
        match leaf {
            Term::Phi(node, position) => out.push(&format!("phi{node}.{position}")),
            Term::Result(node, pc) => out.push(&format!("n{node}@{:#x}", pc.0)),
            _ => unreachable!("all other terms are printed by the text itself"),
        }
    }
}

/// A graph as text.
pub(crate) fn print_graph(graph: &Graph, pool: &TermPool<'_>) -> String {
    let print = |term| {
        let mut text = Text::new(pool, &ByPlace, Style::Exact);
        text.term(term);
        text.buffer
    };
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
        let _ = writeln!(out, "  {}", exit_text(graph, node, &print));
    }
    out
}

fn exit_text(graph: &Graph, node: &Node, print: &dyn Fn(TermId) -> String) -> String {
    let target = |next: NodeId, n: usize| {
        let phis = graph.nodes[next].phis.iter().zip(&node.arguments[n]);
        let moves: Vec<String> =
            phis.map(|(at, value)| format!("phi{next}.{at} = {}", print(*value))).collect();
        if moves.is_empty() {
            format!("n{next}")
        } else {
            format!("n{next} [{}]", moves.join(", "))
        }
    };
    match node.exit {
        Exit::Jump(next) => format!("jump {}", target(next, 0)),
        Exit::Branch { condition, then, other } => {
            format!("if {} then {} else {}", print(condition), target(then, 0), target(other, 1))
        }
        Exit::Switch { target: target_term, .. } => {
            let cases = node.cases.iter().enumerate();
            let cases: Vec<String> = cases.map(|(n, next)| target(*next, n)).collect();
            if cases.is_empty() {
                return format!("switch {} to unknown targets", print(target_term));
            }
            format!("switch {} to {}", print(target_term), cases.join(", "))
        }
        Exit::Return(at, len) => format!("return {}..+{}", print(at), print(len)),
        Exit::Stop => "stop".to_owned(),
        Exit::Revert(..) => "revert".to_owned(),
        Exit::Invalid => "invalid".to_owned(),
        Exit::Unknown(reason) => format!("unknown: {reason}"),
    }
}

/// An effect as text, whose operands `print` writes.
pub(crate) fn effect_text<T: Copy>(effect: &Effect<T>, print: &dyn Fn(T) -> String) -> String {
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
        Effect::Touch { at, len } => format!("touch {}..+{}", print(at), print(len)),
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
