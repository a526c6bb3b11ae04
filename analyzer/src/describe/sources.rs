//! What does a value depend on?
//!
//! In: a term. Out: [`Sources`].
//! Invariant: bounded; what is too much to tell is unknown. Which path was taken is not asked, only
//! what the value is computed from.

use std::collections::BTreeSet;

use super::{
    Sources,
    behind::Behind,
    memory::{Memories, Origin},
};
use crate::{
    bytecode::Pc,
    ir::{CallKind, Effect, Env, NodeId, Term, TermId, TermPool},
};

/// Terms looked at for one value.
const MAX_VISITS: usize = 1024;
/// Bytes of a hash that are looked at.
const MAX_HASHED: u32 = 512;
const WORD: u32 = 32;
/// Bytes of calldata without arguments.
const SELECTOR: usize = 4;

/// What is asked to tell.
#[derive(Clone, Copy)]
pub(super) struct Dependence<'a, 't> {
    pub(super) pool: &'a TermPool<'t>,
    pub(super) behind: &'a Behind<'a>,
    pub(super) memories: &'a Memories<'a>,
}

impl Dependence<'_, '_> {
    /// What `term` depends on.
    pub(super) fn term(&self, term: TermId) -> Sources {
        self.visit(vec![term], Sources::default())
    }

    /// What a piece of memory depends on; nothing is known of one without origins.
    pub(super) fn origins(&self, origins: &[Origin]) -> Sources {
        let mut pending = Vec::new();
        let sources = self.of_origins(origins, &mut pending);
        self.visit(pending, sources)
    }

    /// What the hash of `len` bytes of memory from `at` on depends on.
    pub(super) fn hash(&self, place: (NodeId, usize), at: TermId, len: TermId) -> Sources {
        let mut pending = Vec::new();
        let sources = self.hashed(place, (at, len), &mut pending);
        self.visit(pending, sources)
    }

    /// The same but for terms, which go to `next`: what all of it depends on where it is known how long
    /// it is, else what it begins with, and something unknown behind that.
    fn hashed(
        &self,
        place: (NodeId, usize),
        (at, len): (TermId, TermId),
        next: &mut Vec<TermId>,
    ) -> Sources {
        let n_bytes = self.pool.as_usize(len).and_then(|len| u32::try_from(len).ok());
        let n_bytes = n_bytes.filter(|len| *len <= MAX_HASHED);
        let mut sources = Sources { unknown: n_bytes.is_none(), ..Sources::default() };
        // Of one whose length is not known its first word or, as packed values share words, byte.
        let end = n_bytes.unwrap_or(1);
        let mut skip = 0;
        while skip < end {
            let is_whole = n_bytes.is_none() || WORD <= end - skip;
            let mut origins = Vec::new();
            if is_whole {
                origins = self.memories.read(place, at, skip, WORD);
            }
            skip += if origins.is_empty() { 1 } else { WORD };
            if origins.is_empty() {
                origins = self.memories.read(place, at, skip - 1, 1);
            }
            sources = sources.or(self.of_origins(&origins, next));
            if origins.is_empty() {
                break;
            }
        }
        sources
    }

    fn visit(&self, mut pending: Vec<TermId>, mut sources: Sources) -> Sources {
        let mut seen: BTreeSet<TermId> = pending.iter().copied().collect();
        while let Some(term) = pending.pop() {
            if MAX_VISITS < seen.len() {
                return sources.or(Sources::UNKNOWN);
            }
            let mut next = Vec::new();
            sources = sources.or(self.leaf(term, &mut next));
            pending.extend(next.into_iter().filter(|term| seen.insert(*term)));
        }
        sources
    }

    /// What `term` itself brings; what it is computed from goes to `next`.
    fn leaf(&self, term: TermId, next: &mut Vec<TermId>) -> Sources {
        match self.pool.get(term) {
            Term::Env(env) => of_env(env),
            Term::CallData(_) | Term::BlobHash(_) => {
                Sources { argument: true, ..Sources::default() }
            }
            Term::Result(node, pc) => match self.behind.effect_at(node, pc) {
                Some((position, effect)) => self.effect((node, position), effect, next),
                None => Sources::UNKNOWN,
            },
            Term::Const(_) | Term::Apply(..) | Term::Keccak(_) | Term::Phi(..) => {
                self.behind.for_each_operand(self.pool, term, |operand| next.push(operand));
                Sources::default()
            }
        }
    }

    fn effect(
        &self,
        place: (NodeId, usize),
        effect: Effect<TermId>,
        next: &mut Vec<TermId>,
    ) -> Sources {
        match effect {
            // A word found under a caller's own key is the caller's own.
            Effect::SLoad { key: of }
            | Effect::Balance { account: of }
            | Effect::ExtCodeSize { account: of }
            | Effect::ExtCodeHash { account: of }
            | Effect::BlockHash { number: of } => {
                next.push(of);
                Sources { state: true, ..Sources::default() }
            }
            Effect::SelfBalance => Sources { state: true, ..Sources::default() },
            Effect::MLoad { at } => self.of_origins(&self.memories.read(place, at, 0, WORD), next),
            Effect::Keccak { at, len } => self.hashed(place, (at, len), next),
            _ => Sources::UNKNOWN,
        }
    }

    fn of_origins(&self, origins: &[Origin], next: &mut Vec<TermId>) -> Sources {
        let mut sources = Sources { unknown: origins.is_empty(), ..Sources::default() };
        for origin in origins {
            match *origin {
                Origin::Stored(word, _) => next.push(word),
                Origin::CallData(..) => sources.argument = true,
                Origin::Returned(node, pc, _) => {
                    sources = sources.or(self.answer(node, pc, next));
                }
                Origin::Zero => {}
            }
        }
        sources
    }

    /// What an answer of another contract depends on: one that is asked for nothing but a selector, and
    /// may change nothing, gives every caller the same.
    fn answer(&self, node: NodeId, pc: Pc, next: &mut Vec<TermId>) -> Sources {
        match self.behind.effect_at(node, pc) {
            Some((_, Effect::Call { kind: CallKind::StaticCall, target, input, .. }))
                if self.pool.as_usize(input.1) == Some(SELECTOR) =>
            {
                next.push(target);
                Sources { state: true, ..Sources::default() }
            }
            _ => Sources::UNKNOWN,
        }
    }
}

const fn of_env(env: Env) -> Sources {
    let none = Sources { caller: false, argument: false, state: false, unknown: false };
    match env {
        Env::Caller | Env::Origin => Sources { caller: true, ..none },
        Env::CallValue | Env::CallDataSize | Env::GasPrice => Sources { argument: true, ..none },
        Env::Address | Env::CodeSize | Env::ChainId => none,
        Env::Coinbase
        | Env::Timestamp
        | Env::Number
        | Env::Difficulty
        | Env::GasLimit
        | Env::BaseFee
        | Env::BlobBaseFee
        | Env::SlotNumber => Sources { state: true, ..none },
    }
}
