//! What does the source call a slot?
//!
//! In: a layout, and a place as the analyzer found it. Out: a name such as
//! `allowance[from][caller]`, `positions[id].owner`, `{reserve0, reserve1}`.
//! Invariant: a place that the layout does not explain step by step has no name.
//!
//! Reading a place is walking down the layout. A [`Cursor`] stands so many slots into a scope: the
//! contract's variables, a struct's members, a type, or the elements of a dynamic array. Each step
//! of the place first settles the cursor on the one variable it must be in, then goes on from its
//! type. At the end the bits that are touched choose among the variables that share the slot.

use alloy_primitives::U256;
use slotcast_analyzer::describe::{Part, Place, slots::Step};

use crate::artifacts::{LayoutType, StorageLayout, Variable};

/// Structs and arrays within one another.
const MAX_DEPTH: u32 = 32;
const WORD: u64 = 32;
/// Elements larger than half a slot do not share one.
const HALF: u64 = 16;

/// What a cursor stands in.
#[derive(Clone, Copy)]
enum Scope<'a> {
    /// Variables of the contract, or members of a struct.
    Members(&'a [Variable]),
    /// One value of this type.
    Type(&'a str),
    /// The elements of a dynamic array.
    Elements(&'a str),
    /// The bytes of a long string; nothing more is to be said.
    Bytes,
}

/// A position on the way down.
struct Cursor<'a> {
    name: String,
    scope: Scope<'a>,
    /// Slots from the scope's start.
    within: U256,
}

/// The name of the slot at `place`, of which these bits are touched; `text` writes a key.
pub(crate) fn name_of(
    layout: &StorageLayout,
    place: &Place,
    bits: U256,
    text: &dyn Fn(&Part) -> String,
) -> Option<String> {
    let shape = place.shape();
    let mut parts = place.parts().iter();
    let mut cursor = Cursor {
        name: String::new(),
        scope: Scope::Members(&layout.storage),
        within: shape.base(),
    };
    for step in shape.steps() {
        cursor = match *step {
            Step::Key => key(layout, cursor, &text(parts.next()?))?,
            Step::Elements => elements(layout, cursor)?,
            Step::Index => {
                let part = parts.next()?;
                index(layout, cursor, part, text)?
            }
            Step::Offset(by) => {
                Cursor { within: cursor.within.checked_add(U256::from(by))?, ..cursor }
            }
        };
    }
    finish(layout, cursor, bits)
}

/// Whether the layout has anything at the slot where `place` begins.
pub(crate) fn covers(layout: &StorageLayout, place: &Place) -> bool {
    !at(layout, &layout.storage, place.shape().base()).is_empty()
}

/// The variables that a place is in, of which these bits are touched, by position in the layout.
pub(crate) fn variables(layout: &StorageLayout, place: &Place, bits: U256) -> Vec<usize> {
    let shape = place.shape();
    // Behind a key other bits are touched than the variable's own.
    let bits = if shape.steps().is_empty() { bits } else { U256::MAX };
    let here = touched(layout, &layout.storage, shape.base(), bits);
    let is_here = |of: &Variable| here.iter().any(|it| core::ptr::eq(*it, of));
    let all = layout.storage.iter().enumerate();
    all.filter(|(_, variable)| is_here(variable)).map(|(n, _)| n).collect()
}

/// The element of a mapping.
fn key<'a>(layout: &'a StorageLayout, cursor: Cursor<'a>, key: &str) -> Option<Cursor<'a>> {
    let (name, type_name) = value(layout, cursor)?;
    let value = match layout.types.get(type_name) {
        Some(LayoutType { value: Some(value), .. }) => value.as_str(),
        _ => vyper_value(type_name)?,
    };
    Some(Cursor { name: format!("{name}[{key}]"), scope: Scope::Type(value), within: U256::ZERO })
}

/// The value type of Vyper's `HashMap[key, value]`, which has no entry of its own.
fn vyper_value(type_name: &str) -> Option<&str> {
    let inner = type_name.strip_prefix("HashMap[")?.strip_suffix(']')?;
    Some(inner.split_once(", ")?.1)
}

/// The elements of a dynamic array, or the bytes of a string.
fn elements<'a>(layout: &'a StorageLayout, cursor: Cursor<'a>) -> Option<Cursor<'a>> {
    let (name, type_name) = value(layout, cursor)?;
    let of = layout.types.get(type_name)?;
    let scope = match (of.encoding.as_str(), of.base.as_deref()) {
        ("dynamic_array", Some(base)) => Scope::Elements(base),
        ("bytes", _) => Scope::Bytes,
        _ => return None,
    };
    Some(Cursor { name, scope, within: U256::ZERO })
}

/// Some element of an array.
fn index<'a>(
    layout: &'a StorageLayout,
    cursor: Cursor<'a>,
    part: &Part,
    text: &dyn Fn(&Part) -> String,
) -> Option<Cursor<'a>> {
    if matches!(cursor.scope, Scope::Bytes) {
        return Some(cursor);
    }
    let (name, base, within) = match cursor.scope {
        Scope::Elements(base) => (cursor.name, base, cursor.within),
        _ => fixed_array(layout, cursor)?,
    };
    let of = layout.types.get(base)?;
    let size = of.number_of_bytes;
    let is_packed = size <= U256::from(HALF);
    let n_slots = of.n_slots();
    let is_scaled = match is_packed {
        true => U256::from(part.per_slot) == U256::from(WORD) / size.max(U256::ONE),
        false => U256::from(part.stride) == n_slots && part.per_slot == 1,
    };
    let index = if is_scaled { text(part) } else { "…".to_owned() };
    let scope = if is_packed { Scope::Bytes } else { Scope::Type(base) };
    Some(Cursor { name: format!("{name}[{index}]"), scope, within: within % n_slots })
}

/// The array of fixed length that the cursor stands in: its name, its elements, and how far in.
fn fixed_array<'a>(
    layout: &'a StorageLayout,
    mut cursor: Cursor<'a>,
) -> Option<(String, &'a str, U256)> {
    for _ in 0..MAX_DEPTH {
        if let Scope::Type(type_name) = cursor.scope {
            let of = layout.types.get(type_name)?;
            if let ("inplace", Some(base)) = (of.encoding.as_str(), of.base.as_deref()) {
                return Some((cursor.name, base, cursor.within));
            }
        }
        cursor = down(layout, cursor, U256::MAX)?;
    }
    None
}

/// The one value that the cursor stands at the start of: its name and type.
fn value<'a>(layout: &'a StorageLayout, mut cursor: Cursor<'a>) -> Option<(String, &'a str)> {
    for _ in 0..MAX_DEPTH {
        if let Scope::Type(type_name) = cursor.scope
            && !is_compound(layout, type_name)
        {
            return cursor.within.is_zero().then_some((cursor.name, type_name));
        }
        cursor = down(layout, cursor, U256::MAX)?;
    }
    None
}

/// Whether a type has parts that lie in place.
fn is_compound(layout: &StorageLayout, type_name: &str) -> bool {
    layout
        .types
        .get(type_name)
        .is_some_and(|of| !of.members.is_empty() || of.encoding == "inplace" && of.base.is_some())
}

/// One level down, to the one part that the cursor stands in, of those that `bits` touch.
fn down<'a>(layout: &'a StorageLayout, cursor: Cursor<'a>, bits: U256) -> Option<Cursor<'a>> {
    match cursor.scope {
        Scope::Members(members) => match touched(layout, members, cursor.within, bits).as_slice() {
            [one] => Some(Cursor {
                name: member_name(layout, &cursor.name, one),
                scope: Scope::Type(&one.type_name),
                within: cursor.within - one.slot,
            }),
            _ => None,
        },
        Scope::Type(type_name) => {
            let of = layout.types.get(type_name)?;
            if !of.members.is_empty() {
                return Some(Cursor { scope: Scope::Members(&of.members), ..cursor });
            }
            element(layout, cursor, of.base.as_deref().filter(|_| of.encoding == "inplace")?)
        }
        Scope::Elements(base) => element(layout, cursor, base),
        Scope::Bytes => None,
    }
}

/// The element of an array that lies a known number of slots in.
fn element<'a>(layout: &'a StorageLayout, cursor: Cursor<'a>, base: &'a str) -> Option<Cursor<'a>> {
    let of = layout.types.get(base)?;
    if of.number_of_bytes <= U256::from(HALF) {
        return Some(Cursor {
            name: format!("{}[…]", cursor.name), scope: Scope::Bytes, ..cursor
        });
    }
    let n_slots = of.n_slots();
    Some(Cursor {
        name: format!("{}[{}]", cursor.name, cursor.within / n_slots),
        scope: Scope::Type(base),
        within: cursor.within % n_slots,
    })
}

/// The name of what the cursor stands at, all the way down.
fn finish<'a>(layout: &'a StorageLayout, mut cursor: Cursor<'a>, bits: U256) -> Option<String> {
    for _ in 0..MAX_DEPTH {
        match cursor.scope {
            Scope::Bytes => return Some(with_ellipsis(cursor.name)),
            Scope::Members(members) => {
                let here = touched(layout, members, cursor.within, bits);
                if 1 < here.len() {
                    let labels: Vec<String> =
                        here.iter().map(|it| member_name(layout, "", it)).collect();
                    let dot = if cursor.name.is_empty() { "" } else { "." };
                    return Some(format!("{}{dot}{{{}}}", cursor.name, labels.join(", ")));
                }
            }
            Scope::Type(type_name) if !is_compound(layout, type_name) => {
                return plain(layout, cursor, type_name);
            }
            Scope::Type(_) | Scope::Elements(_) => {}
        }
        cursor = down(layout, cursor, bits)?;
    }
    None
}

/// The name of a value that has no parts in place.
fn plain(layout: &StorageLayout, cursor: Cursor<'_>, type_name: &str) -> Option<String> {
    let of = layout.types.get(type_name);
    let n_slots = of.map_or(U256::ONE, LayoutType::n_slots);
    // Vyper keeps a string's text behind its length.
    let is_text = of.is_some_and(|of| of.encoding == "vyper_inplace") && U256::ONE < n_slots;
    if is_text && cursor.within < n_slots {
        return Some(if cursor.within.is_zero() {
            cursor.name
        } else {
            with_ellipsis(cursor.name)
        });
    }
    if !cursor.within.is_zero() {
        return None;
    }
    match of.is_some_and(|of| of.encoding == "dynamic_array") {
        true => Some(format!("{}.length", cursor.name)),
        false => Some(cursor.name),
    }
}

fn with_ellipsis(name: String) -> String {
    if name.ends_with(']') { name } else { format!("{name}[…]") }
}

/// A member's name: its label; of variables that share theirs, with the contract that declares it,
/// such as `Base.owner`, and where that is not enough with the slot, such as `owner@7`.
fn member_name(layout: &StorageLayout, prefix: &str, member: &Variable) -> String {
    let label = &member.label;
    if !prefix.is_empty() {
        return format!("{prefix}.{label}");
    }
    let is_variable = layout.storage.iter().any(|it| core::ptr::eq(it, member));
    let contract = |of: &Variable| match of.contract.rsplit_once(':') {
        Some((_, contract)) => contract.to_owned(),
        None => of.contract.clone(),
    };
    let alike = || layout.storage.iter().filter(|it| it.label == *label);
    if !is_variable || alike().nth(1).is_none() {
        return label.clone();
    }
    let own = contract(member);
    match !own.is_empty() && alike().filter(|it| contract(it) == own).nth(1).is_none() {
        true => format!("{own}.{label}"),
        false => format!("{label}@{}", member.slot),
    }
}

/// The variables at a slot that these bits belong to; all there are, where the bits miss them all.
fn touched<'a>(
    layout: &StorageLayout,
    members: &'a [Variable],
    slot: U256,
    bits: U256,
) -> Vec<&'a Variable> {
    let here = at(layout, members, slot);
    let is_touched = |member: &&&Variable| {
        let size =
            layout.types.get(&member.type_name).map_or(U256::from(WORD), |of| of.number_of_bytes);
        let size = size.min(U256::from(WORD)).to::<usize>();
        let ones = U256::MAX >> (256 - 8 * size.max(1));
        let mask = ones << (8 * usize::from(member.offset));
        mask & bits != U256::ZERO
    };
    let chosen: Vec<&Variable> = here.iter().filter(is_touched).copied().collect();
    if chosen.is_empty() { here } else { chosen }
}

/// The variables that reach over a slot.
fn at<'a>(layout: &StorageLayout, members: &'a [Variable], slot: U256) -> Vec<&'a Variable> {
    let covers = |member: &&Variable| {
        member.slot <= slot && slot - member.slot < layout.n_slots(&member.type_name)
    };
    members.iter().filter(covers).collect()
}
