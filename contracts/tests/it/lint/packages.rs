//! Do findings lead to the lines of real projects' sources?
//!
//! `tests/setup/artifacts.sh` fetches packages and compiles a project of ours with a real forge, and
//! with the compiler alone; without them the tests say so and pass.

use std::{fs, io::Write, path::PathBuf};

use serde_json::Value;
use slotcast_analyzer::limits::Limits;
use slotcast_contracts::artifacts::{name_contract, read};
use slotcast_contracts::lint::{Report, Role, Rule, lint, sarif};
use slotcast_model::Fork;

fn folder(package: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/artifacts").join(package)
}

/// The reports on a package, by contract; none when it was not fetched.
fn reports(package: &str) -> Option<Vec<Report>> {
    let folder = folder(package);
    if !folder.is_dir() {
        // Not by a macro, whose output a passing test keeps to itself.
        let message = format!("skipped: no {package}; tests/setup/artifacts.sh fetches it\n");
        std::io::stderr().write_all(message.as_bytes()).unwrap();
        return None;
    }
    let contracts = read(folder.to_str().unwrap()).unwrap().contracts;
    let named = contracts.iter().map(|it| name_contract(it, Fork::Osaka, &Limits::default()));
    Some(named.map(|it| lint(&it)).collect())
}

/// The text of the line that a location is at.
fn line_at(physical: &Value) -> String {
    let source = physical["artifactLocation"]["uri"].as_str().unwrap();
    let text = fs::read_to_string(folder("foundry").join(source)).unwrap();
    let line = physical["region"]["startLine"].as_u64().unwrap();
    text.lines().nth(usize::try_from(line).unwrap() - 1).unwrap().trim().to_owned()
}

/// The line that the finding on a slot leads to, and those of the functions that change it.
fn lines(reports: &[Report], contract: &str, slot: &str) -> (String, Vec<String>) {
    let of = |report: &&Report| report.contract == contract;
    let reports: Vec<Report> = reports.iter().filter(of).cloned().collect();
    let log = sarif(&reports, "1.2.3", |finding| finding.slot == slot);
    let result = &log["runs"][0]["results"][0];
    let related = result["relatedLocations"].as_array().unwrap().iter();
    let related = related.map(|it| line_at(&it["physicalLocation"])).collect();
    (line_at(&result["locations"][0]["physicalLocation"]), related)
}

#[test]
fn findings_lead_to_the_lines_of_variables_and_functions() {
    for package in ["foundry", "standard"] {
        let Some(reports) = reports(package) else { return };
        let (variable, functions) = lines(&reports, "Staking", "{totalStaked, updatedAt}");
        assert_eq!(variable, "uint128 public totalStaked;", "{package}");
        for (found, name) in functions.iter().zip(["claim", "stake", "unstake"]) {
            assert!(found.starts_with(&format!("function {name}(")), "{package}: {found}");
        }
        assert_eq!(functions.len(), 3);
        let (variable, functions) = lines(&reports, "Counter", "count");
        assert_eq!((variable.as_str(), functions.len()), ("uint256 public count;", 3));
    }
}

#[test]
fn a_namespace_is_the_struct_that_lies_there() {
    let Some(reports) = reports("foundry") else { return };
    let (variable, functions) = lines(&reports, "Points", "Main.total");
    assert_eq!(variable, "struct Main {");
    assert_eq!(functions, ["function award(address to, uint128 points) external {"]);
}

/// Whether every finding leads to a line.
fn have_lines(reports: &[Report]) -> Vec<bool> {
    let log = sarif(reports, "1.2.3", |_| true);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(10 < results.len(), "there are findings");
    let region =
        |result: &Value| result["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64();
    results.iter().map(region).collect()
}

fn report<'a>(reports: &'a [Report], contract: &str) -> &'a Report {
    reports.iter().find(|report| report.contract == contract).unwrap()
}

#[test]
fn a_build_info_has_lines_and_a_text_is_one_thing_to_wait_for() {
    let Some(reports) = reports("aave-v3") else { return };
    assert!(have_lines(&reports).iter().all(|has_line| *has_line));
    let token = report(&reports, "MockAToken");
    let slots: Vec<&str> = token.findings.iter().map(|it| it.slot.as_str()).collect();
    assert!(slots.contains(&"_name") && !slots.iter().any(|it| it.contains("_name[")), "{slots:?}");
}

#[test]
fn a_hash_of_unknown_bytes_is_not_taken_for_a_slot_that_all_share() {
    let Some(reports) = reports("safe") else { return };
    assert!(have_lines(&reports).iter().all(|has_line| *has_line));
    let library = report(&reports, "SignMessageLib");
    let rules: Vec<Rule> = library.findings.iter().map(|it| it.rule).collect();
    assert!(!rules.contains(&Rule::SharedWrite), "messages differ: {rules:?}");
}

#[test]
fn where_no_sources_are_no_line_is_claimed() {
    let Some(reports) = reports("uniswap-v4") else { return };
    assert!(!have_lines(&reports).iter().any(|has_line| *has_line));
}

#[test]
fn whom_another_contract_names_is_one_caller() {
    let Some(reports) = reports("uniswap-v3") else { return };
    let pool = report(&reports, "UniswapV3Pool");
    let role = |name: &str| pool.functions.iter().find(|it| it.name == name).unwrap().role;
    assert_eq!(role("setFeeProtocol(uint8,uint8)"), Role::OneCaller);
    assert_eq!(role("collectProtocol(address,uint128,uint128)"), Role::OneCaller);
    assert_eq!(role("swap(address,bool,int256,uint160,bytes)"), Role::Users);
}
