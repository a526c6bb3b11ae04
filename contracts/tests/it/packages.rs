//! Are the artifacts that others publish read, every one of them?
//!
//! `tests/setup/artifacts.sh` fetches them, with pinned versions, and compiles a project of ours with
//! a real forge; without them the tests say so and pass.

use std::{io::Write, path::PathBuf};

use slotcast_contracts::artifacts::{NamedContract, Nameless, Tool, read};

use crate::named;

/// The contracts of a package, as they read; none when it was not fetched.
fn package(name: &str, tool: Tool) -> Option<Vec<NamedContract>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/artifacts").join(name);
    if !path.is_dir() {
        // Not by a macro, whose output a passing test keeps to itself.
        let message = format!("skipped: no {name}; tests/setup/artifacts.sh fetches it\n");
        std::io::stderr().write_all(message.as_bytes()).unwrap();
        return None;
    }
    let found = read(path.to_str().unwrap()).unwrap();
    assert!(found.contracts.iter().all(|contract| contract.tool == tool), "{name} is of {tool:?}");
    Some(found.contracts.iter().map(named).collect())
}

/// How many contracts, functions, accesses and names there are.
fn counts(contracts: &[NamedContract]) -> [usize; 4] {
    let of = |contract: &NamedContract| {
        let (n_all, n_named) = contract.n_named();
        [1, contract.functions.len(), n_all, n_named]
    };
    contracts.iter().map(of).fold([0; 4], |all, one| std::array::from_fn(|n| all[n] + one[n]))
}

/// How many functions there are, and how many of them have a line.
fn n_lines(contracts: &[NamedContract]) -> (usize, usize) {
    let functions = contracts.iter().flat_map(|contract| &contract.functions);
    functions.fold((0, 0), |(n, n_known), function| {
        (n + 1, n_known + usize::from(function.declared.is_some()))
    })
}

/// The contract of this name.
fn one<'a>(contracts: &'a [NamedContract], name: &str) -> &'a NamedContract {
    contracts.iter().find(|contract| contract.name == name).unwrap()
}

/// The labels of what a function touches, with what it does.
fn accesses(contract: &NamedContract, function: &str) -> Vec<String> {
    let function = contract.functions.iter().find(|it| it.label() == function).unwrap();
    let text = |it: &slotcast_contracts::artifacts::NamedAccess| {
        format!("{} {}", it.access.kind.text(), it.label())
    };
    function.accesses.iter().map(text).collect()
}

#[test]
fn openzeppelin_of_hardhat() {
    let Some(contracts) = package("openzeppelin", Tool::Hardhat) else { return };
    assert_eq!(counts(&contracts), [81, 139, 269, 3]);
}

#[test]
fn uniswap_v2_of_waffle() {
    let Some(contracts) = package("uniswap-v2", Tool::Waffle) else { return };
    assert_eq!(counts(&contracts), [7, 61, 129, 0]);
    // Without a layout there are slots, and parameters have names.
    let pair = one(&contracts, "UniswapV2Pair");
    let transfer = accesses(pair, "transfer(address,uint256)");
    assert_eq!(transfer, ["add [keccak(to . 1)]", "add [keccak(caller . 1)]"]);
    assert!(pair.nameless().keys().eq([&Nameless::NoLayout]));
}

#[test]
fn uniswap_v3_of_hardhat() {
    let Some(contracts) = package("uniswap-v3", Tool::Hardhat) else { return };
    assert_eq!(counts(&contracts), [2, 33, 150, 0]);
}

#[test]
fn uniswap_v4_of_foundry() {
    let Some(contracts) = package("uniswap-v4", Tool::Foundry) else { return };
    assert_eq!(counts(&contracts), [68, 410, 548, 0]);
}

#[test]
fn safe_of_hardhat_with_layouts() {
    let Some(contracts) = package("safe", Tool::Hardhat) else { return };
    assert_eq!(counts(&contracts), [32, 204, 348, 318]);
    assert_eq!(n_lines(&contracts), (204, 203), "a build info has the sources");
    let safe = one(&contracts, "Safe");
    let enabled = accesses(safe, "isModuleEnabled(address)");
    assert_eq!(enabled, ["read modules[module]"]);
}

#[test]
fn aave_of_hardhat_with_layouts() {
    let Some(contracts) = package("aave-v3", Tool::Hardhat) else { return };
    assert_eq!(counts(&contracts), [85, 993, 1877, 1531]);
    assert_eq!(n_lines(&contracts), (993, 993), "a build info has the sources");
    // What a library is handed has its name where it comes from.
    let supply = one(&contracts, "SupplyLogic");
    assert!(supply.nameless().keys().eq([&Nameless::Handed]), "{:?}", supply.nameless());
    let pool = one(&contracts, "Pool");
    let normalized = accesses(pool, "getReserveNormalizedIncome(address)");
    let expected = [
        "read _reserves[asset].{liquidityIndex, currentLiquidityRate}",
        "read _reserves[asset].lastUpdateTimestamp",
    ];
    assert_eq!(normalized, expected);
}

#[test]
fn a_project_of_ours_of_foundry() {
    let Some(contracts) = package("foundry", Tool::Foundry) else { return };
    let names: Vec<&str> = contracts.iter().map(|contract| contract.name.as_str()).collect();
    assert_eq!(names, ["Counter", "FeeToken", "Points", "Staking", "Token"]);
    let [_, _, n_all, n_named] = counts(&contracts);
    assert_eq!(n_named, n_all, "a layout and syntax trees name every slot");
    let points = one(&contracts, "Points");
    let award = [
        "add Main.total",
        "read Main.paused",
        "read Main.members[to].points",
        "write Main.members[to].points",
    ];
    assert_eq!(accesses(points, "award(address,uint128)"), award);
}
