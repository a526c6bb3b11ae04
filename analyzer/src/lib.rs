//! EVM bytecode to symbolic access summaries, and summaries bound to transactions.
//!
//! ```text
//!  bytes ─ bytecode ─ absint ───────────── lower ─────── summary ──┐
//!          decode     walk over terms      keep what      programs │ bind ── prediction
//!                     (ir: terms, nodes)   decides access          │
//!                                               frame, state view ─┘
//! ```
//!
//! [`analyze`] runs once for each code hash; [`bind::Binder`] once for each transaction. Neither knows
//! blocks, other transactions, threads or time, and neither runs an EVM: a summary's program is what
//! is left of a function when everything that cannot decide an access has been taken out.
//!
//! Suggested reading: [`bytecode`], [`ir`], `absint`, `lower`, [`program`], [`summary`], [`bind`].
//! [`describe`](mod@describe) is for people: it walks a code like the compiler and shares nothing else with it.

mod absint;
pub mod bind;
pub mod bytecode;
pub mod describe;
pub mod ir;
pub mod limits;
mod lower;
pub mod program;
mod reach;
pub mod summary;
mod targets;
#[cfg(test)]
mod tests;
pub mod word;

use alloy_primitives::{Bytes, keccak256};
use bumpalo::Bump;
use slotcast_model::Fork;

pub use describe::{describe, slots::recover_layout};
pub use reach::{Reach, ReachedBlock, reach};

use crate::{
    absint::{CodeIndex, Resumption, Walk, walk},
    bytecode::{Bytecode, delegation},
    ir::TermPool,
    limits::{Fuel, Limits, StopReason},
    lower::lower,
    program::Program,
    summary::Summary,
};

pub use lower::Pass;
pub use targets::Targets;

/// Summarises runtime `code` under the rules of `fork`.
///
/// Total: returns on any bytes within `limits`, and so does each function's program when it is made;
/// each says in [`Program::stop`] why it ended.
pub fn analyze(code: &[u8], fork: Fork, limits: &Limits) -> Summary {
    analyze_with(code, fork, Targets::default(), limits)
}

/// Summarises runtime `code`, taking computed jumps to lead to these `targets`.
pub fn analyze_with(code: &[u8], fork: Fork, targets: Targets, limits: &Limits) -> Summary {
    analyze_shared(Bytes::copy_from_slice(code), fork, targets, limits)
}

/// The same, of code whose bytes the summary shares with others.
pub fn analyze_shared(code: Bytes, fork: Fork, targets: Targets, limits: &Limits) -> Summary {
    let code_hash = keccak256(&code);
    let delegate = delegation(&code).filter(|_| Fork::Prague <= fork);
    let index = CodeIndex::new(Bytecode::sharing(code, fork));
    let (fallback, mut selectors) = entry_point(&index, None, &targets, limits);
    selectors.truncate(limits.functions);
    Summary::new((index, code_hash), (*limits, targets), delegate, selectors, fallback)
}

/// What it takes to summarise a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Instructions walked and words copied, over all entry points.
    pub fuel: u64,
    /// Nodes, over all entry points.
    pub n_nodes: usize,
    /// Distinct terms, over all entry points.
    pub n_terms: usize,
    /// The most bytes that the finished walk of one entry point holds, without the room its lists have to
    /// spare.
    pub held_bytes: usize,
    /// The worst reason why an entry point's analysis ended.
    pub stop: StopReason,
}

/// What it takes to make every program of `code`'s summary.
pub fn effort(code: &[u8], fork: Fork, limits: &Limits) -> Effort {
    let index = CodeIndex::new(Bytecode::new(code, fork));
    let mut total =
        Effort { fuel: 0, n_nodes: 0, n_terms: 0, held_bytes: 0, stop: StopReason::Finished };
    let mut add = |selector: Option<u32>| {
        with_walk(&index, selector, &Targets::default(), limits, |walk, pool, fuel| {
            total.fuel += fuel;
            total.n_nodes += walk.graph.nodes.len();
            total.n_terms += pool.len();
            total.held_bytes = total.held_bytes.max(walk.n_bytes + pool.n_bytes());
            total.stop = total.stop.max(walk.graph.stop);
            walk.selectors
        })
    };
    let selectors = add(None);
    selectors.into_iter().take(limits.functions).for_each(|selector| drop(add(Some(selector))));
    total
}

/// One entry point of `code` as text: its nodes with their effects over terms.
///
/// `selector` names a function; none is the fallback. For people and test cases.
pub fn ir_text(code: &[u8], fork: Fork, selector: Option<u32>, limits: &Limits) -> String {
    let index = CodeIndex::new(Bytecode::new(code, fork));
    let print = |walk: Walk, pool: &mut TermPool<'_>, _| ir::print_graph(&walk.graph, pool);
    with_walk(&index, selector, &Targets::default(), limits, print)
}

/// One entry point of `code`, lowered up to and with the pass `last`, as text.
///
/// `selector` names a function; none is the fallback. For people and test cases.
pub fn program_text(
    code: &[u8],
    fork: Fork,
    selector: Option<u32>,
    last: Pass,
    limits: &Limits,
) -> String {
    let index = CodeIndex::new(Bytecode::new(code, fork));
    let print = |walk: Walk, pool: &mut TermPool<'_>, _| lower(&walk, pool, last).to_string();
    with_walk(&index, selector, &Targets::default(), limits, print)
}

/// Walks and lowers one entry point, with the selectors it compares calldata with.
fn entry_point(
    index: &CodeIndex,
    selector: Option<u32>,
    targets: &Targets,
    limits: &Limits,
) -> (Program, Vec<u32>) {
    with_walk(index, selector, targets, limits, |walk, pool, _| {
        let mut program = lower(&walk, pool, Pass::RegisterAllocation);
        program.shrink();
        (program, walk.selectors)
    })
}

/// Walks and lowers what a frame goes on with at `from`.
fn resumed(index: &CodeIndex, from: Resumption, targets: &Targets, limits: &Limits) -> Program {
    let arena = Bump::new();
    let mut pool = TermPool::new(&arena, None);
    let limits = limits.of_stretch();
    let mut fuel = Fuel::new(limits.fuel_per_function);
    let walk = walk(index, &mut pool, targets, &mut fuel, &limits, Some(from));
    let mut program = lower(&walk, &mut pool, Pass::RegisterAllocation);
    program.shrink();
    program
}

/// Walks one entry point within the fuel of one function; gives what `then` makes of the walk, its
/// terms, and the fuel it burnt.
pub(crate) fn with_walk<R>(
    index: &CodeIndex,
    selector: Option<u32>,
    targets: &Targets,
    limits: &Limits,
    then: impl FnOnce(Walk, &mut TermPool<'_>, u64) -> R,
) -> R {
    let arena = Bump::new();
    let mut pool = TermPool::new(&arena, selector);
    let mut fuel = Fuel::new(limits.fuel_per_function);
    let walk = walk(index, &mut pool, targets, &mut fuel, limits, None);
    then(walk, &mut pool, limits.fuel_per_function - fuel.left())
}
