//! What does a syntax tree say that no other part of an artifact does?
//!
//! In: solc's syntax trees of the files of one compilation. Out: [`Trees`]: declarations by id.
//! Invariant: reading is bounded by the tree's size; a node of unknown form is passed over.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::artifacts::StorageLayout;

/// Nodes within one another; deeper ones are expressions.
const MAX_DEPTH: u32 = 48;

/// What was declared in some files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trees {
    /// Structs, enumerations and value types by id.
    pub(crate) types: BTreeMap<u64, Value>,
    /// The names of immutables by id.
    pub(crate) immutables: BTreeMap<String, String>,
    /// State variables by id: their names, and the file and contract that declare them, which
    /// layouts do not say.
    variables: BTreeMap<u64, (String, String)>,
}

impl Trees {
    /// Takes in the declarations of one file.
    pub(crate) fn add(&mut self, ast: &Value) {
        self.visit(ast, ast["absolutePath"].as_str().unwrap_or_default(), 0);
    }

    /// Says of each variable which contract declares it, as far as known.
    pub(crate) fn declare(&self, layout: &mut StorageLayout) {
        for variable in &mut layout.storage {
            match variable.ast_id.and_then(|id| self.variables.get(&id)) {
                Some((label, contract)) if *label == variable.label => {
                    variable.contract.clone_from(contract);
                }
                _ => {}
            }
        }
    }

    /// Takes in a node of a file, or of a contract called `file:Name`.
    fn visit(&mut self, node: &Value, within: &str, depth: u32) {
        let id = node["id"].as_u64();
        if let (Some("VariableDeclaration"), Some(id), Some(label)) =
            (node["nodeType"].as_str(), id, node["name"].as_str())
        {
            self.variables.insert(id, (label.to_owned(), within.to_owned()));
        }
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
                let within = match (node["nodeType"].as_str(), node["name"].as_str()) {
                    (Some("ContractDefinition"), Some(name)) => format!("{within}:{name}"),
                    _ => within.to_owned(),
                };
                for child in node["nodes"].as_array().into_iter().flatten() {
                    self.visit(child, &within, depth + 1);
                }
            }
            _ => {}
        }
    }
}
