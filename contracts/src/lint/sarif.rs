//! How do code hosts show findings?
//!
//! In: [`Report`]s. Out: a SARIF 2.1.0 log (OASIS standard) with one run.
//! Invariants: a result's rule is one of the run's; a location is a source file as the compiler was
//! told its name, relative to the project, or none when that is not known; it has a line where the
//! source says which, of the variable, else of a function that stores to it, else of the contract;
//! fingerprints depend on rule, contract and slot, and not on other findings.

use crate::artifacts::SourceLine;
use alloy_primitives::keccak256;
use serde_json::{Value, json};

use crate::lint::{Finding, Report, Rule};

/// Where the form of the log is published.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Bytes of a fingerprint.
const FINGERPRINT: usize = 16;

/// All findings that `is_wanted`, as a log; `version` is that of the program.
///
/// ```
/// let log = slotcast_contracts::lint::sarif(&[], "1.0.0", |_| true);
/// assert_eq!(log["version"], "2.1.0");
/// assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(0));
/// ```
pub fn sarif(reports: &[Report], version: &str, is_wanted: impl Fn(&Finding) -> bool) -> Value {
    let mut results = Vec::new();
    for report in reports {
        for finding in report.findings.iter().filter(|finding| is_wanted(finding)) {
            results.push(result(report, finding));
        }
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "slotcast",
                "version": version,
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": Rule::ALL.map(rule),
            }},
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

fn rule(rule: Rule) -> Value {
    json!({
        "id": rule.name(),
        "shortDescription": {"text": rule.summary()},
        "help": {"text": rule.advice()},
        "defaultConfiguration": {"level": rule.default_level().name()},
    })
}

fn result(report: &Report, finding: &Finding) -> Value {
    let rule_index = Rule::ALL.iter().position(|rule| *rule == finding.rule);
    let advice = finding.rule.advice();
    let text = format!("{} {advice}", finding.message(report.traffic).trim_end());
    let identity = format!("{}\n{}\n{}", finding.rule, report.contract, finding.slot);
    let fingerprint = alloy_primitives::hex::encode(&keccak256(identity)[..FINGERPRINT]);
    json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": rule_index,
        "level": finding.level.name(),
        "message": {"text": text},
        "locations": [location(report, finding)],
        "relatedLocations": related(report, finding),
        "partialFingerprints": {"slotcast/v1": fingerprint},
    })
}

fn location(report: &Report, finding: &Finding) -> Value {
    let contract = &report.contract;
    let functions = finding.changing().map(|(name, _)| {
        json!({
            "name": name,
            "fullyQualifiedName": format!("{contract}.{name}"),
            "kind": "function",
        })
    });
    let whole = json!({"name": contract, "fullyQualifiedName": contract, "kind": "type"});
    let logical: Vec<Value> = [whole].into_iter().chain(functions).collect();
    let mut location = json!({"logicalLocations": logical});
    let function = || finding.changing().find_map(|(name, _)| report.declared(name));
    let declared = finding.declared.as_ref().or_else(function).or(report.declared.as_ref());
    match (declared, report.source.as_str()) {
        (Some(declared), _) => location["physicalLocation"] = line(declared),
        (None, "") => {}
        (None, source) => {
            location["physicalLocation"] = json!({"artifactLocation": {"uri": uri(source)}});
        }
    }
    location
}

/// Where the functions are that change the slot, as far as known.
fn related(report: &Report, finding: &Finding) -> Vec<Value> {
    let known = finding.changing().filter_map(|(name, verb)| {
        Some((format!("{name} {verb} it"), line(report.declared(name)?)))
    });
    known
        .enumerate()
        .map(|(n, (text, at))| json!({"id": n, "message": {"text": text}, "physicalLocation": at}))
        .collect()
}

fn line(at: &SourceLine) -> Value {
    json!({"artifactLocation": {"uri": uri(&at.file)}, "region": {"startLine": at.line}})
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let path = path.strip_prefix("project/").unwrap_or(path);
    let mut out = String::new();
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'\\' => out.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
