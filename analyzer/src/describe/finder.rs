//! Where does the slot behind a key term lie?
//!
//! In: the key terms of one entry point. Out: the [`Place`]s each may have.
//! Invariant: a place says how the key was computed, step by step; where a step is not understood,
//! the shapes that `recover` finds stand for it, with unknown keys; where it finds none either, the
//! list is empty.
//!
//! `recover` answers for all of a contract and keeps no keys; this keeps them, and looks at one
//! function's keys one at a time. Before → after: `keccak(caller . 3)` → slot 3, key `caller`;
//! `keccak(5) + arg0 * 2 + 1` → elements of 5, index `arg0` in steps of 2, member 1.

use std::cell::Cell;
use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{
    Names, Part, Place, Sources,
    behind::Behind,
    memory::{Memories, Origin},
    names::phis::{Choice, Phis},
    sources::Dependence,
};
use crate::{
    bytecode::Bytecode,
    describe::slots::{Anchors, Recovery, SlotShape, Step, linear::Sum},
    ir::{Effect, Graph, NodeId, Op, Term, TermId, TermPool},
};

/// Places one key may have; one with more is taken to be any slot.
const MAX_PLACES: usize = 8;
/// Terms nested deeper than this are not looked into.
const MAX_DEPTH: u32 = 32;
/// Terms looked into for one key.
const MAX_TERMS: u32 = 1024;
/// Constant addends from this on are differences, as in `length - 1`, not members of a struct.
const MAX_OFFSET: U256 = U256::from_limbs([1 << 16, 0, 0, 0]);
const WORD: u32 = 32;

/// The shapes of the keys and constants of one entry point, as `recover` finds them.
pub(super) struct Shapes {
    of: BTreeMap<TermId, Vec<SlotShape>>,
}

impl Shapes {
    /// Looks at every key of `graph` and every constant of `pool`.
    pub(super) fn new(graph: &Graph, pool: &mut TermPool<'_>, code: &Bytecode) -> Self {
        let mut anchors = Anchors::new(code);
        anchors.note_stores(graph, pool);
        let constants = (0..pool.len() as u32).map(TermId);
        let mut terms: Vec<TermId> =
            constants.filter(|term| pool.as_const(*term).is_some()).collect();
        for (_, effect) in graph.nodes.iter().flat_map(|node| &node.effects) {
            if let Effect::SLoad { key } | Effect::SStore { key, .. } = *effect {
                terms.push(key);
            }
        }
        let mut recovery = Recovery::new(graph, pool, &anchors);
        Self { of: terms.into_iter().map(|term| (term, recovery.shapes(term))).collect() }
    }
}

/// What a finder looks at.
#[derive(Clone, Copy)]
pub(super) struct Finder<'a, 't> {
    pub(super) pool: &'a TermPool<'t>,
    pub(super) behind: &'a Behind<'a>,
    pub(super) memories: &'a Memories<'a>,
    pub(super) names: &'a Names<'a, 't>,
    pub(super) shapes: &'a Shapes,
}

/// The places found, or none when one way to the value is not understood.
type Found = Option<Vec<Place>>;

impl<'a, 't> Finder<'a, 't> {
    /// The places that `key` may have, sorted; empty when it may be any slot.
    pub(super) fn places(&self, key: TermId) -> Vec<Place> {
        let search = Search { finder: *self, n_left: Cell::new(MAX_TERMS) };
        let mut places = search.find(key, 0).unwrap_or_default();
        if places.is_empty() {
            let shapes = self.shapes.of.get(&key).map_or(&[][..], Vec::as_slice);
            places = shapes.iter().cloned().map(Place::of_shape).collect();
        }
        places.sort();
        places.dedup();
        if MAX_PLACES < places.len() { Vec::new() } else { places }
    }
}

/// The search for one key.
struct Search<'a, 't> {
    finder: Finder<'a, 't>,
    n_left: Cell<u32>,
}

impl Search<'_, '_> {
    fn find(&self, term: TermId, depth: u32) -> Found {
        if depth == MAX_DEPTH || self.n_left.get() == 0 {
            return None;
        }
        self.n_left.set(self.n_left.get() - 1);
        match self.finder.pool.get(term) {
            Term::Const(value) => self.constant(term, value, depth),
            Term::Keccak(words) => self.hash(words, depth),
            Term::Apply(Op::Add | Op::Sub, _) => self.sum(term, depth),
            Term::Phi(node, position) => self.phi((node, position), depth),
            Term::Result(node, pc) => {
                let (position, effect) = self.finder.behind.effect_at(node, pc)?;
                match effect {
                    Effect::MLoad { at } => self.stored((node, position), at, depth),
                    Effect::Keccak { at, len } => match self.finder.memories.tail(node, pc) {
                        Some(tail) => {
                            let slots = self.stored((node, position), tail, depth)?;
                            let part = Part::new(
                                super::place::UNKNOWN.to_owned(),
                                self.dependence().hash((node, position), at, len),
                            );
                            Some(each(slots, |slot| slot.key(part.clone())))
                        }
                        None => self.hash_of_memory((node, position), at, len, depth),
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A constant: the hash it was folded from, or whatever `recover` takes it for.
    fn constant(&self, term: TermId, value: U256, depth: u32) -> Found {
        if let Some((words, distance)) = self.finder.pool.preimage(value)
            && distance < MAX_OFFSET
        {
            let places = self.hash(words, depth)?;
            return Some(each(places, |place| place.offset(distance.to())));
        }
        let shape = self.finder.shapes.of.get(&term)?.first()?.clone();
        let is_hashed = shape.steps().iter().any(|step| matches!(step, Step::Key | Step::Elements));
        Some(vec![if is_hashed { Place::of_shape(shape) } else { Place::plain(value) }])
    }

    /// keccak256 of `words`: the key comes first with Solidity, the slot with Vyper.
    fn hash(&self, words: &[TermId], depth: u32) -> Found {
        match *words {
            [slot] => Some(each(self.find(slot, depth + 1)?, Place::elements)),
            [first, second] => {
                let (slots, key) = match self.find(second, depth + 1) {
                    Some(slots) => (slots, first),
                    None => (self.find(first, depth + 1)?, second),
                };
                let part = self.part(key);
                Some(each(slots, |slot| slot.key(part.clone())))
            }
            [ref key @ .., slot] => {
                let slots = self.find(slot, depth + 1)?;
                let texts: Vec<String> =
                    key.iter().map(|word| self.finder.names.text(*word)).collect();
                let sources = key.iter().map(|word| self.sources(*word));
                let part =
                    Part::new(texts.join(" . "), sources.fold(Sources::default(), Sources::or));
                Some(each(slots, |slot| slot.key(part.clone())))
            }
            [] => None,
        }
    }

    /// A hash of one or two words of memory that the walk could not see.
    fn hash_of_memory(
        &self,
        at_effect: (NodeId, usize),
        at: TermId,
        len: TermId,
        depth: u32,
    ) -> Found {
        let word = |skip| self.finder.memories.read(at_effect, at, skip, WORD);
        match self.finder.pool.as_usize(len)? {
            32 => Some(each(self.origins(&word(0), depth)?, Place::elements)),
            64 => {
                let slots = self.origins(&word(WORD), depth)?;
                let part = match word(0).as_slice() {
                    [Origin::Stored(key, 0)] => self.part(*key),
                    [] => Part::unknown(),
                    origins => {
                        Part { sources: self.dependence().origins(origins), ..Part::unknown() }
                    }
                };
                Some(each(slots, |slot| slot.key(part.clone())))
            }
            _ => None,
        }
    }

    /// A sum: one part of it is a place, a small constant a member, the rest an index.
    fn sum(&self, term: TermId, depth: u32) -> Found {
        let sum = Sum::new(self.finder.pool, term);
        let mut base: Option<(TermId, Vec<Place>)> = None;
        for &(summand, factor) in &sum.summands {
            let found = if factor == 1 { self.find(summand, depth + 1) } else { None };
            let Some(places) = found else { continue };
            if places.iter().all(|place| place.shape().is_hashed()) && base.is_none() {
                base = Some((summand, places));
            }
        }
        let is_index = |summand: &&(TermId, i32)| base.as_ref().is_none_or(|it| it.0 != summand.0);
        let indices: Vec<(TermId, i32)> = sum.summands.iter().filter(is_index).copied().collect();
        let mut places = match base {
            Some((_, places)) if sum.constant < MAX_OFFSET => {
                each(places, |place| place.offset(sum.constant.to()))
            }
            Some(_) => return None,
            None if sum.constant.is_zero() => return None,
            None => {
                let constant = self.finder.pool.find(Term::Const(sum.constant));
                match constant.and_then(|term| self.constant(term, sum.constant, depth)) {
                    Some(places) => places,
                    None => vec![Place::plain(sum.constant)],
                }
            }
        };
        if !indices.is_empty() {
            let part = self.index(&indices);
            places = each(places, |place| place.index(part.clone()));
        }
        Some(places)
    }

    /// What is added to a place, as an index: `x`, `x * size`, or `x / n` where n share a slot.
    fn index(&self, summands: &[(TermId, i32)]) -> Part {
        let pool = self.finder.pool;
        if let [(term, 1)] = *summands {
            let scale = |term| u32::try_from(pool.as_usize(term)?).ok();
            if let Term::Apply(op, [a, b, _]) = pool.get(term) {
                let scaled = match op {
                    Op::Mul => scale(b).map(|by| (a, by, 1)).or(scale(a).map(|by| (b, by, 1))),
                    Op::Shl => scale(a).filter(|by| *by < 16).map(|by| (b, 1 << by, 1)),
                    Op::Shr => scale(a).filter(|by| *by < 6).map(|by| (b, 1, 1 << by)),
                    Op::Div => scale(b).map(|by| (a, 1, by)),
                    _ => None,
                };
                if let Some((value, stride, per_slot)) = scaled {
                    return Part { stride, per_slot, ..self.part(value) };
                }
            }
            return self.part(term);
        }
        let mut part = Part { stride: 0, ..Part::new(String::new(), Sources::default()) };
        for (n, &(term, factor)) in summands.iter().enumerate() {
            let sign = match (n, factor < 0) {
                (_, true) => "- ",
                (0, false) => "",
                (_, false) => "+ ",
            };
            let space = if n == 0 { "" } else { " " };
            part.text.push_str(&format!("{space}{sign}{}", self.finder.names.text(term)));
            part.sources = part.sources.or(self.sources(term));
        }
        part
    }

    /// A value that paths bring together: all of them, or a start that a loop counts on from.
    fn phi(&self, (node, position): (NodeId, u32), depth: u32) -> Found {
        let phis = Phis { pool: self.finder.pool, behind: self.finder.behind };
        match phis.choice(node, position) {
            Choice::One(value) => self.find(value, depth + 1),
            Choice::Of(values) => self.all(&values, depth),
            Choice::Count { at, start, step } => {
                let starts = self.find(start, depth + 1)?;
                let name = self.finder.names.loop_name(at.0, at.1);
                let stride = u32::try_from(step).unwrap_or(0);
                let part = Part { stride, ..Part::new(name, Sources::default()) };
                Some(each(starts, |place| place.index(part.clone())))
            }
            Choice::Loop(..) | Choice::Merged => None,
        }
    }

    /// A word of memory.
    fn stored(&self, place: (NodeId, usize), at: TermId, depth: u32) -> Found {
        self.origins(&self.finder.memories.read(place, at, 0, WORD), depth)
    }

    fn origins(&self, origins: &[Origin], depth: u32) -> Found {
        let word = |origin: &Origin| match *origin {
            Origin::Stored(word, 0) => Some(word),
            _ => None,
        };
        let words: Option<Vec<TermId>> = origins.iter().map(word).collect();
        self.all(&words?, depth)
    }

    /// The places of all of these; none when one of them has none.
    fn all(&self, values: &[TermId], depth: u32) -> Found {
        let mut places = Vec::new();
        for &value in values {
            places.extend(self.find(value, depth + 1)?);
            if MAX_PLACES < places.len() {
                return None;
            }
        }
        (!places.is_empty()).then_some(places)
    }

    fn part(&self, term: TermId) -> Part {
        Part::new(self.finder.names.text(term), self.sources(term))
    }

    fn sources(&self, term: TermId) -> Sources {
        self.dependence().term(term)
    }

    const fn dependence(&self) -> Dependence<'_, '_> {
        let Finder { pool, behind, memories, .. } = self.finder;
        Dependence { pool, behind, memories }
    }
}

fn each(places: Vec<Place>, step: impl FnMut(Place) -> Place) -> Vec<Place> {
    places.into_iter().map(step).collect()
}
