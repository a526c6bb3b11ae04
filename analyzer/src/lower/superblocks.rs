//! Which nodes form a superblock?
//!
//! In: a [`Program`] with a node for each basic block. Out: the same program in superblocks: longer
//! nodes with one way in and several ways out.
//! Invariant: what runs, and in which order, is unchanged; gas is still taken before what it pays for
//! and never before an earlier check has passed.
//!
//! A node that one edge leads to is appended to where that edge comes from. Where the edge is one
//! side of a branch, the branch becomes a [`Step::Require`] and the other side is where the step
//! leads when it fails. Of two sides the one that leads back to the start, which makes a short loop
//! one node, or else one that does not merely revert is appended.
//!
//! ```text
//!  a: x            a: x
//!     branch c b r    require c else r
//!  b: y          ⇒    y
//!     jump d          z
//!  d: z               stop
//!     stop
//! ```

use crate::{
    ir::Exit,
    program::{Case, Check, Hypothesis, Operand, Program, ProgramNode, Register, Run, Step},
};

/// Forms superblocks.
pub(super) fn form(program: Program) -> Program {
    let n_edges = count_edges(&program);
    let mut former = Former {
        heads: vec![None; program.nodes.len()],
        pending: Vec::new(),
        nodes: Vec::new(),
        steps: Vec::with_capacity(program.steps.len()),
        checks: Vec::new(),
        moves: Vec::with_capacity(program.moves.len()),
        cases: Vec::with_capacity(program.cases.len()),
        n_edges,
        old: &program,
    };
    former.head(0);
    while let Some(old) = former.pending.pop() {
        former.node(old);
    }
    let Former { nodes, steps, checks, moves, cases, .. } = former;
    Program { nodes, steps, checks, moves, cases, ..program }
}

/// How many edges lead to each node; the entry has one more.
fn count_edges(program: &Program) -> Vec<u32> {
    let mut n_edges = vec![0; program.nodes.len()];
    n_edges[0] = 1;
    for node in &program.nodes {
        let cases = program.cases[node.cases.range()].iter().map(|case| case.node);
        for next in node.exit.successors().chain(cases) {
            n_edges[next as usize] += 1;
        }
    }
    n_edges
}

struct Former<'p> {
    old: &'p Program,
    n_edges: Vec<u32>,
    /// The new node that begins with an old one.
    heads: Vec<Option<u32>>,
    /// Old nodes that begin a new one and are still to be written.
    pending: Vec<u32>,
    nodes: Vec<ProgramNode>,
    steps: Vec<Step>,
    checks: Vec<Check>,
    moves: Vec<(Register, Operand)>,
    cases: Vec<Case>,
}

impl Former<'_> {
    /// The new node that begins with `old`.
    fn head(&mut self, old: u32) -> u32 {
        if let Some(new) = self.heads[old as usize] {
            return new;
        }
        let new = self.nodes.len() as u32;
        self.heads[old as usize] = Some(new);
        // Overwritten when the node is written.
        self.nodes.push(self.old.nodes[old as usize]);
        self.pending.push(old);
        new
    }

    /// Whether `old` can be appended to the one edge that leads to it.
    fn is_appendable(&self, old: u32) -> bool {
        self.n_edges[old as usize] == 1
    }

    /// Writes the new node that begins with `old`.
    fn node(&mut self, old: u32) {
        let program = self.old;
        let first = program.nodes[old as usize];
        let start = self.steps.len() as u32;
        self.steps.extend_from_slice(&program.steps[first.steps.range()]);
        let mut last = first;
        while let Some(next) = self.append(&last, old, start as usize) {
            last = next;
        }
        let steps = Run { start, end: self.steps.len() as u32 };
        let exit = match last.exit {
            Exit::Jump(next) => Exit::Jump(self.head(next)),
            Exit::Branch { condition, then, other } => {
                Exit::Branch { condition, then: self.head(then), other: self.head(other) }
            }
            exit => exit,
        };
        let moves = last.moves.map(|moves| self.copy(moves));
        let cases = self.switch(last.cases);
        let new = self.head(old) as usize;
        self.nodes[new] = ProgramNode {
            steps,
            exit,
            moves,
            cases,
            gas: first.gas,
            only_reverts: first.only_reverts,
        };
    }

    /// Appends the node that follows `last`, if it can be, to the new node that begins with the node
    /// `head` and the step at `start`.
    fn append(&mut self, last: &ProgramNode, head: u32, start: usize) -> Option<ProgramNode> {
        let program = self.old;
        let node = |at: u32| program.nodes[at as usize];
        let (next, moves) = match last.exit {
            Exit::Jump(next) if self.is_appendable(next) => {
                self.charge(start, node(next).gas);
                (next, last.moves[0])
            }
            Exit::Branch { condition, then, other } => {
                let usual = Hypothesis::of(node(then).only_reverts, node(other).only_reverts);
                let sides = [(then, last.moves[0]), (other, last.moves[1])];
                let goes_round = |side: u32| node(side).exit == Exit::Jump(head);
                let is_other = !node(other).only_reverts && !goes_round(then);
                let preferred = usize::from(is_other);
                let can = |side: usize| self.is_appendable(sides[side].0);
                let side = [preferred, 1 - preferred].into_iter().find(|&side| can(side))?;
                let (next, moves) = sides[side];
                let (failed, failed_moves) = sides[1 - side];
                let is_true = side == 0;
                let check = Check {
                    hypothesis: Hypothesis { passes: usual.passes == is_true, ..usual },
                    other: self.head(failed),
                    moves: self.copy(failed_moves),
                };
                let (gas, check) = (node(next).gas, self.check(check));
                self.steps.push(Step::Require { condition, is_true, gas, check });
                (next, moves)
            }
            _ => return None,
        };
        let next = node(next);
        let moved = &program.moves[moves.range()];
        self.steps.extend(moved.iter().map(|&(to, from)| Step::Move { to, from }));
        self.steps.extend_from_slice(&program.steps[next.steps.range()]);
        Some(next)
    }

    /// Takes gas together with what an earlier step takes, if that is in the same new node, which
    /// begins at `start`, and nothing between the two asks for gas or leaves a trace.
    fn charge(&mut self, start: usize, more: u32) {
        let touches = |step: &&mut Step| {
            !matches!(
                step,
                Step::Apply { .. }
                    | Step::Env { .. }
                    | Step::CallData { .. }
                    | Step::BlobHash { .. }
                    | Step::Keccak { .. }
                    | Step::Move { .. }
                    | Step::Lost { .. }
            )
        };
        match self.steps[start..].iter_mut().rev().find(touches) {
            Some(Step::Charge { gas } | Step::Require { gas, .. }) => {
                *gas = gas.saturating_add(more);
            }
            _ => self.steps.push(Step::Charge { gas: more }),
        }
    }

    fn check(&mut self, check: Check) -> u32 {
        self.checks.push(check);
        self.checks.len() as u32 - 1
    }

    fn copy(&mut self, moves: Run) -> Run {
        let start = self.moves.len() as u32;
        self.moves.extend_from_slice(&self.old.moves[moves.range()]);
        Run { start, end: self.moves.len() as u32 }
    }

    fn switch(&mut self, cases: Run) -> Run {
        let start = self.cases.len() as u32;
        for &case in &self.old.cases[cases.range()] {
            let (node, moves) = (self.head(case.node), self.copy(case.moves));
            self.cases.push(Case { node, moves, ..case });
        }
        Run { start, end: self.cases.len() as u32 }
    }
}
