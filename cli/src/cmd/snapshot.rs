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

use slotcast::analyzer::limits::Limits;
use slotcast_artifacts::{name_contract, read};
use slotcast_snapshot::{drift, text};

use crate::{
    args::Snapshot,
    failure::{Failure, Verdict},
    render::{BAD, Console, GOOD, HEAD, count},
};

/// Compares, or accepts.
pub(crate) fn snapshot(args: &Snapshot, console: &Console) -> Result<Verdict, Failure> {
    let found = read(&args.path)?;
    super::analyze::note_left_out(found.n_left_out, console);
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    for contract in &found.contracts {
        let named = name_contract(contract, args.fork, &Limits::default());
        let stem = contract.full_name().replace(['/', '\\', ':'], "-");
        texts.insert(args.snapshots.join(format!("{stem}.access")), text(&named));
    }
    let mut n_changed = 0_usize;
    for (path, today) in &texts {
        let kept = match path.is_file() {
            true => fs::read_to_string(path).map_err(|error| {
                Failure::in_file(
                    &path.display().to_string(),
                    format_args!("cannot be read: {error}"),
                )
            })?,
            false => String::new(),
        };
        let changes = drift(&kept, today);
        if changes.is_empty() && path.is_file() {
            continue;
        }
        n_changed += 1;
        if args.update {
            write(path, today)?;
        }
        console.line(console.paint(HEAD, &path.display().to_string()))?;
        for line in changes.lines() {
            match line.chars().next() {
                Some('+') => console.line(console.paint(GOOD, line))?,
                Some('-') => console.line(console.paint(BAD, line))?,
                _ => console.line(line)?,
            }
        }
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
    Ok(Verdict::of(n_changed == 0 || args.update))
}

/// Writes a text by way of a temporary file, so that none is ever half there.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::in_file(&path.display().to_string(), format_args!("cannot be written: {error}"))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let temporary = path.with_extension("access.tmp");
    fs::write(&temporary, text).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)
}
