//! What does one contract do, function by function?
//!
//! In: built by [`analyze`](crate::analyze). Out: [`Summary`]: one [`Program`] for each function of
//! the dispatcher, and one for the rest.
//! Invariants: functions are ascending by selector; a summary depends on the code, the fork and the
//! limits alone, holds nothing of any state, and is plain data that serialises.

mod describe;
mod program;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::{limits::StopReason, targets::Targets};

pub use describe::{
    AccessKind, AccessText, CallForm, CallText, Certainty, Description, FunctionText, describe,
};
pub use program::{Case, Operand, Program, ProgramNode, Register, Run, Source, Step};

/// The version of the analysis: summaries of another version are not to be mixed with these.
pub const ANALYZER_VERSION: u32 = 1;

/// What a contract does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// keccak256 of the runtime code.
    pub code_hash: B256,
    /// Bytes of runtime code.
    pub code_size: u32,
    /// The account that runs instead, when the code is a delegation (EIP-7702).
    pub delegate: Option<Address>,
    /// The dispatcher's functions, ascending by selector.
    pub functions: Vec<(u32, Program)>,
    /// What runs when no selector matches: fallback, receive, or a contract without a dispatcher.
    pub fallback: Program,
    /// Where computed jumps were taken to lead.
    pub targets: Targets,
    /// The worst reason why the analysis of some entry point ended.
    pub stop: StopReason,
}

impl Summary {
    /// The program that calldata beginning with `selector` enters.
    ///
    /// `None` stands for calldata of fewer than four bytes.
    pub fn entry(&self, selector: Option<u32>) -> &Program {
        selector
            .and_then(|selector| self.functions.binary_search_by_key(&selector, |f| f.0).ok())
            .map_or(&self.fallback, |n| &self.functions[n].1)
    }
}
