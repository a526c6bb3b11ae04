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

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value};

use crate::artifacts::{
    ArtifactError, Contract, StorageLayout, Tool,
    ast::Trees,
    holes::{self, Hole},
    namespace::namespaces,
    signature::signatures,
    source::Sources,
};

/// Where artifacts keep runtime code, from the top of a contract's object.
const CODE_PLACES: &[&[&str]] = &[
    &["evm", "deployedBytecode", "object"],
    &["deployedBytecode", "object"],
    &["deployedBytecode"],
    &["runtime"],
    &["bin-runtime"],
    &["code"],
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
    let field = format!("{}storageLayout", one.field);
    let mut layout = StorageLayout::of_artifact(file, &field, &value["storageLayout"])?;
    if layout.is_none() {
        layout = StorageLayout::of_artifact(file, &field, &more["storageLayout"])?;
    }
    let named = namespaces(&supplement.trees);
    if let Some(layout) = &mut layout {
        layout.storage.extend(named.storage);
        layout.types.extend(named.types);
    }
    let identifiers = either(SELECTOR_PLACES);
    let abi = if value["abi"].is_array() { &value["abi"] } else { &more["abi"] };
    let signatures = signatures(abi, Some(&identifiers));
    let of_its_own = if value["metadata"].is_null() { more } else { value };
    let full_name = (one.source, one.name);
    let lines = supplement.sources.lines(full_name, of_its_own, &signatures, layout.as_ref());
    Ok(Some(Contract {
        name: one.name.to_owned(),
        source: one.source.to_owned(),
        file: file.to_owned(),
        tool: one.tool,
        code: code.into(),
        layout,
        holes,
        signatures,
        lines,
    }))
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
mod tests {
    use serde_json::json;

    use super::*;

    fn all(artifact: &Value) -> Vec<Contract> {
        let mut supplement = Supplement::default();
        supplement.add("a.json", artifact).unwrap();
        contracts("a.json", artifact, &supplement).unwrap()
    }

    fn check(artifact: &Value, name: &str, tool: Tool) {
        let found = all(artifact);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code.to_vec(), [0x60, 0x00]);
        assert_eq!(found[0].signature(0xa905_9cbb), Some("transfer(address,uint256)"));
        assert_eq!((found[0].full_name().as_str(), found[0].tool), (name, tool));
    }

    #[test]
    fn artifacts_of_many_tools_are_understood() {
        let selectors = json!({"transfer(address,uint256)": "a9059cbb"});
        let abi = json!([{"type": "function", "name": "transfer", "inputs": [
            {"type": "address", "name": "to"}, {"type": "uint256", "name": "value"},
        ]}]);
        let evm = json!({"deployedBytecode": {"object": "6000"}, "methodIdentifiers": selectors});
        let foundry = json!({
            "deployedBytecode": {"object": "0x6000"}, "methodIdentifiers": selectors, "abi": abi,
            "metadata": {"settings": {"compilationTarget": {"src/T.sol": "Token"}}},
        });
        check(&foundry, "src/T.sol:Token", Tool::Foundry);
        let hardhat = json!({
            "_format": "hh-sol-artifact-1", "contractName": "Token", "sourceName": "contracts/T.sol",
            "deployedBytecode": "0x6000", "abi": abi,
        });
        check(&hardhat, "contracts/T.sol:Token", Tool::Hardhat);
        let truffle = json!({
            "contractName": "Token", "deployedBytecode": "0x6000", "abi": abi,
            "schemaVersion": "3.4.16",
        });
        check(&truffle, "Token", Tool::Truffle);
        check(&json!({"evm": evm, "abi": abi, "interface": []}), "a", Tool::Waffle);
        let standard =
            json!({"contracts": {"t.sol": {"Token": {"evm": evm}, "Pure": {"evm": {}}}}});
        check(&standard, "t.sol:Token", Tool::Solc);
        let build = json!({"_format": "hh-sol-build-info-1", "output": standard});
        check(&build, "t.sol:Token", Tool::Hardhat);
        let combined =
            json!({"contracts": {"t.sol:Token": {"bin-runtime": "6000", "hashes": selectors}}});
        check(&combined, "t.sol:Token", Tool::Solc);
        let ours = json!({"name": "Token", "runtime": "0x6000", "methodIdentifiers": selectors});
        check(&ours, "Token", Tool::Corpus);
    }

    #[test]
    fn a_malformed_field_is_named() {
        let fails = |artifact: Value| {
            let error = contracts("a.json", &artifact, &Supplement::default()).unwrap_err();
            (error.field.clone(), error.reason)
        };
        let (field, reason) = fails(json!({"deployedBytecode": {"object": "0x600"}}));
        assert_eq!(field, "deployedBytecode.object");
        assert_eq!(reason, "has an odd number of hexadecimal digits; one is missing");
        let output =
            json!({"contracts": {"t.sol": {"T": {"evm": {"deployedBytecode": {"object": "zz"}}}}}});
        assert_eq!(fails(output).0, "contracts.t.sol.T.evm.deployedBytecode.object");
        let variable = json!({"label": "a", "slot": "one", "offset": 0, "type": "t"});
        let layout = json!({"deployedBytecode": "0x00", "storageLayout": {"storage": [variable]}});
        assert_eq!(fails(layout).0, "storageLayout.storage[0].slot");
    }
}
