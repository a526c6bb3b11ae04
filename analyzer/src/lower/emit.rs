//! Where is each needed term computed, and in which register?
//!
//! Value numbering is done already, since equal terms have equal ids; what is left is to emit each
//! once on every path.
//!
//! In: a graph and what is [needed](super::slice) of it. Out: a [`Program`].
//! Invariant: a register is written in a node that dominates every node that reads it.
//!
//! Why that suffices: a term computed in node A stays right in every node B that A dominates. Were a
//! leaf of the term given a new value between A and B without A being passed again, the leaf's node
//! N would lead to B around A; and since N dominates A, the entry would then reach B around A too.

use alloy_primitives::{U256, map::HashMap};
use slotcast_model::Index;

use super::{
    copy_propagation::Copies,
    deltas::Deltas,
    slice::{Slice, slice},
};
use crate::{
    absint::Walk,
    bytecode::Pc,
    ir::{DominatorTree, Effect, Exit, Graph, NodeId, Rest, Term, TermId, TermPool},
    program::{Case, Operand, Program, ProgramNode, Register, Run, Step},
};

/// Lowers one entry point.
pub(super) fn emit(walk: &Walk, pool: &mut TermPool<'_>) -> Program {
    let graph = &walk.graph;
    let order = graph.postorder();
    let incoming = graph.incoming();
    let edges = (&order[..], &incoming);
    let slice = slice(walk, edges, pool);
    let tree = DominatorTree::new(graph, &order);
    let deltas = Deltas::new(graph, edges, pool);
    let copies = Copies::new(graph, edges, pool, &slice);
    let mut emitter = Emitter {
        graph,
        pool,
        slice: &slice,
        copies: &copies,
        deltas: &deltas,
        registers: vec![None; pool.len()],
        computed: vec![false; pool.len()],
        pending: Vec::new(),
        constants: HashMap::default(),
        program: Program {
            nodes: Vec::with_capacity(graph.nodes.len()),
            steps: Vec::with_capacity(pool.len()),
            effects: Vec::new(),
            checks: Vec::new(),
            mem_copies: Vec::new(),
            operands: Vec::new(),
            moves: Vec::new(),
            cases: Vec::new(),
            constants: Vec::new(),
            inputs: Vec::new(),
            n_registers: 0,
            gas_decides: slice.gas_decides,
            spares_reserved: walk.pointers.spare_reserved(),
            stop: graph.stop,
        },
    };
    emitter.run(&tree);
    emitter.program
}

struct Emitter<'a, 't> {
    graph: &'a Graph,
    pool: &'a TermPool<'t>,
    slice: &'a Slice,
    copies: &'a Copies,
    deltas: &'a Deltas,
    /// The register of each term that ever had one.
    registers: Vec<Option<Register>>,
    /// Whether a term's register holds it here: set in a node and in what the node dominates.
    computed: Vec<bool>,
    /// Terms that are being computed, empty in between.
    pending: Vec<(TermId, bool)>,
    constants: HashMap<U256, u32>,
    program: Program,
}

impl Emitter<'_, '_> {
    /// Visits the dominator tree depth first, undoing `computed` on the way back up.
    fn run(&mut self, tree: &DominatorTree) {
        enum Visit {
            Enter(NodeId),
            Leave(Vec<TermId>),
        }
        let empty = Run::default();
        let unreachable = ProgramNode {
            steps: empty,
            exit: Exit::Stop,
            moves: [empty; 2],
            cases: empty,
            gas: 0,
            only_reverts: false,
        };
        self.program.nodes.resize(self.graph.nodes.len(), unreachable);
        let mut pending = vec![Visit::Enter(NodeId(0))];
        while let Some(visit) = pending.pop() {
            match visit {
                Visit::Enter(node) => {
                    let computed = self.node(node);
                    pending.push(Visit::Leave(computed));
                    pending.extend(tree.children(node).iter().rev().copied().map(Visit::Enter));
                }
                Visit::Leave(computed) => {
                    computed.iter().for_each(|term| self.computed[term.as_usize()] = false);
                }
            }
        }
    }

    /// Emits one node; gives the terms computed in it.
    fn node(&mut self, id: NodeId) -> Vec<TermId> {
        let graph = self.graph;
        let node = &graph.nodes[id];
        let start = self.program.steps.len() as u32;
        let mut computed = Vec::new();
        for &position in &node.phis {
            // A phi that is not in the slice has no register, and its moves are left out.
            if let Some(term) = self.phi(id, position) {
                let register = self.register(term);
                self.mark(term, &mut computed);
                if id.0 == 0 {
                    self.program.inputs.push((position, register));
                }
            }
        }
        let mut behind = node.gas.behind.iter().peekable();
        let mut gas = saturate(node.gas.first);
        for (n, (pc, effect)) in node.effects.iter().enumerate() {
            let is_needed = self.slice.effects.has(id, n);
            if is_needed {
                self.effect(id, *pc, effect, &mut computed);
            }
            if let Some(&(_, more)) = behind.next_if(|(at, _)| *at as usize == n) {
                self.charge(start, &mut gas, is_needed, saturate(more));
            }
        }
        if let Some(Rest { at, is_jump, stack }) = &node.rest {
            let at = self.operand(*at, &mut computed);
            let words: Vec<_> =
                stack.iter().map(|word| self.operand(*word, &mut computed)).collect();
            let stack = self.list(words);
            self.program.steps.push(Step::Resume { at, is_jump: *is_jump, stack });
        }
        let exit = self.exit(&node.exit, &mut computed);
        let mut moves = [Run::default(); 2];
        for ((run, successor), arguments) in
            moves.iter_mut().zip(node.exit.successors()).zip(&node.arguments)
        {
            *run = self.moves(successor, arguments, &mut computed);
        }
        let cases = self.cases(id, &mut computed);
        let steps = Run { start, end: self.program.steps.len() as u32 };
        self.program.nodes[id.as_usize()] =
            ProgramNode { steps, exit, moves, cases, gas, only_reverts: node.only_reverts };
        computed
    }

    fn effect(
        &mut self,
        node: NodeId,
        pc: Pc,
        effect: &Effect<TermId>,
        computed: &mut Vec<TermId>,
    ) {
        let effect = match *effect {
            // Cheap wherever it points; what it says is needed for nothing.
            Effect::Log { at, len } if !(self.slice.has(at) && self.slice.has(len)) => {
                let zero = self.constant(U256::ZERO);
                Effect::Log { at: zero, len: zero }
            }
            effect => effect.map(|operand| self.operand(operand, computed)),
        };
        let result = self.find(Term::Result(node, pc)).filter(|_| effect.has_result());
        let to = result.map(|term| {
            self.mark(term, computed);
            self.register(term)
        });
        let only_adds = self.deltas.has(node, pc);
        let step = match effect {
            Effect::MLoad { at } => Step::MLoad { to, at },
            Effect::MStore { at, value } => Step::MStore { at, value },
            Effect::SLoad { key } => Step::SLoad { pc, to, key, only_adds },
            Effect::SStore { key, value } => Step::SStore { pc, key, value, only_adds },
            effect => {
                self.program.effects.push(effect);
                Step::Effect { to, effect: self.program.effects.len() as u32 - 1 }
            }
        };
        self.program.steps.push(step);
    }

    /// Takes gas behind an effect that asks for it. Where that effect is not needed, or nothing is left
    /// of the node before it, the gas is taken with what is taken before.
    fn charge(&mut self, start: u32, first: &mut u32, is_needed: bool, more: u32) {
        let steps = &mut self.program.steps[start as usize..];
        let before = steps.iter_mut().rev().find_map(|step| match step {
            Step::Charge { gas } => Some(gas),
            _ => None,
        });
        match before {
            _ if more == 0 => {}
            _ if is_needed => self.program.steps.push(Step::Charge { gas: more }),
            Some(gas) => *gas = gas.saturating_add(more),
            None => *first = first.saturating_add(more),
        }
    }

    fn exit(
        &mut self,
        exit: &Exit<TermId, NodeId>,
        computed: &mut Vec<TermId>,
    ) -> Exit<Operand, u32> {
        match *exit {
            Exit::Jump(next) => Exit::Jump(next.0),
            Exit::Branch { then, other, .. } if then == other => Exit::Jump(then.0),
            Exit::Branch { condition, then, other } => {
                let condition = self.operand(condition, computed);
                Exit::Branch { condition, then: then.0, other: other.0 }
            }
            Exit::Return(at, len) => {
                Exit::Return(self.operand(at, computed), self.operand(len, computed))
            }
            Exit::Switch { at, target } => {
                Exit::Switch { at, target: self.operand(target, computed) }
            }
            Exit::Stop => Exit::Stop,
            Exit::Revert(at, len) => {
                Exit::Revert(self.operand(at, computed), self.operand(len, computed))
            }
            Exit::Invalid => Exit::Invalid,
            Exit::Unknown(reason) => Exit::Unknown(reason),
        }
    }

    fn cases(&mut self, id: NodeId, computed: &mut Vec<TermId>) -> Run {
        let graph = self.graph;
        let node = &graph.nodes[id];
        let mut cases = Vec::with_capacity(node.cases.len());
        for (&to, arguments) in node.cases.iter().zip(&node.arguments) {
            let moves = self.moves(to, arguments, computed);
            cases.push(Case { pc: graph.nodes[to].pc.0, node: to.0, moves });
        }
        let start = self.program.cases.len() as u32;
        self.program.cases.extend(cases);
        Run { start, end: self.program.cases.len() as u32 }
    }

    fn moves(&mut self, to: NodeId, arguments: &[TermId], computed: &mut Vec<TermId>) -> Run {
        let graph = self.graph;
        let mut moves = Vec::new();
        for (&position, &argument) in graph.nodes[to].phis.iter().zip(arguments) {
            let Some(phi) = self.phi(to, position) else { continue };
            if phi == self.copies.of(argument) {
                continue;
            }
            let source = self.operand(argument, computed);
            moves.push((self.register(phi), source));
        }
        let start = self.program.moves.len() as u32;
        let spare = self.program.n_registers;
        let n_spare = in_sequence(moves, spare, &mut self.program.moves);
        self.program.n_registers += n_spare;
        Run { start, end: self.program.moves.len() as u32 }
    }

    /// The term's id, if the term exists and is needed.
    fn find(&self, term: Term<'_>) -> Option<TermId> {
        self.pool.find(term).filter(|&id| self.slice.has(id))
    }

    /// A phi's id, if it is needed and no other term stands in its place.
    fn phi(&self, node: NodeId, position: u32) -> Option<TermId> {
        self.find(Term::Phi(node, position)).filter(|&phi| self.copies.of(phi) == phi)
    }

    fn mark(&mut self, term: TermId, computed: &mut Vec<TermId>) {
        self.computed[term.as_usize()] = true;
        computed.push(term);
    }

    fn register(&mut self, term: TermId) -> Register {
        *self.registers[term.as_usize()].get_or_insert_with(|| {
            self.program.n_registers += 1;
            self.program.n_registers - 1
        })
    }

    fn constant(&mut self, value: U256) -> Operand {
        let constants = &mut self.program.constants;
        let index = *self.constants.entry(value).or_insert_with(|| {
            constants.push(value);
            constants.len() as u32 - 1
        });
        Operand::constant(index)
    }

    /// The operand that holds `term`, computed here first if it is not yet.
    fn operand(&mut self, term: TermId, computed: &mut Vec<TermId>) -> Operand {
        let term = self.copies.of(term);
        if self.computed[term.as_usize()] {
            return Operand::register(self.register(term));
        }
        if let Term::Const(value) = self.pool.get(term) {
            return self.constant(value);
        }
        // Depth first without recursion: sums in generated code can be thousands of terms deep.
        let mut pending = core::mem::take(&mut self.pending);
        pending.push((term, false));
        while let Some((term, operands_done)) = pending.pop() {
            if self.computed[term.as_usize()] {
                continue;
            }
            if !operands_done {
                pending.push((term, true));
                let (pool, copies, computed) = (self.pool, self.copies, &self.computed);
                pool.get(term).for_each_operand(|operand| {
                    let operand = copies.of(operand);
                    let is_ready = computed[operand.as_usize()];
                    if !is_ready && !matches!(pool.get(operand), Term::Const(_)) {
                        pending.push((operand, false));
                    }
                });
                continue;
            }
            let to = self.register(term);
            let step = self.step(term, to);
            self.program.steps.push(step);
            self.mark(term, computed);
        }
        self.pending = pending;
        Operand::register(self.register(term))
    }

    fn step(&mut self, term: TermId, to: Register) -> Step {
        match self.pool.get(term) {
            Term::Apply(op, [a, b, c]) => {
                Step::Apply { op, to, operands: [self.ready(a), self.ready(b), self.ready(c)] }
            }
            Term::Env(env) => Step::Env { to, env },
            Term::CallData(at) => Step::CallData { to, at: self.ready(at) },
            Term::BlobHash(index) => Step::BlobHash { to, index: self.ready(index) },
            Term::Keccak(words) => {
                let start = self.program.operands.len() as u32;
                for word in words {
                    let word = self.ready(*word);
                    self.program.operands.push(word);
                }
                Step::Keccak { to, words: Run { start, end: self.program.operands.len() as u32 } }
            }
            // A phi or result that no dominating node defines.
            Term::Phi(..) | Term::Result(..) | Term::Const(_) => Step::Lost { to },
        }
    }

    /// A list of operands.
    fn list(&mut self, operands: Vec<Operand>) -> Run {
        let start = self.program.operands.len() as u32;
        self.program.operands.extend(operands);
        Run { start, end: self.program.operands.len() as u32 }
    }

    /// The operand of a term that is a constant or computed already.
    fn ready(&mut self, term: TermId) -> Operand {
        let term = self.copies.of(term);
        match self.pool.get(term) {
            Term::Const(value) => self.constant(value),
            _ => Operand::register(self.register(term)),
        }
    }
}

/// Gas as steps hold it; more than fits is more than there is.
fn saturate(gas: u64) -> u32 {
    u32::try_from(gas).unwrap_or(u32::MAX)
}

/// Orders moves that are meant to happen all at once so that they can happen one by one; a register
/// from `spare` on breaks each circle. Gives how many of these it takes.
fn in_sequence(
    mut moves: Vec<(Register, Operand)>,
    spare: Register,
    ordered: &mut Vec<(Register, Operand)>,
) -> u32 {
    let mut n_spare = 0;
    while !moves.is_empty() {
        let is_read =
            |to: Register| moves.iter().any(|m| m.1 == Operand::register(to) && m.0 != to);
        if let Some(next) = moves.iter().position(|&(to, _)| !is_read(to)) {
            ordered.push(moves.swap_remove(next));
            continue;
        }
        // Every destination is still to be read: one of them steps aside.
        let aside = Operand::register(moves[0].0);
        let register = spare + n_spare;
        n_spare += 1;
        ordered.push((register, aside));
        for (_, from) in moves.iter_mut().filter(|(_, from)| *from == aside) {
            *from = Operand::register(register);
        }
    }
    n_spare
}

#[cfg(test)]
mod tests;
