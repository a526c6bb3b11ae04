//! Where do recorded blocks lie on disk?
//!
//! In: paths. Out: blocks read, lists of files, files written.
//! Invariants: a list is ordered by block number; a file is either the old one or the new one
//! whole, never half written. This is the only file of the crate that touches the disk.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{CorpusError, RecordedBlock, format};

/// Reads one recorded block.
pub fn read_file(path: &Path) -> Result<RecordedBlock, CorpusError> {
    let bytes = read_bytes(path)?;
    format::parse(&bytes, &path.display().to_string())
}

/// The recorded blocks `path` stands for: itself, or the `*.json` and `*.json.gz` files in it.
///
/// Files are ordered by the last number in their names, which is the block's number wherever
/// Slotcast wrote them; names without a number follow in alphabetical order.
pub fn list(path: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let failed = |source| CorpusError::Read { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        match name.filter(|name| is_block_name(name)) {
            Some(name) if file.is_file() => found.push((number_in(&name), name, file)),
            _ => {}
        }
    }
    if found.is_empty() {
        return Err(CorpusError::EmptyFolder { path: path.to_owned() });
    }
    found.sort();
    Ok(found.into_iter().map(|(_, _, file)| file).collect())
}

/// Writes `block` to `path`, packed if the name ends in `.gz`.
///
/// The bytes depend on the block alone. They go to a temporary file beside the target, which then
/// takes the target's name.
pub fn write_file(path: &Path, block: &RecordedBlock) -> Result<(), CorpusError> {
    let bytes = match path.extension().is_some_and(|extension| extension == "gz") {
        true => format::print_packed(block)?,
        false => format::print(block)?,
    };
    replace_file(path, &bytes)
}

/// The bytes of the file at `path`.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, CorpusError> {
    fs::read(path).map_err(|source| CorpusError::Read { path: path.to_owned(), source })
}

/// Writes `bytes` to `path`, by way of a temporary file beside it.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), CorpusError> {
    replace(path, bytes).map_err(|source| CorpusError::Write { path: path.to_owned(), source })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    // Two processes writing the same block must not share a temporary file.
    hidden.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(hidden);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // The first failure is the one to report; a leftover is merely untidy.
        drop(fs::remove_file(&part));
    }
    written
}

fn is_block_name(name: &str) -> bool {
    !name.starts_with('.') && (name.ends_with(".json") || name.ends_with(".json.gz"))
}

/// Sorts before [`Named::Without`], so unnumbered files come last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Number(u64),
    Without,
}

fn number_in(name: &str) -> Named {
    let stem = name.trim_end_matches(".gz").trim_end_matches(".json");
    stem.rsplit(|character: char| !character.is_ascii_digit())
        .find(|digits| !digits.is_empty())
        .and_then(|digits| digits.parse().ok())
        .map_or(Named::Without, Named::Number)
}

#[cfg(test)]
mod tests;
