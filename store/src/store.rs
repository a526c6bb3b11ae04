//! How is a file of summaries used, and what is done when it cannot be?
//!
//! In: a path, a size, summaries. Out: [`Store`].
//! Invariants: nothing here fails for the sake of a summary: what cannot be read is not there; the
//! library that keeps the file may panic on pages that were damaged, which is caught and taken for
//! damage.

use std::{
    fs,
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy_primitives::B256;
use redb::Database;
use slotcast::{
    Shelf,
    analyzer::{Targets, limits::Limits, summary::Summary},
    model::Fork,
};

use crate::{
    file,
    key::{Key, key},
};

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file can neither be used nor set aside.
    #[error("{}: cannot be used as a summary store: {reason}; name another file", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What was reported.
        reason: String,
    },
}

/// Summaries in a file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    max_bytes: u64,
    database: Mutex<Database>,
    used: Mutex<Vec<Key>>,
    is_rebuilt: AtomicBool,
}

/// How much a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How many summaries.
    pub n_summaries: u64,
    /// Their bytes.
    pub n_bytes: u64,
}

impl Store {
    /// Opens the file at `path`, or begins it; what is there and cannot be trusted is set aside
    /// under the same name with `.refused` behind it.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        let opened = guarded(|| file::open(path));
        let (database, is_rebuilt) = match opened {
            Ok(database) => (database, false),
            Err(Fault::Damaged(_)) => (begin_anew(path)?, true),
            Err(Fault::Outside(reason)) => return Err(unusable(path, reason)),
        };
        Ok(Self {
            path: path.to_owned(),
            max_bytes,
            database: Mutex::new(database),
            used: Mutex::default(),
            is_rebuilt: AtomicBool::new(is_rebuilt),
        })
    }

    /// Whether what was there could not be trusted and was set aside.
    pub fn is_rebuilt(&self) -> bool {
        self.is_rebuilt.load(Ordering::Relaxed)
    }

    /// Keeps these summaries, made for `fork` within `limits`, with the programs made so far.
    pub fn keep<'a>(
        &self,
        fork: Fork,
        limits: &Limits,
        summaries: impl IntoIterator<Item = &'a Summary>,
    ) -> Result<(), StoreError> {
        let entry = |summary: &Summary| {
            (key(summary.code_hash(), fork, limits, summary.targets()), summary.to_bytes())
        };
        self.put(&summaries.into_iter().map(entry).collect::<Vec<_>>())
    }

    /// How much is kept.
    pub fn kept(&self) -> Result<Kept, StoreError> {
        let (n_summaries, n_bytes) = self.work(file::size)?;
        Ok(Kept { n_summaries, n_bytes })
    }

    /// Everything that is kept, as bytes for [`Self::import`], by key.
    pub fn export(&self) -> Result<Vec<u8>, StoreError> {
        let entries = self.work(file::all)?;
        Ok(postcard::to_stdvec(&entries).expect("plain data in memory can be written"))
    }

    /// Keeps what another store exported, as far as it is whole and of this version of the
    /// analysis; gives how many summaries that is.
    pub fn import(&self, bytes: &[u8]) -> Result<usize, StoreError> {
        let entries: Vec<(Key, Vec<u8>)> =
            postcard::from_bytes(bytes).map_err(|error| StoreError::Unusable {
                path: self.path.clone(),
                reason: format!("what is to be imported is no export: {error}"),
            })?;
        let is_whole = |(_, bytes): &(Key, Vec<u8>)| Summary::from_bytes(bytes).is_ok();
        let entries: Vec<_> = entries.into_iter().filter(is_whole).collect();
        self.put(&entries)?;
        Ok(entries.len())
    }

    fn put(&self, entries: &[(Key, Vec<u8>)]) -> Result<(), StoreError> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        self.work(|database| file::put(database, entries, &used, self.max_bytes))
    }

    /// Does `work`, on a file begun anew if the one that is there turns out to be damaged.
    fn work<T>(&self, work: impl Fn(&Database) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        let mut database = self.database();
        match guarded(|| work(&database)) {
            Ok(done) => return Ok(done),
            Err(Fault::Outside(reason)) => return Err(unusable(&self.path, reason)),
            Err(Fault::Damaged(_)) => {}
        }
        *database = begin_anew(&self.path)?;
        self.is_rebuilt.store(true, Ordering::Relaxed);
        guarded(|| work(&database)).map_err(|fault| unusable(&self.path, fault.reason()))
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf for Store {
    fn find(
        &self,
        code_hash: B256,
        fork: Fork,
        limits: &Limits,
        targets: &Targets,
    ) -> Option<Summary> {
        let key = key(code_hash, fork, limits, targets);
        let bytes = self.work(|database| file::get(database, &key)).ok()??;
        let summary = Summary::from_bytes(&bytes).ok()?;
        if summary.code_hash() != code_hash || summary.targets() != targets {
            return None;
        }
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        Some(summary)
    }
}

/// Why the file could not be worked on.
enum Fault {
    /// What it holds is not what was written, or of another format.
    Damaged(String),
    /// Something else is in the way: a full disk, a missing folder, a lock of another kind.
    Outside(String),
}

impl Fault {
    fn reason(self) -> String {
        match self {
            Self::Damaged(reason) | Self::Outside(reason) => reason,
        }
    }
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        let reason = error.to_string();
        match error {
            redb::Error::Io(error)
                if !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
            {
                Self::Outside(reason)
            }
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                Self::Outside(reason)
            }
            _ => Self::Damaged(reason),
        }
    }
}

/// What `work` gives, with a panic as damage.
fn guarded<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(Fault::from),
        Err(_) => Err(Fault::Damaged("its pages are damaged".to_owned())),
    }
}

/// Sets the file aside and begins a new one.
fn begin_anew(path: &Path) -> Result<Database, StoreError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".refused");
    fs::rename(path, aside).map_err(|error| unusable(path, error.to_string()))?;
    guarded(|| file::open(path)).map_err(|fault| unusable(path, fault.reason()))
}

fn unusable(path: &Path, reason: String) -> StoreError {
    StoreError::Unusable { path: path.to_owned(), reason }
}
