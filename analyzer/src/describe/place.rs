//! Where does a slot lie, and with what is its place computed?
//!
//! In: found by `finder`. Out: [`Place`]: the shape of a slot with the keys and indices on the way,
//! as text and by what they depend on.
//! Invariant: there is one [`Part`] for each [`Step::Key`] and [`Step::Index`] of the shape, in order.

use alloy_primitives::U256;

use crate::describe::slots::{SlotShape, Step};

/// What a key of unknown words is called.
pub(super) const UNKNOWN: &str = "…";

/// A slot as steps from the variable it belongs to, with what is known of every key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    shape: SlotShape,
    parts: Vec<Part>,
}

/// A key of a mapping, or an index of an array.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// The value, as a reader would write it; `…` when nothing is known of it.
    pub text: String,
    /// How many slots an element takes, for an index; zero when that is not known.
    pub stride: u32,
    /// How many elements share a slot, for an index.
    pub per_slot: u32,
    /// What the value depends on.
    pub sources: Sources,
}

/// What a value depends on. Constants and addresses of code depend on nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sources {
    /// Who calls.
    pub caller: bool,
    /// What the call says: calldata, ether sent, the price of gas.
    pub argument: bool,
    /// Something that is the same for every caller at a time: storage, other accounts, the block.
    pub state: bool,
    /// Something the walk does not know, such as what another contract answers.
    pub unknown: bool,
}

impl Sources {
    /// What nothing is known of.
    pub const UNKNOWN: Self = Self { caller: false, argument: false, state: false, unknown: true };

    /// What either depends on.
    pub const fn or(self, other: Self) -> Self {
        Self {
            caller: self.caller || other.caller,
            argument: self.argument || other.argument,
            state: self.state || other.state,
            unknown: self.unknown || other.unknown,
        }
    }

    /// Whether two callers with arguments of their own have values of their own here.
    pub const fn is_own(self) -> bool {
        self.caller || self.argument
    }
}

impl Part {
    /// A key, or an index of elements that take one slot each.
    pub(super) const fn new(text: String, sources: Sources) -> Self {
        Self { text, stride: 1, per_slot: 1, sources }
    }

    /// A key or index of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { stride: 0, ..Self::new(UNKNOWN.to_owned(), Sources::UNKNOWN) }
    }
}

impl Place {
    /// The slot `base` itself.
    pub(super) fn plain(base: U256) -> Self {
        Self { shape: SlotShape::plain(base), parts: Vec::new() }
    }

    /// A shape of whose keys nothing is known.
    pub(super) fn of_shape(shape: SlotShape) -> Self {
        let is_part = |step: &&Step| matches!(step, Step::Key | Step::Index);
        let n_parts = shape.steps().iter().filter(is_part).count();
        Self { shape, parts: vec![Part::unknown(); n_parts] }
    }

    /// The steps, without the keys.
    pub const fn shape(&self) -> &SlotShape {
        &self.shape
    }

    /// The keys and indices, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether two callers with arguments of their own get slots of their own.
    pub fn is_own(&self) -> bool {
        self.parts.iter().any(|part| part.sources.is_own())
    }

    /// Whether the walk does not know which slot it is.
    pub fn is_unknown(&self) -> bool {
        self.parts.iter().any(|part| part.sources.unknown)
    }

    /// To an element of a mapping.
    pub(super) fn key(mut self, part: Part) -> Self {
        self.shape.push(Step::Key);
        self.parts.push(part);
        self
    }

    /// To the first element of an array.
    pub(super) fn elements(mut self) -> Self {
        self.shape.push(Step::Elements);
        self
    }

    /// To a member.
    pub(super) fn offset(mut self, by: u32) -> Self {
        self.shape.push(Step::Offset(by));
        self
    }

    /// To some element of an array; indices that follow on each other are one.
    pub(super) fn index(mut self, part: Part) -> Self {
        let n_steps = self.shape.steps().len();
        self.shape.push(Step::Index);
        match self.parts.last_mut() {
            Some(last) if self.shape.steps().len() == n_steps => {
                last.text = format!("{} + {}", last.text, part.text);
                last.stride = 0;
                last.sources = last.sources.or(part.sources);
            }
            _ => self.parts.push(part),
        }
        self
    }
}
