//! Where do namespaces lie, and what is in them?
//!
//! In: structs that a comment puts somewhere (`@custom:storage-location erc7201:<id>`), which no
//! storage layout mentions. Out: a variable for each, with its types, as if it were in the layout.
//! Source: ERC-7201: slot = keccak256(keccak256(id) - 1), with the last byte cleared.
//! Invariant: members lie as solc lays them out; a struct with a member of unknown type is left out.

use std::collections::BTreeMap;

use alloy_primitives::{U256, keccak256};
use serde_json::Value;

use crate::artifacts::{LayoutType, StorageLayout, Variable, ast::Trees};

const TAG: &str = "erc7201:";
const WORD: u64 = 32;
/// Types within one another.
const MAX_DEPTH: u32 = 16;

/// The namespaces of some files as a layout; the labels are the structs' names.
pub(crate) fn namespaces(trees: &Trees) -> StorageLayout {
    let mut draft = Draft { trees, types: BTreeMap::new() };
    let mut storage: Vec<Variable> = Vec::new();
    for node in trees.types.values() {
        let Some(id) = namespace_id(node) else { continue };
        let Some(type_name) = draft.of_struct(node, 0) else { continue };
        let text = |key: &str| node[key].as_str().unwrap_or_default().to_owned();
        let is_taken = storage.iter().any(|known| known.label == text("name"));
        let label = if is_taken { text("canonicalName") } else { text("name") };
        let contract = String::new();
        storage.push(Variable {
            label,
            slot: slot_of(id),
            offset: 0,
            type_name,
            contract,
            ast_id: None,
        });
    }
    StorageLayout { storage, types: draft.types }
}

/// The first slot of a namespace.
fn slot_of(id: &str) -> U256 {
    let inner = U256::from_be_bytes(keccak256(id).0).wrapping_sub(U256::ONE);
    let slot = U256::from_be_bytes(keccak256(inner.to_be_bytes::<32>()).0);
    slot & !U256::from(0xff)
}

/// The id in a struct's documentation.
fn namespace_id(node: &Value) -> Option<&str> {
    let documentation = &node["documentation"];
    let text = documentation.as_str().or_else(|| documentation["text"].as_str())?;
    let rest = &text[text.find("@custom:storage-location")?..];
    let id = rest[rest.find(TAG)? + TAG.len()..].split_whitespace().next()?;
    (node["nodeType"] == "StructDefinition").then_some(id)
}

struct Draft<'a> {
    trees: &'a Trees,
    types: BTreeMap<String, LayoutType>,
}

/// How a type lies: its name, its bytes, and whether it starts a slot of its own.
struct Sized {
    name: String,
    bytes: u64,
    is_whole: bool,
}

impl Draft<'_> {
    fn of_struct(&mut self, node: &Value, depth: u32) -> Option<String> {
        let name = format!("struct {}", node["id"].as_u64()?);
        if self.types.contains_key(&name) {
            return Some(name);
        }
        let (mut slot, mut offset) = (0_u64, 0_u64);
        let mut members = Vec::new();
        for member in node["members"].as_array()? {
            let of = self.of_type(&member["typeName"], depth + 1)?;
            let fits = !of.is_whole && offset + of.bytes <= WORD;
            if !fits && offset != 0 {
                (slot, offset) = (slot + 1, 0);
            }
            members.push(Variable {
                label: member["name"].as_str()?.to_owned(),
                slot: U256::from(slot),
                offset: u8::try_from(offset).ok()?,
                type_name: of.name,
                contract: String::new(),
                ast_id: None,
            });
            match of.is_whole {
                true => slot = slot.checked_add(of.bytes.div_ceil(WORD))?,
                false => offset += of.bytes,
            }
        }
        let n_slots = slot + u64::from(offset != 0);
        let label = node["canonicalName"].as_str().unwrap_or_default().to_owned();
        let number_of_bytes = U256::from(n_slots.checked_mul(WORD)?);
        let encoding = "inplace".to_owned();
        let of = LayoutType { encoding, label, number_of_bytes, value: None, base: None, members };
        self.types.insert(name.clone(), of);
        Some(name)
    }

    fn of_type(&mut self, node: &Value, depth: u32) -> Option<Sized> {
        if depth == MAX_DEPTH {
            return None;
        }
        match node["nodeType"].as_str()? {
            "ElementaryTypeName" => Some(self.elementary(node["name"].as_str()?)),
            "Mapping" => {
                // A mapping's values take no room, and may be of a type that is being looked at.
                let value = self.value_of_mapping(&node["valueType"], depth);
                Some(self.add("mapping", WORD, node, |of| of.value = value))
            }
            "ArrayTypeName" => {
                let base = self.of_type(&node["baseType"], depth + 1)?;
                let Some(len) = array_len(node) else {
                    return Some(
                        self.add("dynamic_array", WORD, node, |of| of.base = Some(base.name)),
                    );
                };
                let n_slots = match base.is_whole || WORD / 2 < base.bytes {
                    true => base.bytes.div_ceil(WORD).checked_mul(len)?,
                    false => len.div_ceil(WORD / base.bytes.max(1)),
                };
                let bytes = n_slots.checked_mul(WORD)?;
                Some(self.add("inplace", bytes, node, |of| of.base = Some(base.name)))
            }
            "UserDefinedTypeName" => self.user_defined(node, depth),
            "FunctionTypeName" => {
                let is_external = node["visibility"] == "external";
                Some(Sized {
                    name: "function".into(),
                    bytes: if is_external { 24 } else { 8 },
                    is_whole: false,
                })
            }
            _ => None,
        }
    }

    fn value_of_mapping(&mut self, node: &Value, depth: u32) -> Option<String> {
        let id = node["referencedDeclaration"].as_u64();
        let id = id.or_else(|| node["pathNode"]["referencedDeclaration"].as_u64());
        match id.and_then(|id| self.trees.types.get(&id)) {
            Some(of) if of["nodeType"] == "StructDefinition" && depth + 1 < MAX_DEPTH => {
                self.of_struct(of, depth + 1)
            }
            _ => self.of_type(node, depth + 1).map(|of| of.name),
        }
    }

    fn user_defined(&mut self, node: &Value, depth: u32) -> Option<Sized> {
        let id = node["referencedDeclaration"].as_u64();
        let id = id.or_else(|| node["pathNode"]["referencedDeclaration"].as_u64())?;
        let plain =
            |name: &str, bytes| Some(Sized { name: name.to_owned(), bytes, is_whole: false });
        let Some(of) = self.trees.types.get(&id) else {
            // What is no struct, enumeration or value type is a contract.
            return plain("contract", 20);
        };
        match of["nodeType"].as_str()? {
            "StructDefinition" => {
                let name = self.of_struct(of, depth + 1)?;
                let bytes = self.types.get(&name)?.number_of_bytes.try_into().ok()?;
                Some(Sized { name, bytes, is_whole: true })
            }
            "EnumDefinition" => plain("enum", 1),
            _ => Some(self.elementary(of["underlyingType"]["name"].as_str()?)),
        }
    }

    /// A type that the language has by itself.
    fn elementary(&mut self, name: &str) -> Sized {
        let bits =
            |prefix: &str| name.strip_prefix(prefix).and_then(|bits| bits.parse::<u64>().ok());
        let (encoding, bytes) = match name {
            "bool" => ("inplace", 1),
            "address" | "address payable" => ("inplace", 20),
            "string" | "bytes" => ("bytes", WORD),
            _ => match (bits("uint").or(bits("int")), bits("bytes")) {
                (Some(bits), _) => ("inplace", bits.div_ceil(8)),
                (None, Some(bytes)) => ("inplace", bytes),
                (None, None) => ("inplace", WORD),
            },
        };
        let of = plain_type(encoding, name, bytes);
        self.types.insert(name.to_owned(), of);
        Sized { name: name.to_owned(), bytes, is_whole: encoding == "bytes" }
    }

    /// A type named by how the compiler spells it.
    fn add(
        &mut self,
        encoding: &str,
        bytes: u64,
        node: &Value,
        complete: impl FnOnce(&mut LayoutType),
    ) -> Sized {
        let descriptions = &node["typeDescriptions"];
        let name = descriptions["typeIdentifier"].as_str().unwrap_or(encoding).to_owned();
        let mut of = plain_type(encoding, &name, bytes);
        complete(&mut of);
        self.types.insert(name.clone(), of);
        Sized { name, bytes, is_whole: true }
    }
}

fn plain_type(encoding: &str, label: &str, bytes: u64) -> LayoutType {
    LayoutType {
        encoding: encoding.to_owned(),
        label: label.to_owned(),
        number_of_bytes: U256::from(bytes),
        value: None,
        base: None,
        members: Vec::new(),
    }
}

/// The length of an array of fixed length, as the compiler spells its type: `uint256[3] storage`.
fn array_len(node: &Value) -> Option<u64> {
    let text = node["typeDescriptions"]["typeString"].as_str()?;
    let (_, len) = text.split(']').next_back().map_or((text, ""), |rest| {
        text[..text.len() - rest.len()].trim_end_matches(']').rsplit_once('[').unwrap_or((text, ""))
    });
    len.parse().ok()
}

#[cfg(test)]
mod tests;
