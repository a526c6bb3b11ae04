//! What do many rounds of a copying loop do at once?
//!
//! In: a frame about to enter such a loop. Out: the frame as it is when the loop's test fails.
//! Invariant: where anything is not known, not possible or out of the ordinary, nothing is done, and
//! the loop runs round by round.

use alloy_primitives::U256;

use super::{StateView, eval::Machine, running::Running};
use crate::{
    absint::RESERVED,
    program::{MemCopy, Operand, Span, Word},
};

const WORD: usize = 32;
/// More rounds than memory has words for.
const MAX_ROUNDS: u64 = 1 << 24;
/// Far behind any limit of memory, and far from overflowing.
const MAX_PLACE: usize = 1 << 30;

impl<S: StateView> Machine<'_, S> {
    /// Does what the loop does, if it can be done at once.
    pub(super) fn run_ahead(&mut self, running: &mut Running<'_>, copy: &MemCopy) {
        let Some(n) = rounds(running, copy) else { return };
        // One step for each word, as if it were stored alone.
        if self.steps_left <= n || !running.has_gas(n.saturating_mul(copy.gas.into())) {
            return;
        }
        let n_bytes = n as usize * WORD;
        let Some(end) = self.copy_at_once(running, copy, n_bytes) else { return };
        running.pay_memory(end);
        self.steps_left -= n;
        running.charge(n * u64::from(copy.gas));
        running.grow(&copy.growth, U256::from(n));
    }

    /// Copies or fills, if that is possible; gives how far memory is used by it.
    fn copy_at_once(
        &self,
        running: &mut Running<'_>,
        copy: &MemCopy,
        n_bytes: usize,
    ) -> Option<usize> {
        let fits = |at: usize| at.saturating_add(n_bytes) <= self.limits.memory;
        let is_spared = |at: usize| RESERVED as usize <= at || !running.program.spares_reserved;
        let to = place(running, &copy.to).filter(|to| fits(*to) && is_spared(*to))?;
        let mut end = to + n_bytes;
        match copy.word {
            Word::Same(word) => {
                let word = running.value(word);
                for at in (to..to + n_bytes).step_by(WORD) {
                    running.memory.set_word(at, word);
                }
            }
            Word::Copied { is_calldata: true, from, mask } => {
                let from = place(running, &from)?;
                if mask.is_some() && !running.frame.input.is_known(from, n_bytes) {
                    return None;
                }
                running.memory.copy_from(to, &running.frame.input, from, n_bytes);
                keep_bits(running, mask, to, n_bytes);
            }
            Word::Copied { is_calldata: false, from, mask } => {
                let from = place(running, &from).filter(|at| fits(*at))?;
                end = end.max(from + n_bytes);
                // Word by word, a source that lies ahead of the copy is overwritten before it is read.
                let is_overwritten = (from + 1..from + n_bytes).contains(&to);
                if is_overwritten || mask.is_some() && !running.memory.is_known(from, n_bytes) {
                    return None;
                }
                running.memory.copy_within(to, from, n_bytes);
                keep_bits(running, mask, to, n_bytes);
            }
        }
        Some(end)
    }
}

/// How many rounds the loop goes through, at least one.
fn rounds(running: &Running<'_>, copy: &MemCopy) -> Option<u64> {
    let (counter, limit) = (sum(running, &copy.counter)?, sum(running, &copy.limit)?);
    if limit <= counter {
        return None;
    }
    let n = (limit - counter).div_ceil(copy.step);
    let last = counter.checked_add(n.checked_mul(copy.step)?)?;
    debug_assert!(limit <= last, "the loop ends behind its last round");
    u64::try_from(n).ok().filter(|n| *n <= MAX_ROUNDS)
}

/// Masks each of the words in a range of memory that is known.
fn keep_bits(running: &mut Running<'_>, mask: Option<Operand>, at: usize, n_bytes: usize) {
    let Some(mask) = mask.and_then(|mask| running.get(mask)) else { return };
    for at in (at..at + n_bytes).step_by(WORD) {
        let word = running.memory.value(at).map(|word| word & mask);
        running.memory.set_word(at, word);
    }
}

fn sum(running: &Running<'_>, span: &Span) -> Option<U256> {
    let [first, second] = span.bases;
    let bases = running.get(first)?.wrapping_add(running.get(second)?);
    Some(bases.wrapping_add(running.get(span.by)?))
}

/// A sum as a place in memory or calldata.
fn place(running: &Running<'_>, span: &Span) -> Option<usize> {
    usize::try_from(sum(running, span)?).ok().filter(|at| *at <= MAX_PLACE)
}
