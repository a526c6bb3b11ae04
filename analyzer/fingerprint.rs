//! Which sources are summaries compiled by?
//!
//! In: a folder of sources. Out: a fingerprint of the files of the compile path, which names kept
//! summaries.
//! Invariant: a change of any of these files changes it, on every machine alike; what only reads
//! summaries, and tests, do not count. `tests/compile_path.rs` holds both.

use std::{ffi::OsStr, fs, io, path::Path};

/// Files and folders that are no part of the compile path: they read summaries, or walk on their own.
pub(crate) const NOT_COMPILED: [&str; 4] = ["bind", "describe", "reach", "tests"];

/// The offset and the prime of FNV-1a with 64 bits.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// The fingerprint of the compile path in `sources`.
pub(crate) fn fingerprint(sources: &Path) -> io::Result<u64> {
    let mut fingerprint = OFFSET;
    each_file(sources, &mut |path| {
        hash(path.file_name().unwrap_or_default().as_encoded_bytes(), &mut fingerprint);
        hash(&fs::read(path)?, &mut fingerprint);
        Ok(())
    })?;
    Ok(fingerprint)
}

/// Calls `visit` on each file of the compile path below `folder`, in order of name.
pub(crate) fn each_file(
    folder: &Path,
    visit: &mut dyn FnMut(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let entries: io::Result<Vec<_>> = fs::read_dir(folder)?.collect();
    let mut entries = entries?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        match entry.file_type()?.is_dir() {
            _ if NOT_COMPILED.contains(&stem) => {}
            true => each_file(&path, visit)?,
            false => visit(&path)?,
        }
    }
    Ok(())
}

/// Adds `bytes` with their number.
fn hash(bytes: &[u8], fingerprint: &mut u64) {
    for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
        *fingerprint = (*fingerprint ^ u64::from(*byte)).wrapping_mul(PRIME);
    }
}
