//! What does a syntax tree say that no other part of an artifact does?
//!
//! In: solc's syntax trees of the files of one compilation. Out: [`Trees`]: declarations by id.
//! Invariant: reading is bounded by the tree's size; a node of unknown form is passed over.

use std::collections::BTreeMap;

use serde_json::Value;

/// Nodes within one another; deeper ones are expressions.
const MAX_DEPTH: u32 = 48;

/// What was declared in some files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trees {
    /// Structs, enumerations and value types by id.
    pub(crate) types: BTreeMap<u64, Value>,
    /// The names of immutables by id.
    pub(crate) immutables: BTreeMap<String, String>,
}

impl Trees {
    /// Takes in the declarations of one file.
    pub(crate) fn add(&mut self, ast: &Value) {
        self.visit(ast, 0);
    }

    fn visit(&mut self, node: &Value, depth: u32) {
        let id = node["id"].as_u64();
        match (node["nodeType"].as_str(), id) {
            (
                Some("StructDefinition" | "EnumDefinition" | "UserDefinedValueTypeDefinition"),
                Some(id),
            ) => {
                self.types.insert(id, node.clone());
            }
            (Some("VariableDeclaration"), Some(id)) if node["mutability"] == "immutable" => {
                if let Some(name) = node["name"].as_str() {
                    self.immutables.insert(id.to_string(), name.to_owned());
                }
            }
            (Some("SourceUnit" | "ContractDefinition"), _) if depth < MAX_DEPTH => {
                for child in node["nodes"].as_array().into_iter().flatten() {
                    self.visit(child, depth + 1);
                }
            }
            _ => {}
        }
    }
}
