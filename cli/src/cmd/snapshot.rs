//! `slotcast snapshot`: does every function still touch what it did?
//!
//! In: an artifact, a folder or a project, and the folder of texts kept beside it. Out: what
//! changed; with --update, the texts as they are today.
//! Invariant: without --update nothing is written; a text is written whole or not at all.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use slotcast::analyzer::limits::Limits;
use slotcast_contracts::artifacts::read;
use slotcast_contracts::snapshot::{drift, text};
use slotcast_corpus as corpus;

use crate::{
    args::Snapshot,
    failure::{Failure, Verdict},
    render::{BAD, Console, GOOD, HEAD, count},
};

/// What the names of kept texts end in.
const EXTENSION: &str = "access";

/// A contract that touches something else, as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    file: String,
    /// Whether nothing was kept of it before.
    is_new: bool,
    /// Whether what it touches today was written.
    is_accepted: bool,
    /// Functions behind a space, lines that went behind `-`, lines that came behind `+`.
    changes: Vec<String>,
}

/// Compares, or accepts.
pub(crate) fn snapshot(args: &Snapshot, console: &Console) -> Result<Verdict, Failure> {
    let found = read(&args.path)?;
    super::analyze::note_left_out(found.n_left_out, console);
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    for contract in &found.contracts {
        let stem = contract.full_name().replace(['/', '\\', ':'], "-");
        texts.insert(
            args.snapshots.join(format!("{stem}.{EXTENSION}")),
            text(contract, args.fork, &Limits::default()),
        );
    }
    let mut n_changed = 0_usize;
    for (path, today) in &texts {
        let is_new = !path.is_file();
        let kept = if is_new { String::new() } else { kept(path)? };
        let changes = drift(&kept, today);
        if changes.is_empty() && !is_new {
            continue;
        }
        n_changed += 1;
        if args.update {
            write(path, today)?;
        }
        let changes = changes.lines().map(str::to_owned).collect();
        let file = path.display().to_string();
        show(&Changed { file, is_new, is_accepted: args.update, changes }, console)?;
    }
    if Path::new(&args.path).is_dir() {
        note_orphans(&args.snapshots, &texts, console);
    }
    let holds = n_changed == 0 || args.update;
    if console.is_json() {
        return Ok(Verdict::of(holds));
    }
    let changed = count(n_changed, "contract touches", "contracts touch");
    match (n_changed, args.update) {
        (0, _) => console
            .line(format_args!("{}: as kept", count(texts.len(), "contract", "contracts")))?,
        (_, true) => console.line(format_args!("{changed} something else; accepted"))?,
        (_, false) => {
            console.line(format_args!("{changed} something else; --update accepts it"))?;
        }
    }
    Ok(Verdict::of(holds))
}

/// Prints what changed in one contract.
fn show(changed: &Changed, console: &Console) -> Result<(), Failure> {
    if console.is_json() {
        return console.document(changed);
    }
    console.line(console.paint(HEAD, &changed.file))?;
    for line in &changed.changes {
        match line.chars().next() {
            Some('+') => console.line(console.paint(GOOD, line))?,
            Some('-') => console.line(console.paint(BAD, line))?,
            _ => console.line(line)?,
        }
    }
    Ok(())
}

/// Names texts that were kept of contracts which are not there, or not there any more. Other paths
/// may keep theirs in the same folder, so that this is no failure.
fn note_orphans(folder: &Path, texts: &BTreeMap<PathBuf, String>, console: &Console) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let is_text = |path: &&PathBuf| path.extension().is_some_and(|it| it == EXTENSION);
    for path in paths.iter().filter(is_text).filter(|path| !texts.contains_key(*path)) {
        console.note(format_args!("{}: of no contract that was looked at", path.display()));
    }
}

/// What was kept.
fn kept(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        Failure::in_file(&path.display().to_string(), format_args!("cannot be read: {error}"))
    })
}

/// Writes a text by way of a temporary file, so that none is ever half there.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::in_file(&path.display().to_string(), format_args!("cannot be written: {error}"))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    Ok(corpus::replace_file(path, text.as_bytes())?)
}
