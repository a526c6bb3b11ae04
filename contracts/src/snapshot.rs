//! Does a contract still touch what its committed snapshot says?
//!
//! In: a contract, and the text kept of it. Out: the text to keep ([`text`]), and what changed
//! ([`drift`]).
//! Invariants: functions are in order of their signatures; each ends with a digest of its access
//! program, so that a change of accesses which the lines cannot show makes the texts differ. Gas
//! is not part of the digest.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::artifacts::{ArtifactError, Contract, NamedFunction, name_contract, read};
use alloy_primitives::{hex, keccak256};
use slotcast_analyzer::{Pass, limits::Limits, program_text};
use slotcast_model::Fork;

/// Bytes of a program's digest.
const DIGEST: usize = 8;

/// The insta that [`assert_access_snapshot!`] calls.
#[cfg(feature = "insta")]
pub use insta;

/// What a contract touches under the rules of `fork`, as a text to keep.
pub fn text(contract: &Contract, fork: Fork, limits: &Limits) -> String {
    let named = name_contract(contract, fork, limits);
    let mut text = format!("# {}\n", named.name);
    let functions: BTreeMap<(String, Option<u32>), &NamedFunction> =
        named.functions.iter().map(|it| ((it.label(), it.selector), it)).collect();
    for ((label, selector), function) in functions {
        let _ = write!(text, "\n{label}\n");
        let mut lines: Vec<String> = function
            .accesses
            .iter()
            .map(|access| {
                let may = if access.is_certain() { "" } else { "may " };
                format!("  {may}{} {}\n", access.access.kind.text(), access.label())
            })
            .collect();
        lines.sort();
        lines.dedup();
        lines.extend(function.calls.iter().map(|call| {
            let selector = call.selector.as_ref().map_or_else(String::new, |it| format!(" {it}"));
            format!("  {} {}{selector}\n", call.kind.text(), call.target)
        }));
        if lines.is_empty() {
            lines.push("  nothing\n".to_owned());
        }
        text.extend(lines);
        let program =
            program_text(&contract.code, fork, selector, Pass::RegisterAllocation, limits);
        let _ = writeln!(text, "  program {}", digest(&program));
    }
    if let Some(missing) = named.missing() {
        let _ = writeln!(text, "\n{missing}");
    }
    text
}

/// The digest of a printed program, without what it costs.
fn digest(program: &str) -> String {
    let mut kept = String::new();
    for line in program.lines().filter(|line| !line.trim_start().starts_with("charge ")) {
        let mut words = line.split(' ');
        while let Some(word) = words.next() {
            if word == "gas" {
                words.next();
            } else {
                kept.push_str(word);
                kept.push(' ');
            }
        }
        kept.push('\n');
    }
    hex::encode(&keccak256(kept)[..DIGEST])
}

/// The texts of all contracts that `path` stands for, one after the other, for tests.
///
/// # Errors
///
/// When there is none, or what is there is malformed.
pub fn text_of(path: &str) -> Result<String, ArtifactError> {
    let limits = Limits::default();
    let contracts = read(path)?.contracts;
    let texts = contracts.iter().map(|contract| text(contract, Fork::Osaka, &limits));
    let texts: Vec<String> = texts.collect();
    Ok(texts.join("\n"))
}

/// What differs between the text that was kept and that of today, function by function: lines that
/// went with `-`, lines that came with `+`. Empty when nothing does.
pub fn drift(kept: &str, today: &str) -> String {
    let (kept, today) = (paragraphs(kept), paragraphs(today));
    let mut labels: Vec<&str> = kept.keys().chain(today.keys()).copied().collect();
    labels.sort_unstable();
    labels.dedup();
    let mut out = String::new();
    for label in labels {
        let none = Vec::new();
        let before = kept.get(label).unwrap_or(&none);
        let after = today.get(label).unwrap_or(&none);
        let is_known = kept.contains_key(label) == today.contains_key(label);
        if before == after && is_known {
            continue;
        }
        let sign = match (kept.contains_key(label), today.contains_key(label)) {
            (true, true) => ' ',
            (true, false) => '-',
            (false, _) => '+',
        };
        let _ = writeln!(out, "{sign} {label}");
        for line in before.iter().filter(|line| !after.contains(line)) {
            let _ = writeln!(out, "- {line}");
        }
        for line in after.iter().filter(|line| !before.contains(line)) {
            let _ = writeln!(out, "+ {line}");
        }
    }
    out
}

/// The lines of each function; a line that is not indented begins one.
fn paragraphs(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut label = "";
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if line.starts_with(' ') {
            found.entry(label).or_default().push(line);
        } else {
            label = line;
            found.entry(label).or_default();
        }
    }
    found
}

/// Compares what the contracts of a path touch with the snapshot that insta keeps, which is called
/// like the test or as the first of two arguments says; `cargo insta review` accepts what changed.
///
/// # Panics
///
/// When the path cannot be read, and as insta does when the text differs from what was kept.
///
/// ```no_run
/// slotcast_contracts::assert_access_snapshot!("out/Token.sol/Token.json");
/// slotcast_contracts::assert_access_snapshot!("token", "out/Token.sol/Token.json");
/// ```
#[cfg(feature = "insta")]
#[macro_export]
macro_rules! assert_access_snapshot {
    ($path:expr $(,)?) => {
        $crate::snapshot::insta::assert_snapshot!(
            $crate::snapshot::text_of($path).expect("the artifact can be read")
        )
    };
    ($name:expr, $path:expr $(,)?) => {
        $crate::snapshot::insta::assert_snapshot!(
            $name,
            $crate::snapshot::text_of($path).expect("the artifact can be read")
        )
    };
}

/// The guide, so that its code is compiled with the tests.
#[cfg(all(doctest, feature = "insta"))]
#[doc = include_str!("../../docs/contracts.md")]
struct Guide;

#[cfg(test)]
mod tests;
