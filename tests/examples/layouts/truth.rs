//! Which (base slot, kind) pairs does solc's storage layout name?
//!
//! In: a contract as one line of JSON. Out: its code and [`Unit`]s, which are what is counted.
//! Invariants: values packed into one slot are one unit; a member of a struct is a unit at its own
//! slot; a static array is one unit for each member of its elements, over all slots they take.
//! Constants and immutables have no slot, so solc's layout holds none.

use std::{collections::BTreeMap, error::Error};

use alloy_primitives::{U256, hex};
use serde::Deserialize;
use slotcast::analyzer::describe::slots::{Field, Kind};

/// One contract of the file.
pub(crate) struct Contract {
    pub(crate) id: String,
    pub(crate) set: String,
    pub(crate) code: Vec<u8>,
    pub(crate) units: Vec<Unit>,
}

/// What is found or missed as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    pub(crate) start: U256,
    pub(crate) kind: Kind,
    /// Slots from the start to the end.
    pub(crate) n_slots: u64,
    /// Every so many slots from the start on belong to the unit.
    pub(crate) stride: u64,
    /// The names and types of what it holds.
    pub(crate) names: String,
    /// Where in the slot it holds values smaller than a word.
    pub(crate) fields: Vec<Field>,
}

impl Unit {
    pub(crate) fn contains(&self, slot: U256) -> bool {
        let distance = slot.wrapping_sub(self.start);
        distance < U256::from(self.n_slots) && (distance % U256::from(self.stride)).is_zero()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    id: String,
    set: String,
    code: String,
    storage_layout: StorageLayout,
}

#[derive(Deserialize)]
struct StorageLayout {
    storage: Vec<Member>,
    types: Option<BTreeMap<String, Type>>,
}

#[derive(Deserialize)]
struct Member {
    label: String,
    slot: String,
    offset: u16,
    #[serde(rename = "type")]
    type_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    encoding: String,
    number_of_bytes: String,
    #[serde(default)]
    members: Vec<Member>,
    base: Option<String>,
}

impl Type {
    /// Its size; the largest arrays are longer than any number of slots that could be used.
    fn n_bytes(&self) -> Result<u64, Box<dyn Error>> {
        Ok(self.number_of_bytes.parse::<U256>()?.saturating_to())
    }
}

/// Collects the units of one contract.
struct Reader<'a> {
    types: &'a BTreeMap<String, Type>,
    units: Vec<Unit>,
}

impl Contract {
    pub(crate) fn parse(line: &str) -> Result<Self, Box<dyn Error>> {
        let line: Line = serde_json::from_str(line)?;
        let types = line.storage_layout.types.unwrap_or_default();
        let mut reader = Reader { types: &types, units: Vec::new() };
        for member in &line.storage_layout.storage {
            reader.member(member, U256::ZERO, None)?;
        }
        let code = hex::decode(without_link_placeholders(&line.code))?;
        let units = merged(reader.units);
        Ok(Self { id: line.id, set: line.set, code, units })
    }
}

impl Reader<'_> {
    /// A member of a struct, or a variable, behind `base`; `array` has the slots of the array it is
    /// an element of.
    fn member(
        &mut self,
        member: &Member,
        base: U256,
        array: Option<(u64, u64)>,
    ) -> Result<(), Box<dyn Error>> {
        let start = base + member.slot.parse::<U256>()?;
        let of_type = self.types.get(&member.type_id).ok_or("a type is missing")?;
        let n_bytes = of_type.n_bytes()?;
        if of_type.encoding == "inplace" && !of_type.members.is_empty() {
            return of_type.members.iter().try_for_each(|inner| self.member(inner, start, array));
        }
        if let (true, Some(element)) = (of_type.encoding == "inplace", &of_type.base) {
            let n_slots = n_bytes.div_ceil(32);
            let element_bytes = self.types.get(element).ok_or("a type is missing")?.n_bytes()?;
            let inner = Member {
                label: member.label.clone(),
                slot: "0".to_owned(),
                offset: 0,
                type_id: element.clone(),
            };
            let n_slots = array.map_or(n_slots, |(outer, _)| outer);
            return self.member(&inner, start, Some((n_slots, element_bytes.div_ceil(32))));
        }
        let kind = match of_type.encoding.as_str() {
            "mapping" => Kind::Mapping,
            "dynamic_array" | "bytes" => Kind::Array,
            _ => Kind::Plain,
        };
        let (n_slots, stride) = array.unwrap_or((1, 1));
        let names = format!("{}: {}", member.label, member.type_id);
        let mut fields = Vec::new();
        if kind == Kind::Plain && n_bytes < 32 {
            let from = 8 * member.offset;
            fields.push(Field { from, to: from + 8 * n_bytes as u16 });
        }
        self.units.push(Unit { start, kind, n_slots, stride, names, fields });
        Ok(())
    }
}

/// The units with those that share a slot made one.
fn merged(mut units: Vec<Unit>) -> Vec<Unit> {
    units.sort();
    units.dedup_by(|next, unit| {
        let is_same = (next.start, next.kind, next.n_slots, next.stride)
            == (unit.start, unit.kind, unit.n_slots, unit.stride);
        if is_same {
            unit.names = format!("{}, {}", unit.names, next.names);
            unit.fields.append(&mut next.fields);
        }
        is_same
    });
    units
}

/// Code in which the places of library addresses, which are no hex digits, are zeros.
fn without_link_placeholders(code: &str) -> String {
    let digits = code.strip_prefix("0x").unwrap_or(code);
    let is_digit = |letter: char| letter.is_ascii_hexdigit();
    digits.chars().map(|letter| if is_digit(letter) { letter } else { '0' }).collect()
}
