//! On which line of which file does the source declare something?
//!
//! In: the texts that a compiler was given, as build infos and standard JSON hold them, or as files
//! lie beside artifacts. Out: [`SourceLine`]s of contracts, functions and variables.
//! Invariants: a file beside an artifact counts only if it has the hash that the artifact's metadata
//! states, so no line is of a text that changed since; what is not found exactly once has no line.

mod scan;

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Component, Path},
};

use alloy_primitives::{B256, keccak256};
use serde::Serialize;
use serde_json::Value;

use self::scan::{Declared, Function, scan};
use crate::artifacts::{StorageLayout, Variable, signature::Signature};

/// Contracts that one inherits from, directly or not.
const MAX_BASES: usize = 256;

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceLine {
    /// The file, as the compiler was told.
    pub file: String,
    /// The line, counted from one.
    pub line: u32,
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One file.
#[derive(Clone, Debug)]
struct Text {
    hash: B256,
    contracts: Vec<Declared>,
}

/// All files whose texts are known, by the names that the compiler was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(BTreeMap<String, Text>);

/// Where the parts of one contract are declared, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// The contract itself.
    pub(crate) contract: Option<SourceLine>,
    /// Functions by selector.
    pub(crate) functions: BTreeMap<u32, SourceLine>,
    /// What runs when no selector matches.
    pub(crate) fallback: Option<SourceLine>,
    /// Variables, by position in the layout.
    pub(crate) variables: BTreeMap<usize, SourceLine>,
}

impl Sources {
    /// Takes in the texts that a document holds, or those that its metadata name and that lie, with
    /// the hash that is stated, below a folder in which the document `file` is.
    pub(crate) fn add(&mut self, file: &str, value: &Value) {
        for sources in [&value["sources"], &value["input"]["sources"]] {
            for (path, source) in sources.as_object().into_iter().flatten() {
                if let Some(text) = source["content"].as_str() {
                    self.insert(path, text, keccak256(text));
                }
            }
        }
        for (path, hash) in stated(value) {
            let is_known = self.0.get(&path).is_some_and(|known| known.hash == hash);
            if let Some(text) = (!is_known).then(|| text_beside(file, &path, hash)).flatten() {
                self.insert(&path, &text, hash);
            }
        }
    }

    fn insert(&mut self, path: &str, text: &str, hash: B256) {
        if path.ends_with(".sol") {
            self.0.insert(path.to_owned(), Text { hash, contracts: scan(text) });
        }
    }

    /// Where the contract `name` of the file `source`, its functions and its variables are declared;
    /// `value` is its artifact.
    pub(crate) fn lines(
        &self,
        (source, name): (&str, &str),
        value: &Value,
        signatures: &BTreeMap<u32, Signature>,
        layout: Option<&StorageLayout>,
    ) -> Lines {
        let stated = stated(value);
        // A text that is not the one this contract was compiled from says nothing of it.
        let is_its = |path: &str, text: &Text| stated.get(path).is_none_or(|it| *it == text.hash);
        let files = self.0.iter().filter(|(path, text)| is_its(path, text));
        let all = Family { files: files.map(|(path, text)| (path.as_str(), text)).collect() };
        let Some(own) = all.of(source, name) else { return Lines::default() };
        let order = all.in_order(own);
        let line = |(file, _): Member<'_>, line| SourceLine { file: file.to_owned(), line };
        let function = |signature: &Signature| {
            order.iter().find_map(|it| Some(line(*it, it.1.callable(&signature.text)?)))
        };
        let functions =
            signatures.iter().filter_map(|(&selector, of)| Some((selector, function(of)?)));
        let fallback = ["fallback", "receive", ""].into_iter().find_map(|name| {
            let is_it = |it: &&Function| it.name == name && it.has_body;
            order.iter().find_map(|it| Some(line(*it, it.1.functions.iter().find(is_it)?.line)))
        });
        let variables = layout.into_iter().flat_map(|layout| layout.storage.iter().enumerate());
        let variables = variables.filter_map(|(n, variable)| {
            let (member, at) = all.variable(variable, &order)?;
            Some((n, line(member, at)))
        });
        Lines {
            contract: Some(line(own, own.1.line)),
            functions: functions.collect(),
            fallback,
            variables: variables.collect(),
        }
    }
}

/// A contract and its file.
type Member<'a> = (&'a str, &'a Declared);

/// The files of one compilation.
struct Family<'a> {
    files: BTreeMap<&'a str, &'a Text>,
}

impl<'a> Family<'a> {
    /// A contract by its file and name; Hardhat 3 puts `project/` before the names of its own files.
    fn of(&self, file: &str, name: &str) -> Option<Member<'a>> {
        let in_project = format!("project/{file}");
        let (path, text) =
            self.files.get_key_value(file).or_else(|| self.files.get_key_value(&*in_project))?;
        Some((path, text.contracts.iter().find(|it| it.name == name)?))
    }

    /// A contract that one of `file` inherits from: of the same file, else of the only file that has
    /// one of this name.
    fn base(&self, file: &str, name: &str) -> Option<Member<'a>> {
        let everywhere = || {
            let mut found = self.files.keys().filter_map(|file| self.of(file, name));
            let first = found.next();
            first.filter(|_| found.next().is_none())
        };
        self.of(file, name).or_else(everywhere)
    }

    /// A contract and those it inherits from, none before one that inherits from it.
    ///
    /// Of each the last place counts on a walk from the right, which is where the compiler's
    /// linearisation has it, too.
    fn in_order(&self, own: Member<'a>) -> Vec<Member<'a>> {
        let mut walked = vec![];
        let mut left = vec![own];
        while let Some(next) = left.pop() {
            if walked.len() == MAX_BASES {
                break;
            }
            walked.push(next);
            left.extend(next.1.bases.iter().filter_map(|base| self.base(next.0, base)));
        }
        let is_last = |n: usize| !walked[n + 1..].iter().any(|it| core::ptr::eq(it.1, walked[n].1));
        (0..walked.len()).filter(|n| is_last(*n)).map(|n| walked[n]).collect()
    }

    /// Where a variable of the layout is declared; a namespace is a struct of the contract or of one
    /// of those in `order`.
    fn variable(&self, variable: &Variable, order: &[Member<'a>]) -> Option<(Member<'a>, u32)> {
        let label = &variable.label;
        if let Some((file, name)) = variable.contract.rsplit_once(':') {
            let member = self.of(file, name)?;
            return Some((member, *member.1.variables.get(label)?));
        }
        order.iter().find_map(|member| Some((*member, *member.1.structs.get(label)?)))
    }
}

/// The files that a contract's metadata name, with the hashes of their texts.
fn stated(value: &Value) -> BTreeMap<String, B256> {
    let of = |metadata: &Value| {
        let sources = metadata["sources"].as_object().into_iter().flatten();
        sources
            .filter_map(|(path, source)| {
                Some((path.clone(), source["keccak256"].as_str()?.parse().ok()?))
            })
            .collect()
    };
    match &value["metadata"] {
        Value::String(text) => serde_json::from_str(text).map(|it| of(&it)).unwrap_or_default(),
        metadata => of(metadata),
    }
}

/// The text of the file `path` below one of the folders that `document` is in, if it is the one.
fn text_beside(document: &str, path: &str, hash: B256) -> Option<String> {
    let path = Path::new(path);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let document = fs::canonicalize(document).ok()?;
    let texts = document.ancestors().skip(1).filter_map(|folder| fs::read(folder.join(path)).ok());
    let mut texts = texts.filter(|text| keccak256(text) == hash);
    String::from_utf8(texts.next()?).ok()
}

#[cfg(test)]
mod tests;
