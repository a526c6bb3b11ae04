//! Is the log what SARIF 2.1.0 asks for?
//!
//! Checked by hand, after the schema that OASIS publishes: the properties it requires, the types and
//! enumerations of those we write, and that indices and URIs are what the standard says.

use std::collections::BTreeSet;

use serde_json::Value;
use slotcast_contracts::lint::sarif;

use super::report;

/// The members of an object, all of them allowed and those required there.
fn members(object: &Value, required: &[&str], allowed: &[&str]) {
    let object = object.as_object().unwrap_or_else(|| panic!("no object: {object}"));
    for name in required {
        assert!(object.contains_key(*name), "{name} is required in {object:?}");
    }
    for name in object.keys() {
        let is_known = required.contains(&name.as_str()) || allowed.contains(&name.as_str());
        assert!(is_known, "{name} is not allowed in {object:?}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("no text: {value}"))
}

fn check_message(message: &Value) {
    members(message, &["text"], &["markdown", "id", "arguments"]);
    text(&message["text"]);
}

fn check_physical(physical: &Value) {
    members(physical, &["artifactLocation"], &["region"]);
    members(&physical["artifactLocation"], &["uri"], &["uriBaseId"]);
    let uri = text(&physical["artifactLocation"]["uri"]);
    assert!(!uri.starts_with('/') && !uri.contains([' ', '\\', ':']), "{uri}");
    if let Some(region) = physical.get("region") {
        members(region, &["startLine"], &[]);
        assert!(1 <= region["startLine"].as_u64().unwrap());
    }
}

fn check_result(result: &Value, rules: &[Value]) {
    let allowed =
        ["ruleId", "ruleIndex", "level", "locations", "relatedLocations", "partialFingerprints"];
    members(result, &["message"], &allowed);
    check_message(&result["message"]);
    assert!(["none", "note", "warning", "error"].contains(&text(&result["level"])));
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    for location in result["locations"].as_array().unwrap() {
        members(location, &[], &["physicalLocation", "logicalLocations"]);
        for logical in location["logicalLocations"].as_array().unwrap() {
            members(logical, &[], &["name", "fullyQualifiedName", "kind"]);
            assert!(["function", "type"].contains(&text(&logical["kind"])));
        }
        if let Some(physical) = location.get("physicalLocation") {
            check_physical(physical);
        }
    }
    for location in result["relatedLocations"].as_array().unwrap() {
        members(location, &["id", "message", "physicalLocation"], &[]);
        assert!(location["id"].is_u64());
        check_message(&location["message"]);
        check_physical(&location["physicalLocation"]);
    }
    for fingerprint in result["partialFingerprints"].as_object().unwrap().values() {
        text(fingerprint);
    }
}

#[test]
fn the_log_has_what_the_schema_requires() {
    let reports = ["Staking", "Token", "Counter", "AmmPair", "OrderBook"].map(report);
    let log = sarif(&reports, "1.2.3", |_| true);
    members(&log, &["version", "runs"], &["$schema"]);
    assert_eq!((&log["version"], log["runs"].as_array().unwrap().len()), (&"2.1.0".into(), 1));
    let run = &log["runs"][0];
    members(run, &["tool"], &["results", "columnKind"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&text(&run["columnKind"])));
    let driver = &run["tool"]["driver"];
    members(&run["tool"], &["driver"], &[]);
    members(driver, &["name"], &["version", "informationUri", "rules"]);
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| text(&rule["id"])).collect();
    assert_eq!(ids.len(), rules.len(), "the ids of rules are distinct");
    for rule in rules {
        members(rule, &["id"], &["shortDescription", "help", "defaultConfiguration"]);
        text(&rule["shortDescription"]["text"]);
        text(&rule["help"]["text"]);
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), reports.iter().map(|report| report.findings.len()).sum::<usize>());
    results.iter().for_each(|result| check_result(result, rules));
    let prints: BTreeSet<String> =
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len(), "fingerprints tell findings apart");
}

#[test]
fn a_result_says_what_to_do_and_where() {
    let log = sarif(&[report("Staking")], "1.2.3", |finding| finding.slot == "rewardIndex");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    let message = results[0]["message"]["text"].as_str().unwrap();
    assert!(message.starts_with(
        "rewardIndex: claim(), stake(uint128), unstake(uint128) write it. So calls of different \
         users wait for one another. Of 48 calls the longest chain is 48, 48 without this slot, 1 \
         without those before it, too. Keep the value for each user"
    ));
    let location = &results[0]["locations"][0];
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "src/apps/Staking.sol");
    assert_eq!(location["logicalLocations"][2]["fullyQualifiedName"], "Staking.stake(uint128)");
    assert!(location["physicalLocation"].get("region").is_none(), "no source, no line");
}
