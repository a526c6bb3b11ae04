//! What is a contract function once the stack is gone?
//!
//! In: nothing; this file and its modules hold the vocabulary. Out: pure [`Term`]s, hash-consed in a
//! [`TermPool`], and a [`Graph`] of nodes with ordered [`Effect`]s over them.
//!
//! Terms say *what* is computed and have no time; effects say *when* state, memory or another
//! contract is touched. A rewrite of terms therefore never reorders a store.

mod effect;
mod flow;
mod fold;
mod interner;
mod print;
mod term;

pub use effect::{CallKind, CopyKind, Effect, Exit, Graph, Node, NodeId, Rest, Stretches};
pub(crate) use effect::{Edge, Incoming};
pub(crate) use flow::{DominatorTree, postorder};
pub(crate) use fold::{base_offset, bits};
pub(crate) use print::{
    Leaves, Text, as_condition, as_reader, call_name, constant, effect_text, env_name, infix,
    print_graph,
};
pub use term::{Env, Op, Term, TermId, TermPool};
