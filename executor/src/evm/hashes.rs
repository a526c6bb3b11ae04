//! What is the hash of these two words, if it was worked out a moment ago?
//!
//! In: revm's KECCAK256 instruction. Out: the same instruction, which looks two words up before it
//! hashes them.
//! Invariants: the instruction does, costs and fails as it always does; a word is found only under the
//! very two words that hash to it; what is remembered decides nothing but how long it takes.
//!
//! Keys of mappings are hashes of two words, and code that reads such a slot mostly writes it a little
//! later, for which it hashes the same words again. A call of a token spends a third of its time on
//! hashing, and half of that is repeated.

use core::{cell::Ref, fmt};

use alloy_primitives::{B256, U256, keccak256 as hash};
use revm::{
    bytecode::opcode,
    context::Cfg,
    database_interface::DatabaseRef,
    interpreter::{
        Instruction, InstructionExecResult, InstructionResult, Interpreter,
        instructions::{InstructionTable, system},
        interpreter::EthInterpreter,
        interpreter_types::MemoryTr,
    },
};

use super::{SpeculativeContext, instructions::Args};

/// How many hashes are remembered: those of some dozens of calls, in memory that stays at hand.
const N_REMEMBERED: usize = 256;

/// The bytes of two words.
const PAIR: usize = 64;

/// So many hashes are not worth remembering: the smallest blocks do without.
const FEW: usize = 32;

/// Hashes of two words, each where the two words say; what comes later displaces what was there.
#[derive(Default)]
pub(crate) struct Hashes {
    /// Empty while there were few.
    remembered: Vec<([u8; PAIR], B256)>,
    n_forgotten: usize,
}

impl Hashes {
    /// The hash of two words.
    fn of(&mut self, pair: &[u8; PAIR]) -> B256 {
        if self.n_forgotten < FEW {
            self.n_forgotten += 1;
            return hash(pair);
        }
        if self.remembered.is_empty() {
            let nothing = [0; PAIR];
            self.remembered = vec![(nothing, hash(nothing)); N_REMEMBERED];
        }
        let (remembered, found) = &mut self.remembered[place(pair)];
        if remembered != pair {
            (*remembered, *found) = (*pair, hash(pair));
        }
        *found
    }
}

impl fmt::Debug for Hashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hashes of {} pairs", self.remembered.len())
    }
}

/// An odd number without pattern, the golden ratio's.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where a pair is remembered, by the ends of its words, in which most differ.
fn place(pair: &[u8; PAIR]) -> usize {
    let [.., a, b, c, d, e, f, g, h] = *pair;
    let second = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let mut end = [0; 8];
    end.copy_from_slice(&pair[PAIR / 2 - 8..PAIR / 2]);
    let mixed = (u64::from_be_bytes(end) ^ second.rotate_left(32)).wrapping_mul(SPREAD);
    (mixed >> (u64::BITS - N_REMEMBERED.trailing_zeros())) as usize
}

/// Makes the instructions of `table` remember hashes.
pub(super) fn remember_hashes<'a, DB: DatabaseRef>(
    table: &mut InstructionTable<EthInterpreter, SpeculativeContext<'a, DB>>,
) {
    table[usize::from(opcode::KECCAK256)] = Instruction::new(keccak256::<DB>);
}

fn keccak256<DB: DatabaseRef>(args: Args<'_, '_, DB>) -> InstructionExecResult {
    let Some(pair) = pair(args.interpreter) else { return system::keccak256(args) };
    let found = args.host.journaled_state.database.hashes.of(&pair);
    let gas = args.host.cfg.gas_params().keccak256_cost(PAIR);
    if !args.interpreter.gas.record_regular_cost(gas) {
        return Err(InstructionResult::OutOfGas);
    }
    if let Some((_, top)) = args.interpreter.stack.popn_top::<1>() {
        *top = U256::from_be_bytes(found.0);
    }
    Ok(())
}

/// The two words that are about to be hashed, if it is two and they are in memory already.
fn pair(interpreter: &Interpreter<EthInterpreter>) -> Option<[u8; PAIR]> {
    let [.., length, offset] = interpreter.stack.data().as_slice() else { return None };
    if *length != U256::from(PAIR) {
        return None;
    }
    let from = usize::try_from(offset).ok()?;
    let is_there = from.checked_add(PAIR)? <= interpreter.memory.size();
    let words = is_there.then(|| interpreter.memory.slice(from..from + PAIR));
    words.and_then(|words: Ref<'_, [u8]>| words.as_ref().try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_their_words_however_many_share_a_place() {
        let mut hashes = Hashes::default();
        let pair = |n: usize| {
            let mut pair = [0; PAIR];
            pair[24..32].copy_from_slice(&n.to_be_bytes());
            pair
        };
        for round in 0..2 {
            for n in 0..3 * N_REMEMBERED {
                assert_eq!(hashes.of(&pair(n)), hash(pair(n)), "{n} in round {round}");
            }
        }
        assert_eq!(hashes.of(&[0; PAIR]), hash([0; PAIR]));
    }

    #[test]
    fn what_differs_in_its_ends_is_spread() {
        let mut places: Vec<_> = (0..N_REMEMBERED as u64 / 4)
            .map(|n| {
                let mut pair = [0; PAIR];
                pair[..32].copy_from_slice(hash(n.to_be_bytes()).as_slice());
                pair[PAIR - 1] = (n % 3) as u8;
                place(&pair)
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        assert!(50 < places.len(), "{} of 64 places", places.len());
    }
}
