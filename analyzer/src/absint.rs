//! What can be known of a function before it runs?
//!
//! In: bytecode, and the selector to assume. Out: a [`Graph`](crate::ir::Graph) over one
//! [`TermPool`](crate::ir::TermPool), in which jumps are resolved and stack and known memory are gone.
//!
//! The machine is run forwards over terms instead of words. A state is a stack of terms and the
//! memory words known so far. States are kept per *node*: a stretch of basic blocks together with
//! its stack height and the jump labels on its stack, so that a subroutine is walked once per call
//! site chain, and its return jump is a constant. A node goes on through blocks that no other path
//! reaches, within a call as behind it. Where two states of one node differ, the order is
//!
//! ```text
//!   stack position:  term  ⊑  phi(node, position)        memory word:  known term  ⊑  unknown
//! ```
//!
//! Both chains have height two, so each node is walked a bounded number of times. What is unknown at
//! analysis is not lost: it is left in the program as an effect that runs at binding.
//!
//! Assumed, not proved (a wrong assumption costs a misprediction, never a wrong outcome): memory
//! reached from the free memory pointer of one moment does not overlap memory reached from that of
//! another, nor anything below 0x80; a store through any other pointer may hit all memory but the free
//! memory pointer and the zero word, and binding notes a gap where it hits those.

mod code_index;
mod dispatch;
mod draft;
mod entry_points;
mod memory;
mod revert_only;
mod state;
mod transfer;
mod walk;

pub(crate) use code_index::CodeIndex;
pub(crate) use entry_points::EntryPoints;
pub(crate) use memory::{FREE_POINTER, Place, Pointers, RESERVED, place};
pub(crate) use transfer::STACK_LIMIT;
pub(crate) use walk::{MOST_GROWTH, Resumption, Walk, walk};
