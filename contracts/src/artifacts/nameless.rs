//! Why does a slot have no name?
//!
//! In: an access whose slot has no name, and its contract. Out: [`Nameless`].
//! Invariant: a slot has a name or exactly one reason why not.

use slotcast_analyzer::describe::AccessText;

use crate::artifacts::{Contract, names};

/// What signatures say of a parameter that is a slot, as libraries have them.
const HANDED: &str = " storage";

/// Why a slot has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nameless {
    /// The compiler was not told to write a storage layout.
    NoLayout,
    /// A library's function is handed the slot by its caller, whose layout has it.
    Handed,
    /// The layout has nothing where the slot lies.
    Outside,
    /// How the slot is computed is not seen, or not what the layout has there.
    Unresolved,
}

impl Nameless {
    /// The reason as a part of a sentence on slots.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoLayout => "without a storage layout",
            Self::Handed => "handed to libraries",
            Self::Outside => "outside the storage layout",
            Self::Unresolved => "computed in ways that are not seen",
        }
    }
}

/// Why this slot has no name, for a function with that signature.
pub(crate) fn reason(
    contract: &Contract,
    signature: Option<&str>,
    access: &AccessText,
) -> Nameless {
    if signature.is_some_and(|signature| signature.contains(HANDED)) {
        return Nameless::Handed;
    }
    let Some(layout) = &contract.layout else { return Nameless::NoLayout };
    let is_outside = |place| !names::covers(layout, place);
    match !access.places.is_empty() && access.places.iter().all(is_outside) {
        true => Nameless::Outside,
        false => Nameless::Unresolved,
    }
}
