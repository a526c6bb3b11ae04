//! What does the file hold, and what is done to it?
//!
//! In: keys and bytes. Out: bytes, and counts.
//! Invariants: every change is one transaction, so that a killed process leaves the file as it was
//! before or after; the bytes kept stay below the limit; what was used longest ago goes first.

use core::fmt;
use std::{collections::BTreeSet, io, path::Path};

use redb::{
    Builder, ConcurrencyMode, Database, ReadOnlyDatabase, ReadTransaction, ReadableDatabase,
    ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction,
};

use crate::key::Key;

/// The version of the tables below.
const SCHEMA: u64 = 1;

const VALUES: TableDefinition<'_, Key, &[u8]> = TableDefinition::new("summaries");
const USED: TableDefinition<'_, Key, u64> = TableDefinition::new("used");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");

/// How many bytes of the file's pages are held in memory: few, for a summary that is found is kept by its user.
const CACHE_BYTES: usize = 1 << 20;

/// An open file.
pub(crate) enum File {
    /// Only to be read.
    Read(ReadOnlyDatabase),
    /// Also to be written.
    Write(Database),
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_writable() { "File::Write" } else { "File::Read" })
    }
}

impl File {
    /// Whether it can be written.
    pub(crate) const fn is_writable(&self) -> bool {
        matches!(self, Self::Write(_))
    }

    fn begin_read(&self) -> Result<ReadTransaction, redb::Error> {
        Ok(match self {
            Self::Read(database) => database.begin_read()?,
            Self::Write(database) => database.begin_read()?,
        })
    }

    fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        match self {
            Self::Read(_) => Err(redb::Error::Io(io::ErrorKind::ReadOnlyFilesystem.into())),
            Self::Write(database) => Ok(database.begin_write()?),
        }
    }

    /// Whether the file has tables of our form; an error if it has those of another.
    fn is_ours(&self) -> Result<bool, redb::Error> {
        let numbers = match self.begin_read()?.open_table(NUMBERS) {
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(false),
            numbers => numbers?,
        };
        match numbers.get("schema")?.map(|schema| schema.value()) {
            Some(SCHEMA) => Ok(true),
            Some(found) => Err(redb::Error::Corrupted(format!("schema {found}"))),
            None => Ok(false),
        }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_concurrency_mode(ConcurrencyMode::MultiWriter);
    builder
}

/// Opens the file for reading alone; nothing of it changes.
pub(crate) fn open_to_read(path: &Path) -> Result<File, redb::Error> {
    let file = File::Read(builder().open_read_only(path)?);
    match file.is_ours()? {
        true => Ok(file),
        false => Err(redb::Error::Corrupted("no summaries".to_owned())),
    }
}

/// Opens the file to write it, or makes it.
pub(crate) fn open(path: &Path) -> Result<File, redb::Error> {
    let file = File::Write(builder().create(path)?);
    if file.is_ours()? {
        return Ok(file);
    }
    let transaction = file.begin_write()?;
    open_tables(&transaction)?;
    transaction.open_table(NUMBERS)?.insert("schema", SCHEMA)?;
    transaction.commit()?;
    Ok(file)
}

/// Opens every table once, or begins it, and closes it before the next one.
///
/// The library panics over some damaged pages while it opens a table, with a lock held that closing
/// a table takes. With another table open, closing that one would panic too, and a panic during a
/// panic ends the process. What was opened once is opened again without one.
fn open_tables(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(NUMBERS)?;
    transaction.open_table(VALUES)?;
    transaction.open_table(USED)?;
    Ok(())
}

/// The bytes under `key`.
pub(crate) fn get(file: &File, key: &Key) -> Result<Option<Vec<u8>>, redb::Error> {
    let table = file.begin_read()?.open_table(VALUES)?;
    Ok(table.get(key)?.map(|bytes| bytes.value().to_vec()))
}

/// Puts these entries in, notes these as used, and takes out what is too much. Of two entries with
/// one key the longer stays, unless it is not whole.
pub(crate) fn put(
    file: &File,
    entries: &[(Key, Vec<u8>)],
    used: &BTreeSet<Key>,
    max_bytes: u64,
    is_whole: fn(&[u8]) -> bool,
) -> Result<(), redb::Error> {
    let transaction = file.begin_write()?;
    open_tables(&transaction)?;
    {
        let mut numbers = transaction.open_table(NUMBERS)?;
        let mut values = transaction.open_table(VALUES)?;
        let mut last_use = transaction.open_table(USED)?;
        let number = |name: &str| -> Result<u64, redb::Error> {
            Ok(numbers.get(name)?.map_or(0, |number| number.value()))
        };
        let (tick, mut n_bytes) = (number("tick")? + 1, number("bytes")?);
        for (key, bytes) in entries {
            let (n_before, stays) = values.get(key)?.map_or((0, false), |before| {
                let before = before.value();
                // Another process may have made more of its programs.
                (before.len() as u64, bytes.len() <= before.len() && is_whole(before))
            });
            if stays {
                continue;
            }
            n_bytes = (n_bytes + bytes.len() as u64).saturating_sub(n_before);
            values.insert(key, bytes.as_slice())?;
            last_use.insert(key, tick)?;
        }
        for key in used {
            if values.get(key)?.is_some() {
                last_use.insert(key, tick)?;
            }
        }
        if max_bytes < n_bytes {
            let mut by_use = Vec::new();
            for entry in last_use.iter()? {
                let (key, tick) = entry?;
                by_use.push((tick.value(), key.value()));
            }
            by_use.sort_unstable();
            for (_, key) in by_use {
                if n_bytes <= max_bytes {
                    break;
                }
                let taken = values.remove(&key)?.map_or(0, |bytes| bytes.value().len());
                n_bytes = n_bytes.saturating_sub(taken as u64);
                last_use.remove(&key)?;
            }
        }
        numbers.insert("tick", tick)?;
        numbers.insert("bytes", n_bytes)?;
    }
    transaction.commit()?;
    Ok(())
}

/// What `fold` makes of every entry, in order of key.
pub(crate) fn fold<T>(
    file: &File,
    start: T,
    mut fold: impl FnMut(T, &Key, &[u8]) -> T,
) -> Result<T, redb::Error> {
    let table = file.begin_read()?.open_table(VALUES)?;
    let mut folded = start;
    for entry in table.iter()? {
        let (key, bytes) = entry?;
        folded = fold(folded, &key.value(), bytes.value());
    }
    Ok(folded)
}

/// How many entries there are, and of how many bytes.
pub(crate) fn size(file: &File) -> Result<(u64, u64), redb::Error> {
    let transaction = file.begin_read()?;
    let n_entries = transaction.open_table(VALUES)?.len()?;
    let numbers = transaction.open_table(NUMBERS)?;
    Ok((n_entries, numbers.get("bytes")?.map_or(0, |number| number.value())))
}
