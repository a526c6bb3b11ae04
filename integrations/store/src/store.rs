//! How is a file of summaries used, and what is done when it cannot be?
//!
//! In: a path, a size, summaries. Out: [`Store`].
//! Invariants: nothing here fails for the sake of a summary: what cannot be read is not there; after
//! an error the file is opened again before it is called damaged, because the library that keeps it
//! goes on refusing, and because another process may have created the file again.

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy_primitives::B256;
use slotcast::{
    SummaryStore,
    analyzer::{Targets, limits::Limits, summary::Summary},
    model::Fork,
};

use crate::{
    export::{self, ExportError, Writer},
    fault::{Fault, guarded},
    file::{self, File},
    key::{Key, key, key_of},
};

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file can neither be used nor set aside.
    #[error("{}: cannot be used as a summary store: {reason}; {advice}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What was reported.
        reason: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// There is no file.
    #[error("{}: there is no summary store; make one with `--store`", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// What is to be imported cannot be.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// Summaries in a file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    max_bytes: u64,
    /// Whether nothing is written, not even when what was used.
    is_read_only: bool,
    /// The file; none when it is to be opened before it is used again.
    file: Mutex<Option<File>>,
    used: Mutex<BTreeSet<Key>>,
    is_rebuilt: AtomicBool,
}

/// How much a store keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many summaries.
    pub n_summaries: u64,
    /// Their bytes.
    pub n_bytes: u64,
    /// How many of the summaries this analysis made.
    pub n_usable: u64,
}

impl Store {
    /// Opens the file at `path`, or begins it; what is there and cannot be trusted is set aside
    /// under the same name with `.refused` behind it.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Self, CacheError> {
        Self::new(path, max_bytes, false)
    }

    fn new(path: &Path, max_bytes: u64, is_read_only: bool) -> Result<Self, CacheError> {
        let store = Self {
            path: path.to_owned(),
            max_bytes,
            is_read_only,
            file: Mutex::default(),
            used: Mutex::default(),
            is_rebuilt: AtomicBool::new(false),
        };
        store.work(|_| Ok(()))?;
        Ok(store)
    }

    /// Opens the file at `path`, which must be there, for reading alone: it stays as it is to the last
    /// byte, and a damaged one is an error.
    pub fn open_to_read(path: &Path) -> Result<Self, CacheError> {
        match path.is_file() {
            true => Self::new(path, u64::MAX, true),
            false => Err(CacheError::Missing { path: path.to_owned() }),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what was there could not be trusted and was set aside.
    pub fn is_rebuilt(&self) -> bool {
        self.is_rebuilt.load(Ordering::Relaxed)
    }

    /// Keeps these summaries with the programs made so far.
    pub fn keep<'a>(
        &self,
        summaries: impl IntoIterator<Item = &'a Summary>,
    ) -> Result<(), CacheError> {
        let entry = |summary: &Summary| (key_of(summary), summary.to_bytes());
        self.put(&summaries.into_iter().map(entry).collect::<Vec<_>>())
    }

    /// How much is kept; reads all of it.
    pub fn kept(&self) -> Result<Kept, CacheError> {
        let (n_summaries, n_bytes) = self.work(file::size)?;
        let count = |n: u64, key: &Key, bytes: &[u8]| n + u64::from(usable(key, bytes).is_some());
        let n_usable = self.work(|file| file::fold(file, 0, count))?;
        Ok(Kept { n_summaries, n_bytes, n_usable })
    }

    /// Everything that this analysis made and that is whole, as bytes for [`Self::import`].
    pub fn export(&self) -> Result<Vec<u8>, CacheError> {
        let add = |mut writer: Writer, key: &Key, bytes: &[u8]| {
            if usable(key, bytes).is_some() {
                writer.push(bytes);
            }
            writer
        };
        let writer = self.work(|file| file::fold(file, Writer::new(), add))?;
        Ok(writer.finish())
    }

    /// Keeps what another store exported; gives how many summaries that is.
    pub fn import(&self, bytes: &[u8]) -> Result<usize, CacheError> {
        let mut entries = Vec::new();
        for bytes in export::read(bytes)? {
            let summary = Summary::from_bytes(bytes).map_err(|_| ExportError::Damaged)?;
            // Under which key it stands elsewhere is of no account.
            entries.push((key_of(&summary), bytes.to_vec()));
        }
        self.put(&entries)?;
        Ok(entries.len())
    }

    /// Notes which summaries were used lately, so that they are the last to go; only where the file is
    /// so full that something may have to go soon, so that a store that is only read is not written.
    pub fn note_uses(&self) -> Result<(), CacheError> {
        if self.is_read_only || self.used().is_empty() {
            return Ok(());
        }
        let (_, n_bytes) = self.work(file::size)?;
        if n_bytes < self.max_bytes / 2 { Ok(()) } else { self.put(&[]) }
    }

    fn put(&self, entries: &[(Key, Vec<u8>)]) -> Result<(), CacheError> {
        let used = core::mem::take(&mut *self.used());
        self.work_on(true, |file| file::put(file, entries, &used, self.max_bytes, is_whole))
    }

    /// Does `work`, which writes nothing.
    fn work<T>(&self, work: impl Fn(&File) -> Result<T, redb::Error>) -> Result<T, CacheError> {
        self.work_on(false, work)
    }

    /// Does `work`: on the file as it is opened, on the file opened again, and on one begun again if
    /// the one that is there is damaged.
    fn work_on<T>(
        &self,
        writes: bool,
        work: impl Fn(&File) -> Result<T, redb::Error>,
    ) -> Result<T, CacheError> {
        let mut file = self.file();
        if file.is_some()
            && let Ok(done) = self.attempt(&mut file, writes, &work)
        {
            return Ok(done);
        }
        match self.attempt(&mut file, writes, &work) {
            Ok(done) => return Ok(done),
            Err(Fault::Outside(reason)) => return Err(self.unusable(reason)),
            Err(Fault::Damaged(reason)) if self.is_read_only => return Err(self.unusable(reason)),
            Err(Fault::Damaged(_)) => {}
        }
        let mut aside = self.path.as_os_str().to_owned();
        aside.push(".refused");
        fs::rename(&self.path, aside).map_err(|error| self.unusable(error.to_string()))?;
        self.is_rebuilt.store(true, Ordering::Relaxed);
        self.attempt(&mut file, writes, &work).map_err(|fault| self.unusable(fault.reason()))
    }

    /// Does `work`, and closes the file if that fails.
    fn attempt<T>(
        &self,
        open: &mut Option<File>,
        writes: bool,
        work: impl Fn(&File) -> Result<T, redb::Error>,
    ) -> Result<T, Fault> {
        let attempted = guarded(|| {
            let usable = open.take().filter(|file| !writes || file.is_writable());
            // A file that was not closed, or is not there, has to be written before it can be read.
            let file = match usable {
                Some(file) => file,
                None if self.is_read_only => file::open_to_read(&self.path)?,
                None if writes => file::open(&self.path)?,
                None => file::open_to_read(&self.path).or_else(|_| file::open(&self.path))?,
            };
            let done = work(open.insert(file))?;
            Ok(done)
        });
        if attempted.is_err() {
            let closed = open.take();
            // Closing tidies up, which a damaged file may not stand.
            drop(catch_unwind(AssertUnwindSafe(|| drop(closed))));
        }
        attempted
    }

    fn unusable(&self, reason: String) -> CacheError {
        let is_full = reason.contains("No space left") || reason.contains("StorageFull");
        let advice = match is_full {
            true => "free space or name another file; what was kept before is still there",
            false => "name another file",
        };
        CacheError::Unusable { path: self.path.clone(), reason, advice }
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<Key>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SummaryStore for Store {
    fn find(
        &self,
        code_hash: B256,
        fork: Fork,
        limits: &Limits,
        targets: &Targets,
    ) -> Option<Summary> {
        let key = key(code_hash, fork, limits, targets);
        let bytes = self.work(|file| file::get(file, &key)).ok()??;
        let summary = usable(&key, &bytes)?;
        self.used().insert(key);
        Some(summary)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Which was used last is worth knowing, but nothing to fail for.
        drop(self.note_uses());
    }
}

/// Whether these bytes are what was written as a summary.
fn is_whole(bytes: &[u8]) -> bool {
    Summary::from_bytes(bytes).is_ok()
}

/// The summary of these bytes, if it is whole and belongs under `key`, in which the analysis is.
fn usable(key: &Key, bytes: &[u8]) -> Option<Summary> {
    Summary::from_bytes(bytes).ok().filter(|found| key_of(found) == *key)
}
