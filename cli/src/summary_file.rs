//! Where does a command find summaries, and where does it leave those it made?
//!
//! In: the file that `--store` names, if it does. Out: [`SummaryFile`], which hands out caches of summaries
//! and keeps what they made.
//! Invariants: results are the same with and without it; a file that cannot be opened is bad input,
//! while one that cannot be written to later costs what was to be kept, is told once, and nothing
//! else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slotcast::{
    PredictSettings, Prepared, StoreHits, Summaries,
    analyzer::{limits::Limits, summary::Summary},
    model::Fork,
};
use slotcast_store::{CacheError, Store};

use crate::{
    args::Keep,
    failure::Failure,
    render::{Console, count},
};

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// A file of summaries, or none.
#[derive(Debug)]
pub(crate) struct SummaryFile {
    store: Option<Arc<Store>>,
    so_far: Mutex<SoFar>,
}

#[derive(Debug, Default)]
struct SoFar {
    counts: StoreHits,
    n_kept: usize,
    failure: Option<CacheError>,
}

impl SummaryFile {
    /// Opens the file, if one is named.
    pub(crate) fn open(args: &Keep, console: &Console) -> Result<Self, Failure> {
        let open = |path| Store::open(path, args.store_size.saturating_mul(MIB));
        let store = args.store.as_deref().map(open).transpose()?;
        if let Some(store) = store.as_ref().filter(|store| store.is_rebuilt()) {
            note_rebuilt(store, console);
        }
        Ok(Self { store: store.map(Arc::new), so_far: Mutex::default() })
    }

    /// No file.
    pub(crate) fn none() -> Self {
        Self { store: None, so_far: Mutex::default() }
    }

    /// Whether a file is named.
    pub(crate) const fn is_there(&self) -> bool {
        self.store.is_some()
    }

    /// A cache of summaries for the block.
    pub(crate) fn summaries(&self, prepared: &Prepared, settings: &PredictSettings) -> Summaries {
        match &self.store {
            Some(store) => prepared.summaries_on(Arc::clone(store) as _, settings),
            None => prepared.summaries(settings),
        }
    }

    /// A cache of summaries for code under the rules of `fork`.
    pub(crate) fn cache(&self, fork: Fork) -> Summaries {
        match &self.store {
            Some(store) => Summaries::with_store(fork, Limits::default(), Arc::clone(store) as _),
            None => Summaries::new(fork, Limits::default()),
        }
    }

    /// Keeps what a cache of this summary_file had to make, and counts what it did not.
    pub(crate) fn keep(&self, summaries: &Summaries) {
        let Some(store) = &self.store else { return };
        let news = summaries.drain_dirty();
        let kept = match news.is_empty() {
            true => Ok(()),
            false => store.keep(news.iter().map(AsRef::<Summary>::as_ref)),
        };
        let mut so_far = self.so_far();
        so_far.counts.add(summaries.store_hits());
        match kept {
            Ok(()) => so_far.n_kept += news.len(),
            Err(error) => drop(so_far.failure.get_or_insert(error)),
        }
    }

    /// Says what the file was good for.
    pub(crate) fn close(&self, console: &Console) {
        let Some(store) = &self.store else { return };
        let SoFar { counts, n_kept, failure } = &*self.so_far();
        let StoreHits { n_summaries, n_summaries_found, n_programs, n_programs_found } = counts;
        console.note(format_args!(
            "{}: {n_summaries_found} of {} and {n_programs_found} of {} from the store, {n_kept} \
             new or fuller ones kept",
            store.path().display(),
            count(*n_summaries, "summary", "summaries"),
            count(*n_programs, "program", "programs"),
        ));
        if store.is_rebuilt() {
            note_rebuilt(store, console);
        }
        if let Some(error) = failure {
            console.note(format_args!("not everything was kept: {error}"));
        }
    }

    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that the file was created again.
pub(crate) fn note_rebuilt(store: &Store, console: &Console) {
    let path = store.path().display();
    console.note(format_args!(
        "{path}: damaged or no summary store; it was set aside as {path}.refused and created again"
    ));
}
