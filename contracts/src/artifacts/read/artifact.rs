//! Which contracts are in this JSON document?
//!
//! In: a document of one of the forms below, and what other documents add. Out: [`Contract`]s.
//! Invariants: a contract without runtime code, as interfaces and abstract ones are, is none;
//! malformed code or layout is an error that names file and field.
//!
//! | tool | code | contract and source |
//! | --- | --- | --- |
//! | Foundry | `deployedBytecode.object` | `metadata.settings.compilationTarget` |
//! | Hardhat | `deployedBytecode` | `contractName`, `sourceName` |
//! | Truffle | `deployedBytecode` | `contractName`, `sourcePath` |
//! | Waffle | `evm.deployedBytecode.object` | the same in `metadata` |
//! | solc, build info | `[output.]contracts.<source>.<name>.evm.deployedBytecode.object` | the keys |
//! | solc, combined | `contracts.<source>:<name>.bin-runtime` | the key |
//! | our corpus | `runtime` | `name`, `source` |

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use serde_json::{Map, Value};

use crate::artifacts::{
    ArtifactError, Contract, StorageLayout, Tool,
    ast::Trees,
    holes::{self, Hole},
    namespace::namespaces,
    signature::signatures,
    source::Sources,
    visible,
};

/// Where artifacts keep runtime code, from the top of a contract's object.
const CODE_PLACES: &[&[&str]] = &[
    &["evm", "deployedBytecode", "object"],
    &["deployedBytecode", "object"],
    &["deployedBytecode"],
    &["runtime"],
    &["bin-runtime"],
    &["code"],
    &["result"],
];
/// Where they keep selectors by signature.
const SELECTOR_PLACES: &[&[&str]] =
    &[&["evm", "methodIdentifiers"], &["methodIdentifiers"], &["hashes"]];
/// Where they keep the places of libraries.
const LINK_PLACES: &[&[&str]] = &[
    &["evm", "deployedBytecode", "linkReferences"],
    &["deployedBytecode", "linkReferences"],
    &["deployedLinkReferences"],
];
/// Where they keep the places of immutables.
const IMMUTABLE_PLACES: &[&[&str]] = &[
    &["evm", "deployedBytecode", "immutableReferences"],
    &["deployedBytecode", "immutableReferences"],
    &["immutableReferences"],
];

/// Where they keep storage layouts; combined JSON spells keys as solc's options.
const LAYOUT_KEYS: [&str; 2] = ["storageLayout", "storage-layout"];

/// What other documents say of contracts, by source and name, what all syntax trees declare, and the
/// texts of sources.
#[derive(Clone, Debug, Default)]
pub(super) struct Supplement {
    contracts: BTreeMap<(String, String), Value>,
    trees: Trees,
    sources: Sources,
}

impl Supplement {
    /// Takes in a document: compiler input or output, or a single artifact with its syntax tree.
    pub(super) fn add(&mut self, file: &str, value: &Value) -> Result<(), ArtifactError> {
        self.trees.add(&value["ast"]);
        self.sources.add(file, value);
        let output = if value["output"].is_object() { &value["output"] } else { value };
        for source in output["sources"].as_object().into_iter().flatten() {
            self.trees.add(&source.1["ast"]);
        }
        for (source, contracts) in output["contracts"].as_object().into_iter().flatten() {
            for (name, contract) in contracts.as_object().into_iter().flatten() {
                if CODE_PLACES.iter().any(|place| at(contract, place).is_some()) {
                    StorageLayout::of_artifact(file, "storageLayout", &contract["storageLayout"])?;
                    self.sources.add(file, contract);
                    self.contracts.insert((source.clone(), name.clone()), contract.clone());
                }
            }
        }
        Ok(())
    }

    /// What is said of a contract; Hardhat 3 puts `project/` before the names of its own sources.
    fn of(&self, source: &str, name: &str) -> Option<&Value> {
        let key = |source: String| self.contracts.get(&(source, name.to_owned()));
        key(source.to_owned()).or_else(|| key(format!("project/{source}")))
    }
}

/// Whether a document is the output of a compiler for several files.
pub(super) fn is_output(value: &Value) -> bool {
    contracts_of(value).is_some()
}

/// Whether a document has code or would have if its contract were not abstract.
pub(super) fn is_artifact(value: &Value) -> bool {
    let is_code =
        |place: &&[&str]| at(value, place).is_some_and(|it| it.is_string() || it.is_object());
    value["abi"].is_array() && CODE_PLACES.iter().any(is_code) || value["runtime"].is_string()
}

/// All contracts of a document.
pub(super) fn contracts(
    file: &str,
    value: &Value,
    supplement: &Supplement,
) -> Result<Vec<Contract>, ArtifactError> {
    let Some((prefix, contracts)) = contracts_of(value) else {
        let one = contract(One::of_document(file, value), supplement)?;
        return Ok(one.into_iter().collect());
    };
    let is_hardhat = value["_format"].as_str().is_some_and(|form| form.starts_with("hh"));
    let tool = if is_hardhat { Tool::Hardhat } else { Tool::Solc };
    let mut found = Vec::new();
    for (outer, of_source) in contracts {
        let has_code = |value: &Value| CODE_PLACES.iter().any(|place| at(value, place).is_some());
        if has_code(of_source) {
            let (source, name) = outer.rsplit_once(':').unwrap_or(("", outer));
            let field = format!("{prefix}.{outer}.");
            let one = One { file, field, source, name, tool, value: of_source };
            found.extend(contract(one, supplement)?);
            continue;
        }
        for (name, value) in of_source.as_object().into_iter().flatten() {
            let field = format!("{prefix}.{outer}.{name}.");
            let one = One { file, field, source: outer, name, tool, value };
            found.extend(contract(one, supplement)?);
        }
    }
    Ok(found)
}

fn contracts_of(value: &Value) -> Option<(&'static str, &Map<String, Value>)> {
    let inner = value["contracts"].as_object().map(|contracts| ("contracts", contracts));
    inner.or_else(|| Some(("output.contracts", value["output"]["contracts"].as_object()?)))
}

/// One contract's object, and what is known of it.
struct One<'a> {
    file: &'a str,
    /// Where in the file it stands, with a dot behind; empty for the file itself.
    field: String,
    source: &'a str,
    name: &'a str,
    tool: Tool,
    value: &'a Value,
}

impl<'a> One<'a> {
    /// A document that is one contract.
    fn of_document(file: &'a str, value: &'a Value) -> Self {
        let text = |key: &str| value[key].as_str();
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file);
        let target = target_in(&value["metadata"]);
        let name = text("contractName").or(text("name")).or(target.map(|it| it.1)).unwrap_or(stem);
        let source = text("sourceName")
            .or(text("inputSourceName"))
            .or(target.map(|it| it.0))
            .or(text("sourcePath"))
            .or(text("source").filter(|_| value["runtime"].is_string()));
        let tool = match value {
            _ if value["runtime"].is_string() => Tool::Corpus,
            _ if text("_format").is_some_and(|form| form.starts_with("hh")) => Tool::Hardhat,
            _ if value["deployedBytecode"].is_object() => Tool::Foundry,
            _ if value["schemaVersion"].is_string() => Tool::Truffle,
            _ if value["interface"].is_array() && value["evm"].is_object() => Tool::Waffle,
            _ if value["evm"].is_object() => Tool::Solc,
            _ => Tool::Unknown,
        };
        Self { file, field: String::new(), source: source.unwrap_or_default(), name, tool, value }
    }
}

/// Source and contract that metadata, an object, are about. Waffle has metadata as a text, whose
/// sources are named as Waffle's own folder has them.
fn target_in(metadata: &Value) -> Option<(&str, &str)> {
    let target = metadata["settings"]["compilationTarget"].as_object()?;
    target.iter().next().and_then(|(source, name)| Some((source.as_str(), name.as_str()?)))
}

/// One contract; nothing when it has no code, as interfaces have none.
fn contract(one: One<'_>, supplement: &Supplement) -> Result<Option<Contract>, ArtifactError> {
    let One { file, value, .. } = one;
    let (place, text) =
        match CODE_PLACES.iter().find_map(|place| Some((place, at(value, place)?.as_str()?))) {
            None | Some((_, "" | "0x")) => return Ok(None),
            Some((place, text)) => (place.join("."), text.trim()),
        };
    // What is said elsewhere stands in for what the artifact itself lacks.
    let more = supplement.of(one.source, one.name).unwrap_or(&Value::Null);
    let either = |places: &[&[&str]]| {
        let found = |value| places.iter().find_map(|place| at(value, place));
        found(value).or_else(|| found(more)).cloned().unwrap_or_default()
    };
    let (mut code, mut holes) = holes::linked(text, &either(LINK_PLACES))
        .map_err(|reason| ArtifactError::field(file, &format!("{}{place}", one.field), reason))?;
    holes.extend(immutable_holes(value, &either(IMMUTABLE_PLACES), &supplement.trees));
    holes::fill(&mut code, &mut holes);
    let mut layout = None;
    for (key, of) in LAYOUT_KEYS.iter().flat_map(|key| [(key, value), (key, more)]) {
        if layout.is_none() {
            let field = format!("{}{key}", one.field);
            layout = StorageLayout::of_artifact(file, &field, &of[*key])?;
        }
    }
    let named = namespaces(&supplement.trees);
    if let Some(layout) = &mut layout {
        supplement.trees.declare(layout);
        layout.storage.extend(named.storage);
        layout.types.extend(named.types);
    }
    let identifiers = either(SELECTOR_PLACES);
    let abi = if value["abi"].is_null() { &more["abi"] } else { &value["abi"] };
    let signatures = signatures(&unquoted(abi), Some(&identifiers));
    let of_its_own = if value["metadata"].is_null() { more } else { value };
    let full_name = (one.source, one.name);
    let lines = supplement.sources.lines(full_name, of_its_own, &signatures, layout.as_ref());
    Ok(Some(Contract {
        name: visible(one.name),
        source: visible(one.source),
        file: file.to_owned(),
        tool: one.tool,
        code: code.into(),
        layout,
        holes,
        signatures,
        lines,
    }))
}

/// A part of a document; old compilers write some of them as JSON in a text.
pub(crate) fn unquoted(value: &Value) -> Cow<'_, Value> {
    match value.as_str().map(serde_json::from_str) {
        Some(Ok(inner)) => Cow::Owned(inner),
        _ => Cow::Borrowed(value),
    }
}

/// The holes of immutables, which our corpus has by name.
fn immutable_holes(value: &Value, references: &Value, trees: &Trees) -> Vec<Hole> {
    match value["immutables"].as_object() {
        Some(named) if value["runtime"].is_string() => {
            let names = named.keys().map(|name| (name.clone(), name.clone())).collect();
            holes::immutables(&value["immutables"], &names)
        }
        _ => holes::immutables(references, &trees.immutables),
    }
}

fn at<'a>(value: &'a Value, place: &[&str]) -> Option<&'a Value> {
    place.iter().try_fold(value, |value, key| value.get(key))
}

#[cfg(test)]
mod tests;
