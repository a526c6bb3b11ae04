//! Which analysis makes summaries here?
//!
//! In: nothing. Out: [`analysis`], a name that another analysis does not have.
//! Invariant: summaries are used again under the same name only, so whatever may change one changes the
//! name: the version that is raised by hand, the sources of the analyzer's compile path, and what is
//! made of a specimen, which also tells of the libraries and the encoding that no source shows.
//!
//! A comment changed there changes the name too. That is safe and costs one compilation of a contract;
//! the other way, a rule for which changes matter, would have to be right each time.

use std::sync::OnceLock;

use alloy_primitives::{B256, Keccak256, hex};
use slotcast::{
    analyzer::{
        analyze,
        limits::Limits,
        summary::{ANALYSIS, ANALYZER_VERSION},
    },
    model::Fork,
};

/// How deep instructions reach into the stack, and one more.
const DEPTH: usize = 18;

/// Version, fingerprint and specimen of the analysis.
pub fn analysis() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let specimen = hex::encode(&specimen()[..8]);
        format!("{ANALYZER_VERSION}-{ANALYSIS}-{specimen}")
    })
}

/// The hash of what the analysis makes of every instruction under every fork.
fn specimen() -> B256 {
    let code = every_instruction();
    let mut hash = Keccak256::new();
    for fork in Fork::ALL {
        hash.update(analyze(&code, fork, &Limits::default()).to_bytes());
    }
    hash.finalize()
}

/// Code that may run any instruction, each on a stack of unknown words, and stores what
/// is on top afterwards in a slot of its own:
///
/// `if calldata[32 * op] { sstore(op, OP(calldata[0], ..)); stop }`
fn every_instruction() -> Vec<u8> {
    let mut code = Vec::new();
    for op in 0..=u8::MAX {
        let test = [0x60, 0x20, 0x60, op, 0x02, 0x35, 0x15];
        // Calldata's first word as often as an instruction may want, the instruction, behind it what it
        // may take for its own, and a store of what is left on top.
        let words = [0x60, 0x00, 0x35].repeat(DEPTH);
        let run = [&words[..], &[op], &[0x5b; 33], &[0x60, op, 0x55, 0x00]].concat();
        let next = code.len() + test.len() + 4 + run.len();
        let [high, low] =
            u16::try_from(next).expect("256 short pieces are a short code").to_be_bytes();
        code.extend(test);
        code.extend([0x61, high, low, 0x57]);
        code.extend(run);
        code.push(0x5b);
    }
    code
}

#[cfg(test)]
mod tests;
