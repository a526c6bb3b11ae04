//! Are lines those on which something is declared, and none where that is not known?

use serde_json::json;

use super::*;
use crate::artifacts::signature::signatures;

const TOKEN: &str = r#"// contract Fake { uint256 public total; }
pragma solidity ^0.8.0;
import {Owned as Other} from "./owned.sol";

/* struct S {} */
contract Token is
    Owned("a \" {", 1),
    Aliased.Base
{
    struct Position { uint256 size; }
    mapping(address holder => mapping(address => uint256)) public allowance;
    uint256 private constant FEE = 3;
    uint256[3] internal total = [uint256(1), 2, 3];
    event Moved(uint256 total);

    modifier lock() { _; }

    function move(address payable to, uint value)
        external
        lock
        returns (bool)
    {
        total[0] += value; // function move(address to, uint256 value) {
        return true;
    }
    function move(address, Position calldata at) external {}
    receive() external payable {}
}
"#;

const OWNED: &str = "interface IOwned { function own() external; }
abstract contract Root is IOwned { address owner; function own() external virtual {} }
contract Left is Root { function own() external virtual override {} }
contract Right is Root {}
contract Owned is Left, Right { constructor(string memory, uint) {} }
";

fn line(at: Option<&SourceLine>) -> Option<(&str, u32)> {
    at.map(|at| (at.file.as_str(), at.line))
}

fn build_info() -> Value {
    json!({"input": {"sources": {
        "src/token.sol": {"content": TOKEN}, "src/owned.sol": {"content": OWNED},
    }}})
}

fn variable(contract: &str, label: &str) -> Variable {
    let (contract, label) = (contract.to_owned(), label.to_owned());
    Variable {
        label,
        slot: Default::default(),
        offset: 0,
        type_name: String::new(),
        contract,
        ast_id: None,
    }
}

fn lines(sources: &Sources, value: &Value) -> Lines {
    let identifiers = json!({
        "move(address,uint256)": "00000001", "move(address,(uint256))": "00000002",
        "own()": "00000003", "allowance(address,address)": "00000004", "gone()": "00000005",
    });
    let layout = StorageLayout {
        storage: vec![
            variable("src/token.sol:Token", "total"),
            variable("src/owned.sol:Root", "owner"),
            variable("", "Position"),
            variable("src/token.sol:Token", "value"),
        ],
        ..StorageLayout::default()
    };
    let signatures = signatures(&json!([]), Some(&identifiers));
    sources.lines(("src/token.sol", "Token"), value, &signatures, Some(&layout))
}

#[test]
fn contracts_functions_and_variables_have_the_lines_that_declare_them() {
    let mut sources = Sources::default();
    sources.add("info.json", &build_info());
    let found = lines(&sources, &Value::Null);
    assert_eq!(line(found.contract.as_ref()), Some(("src/token.sol", 6)));
    assert_eq!(line(found.fallback.as_ref()), Some(("src/token.sol", 27)));
    let function = |selector| line(found.functions.get(&selector));
    assert_eq!(function(1), Some(("src/token.sol", 18)), "of two by their parameters");
    assert_eq!(function(2), Some(("src/token.sol", 26)));
    assert_eq!(function(3), Some(("src/owned.sol", 3)), "what overrides is what runs");
    assert_eq!(function(4), Some(("src/token.sol", 11)), "a getter is its variable");
    assert_eq!(function(5), None);
    let variables: Vec<_> = (0..4).map(|n| line(found.variables.get(&n))).collect();
    let [token, owned] = ["src/token.sol", "src/owned.sol"];
    assert_eq!(variables, [Some((token, 13)), Some((owned, 2)), Some((token, 10)), None]);
}

#[test]
fn a_file_beside_an_artifact_counts_if_it_is_what_was_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("out/Token.sol/Token.json");
    fs::create_dir_all(document.parent().unwrap()).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(&document, "{}").unwrap();
    let source = folder.path().join("src/token.sol");
    fs::write(&source, TOKEN).unwrap();
    let hash = keccak256(TOKEN).to_string();
    let metadata = json!({"sources": {"src/token.sol": {"keccak256": hash}}});
    let found = |metadata: &Value| {
        let artifact = json!({"metadata": metadata});
        let mut sources = Sources::default();
        sources.add(document.to_str().unwrap(), &artifact);
        lines(&sources, &artifact).contract
    };
    assert_eq!(line(found(&metadata).as_ref()), Some(("src/token.sol", 6)));
    assert!(found(&metadata.to_string().into()).is_some(), "metadata may be a text");
    fs::write(&source, format!("\n{TOKEN}")).unwrap();
    assert_eq!(found(&metadata), None, "the file changed since");
}

#[test]
fn a_text_that_a_contract_was_not_compiled_from_says_nothing_of_it() {
    let mut sources = Sources::default();
    sources.add("info.json", &build_info());
    let other = json!({"metadata": {"sources": {"src/token.sol": {"keccak256": B256::ZERO}}}});
    assert_eq!(lines(&sources, &other), Lines::default());
}

#[test]
fn any_text_is_read_to_its_end() {
    for text in
        ["contract", "contract A", "contract A is", "contract A {", "contract A { f(", "}}))"]
    {
        scan(text);
    }
    let text = "contract A { function f(\" \n } /*";
    assert_eq!(scan(text)[0].name, "A");
    for at in (0..TOKEN.len()).filter(|at| TOKEN.is_char_boundary(*at)) {
        scan(&TOKEN[at..]);
        scan(&TOKEN[..at]);
    }
}
