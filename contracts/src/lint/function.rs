//! What does one function do to slots that users share?
//!
//! In: a described function. Out: a [`Function`]: who may call it, and what it does to each shared
//! slot, for certain and at most.
//! Invariant: every access is in exactly one of: a shared slot, a user's own slot, unknown.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifacts::{NamedAccess, NamedFunction, SourceLine};
use alloy_primitives::U256;
use serde::Serialize;
use slotcast_analyzer::{
    describe::{AccessKind, Part, ZeroGuard},
    limits::StopReason,
};

use crate::lint::slot::{Reach, SlotId, VariableId, reach};

/// Who changes state by calling a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// All callers.
    Users,
    /// One account that state or code names, such as an owner.
    OneCaller,
    /// The first caller: it succeeds only while something that it sets is zero.
    Once,
    /// No one caller matters: it changes nothing.
    Reads,
}

/// What is done to a shared slot; what comes later covers what comes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Use {
    /// Looked at.
    Reads,
    /// Taken and given back, so that it ends as it began.
    Locks,
    /// Added to, and looked at in guards alone.
    Adds,
    /// Added to, and looked at otherwise, too.
    Counts,
    /// Stored to.
    Writes,
}

impl Use {
    /// Whether the slot holds something else afterwards.
    pub(crate) const fn changes(self) -> bool {
        matches!(self, Self::Adds | Self::Counts | Self::Writes)
    }

    /// Whether what the slot held before matters. Deltas can be moved to another start.
    pub(crate) const fn looks(self) -> bool {
        !matches!(self, Self::Adds)
    }
}

/// What a function does to one shared slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touch {
    /// The most it may do.
    pub(crate) possible: Use,
    /// What it does each time.
    pub(crate) certain: Option<Use>,
    /// The bits it looks at.
    pub(crate) looked_at: U256,
    /// The bits it replaces.
    pub(crate) replaced: U256,
    /// What the function's source calls what it changes there, else what it reads.
    names: BTreeMap<Use, BTreeSet<String>>,
    /// The first line that declares what it touches there, if known.
    pub(crate) declared: Option<SourceLine>,
}

/// A function, as far as others have to wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) label: String,
    pub(crate) role: Role,
    pub(crate) shared: BTreeMap<SlotId, Touch>,
    /// Variables of which it changes slots that are the user's own, with what it calls them.
    pub(crate) own: BTreeMap<VariableId, BTreeSet<String>>,
    /// What it stores to without anybody knowing where.
    pub(crate) unknown: BTreeSet<String>,
    /// Calls of code that may change other contracts.
    pub(crate) n_calls: usize,
    pub(crate) stop: StopReason,
    /// The line that declares it, if known.
    pub(crate) declared: Option<SourceLine>,
}

impl Function {
    pub(crate) fn new(function: &NamedFunction) -> Self {
        let is_static = |kind: &str| kind == "staticcall";
        let mut made = Self {
            label: function.label(),
            role: Role::Reads,
            shared: BTreeMap::new(),
            own: BTreeMap::new(),
            unknown: BTreeSet::new(),
            n_calls: function.calls.iter().filter(|call| !is_static(call.kind.text())).count(),
            stop: function.stop,
            declared: function.declared.clone(),
        };
        for access in &function.accesses {
            made.note(access, function);
        }
        for touch in made.shared.values_mut() {
            // Looking at a slot that is added to elsewhere in the function is using the sum.
            if touch.possible == Use::Adds && touch.names.contains_key(&Use::Reads) {
                touch.possible = Use::Counts;
            }
        }
        made.role = role(function, &made);
        made
    }

    fn note(&mut self, access: &NamedAccess, function: &NamedFunction) {
        let moves = |part: &Part| {
            let is_moved = |it: &&NamedAccess| {
                let stored = format!("storage[{}]", it.access.slot);
                it.access.kind != AccessKind::Read && part.text.contains(&stored)
            };
            part.sources.state && function.accesses.iter().any(|it| is_moved(&it))
        };
        let changes = access.access.kind != AccessKind::Read;
        let head = head_of_text(access, function);
        let (named, is_certain) = match head {
            Some(head) => (head, false),
            None => (access, access.is_certain()),
        };
        let places = &named.access.places;
        if places.is_empty() && changes {
            self.unknown.insert(named.label());
        }
        for place in places {
            match reach(place, moves) {
                Reach::Shared { slot, is_choice } => {
                    let is_certain = is_certain && places.len() == 1 && !is_choice;
                    self.share(slot, access, named.label(), is_certain);
                }
                Reach::Own(variable) if changes => {
                    self.own.entry(variable).or_default().insert(named.label());
                }
                Reach::Unknown if changes => {
                    self.unknown.insert(named.label());
                }
                Reach::Own(_) | Reach::Unknown => {}
            }
        }
    }

    fn share(&mut self, slot: SlotId, access: &NamedAccess, label: String, is_certain: bool) {
        let kind = match access.access.kind {
            AccessKind::Read => Use::Reads,
            AccessKind::Write if access.access.is_lock => Use::Locks,
            AccessKind::Write => Use::Writes,
            AccessKind::Add if access.access.is_delta => Use::Adds,
            AccessKind::Add => Use::Counts,
        };
        let touch = self.shared.entry(slot).or_insert_with(|| Touch {
            possible: kind,
            certain: None,
            looked_at: U256::ZERO,
            replaced: U256::ZERO,
            names: BTreeMap::new(),
            declared: None,
        });
        touch.declared = touch.declared.take().into_iter().chain(access.declared.clone()).min();
        touch.possible = touch.possible.max(kind);
        if is_certain {
            touch.certain = touch.certain.max(Some(kind));
        }
        if kind != Use::Writes {
            touch.looked_at |= access.access.bits;
        }
        if kind.changes() {
            touch.replaced |= access.access.bits;
        }
        touch.names.entry(kind).or_default().insert(label);
    }
}

impl Touch {
    /// What the source calls what is changed there, or read where nothing is.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let last = self.names.last_key_value();
        last.into_iter().flat_map(|(_, names)| names).map(String::as_str)
    }
}

#[cfg(test)]
impl Touch {
    /// Something done to a whole word each time.
    pub(crate) fn of(kind: Use) -> Self {
        let replaced = if kind.changes() { U256::MAX } else { U256::ZERO };
        Self {
            possible: kind,
            certain: Some(kind),
            looked_at: U256::MAX,
            replaced,
            names: BTreeMap::new(),
            declared: None,
        }
    }
}

/// The slot of a text, if an access is to what does not fit into it: `name` for `name[…]`.
///
/// Who stores one stores the other too, so they are one thing to wait for. An array's slot is called
/// `name.length` and stays apart, because elements change without it.
fn head_of_text<'a>(access: &NamedAccess, function: &'a NamedFunction) -> Option<&'a NamedAccess> {
    let name = access.name.as_deref()?.strip_suffix("[…]")?;
    function.accesses.iter().find(|it| it.name.as_deref() == Some(name))
}

/// Who calls a function, in typical traffic.
fn role(function: &NamedFunction, made: &Function) -> Role {
    // What may be set instead the function changes itself, so it is no switch of others. Where it is
    // set, an outer call has set the guard, and this one need not.
    let is_set_once = |guard: &ZeroGuard| {
        let of_slot = function.accesses.iter().filter(|it| it.access.slot == guard.slot);
        let changed = of_slot.clone().filter(|it| it.access.kind != AccessKind::Read);
        let bits = changed.fold(U256::ZERO, |bits, it| bits | it.access.bits);
        let mut sets = of_slot.filter(|it| {
            let is_shared = it.access.places.iter().all(|it| !it.is_own() && !it.is_unknown());
            let is_set = it.access.kind == AccessKind::Write && !it.access.is_lock;
            is_set && (it.is_certain() || !guard.instead.is_zero()) && is_shared
        });
        sets.next().is_some() && guard.instead & !bits == U256::ZERO
    };
    if !function.writes() && made.n_calls == 0 {
        Role::Reads
    } else if function.requires.iter().any(|it| it.names_caller) {
        Role::OneCaller
    } else if function.zero_guards.iter().any(is_set_once) {
        Role::Once
    } else {
        Role::Users
    }
}
