//! What do the unit tests share?
//!
//! In: nothing. Out: the assembler of the tests that cross crates, for programs that can be read.

#[expect(unreachable_pub, reason = "public in the crate it belongs to")]
#[path = "../../tests/harness/asm.rs"]
pub(crate) mod asm;
