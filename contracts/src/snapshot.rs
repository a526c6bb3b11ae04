//! Does a contract still touch what it did at the last snapshot?
//!
//! In: a described contract, and the text kept of it. Out: the text to keep ([`text`]), and what
//! changed ([`drift`]).
//! Invariants: the text depends on what functions touch and on names alone, so that a change of code
//! that touches the same leaves it as it is; functions are in order of their signatures.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::artifacts::{ArtifactError, NamedContract, NamedFunction, name_contract, read};
use slotcast_analyzer::limits::Limits;
use slotcast_model::Fork;

/// The insta that [`assert_access_snapshot!`] calls.
#[cfg(feature = "insta")]
pub use insta;

/// What a contract touches, as a text to keep.
pub fn text(contract: &NamedContract) -> String {
    let mut text = format!("# {}\n", contract.name);
    let functions: BTreeMap<String, &NamedFunction> =
        contract.functions.iter().map(|function| (function.label(), function)).collect();
    for (label, function) in functions {
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
    }
    text
}

/// The texts of all contracts that `path` stands for, one after the other, for tests.
///
/// # Errors
///
/// When there is none, or what is there is malformed.
pub fn text_of(path: &str) -> Result<String, ArtifactError> {
    let limits = Limits::default();
    let of = |contract| text(&name_contract(contract, Fork::Osaka, &limits));
    let texts: Vec<String> = read(path)?.contracts.iter().map(of).collect();
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
mod tests {
    use super::*;

    #[test]
    fn drift_names_the_function_and_the_lines() {
        let kept = "# T\n\nf()\n  read a\n\ng()\n  nothing\n";
        let today = "# T\n\nf()\n  read a\n  write b\n\nh()\n  nothing\n";
        assert_eq!(drift(kept, kept), "");
        let expected = "  f()\n+   write b\n- g()\n-   nothing\n+ h()\n+   nothing\n";
        assert_eq!(drift(kept, today), expected);
    }
}
