//! What does one contract do, function by function?
//!
//! In: built by [`analyze`](crate::analyze). Out: [`Summary`]: one [`Program`] for each function of
//! the dispatcher, and one for the rest.
//! Invariants: a program depends on the code, the fork, the targets, the limits and its selector
//! alone, and holds nothing of any state. A function's program is made when it is first asked for,
//! which changes nothing but when the time is spent: of a large contract few functions are called.

mod store;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use alloy_primitives::{Address, B256, Bytes};
use slotcast_model::Fork;

use crate::{
    absint::{CodeIndex, Resumption},
    bytecode::Bytecode,
    entry_point,
    limits::{Limits, StopReason},
    program::Program,
    resumed,
    targets::Targets,
};

pub use store::StoreError;

/// The version of the analysis: summaries of another version are not to be mixed with these.
pub const ANALYZER_VERSION: u32 = 10;

/// A fingerprint of the sources of the compile path, in hexadecimal: what is kept beyond the process
/// is used again by the same analysis only, whether or not the version was raised.
pub const ANALYSIS: &str = env!("SLOTCAST_ANALYSIS");

/// What a contract does.
#[derive(Debug)]
pub struct Summary {
    code: Bytes,
    fork: Fork,
    /// Made when there is something to walk: of a summary from a store mostly nothing is.
    index: OnceLock<CodeIndex>,
    code_hash: B256,
    limits: Limits,
    targets: Targets,
    delegate: Option<Address>,
    functions: Vec<(u32, OnceLock<Program>)>,
    fallback: Program,
    /// What frames went on with where a walk had stopped.
    resumed: Resumed,
}

/// Programs that frames are resumed with, by where they begin.
type Resumed = Mutex<BTreeMap<Resumption, Arc<Program>>>;

/// How many of them are kept; those beyond are made again each time.
const MOST_RESUMED: usize = 512;

impl Summary {
    /// The parts that do not wait for the first call.
    pub(crate) fn new(
        (index, code_hash): (CodeIndex, B256),
        (limits, targets): (Limits, Targets),
        delegate: Option<Address>,
        selectors: Vec<u32>,
        fallback: Program,
    ) -> Self {
        let functions = selectors.into_iter().map(|selector| (selector, OnceLock::new())).collect();
        let (code, fork) = (index.code.shared().clone(), index.code.fork());
        let index = OnceLock::from(index);
        let resumed = Resumed::default();
        Self {
            code,
            fork,
            index,
            code_hash,
            limits,
            targets,
            delegate,
            functions,
            fallback,
            resumed,
        }
    }

    /// keccak256 of the runtime code.
    pub const fn code_hash(&self) -> B256 {
        self.code_hash
    }

    /// The account that runs instead, when the code is a delegation (EIP-7702).
    pub const fn delegate(&self) -> Option<Address> {
        self.delegate
    }

    /// The fork under whose rules the code was analysed.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// The limits it was analysed within.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where computed jumps were taken to lead.
    pub const fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The selectors of the dispatcher's functions, ascending.
    pub fn selectors(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.functions.iter().map(|(selector, _)| *selector)
    }

    /// The selectors of the functions whose programs were made, ascending.
    pub fn made(&self) -> impl Iterator<Item = u32> + '_ {
        self.functions.iter().filter(|(_, program)| program.get().is_some()).map(|f| f.0)
    }

    /// The program that calldata beginning with `selector` enters: the function of that selector, or
    /// what runs when none matches.
    ///
    /// `None` stands for calldata of fewer than four bytes.
    pub fn entry(&self, selector: Option<u32>) -> &Program {
        let function = selector.and_then(|selector| {
            let at = self.functions.binary_search_by_key(&selector, |f| f.0).ok()?;
            Some((selector, &self.functions[at].1))
        });
        let Some((selector, program)) = function else { return &self.fallback };
        program.get_or_init(|| {
            entry_point(self.index(), Some(selector), &self.targets, &self.limits).0
        })
    }

    /// The program that a frame goes on with at `from`.
    pub(crate) fn resumed(&self, from: Resumption) -> Arc<Program> {
        let kept = || self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = kept().get(&from) {
            return program.clone();
        }
        let program = Arc::new(resumed(self.index(), from, &self.targets, &self.limits));
        let mut kept = kept();
        if kept.len() < MOST_RESUMED {
            kept.insert(from, program.clone());
        }
        program
    }

    /// The selector of the entry point that calldata beginning with `selector` enters; none for what
    /// runs when no function matches.
    pub fn entered(&self, selector: Option<u32>) -> Option<u32> {
        let is_known = |selector: &u32| {
            self.functions.binary_search_by_key(selector, |function| function.0).is_ok()
        };
        selector.filter(is_known)
    }

    /// The same summary, holding these bytes of its code instead of a copy of its own; as it was when
    /// they are others.
    #[must_use]
    pub fn sharing(mut self, code: &Bytes) -> Self {
        if self.code == *code {
            self.code = code.clone();
        }
        self
    }

    /// The runtime code.
    pub const fn code(&self) -> &Bytes {
        &self.code
    }

    pub(crate) fn index(&self) -> &CodeIndex {
        self.index.get_or_init(|| CodeIndex::new(Bytecode::sharing(self.code.clone(), self.fork)))
    }

    /// Makes every program that was not made yet; gives the worst reason why one of them ended.
    pub fn complete(&self) -> StopReason {
        let programs = self.selectors().map(|selector| self.entry(Some(selector)));
        programs.fold(self.fallback.stop, |worst, program| worst.max(program.stop))
    }
}
