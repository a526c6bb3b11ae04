//! Which code does an argument stand for, and what are its functions called?
//!
//! In: hexadecimal code, or a file with code or a compiler's artifact. Out: [`Code`]s.
//! Invariants: of an artifact only runtime code is taken; names serve the reader, no analysis sees
//! them.
//!
//! Artifacts of solc (standard and combined JSON), Foundry, Hardhat (build info too), Truffle, Waffle
//! and of this repository's corpus are understood.

mod layout;
mod signature;

use std::{collections::BTreeMap, fs, path::Path};

use alloy_primitives::hex;
use serde::Deserialize;
use serde_json::{Map, Value};
use slotcast::corpus::contract::StorageLayout;

use crate::failure::Failure;

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

/// Where they keep contracts, if there are several.
const CONTRACTS_PLACES: &[&[&str]] = &[&["contracts"], &["output", "contracts"]];

/// A contract's runtime code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// What to call the contract.
    pub(crate) name: String,
    /// The code.
    pub(crate) bytes: Vec<u8>,
    /// Signatures by selector, as far as known.
    signatures: BTreeMap<u32, String>,
    /// Where the source's variables lie, if known.
    layout: Option<StorageLayout>,
}

impl Code {
    fn bare(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), bytes, signatures: BTreeMap::new(), layout: None }
    }

    /// The signature of the function with this selector.
    pub(crate) fn signature(&self, selector: u32) -> Option<&str> {
        self.signatures.get(&selector).map(String::as_str)
    }

    /// What the source calls the slot that the analyzer writes like this.
    pub(crate) fn variable(&self, slot: &str) -> Option<String> {
        layout::name_of(self.layout.as_ref()?, slot)
    }
}

/// The codes that an argument of `slotcast analyze` stands for.
pub(crate) fn read(argument: &str) -> Result<Vec<Code>, Failure> {
    let path = Path::new(argument);
    if path.is_dir() {
        return Err(Failure::in_file(argument, "is a folder; name the files in it"));
    }
    if path.exists() {
        let bytes = fs::read(path)
            .map_err(|error| Failure::in_file(argument, format_args!("cannot be read: {error}")))?;
        return of_file(argument, bytes);
    }
    match hex_digits(argument) {
        Some(Ok(bytes)) => Ok(vec![Code::bare("code", bytes)]),
        Some(Err(reason)) => Err(Failure::in_file(&shortened(argument), reason)),
        None => Err(Failure::in_file(
            &shortened(argument),
            "is neither a file nor hexadecimal code; name a file, or write code as 0x…",
        )),
    }
}

fn of_file(name: &str, bytes: Vec<u8>) -> Result<Vec<Code>, Failure> {
    let Some(text) = str::from_utf8(&bytes).ok().map(str::trim) else {
        return Ok(vec![Code::bare(name, bytes)]);
    };
    if text.starts_with('{') {
        let artifact = serde_json::from_str(text).map_err(|error| {
            Failure::in_file(name, format_args!("not valid JSON: {error}; compile it again"))
        })?;
        return of_artifact(name, &artifact);
    }
    match hex_digits(text) {
        Some(Ok(code)) => Ok(vec![Code::bare(name, code)]),
        Some(Err(reason)) => Err(Failure::in_file(name, reason)),
        None => Ok(vec![Code::bare(name, bytes)]),
    }
}

/// The bytes written in `text`; nothing when it is no hexadecimal text at all.
fn hex_digits(text: &str) -> Option<Result<Vec<u8>, &'static str>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) || text.is_empty() {
        return None;
    }
    Some(hex::decode(digits).map_err(|_| "has an odd number of hexadecimal digits; one is missing"))
}

/// All contracts of an artifact that have runtime code.
fn of_artifact(file: &str, artifact: &Value) -> Result<Vec<Code>, Failure> {
    let found = CONTRACTS_PLACES.iter().find_map(|place| at(artifact, place)?.as_object());
    let codes = match found {
        Some(contracts) => many(file, contracts)?,
        None => {
            let name = ["name", "contractName"].iter().find_map(|key| artifact[key].as_str());
            contract(file, name.unwrap_or(file), artifact)?.into_iter().collect()
        }
    };
    match codes.is_empty() {
        true => Err(Failure::in_file(
            file,
            "holds no runtime code (deployedBytecode); compile with it, or name a contract that is \
             no interface",
        )),
        false => Ok(codes),
    }
}

/// Contracts by name, or by file and name.
fn many(file: &str, contracts: &Map<String, Value>) -> Result<Vec<Code>, Failure> {
    let mut codes = Vec::new();
    for (outer, value) in contracts {
        if CODE_PLACES.iter().any(|place| at(value, place).is_some()) {
            codes.extend(contract(file, outer, value)?);
            continue;
        }
        for (inner, value) in value.as_object().into_iter().flatten() {
            codes.extend(contract(file, &format!("{outer}:{inner}"), value)?);
        }
    }
    Ok(codes)
}

/// One contract; nothing when it has no code, as interfaces have none.
fn contract(file: &str, name: &str, value: &Value) -> Result<Option<Code>, Failure> {
    let text = CODE_PLACES.iter().find_map(|place| at(value, place)?.as_str()).map(str::trim);
    let bytes = match text {
        None | Some("" | "0x") => return Ok(None),
        Some(text) if text.contains("__") => Err("the code has unlinked libraries; link it first"),
        Some(text) => {
            hex_digits(text).unwrap_or(Err("the code is not hexadecimal; compile it again"))
        }
    };
    let bytes = bytes.map_err(|reason| match name == file {
        true => Failure::in_file(file, reason),
        false => Failure::in_file(file, format_args!("{name}: {reason}")),
    })?;
    // A layout of another compiler has another form, and names are not worth an error.
    let layout = StorageLayout::deserialize(&value["storageLayout"]).ok();
    Ok(Some(Code { name: name.to_owned(), bytes, signatures: signatures(value), layout }))
}

/// The functions' signatures, as stated, else as the interface gives them.
fn signatures(value: &Value) -> BTreeMap<u32, String> {
    let stated = SELECTOR_PLACES.iter().find_map(|place| at(value, place)?.as_object());
    match stated {
        Some(selectors) => selectors
            .iter()
            .filter_map(|(signature, selector)| {
                let digits = selector.as_str()?;
                let digits = digits.strip_prefix("0x").unwrap_or(digits);
                Some((u32::from_str_radix(digits, 16).ok()?, signature.clone()))
            })
            .collect(),
        None => signature::of_interface(&value["abi"]),
    }
}

fn at<'a>(value: &'a Value, place: &[&str]) -> Option<&'a Value> {
    place.iter().try_fold(value, |value, key| value.get(key))
}

/// The beginning of a long argument.
fn shortened(argument: &str) -> String {
    match argument.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", &argument[..end]),
        None => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(artifact: &Value) -> Vec<String> {
        let codes = of_artifact("a.json", artifact).unwrap();
        codes
            .into_iter()
            .map(|code| {
                assert_eq!(code.bytes, [0x60, 0x00]);
                assert_eq!(code.signatures[&0xa9059cbb], "transfer(address,uint256)");
                code.name
            })
            .collect()
    }

    #[test]
    fn artifacts_of_many_tools_are_understood() {
        let selectors = json!({"transfer(address,uint256)": "a9059cbb"});
        let abi = json!([{"type": "function", "name": "transfer", "inputs": [
            {"type": "address"}, {"type": "uint256"},
        ]}]);
        let evm = json!({
            "deployedBytecode": {"object": "6000"}, "methodIdentifiers": selectors,
        });
        let foundry =
            json!({"deployedBytecode": {"object": "0x6000"}, "methodIdentifiers": selectors});
        assert_eq!(names(&foundry), ["a.json"]);
        let hardhat = json!({"contractName": "Token", "deployedBytecode": "0x6000", "abi": abi});
        assert_eq!(names(&hardhat), ["Token"]);
        assert_eq!(names(&json!({"evm": evm, "abi": abi})), ["a.json"]);
        let standard =
            json!({"contracts": {"t.sol": {"Token": {"evm": evm}, "Pure": {"evm": {}}}}});
        assert_eq!(names(&standard), ["t.sol:Token"]);
        assert_eq!(names(&json!({"output": standard})), ["t.sol:Token"]);
        let combined =
            json!({"contracts": {"t.sol:Token": {"bin-runtime": "6000", "hashes": selectors}}});
        assert_eq!(names(&combined), ["t.sol:Token"]);
        let ours = json!({"name": "Token", "runtime": "0x6000", "methodIdentifiers": selectors});
        assert_eq!(names(&ours), ["Token"]);
    }

    #[test]
    fn files_hold_text_or_bytes() {
        let of = |bytes: &[u8]| of_file("a", bytes.to_vec()).unwrap().remove(0).bytes;
        assert_eq!(of(b"0x6000\n"), [0x60, 0x00]);
        assert_eq!(of(b"6000"), [0x60, 0x00]);
        assert_eq!(of(&[0x60, 0x00, 0xff]), [0x60, 0x00, 0xff]);
    }
}
