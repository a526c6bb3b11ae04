//! Where does a slot lie, seen from the variable it belongs to?
//!
//! In: a base slot, and steps away from it. Out: a [`SlotShape`] that compares and prints.
//! Invariant: behind the last hash there is at most one [`Step::Index`], then at most one
//! [`Step::Offset`], so that equal places are equal shapes.

use core::fmt;

use alloy_primitives::U256;
use smallvec::SmallVec;

/// One step from a slot to another of the same variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// To an element of a mapping: the hash of a key and the slot.
    Key,
    /// To the first element of a dynamic array or the data of a long string: the hash of the slot.
    Elements,
    /// To some element of an array: an addend that is no constant.
    Index,
    /// To a member of a struct: a constant addend.
    Offset(u32),
}

/// A slot as its variable's base slot and the steps from there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotShape {
    base: U256,
    steps: SmallVec<[Step; 4]>,
}

/// What a variable is, seen from its base slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The value itself, or several small ones packed into one slot.
    Plain,
    /// A mapping; its elements are found by hashing keys.
    Mapping,
    /// A dynamic array, a string or bytes: the length, the elements behind a hash.
    Array,
}

impl SlotShape {
    /// The slot `base` itself.
    pub fn plain(base: U256) -> Self {
        Self { base, steps: SmallVec::new() }
    }

    /// The slot the compiler gave the variable, or for static arrays and structs one of them.
    pub const fn base(&self) -> U256 {
        self.base
    }

    /// The steps from the base slot, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What the variable is.
    pub fn kind(&self) -> Kind {
        self.steps
            .iter()
            .find_map(|step| match step {
                Step::Key => Some(Kind::Mapping),
                Step::Elements => Some(Kind::Array),
                Step::Index | Step::Offset(_) => None,
            })
            .unwrap_or(Kind::Plain)
    }

    /// How many mappings are nested before anything else comes.
    pub fn depth(&self) -> usize {
        self.steps.iter().take_while(|&&step| step == Step::Key).count()
    }

    /// Whether any hash lies between the base slot and this one.
    pub(crate) fn is_hashed(&self) -> bool {
        self.kind() != Kind::Plain
    }

    /// Takes one step on.
    pub(crate) fn push(&mut self, step: Step) {
        match (step, self.steps.last().copied()) {
            (Step::Key | Step::Elements, _) => self.steps.push(step),
            (Step::Index, Some(Step::Index)) | (Step::Offset(0), _) => {}
            (Step::Index, Some(Step::Offset(_))) => {
                let at = self.steps.len() - 1;
                if at == 0 || self.steps[at - 1] != Step::Index {
                    self.steps.insert(at, Step::Index);
                }
            }
            (Step::Offset(by), Some(Step::Offset(before))) => {
                let at = self.steps.len() - 1;
                self.steps[at] = Step::Offset(before.saturating_add(by));
            }
            // Without a hash the sum is a slot number like the base itself.
            (Step::Offset(by), _) if !self.is_hashed() => {
                self.base = self.base.wrapping_add(U256::from(by));
            }
            (Step::Index | Step::Offset(_), _) => self.steps.push(step),
        }
    }
}

impl fmt::Display for SlotShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base < U256::from(1024) {
            write!(f, "{}", self.base)?;
        } else {
            write!(f, "{:#x}", self.base)?;
        }
        for step in &self.steps {
            match step {
                Step::Key => f.write_str("[key]")?,
                Step::Elements => f.write_str(".data")?,
                Step::Index => f.write_str("[i]")?,
                Step::Offset(by) => write!(f, "+{by}")?,
            }
        }
        Ok(())
    }
}

impl Kind {
    /// The kind as one word.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Mapping => "mapping",
            Self::Array => "array",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests;
