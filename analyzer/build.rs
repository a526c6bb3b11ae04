//! Which sources is the analysis built from?
//!
//! In: `src`. Out: a fingerprint of its files, for whoever keeps summaries.
//! Invariant: a change of any file changes it, on every machine alike.

use std::{fs, io, path::Path};

/// The offset and the prime of FNV-1a with 64 bits.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

fn main() -> io::Result<()> {
    let mut fingerprint = OFFSET;
    add(Path::new("src"), &mut fingerprint)?;
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-env=SLOTCAST_ANALYSIS={fingerprint:016x}");
    Ok(())
}

/// Adds names and contents of the files in `folder`, in order of name.
fn add(folder: &Path, fingerprint: &mut u64) -> io::Result<()> {
    let entries: io::Result<Vec<_>> = fs::read_dir(folder)?.collect();
    let mut entries = entries?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        hash(entry.file_name().as_encoded_bytes(), fingerprint);
        match entry.file_type()?.is_dir() {
            true => add(&entry.path(), fingerprint)?,
            false => hash(&fs::read(entry.path())?, fingerprint),
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
