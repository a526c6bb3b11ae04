//! What can be said against a slot?
//!
//! In: nothing. Out: [`Rule`]s with their texts, and [`Level`]s.

use std::fmt;

use serde::{Serialize, Serializer};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Users wait for one another.
    Warning,
}

impl Level {
    /// All levels, ascending.
    pub const ALL: [Self; 2] = [Self::Note, Self::Warning];

    /// The level as a word, which is SARIF's too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A slot that calls of different users store to.
    SharedWrite,
    /// A counter that calls of different users raise and use.
    UsedCounter,
    /// A total that calls of different users only add to.
    SharedTotal,
    /// A store to a slot that the analysis cannot tell.
    UnknownSlot,
}

impl Rule {
    /// All rules, in the order of SARIF's `ruleIndex`.
    pub const ALL: [Self; 4] =
        [Self::SharedWrite, Self::UsedCounter, Self::SharedTotal, Self::UnknownSlot];

    /// The name by which it is denied or allowed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SharedWrite => "shared-write",
            Self::UsedCounter => "used-counter",
            Self::SharedTotal => "shared-total",
            Self::UnknownSlot => "unknown-slot",
        }
    }

    /// What it finds, in one sentence.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::SharedWrite => "Calls of different users store to one slot.",
            Self::UsedCounter => {
                "Calls of different users raise one counter and use the value it had."
            }
            Self::SharedTotal => {
                "Calls of different users add to one slot and only guards read it."
            }
            Self::UnknownSlot => "A call stores to a slot that the analysis cannot tell.",
        }
    }

    /// What can be done.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::SharedWrite => {
                "Keep the value for each user and put the parts together when they are read, \
                 or let a keeper's call settle it once in a while."
            }
            Self::UsedCounter => {
                "Derive the number from what the user brings, such as a hash of caller and nonce, or \
                 count for each user."
            }
            Self::SharedTotal => {
                "Nothing has to change where the engine moves deltas; where it does not, the sum \
                 of an event or of totals for each user serves as well."
            }
            Self::UnknownSlot => {
                "Write the key as a mapping or array of the language does, or read the function by \
                 hand."
            }
        }
    }

    /// The level of a finding of this rule, if `is_certain` that calls wait.
    pub(crate) const fn level(self, is_certain: bool) -> Level {
        match self {
            Self::UnknownSlot => Level::Note,
            _ if is_certain => Level::Warning,
            _ => Level::Note,
        }
    }

    /// The level that a finding mostly has.
    pub(crate) const fn default_level(self) -> Level {
        match self {
            Self::SharedWrite | Self::UsedCounter => Level::Warning,
            Self::SharedTotal | Self::UnknownSlot => Level::Note,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
