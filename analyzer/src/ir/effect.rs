//! What does a function do, and in which order?
//!
//! In: terms. Out: [`Effect`]s in [`Node`]s, joined to a [`Graph`].
//! Invariants: node 0 is the entry; every edge carries one argument per phi of its target; an effect
//! that gives a value is named by its node and instruction, as [`Term::Result`](super::Term::Result).

use serde::{Deserialize, Serialize};
use slotcast_model::{IndexVec, index_newtype};
use smallvec::SmallVec;

use super::TermId;
use crate::{bytecode::Pc, limits::StopReason};

index_newtype! {
    /// A stretch of basic blocks in one label context.
    pub struct NodeId;
}

/// The four ways of calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the opcode of that name")]
pub enum CallKind {
    Call,
    CallCode,
    DelegateCall,
    StaticCall,
}

/// Where a bulk copy takes its bytes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is a part of the machine of that name")]
pub enum CopyKind {
    CallData,
    Code,
    ReturnData,
    ExtCode,
    Memory,
}

/// Something that must happen in order. `T` names values: terms here, registers once lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields are the opcode's operands")]
pub enum Effect<T> {
    SLoad {
        key: T,
    },
    SStore {
        key: T,
        value: T,
    },
    TLoad {
        key: T,
    },
    TStore {
        key: T,
        value: T,
    },
    MLoad {
        at: T,
    },
    MStore {
        at: T,
        value: T,
    },
    MStore8 {
        at: T,
        value: T,
    },
    Copy {
        kind: CopyKind,
        account: T,
        to: T,
        from: T,
        len: T,
    },
    Keccak {
        at: T,
        len: T,
    },
    Call {
        kind: CallKind,
        gas: T,
        target: T,
        value: T,
        input: (T, T),
        output: (T, T),
    },
    Create {
        value: T,
        input: (T, T),
        salt: Option<T>,
    },
    Balance {
        account: T,
    },
    SelfBalance,
    ExtCodeSize {
        account: T,
    },
    ExtCodeHash {
        account: T,
    },
    BlockHash {
        number: T,
    },
    ReturnDataSize,
    MSize,
    Gas,
    SelfDestruct {
        to: T,
    },
    Log {
        at: T,
        len: T,
    },
    /// Memory grows, and nothing else happens.
    Touch {
        at: T,
        len: T,
    },
}

impl<T: Copy> Effect<T> {
    /// Whether it matters how much gas is left when it happens.
    pub const fn asks_for_gas(&self) -> bool {
        matches!(self, Self::Gas | Self::SStore { .. } | Self::Call { .. } | Self::Create { .. })
    }

    /// Whether the effect gives a value.
    pub const fn has_result(&self) -> bool {
        !matches!(
            self,
            Self::SStore { .. }
                | Self::TStore { .. }
                | Self::MStore { .. }
                | Self::MStore8 { .. }
                | Self::Copy { .. }
                | Self::SelfDestruct { .. }
                | Self::Log { .. }
                | Self::Touch { .. }
        )
    }

    /// Whether dropping the effect, its result being unused, changes nothing else.
    ///
    /// Loads of storage and of other accounts stay: touching them is what we predict.
    pub const fn is_pure(&self) -> bool {
        matches!(
            self,
            Self::TLoad { .. }
                | Self::MLoad { .. }
                | Self::Keccak { .. }
                | Self::SelfBalance
                | Self::BlockHash { .. }
                | Self::ReturnDataSize
                | Self::MSize
                | Self::Gas
                | Self::Touch { .. }
        )
    }

    /// Calls `f` on every operand, in order.
    pub fn for_each(&self, mut f: impl FnMut(T)) {
        self.map(|operand| {
            f(operand);
            operand
        });
    }

    /// The same effect on other operands.
    pub fn map<U>(&self, mut f: impl FnMut(T) -> U) -> Effect<U> {
        match *self {
            Self::SLoad { key } => Effect::SLoad { key: f(key) },
            Self::SStore { key, value } => Effect::SStore { key: f(key), value: f(value) },
            Self::TLoad { key } => Effect::TLoad { key: f(key) },
            Self::TStore { key, value } => Effect::TStore { key: f(key), value: f(value) },
            Self::MLoad { at } => Effect::MLoad { at: f(at) },
            Self::MStore { at, value } => Effect::MStore { at: f(at), value: f(value) },
            Self::MStore8 { at, value } => Effect::MStore8 { at: f(at), value: f(value) },
            Self::Copy { kind, account, to, from, len } => {
                Effect::Copy { kind, account: f(account), to: f(to), from: f(from), len: f(len) }
            }
            Self::Keccak { at, len } => Effect::Keccak { at: f(at), len: f(len) },
            Self::Call { kind, gas, target, value, input, output } => Effect::Call {
                kind,
                gas: f(gas),
                target: f(target),
                value: f(value),
                input: (f(input.0), f(input.1)),
                output: (f(output.0), f(output.1)),
            },
            Self::Create { value, input, salt } => Effect::Create {
                value: f(value),
                input: (f(input.0), f(input.1)),
                salt: salt.map(f),
            },
            Self::Balance { account } => Effect::Balance { account: f(account) },
            Self::SelfBalance => Effect::SelfBalance,
            Self::ExtCodeSize { account } => Effect::ExtCodeSize { account: f(account) },
            Self::ExtCodeHash { account } => Effect::ExtCodeHash { account: f(account) },
            Self::BlockHash { number } => Effect::BlockHash { number: f(number) },
            Self::ReturnDataSize => Effect::ReturnDataSize,
            Self::MSize => Effect::MSize,
            Self::Gas => Effect::Gas,
            Self::SelfDestruct { to } => Effect::SelfDestruct { to: f(to) },
            Self::Log { at, len } => Effect::Log { at: f(at), len: f(len) },
            Self::Touch { at, len } => Effect::Touch { at: f(at), len: f(len) },
        }
    }
}

/// How a node is left. `T` names values, `N` targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Exit<T, N> {
    /// To one other node.
    Jump(N),
    /// To `then` when the condition is not zero, else to `other`.
    Branch {
        /// The condition.
        condition: T,
        /// Where a condition that is not zero leads.
        then: N,
        /// Where zero leads.
        other: N,
    },
    /// To the case of the node whose block begins where the target points.
    ///
    /// The cases are those that binding has met so far; see [`crate::Targets`].
    Switch {
        /// The jump instruction.
        at: Pc,
        /// The computed target.
        target: T,
    },
    /// The frame ends well, with these bytes of memory as its output (offset, length).
    Return(T, T),
    /// The frame ends well, without output.
    Stop,
    /// The frame is undone, with these bytes of memory as its output (offset, length).
    Revert(T, T),
    /// The frame is undone and its gas is lost.
    Invalid,
    /// Not known: why the analysis stopped here.
    Unknown(StopReason),
}

/// Gas from one effect that asks how much is left to the next.
///
/// Gas is taken a stretch at a time; what asks must not find that taken which lies behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretches {
    /// Gas up to the first effect that asks, itself included.
    pub first: u64,
    /// For each effect that asks: its position among the node's effects, and the gas behind it.
    pub behind: SmallVec<[(u32, u64); 2]>,
}

impl Stretches {
    /// Adds to the last stretch.
    #[inline]
    pub(crate) fn add(&mut self, gas: u64) {
        let last = self.behind.last_mut().map_or(&mut self.first, |(_, gas)| gas);
        *last += gas;
    }
}

/// Basic blocks that follow on each other, in one label context, with what they do.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where its first block begins in the code.
    pub pc: Pc,
    /// Its blocks one after the other, as a range of the graph's trail.
    pub blocks: core::ops::Range<u32>,
    /// What it does, in order, and at which instruction.
    pub effects: Vec<(Pc, Effect<TermId>)>,
    /// How it is left.
    pub exit: Exit<TermId, NodeId>,
    /// How the code goes on, if the walk stopped here.
    pub rest: Option<Rest>,
    /// Stack positions (from the bottom) that are phis here, ascending.
    pub phis: Vec<u32>,
    /// Where a switch may lead, ascending by position in the code; empty for other exits.
    pub cases: Vec<NodeId>,
    /// For each successor in order: the values its phis take on this edge.
    pub arguments: SmallVec<[Vec<TermId>; 2]>,
    /// Gas it costs whatever its operands: an upper bound is not meant, only the part known at
    /// analysis.
    pub gas: Stretches,
    /// Whether every way on from here ends in a revert without touching another contract.
    pub only_reverts: bool,
}

/// How the code goes on where the walk stopped.
#[derive(Clone, Debug)]
pub struct Rest {
    /// Where.
    pub at: TermId,
    /// Whether it jumps there, which only a jump destination allows; where the walk stopped by itself
    /// need be none.
    pub is_jump: bool,
    /// The words of the stack, bottom first.
    pub stack: Vec<TermId>,
}

impl Node {
    /// A node that no path reaches.
    pub fn unreachable(pc: Pc) -> Self {
        Self {
            pc,
            blocks: 0..0,
            effects: Vec::new(),
            exit: Exit::Unknown(StopReason::Finished),
            rest: None,
            phis: Vec::new(),
            cases: Vec::new(),
            arguments: SmallVec::new(),
            gas: Stretches::default(),
            only_reverts: false,
        }
    }

    /// The nodes that may come next, in the order of the exit.
    pub fn successors(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.exit.successors().chain(self.cases.iter().copied())
    }

    /// Whether some path reaches the node.
    pub fn is_reachable(&self) -> bool {
        self.exit != Exit::Unknown(StopReason::Finished)
    }
}

/// An edge by the node it leaves and its number there.
pub(crate) type Edge = (NodeId, usize);

/// The edges of a graph by the node they lead to; those of one node by the node they leave, ascending.
pub(crate) struct Incoming {
    edges: Vec<Edge>,
    /// For each node, where its edges end.
    ends: IndexVec<NodeId, u32>,
}

impl Incoming {
    /// Those that lead to `node`.
    pub(crate) fn of(&self, node: NodeId) -> &[Edge] {
        let start = if node.0 == 0 { 0 } else { self.ends[NodeId(node.0 - 1)] };
        &self.edges[start as usize..self.ends[node] as usize]
    }
}

/// One entry point of a contract.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The nodes; the first is the entry.
    pub nodes: IndexVec<NodeId, Node>,
    /// Where the blocks of the nodes begin in the code.
    pub trail: Vec<Pc>,
    /// Why the walk ended.
    pub stop: StopReason,
    /// Nodes that end in a jump whose target is not known.
    pub n_unresolved: u32,
}

impl Graph {
    /// The nodes that are reached, each after its successors as far as there are no loops.
    pub(crate) fn postorder(&self) -> Vec<NodeId> {
        super::postorder(self.nodes.len(), |node| self.nodes[node].successors())
    }

    /// The edges that lead to each node.
    pub(crate) fn incoming(&self) -> Incoming {
        let mut ends = IndexVec::from_elem(0, self.nodes.len());
        for to in self.nodes.iter().flat_map(Node::successors) {
            ends[to] += 1;
        }
        let mut start = 0;
        for end in ends.iter_mut() {
            (start, *end) = (start + *end, start);
        }
        let mut edges = vec![(NodeId(0), 0); start as usize];
        for (from, node) in self.nodes.iter_enumerated() {
            for (n, to) in node.successors().enumerate() {
                edges[ends[to] as usize] = (from, n);
                ends[to] += 1;
            }
        }
        Incoming { edges, ends }
    }

    /// What the phi of `node` at this stack position is given on each of these edges.
    pub(crate) fn given(
        &self,
        node: NodeId,
        position: u32,
        incoming: &Incoming,
    ) -> impl Iterator<Item = TermId> {
        let phi = self.nodes[node].phis.binary_search(&position).ok();
        let edges = phi.map(|n| incoming.of(node).iter().map(move |&(from, edge)| (from, edge, n)));
        edges.into_iter().flatten().map(|(from, edge, n)| self.nodes[from].arguments[edge][n])
    }

    /// Where the blocks of `node` begin in the code, in the order they run.
    pub fn blocks(&self, node: &Node) -> &[Pc] {
        &self.trail[node.blocks.start as usize..node.blocks.end as usize]
    }
}

impl<T, N: Copy> Exit<T, N> {
    /// The successors of all but a switch, in order.
    pub fn successors(&self) -> impl Iterator<Item = N> + use<T, N> {
        let (first, second) = match *self {
            Self::Jump(next) => (Some(next), None),
            Self::Branch { then, other, .. } => (Some(then), Some(other)),
            _ => (None, None),
        };
        first.into_iter().chain(second)
    }
}
