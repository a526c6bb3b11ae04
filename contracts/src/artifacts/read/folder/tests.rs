//! Are a project's own contracts found, with what build infos add?

use serde_json::json;

use super::*;

fn artifact(source: &str, name: &str) -> Value {
    json!({
        "abi": [], "deployedBytecode": {"object": "0x6000"},
        "metadata": {"settings": {"compilationTarget": {source: name}}},
    })
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_project_is_read_without_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "foundry.toml", "[profile.default]\nout = 'made'\n");
    let failed = read(root).unwrap_err();
    assert!(failed.reason.contains("made") && failed.reason.contains("compile it first"));
    write(root, "made/T.sol/T.json", &artifact("src/T.sol", "T").to_string());
    write(root, "made/T.t.sol/TTest.json", &artifact("test/T.t.sol", "TTest").to_string());
    write(root, "made/cache.json", "{}");
    let found = read(root).unwrap();
    assert_eq!((found.contracts.len(), found.n_left_out), (1, 1));
    assert_eq!(found.contracts[0].full_name(), "src/T.sol:T");
}

#[test]
fn build_infos_add_layouts_to_artifacts() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let one = json!({
        "_format": "hh-sol-artifact-1", "contractName": "T", "sourceName": "contracts/T.sol",
        "abi": [], "deployedBytecode": "0x6000",
    });
    let layout = json!({"storage": [{"label": "a", "slot": "0", "offset": 0, "type": "t"}]});
    let info = json!({"output": {"contracts": {"contracts/T.sol": {"T": {
        "storageLayout": layout, "evm": {"deployedBytecode": {"object": "6000"}}}}}}});
    write(root, "contracts/T.sol/T.json", &one.to_string());
    let debug = json!({"buildInfo": "../../build-info/1.json"});
    write(root, "contracts/T.sol/T.dbg.json", &debug.to_string());
    write(root, "build-info/1.json", &info.to_string());
    let whole = read(root).unwrap().contracts;
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0].layout.as_ref().unwrap().storage[0].label, "a");
    let single = super::super::read(root.join("contracts/T.sol/T.json").to_str().unwrap());
    assert_eq!(single.unwrap().contracts[0].layout, whole[0].layout);
}
