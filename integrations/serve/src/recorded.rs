//! Which of the recorded blocks does a request mean?
//!
//! In: a file or folder of recorded blocks, or the embedded block. Out: [`RecordedChain`], contexts by
//! number, hash or tag.
//! Invariants: the newest block is the one with the highest number; a file that was replaced, added or
//! taken away since is noticed before the next answer; a bounded number of blocks is in memory.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use slotcast::executor::ChainRules;
use slotcast_corpus::{self as corpus, RecordedBlock, prepare_by};

use crate::{block_context::BlockContext, error::ServeError, fault::Fault};

/// Most blocks in memory.
const MAX_CONTEXTS: usize = 64;

/// Recorded blocks of one chain.
#[derive(Debug)]
pub(crate) struct RecordedChain {
    /// None for the embedded block.
    path: Option<PathBuf>,
    chain_id: u64,
    /// The rules to run by, if not those known for the chain's id.
    rules: Option<Arc<ChainRules>>,
    listed: Mutex<Listed>,
}

#[derive(Debug, Default)]
struct Listed {
    changed: Option<SystemTime>,
    /// By number.
    entries: Vec<Entry>,
    /// The ones used last, the latest at the end.
    contexts: Vec<(B256, Arc<BlockContext>)>,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    hash: B256,
    parent_hash: B256,
    file: Option<(PathBuf, Option<SystemTime>)>,
}

impl RecordedChain {
    /// The blocks at `path`, each of which is read once now; the embedded one without a path.
    pub(crate) fn open(
        path: Option<PathBuf>,
        rules: Option<Arc<ChainRules>>,
    ) -> Result<Self, ServeError> {
        let mut listed = Listed::default();
        let mut chain_id = None;
        let mut add = |block: &RecordedBlock, entry: Entry| {
            let expected = *chain_id.get_or_insert(block.chain_id);
            if expected != block.chain_id {
                let number = block.number();
                return Err(ServeError::TwoChains { number, chains: [expected, block.chain_id] });
            }
            listed.add(entry);
            Ok(())
        };
        match &path {
            None => {
                let block = corpus::embedded()?;
                add(&block, Entry::new(&block, None))?;
            }
            Some(path) => {
                for file in corpus::list(path)? {
                    let changed = changed(&file);
                    let block = corpus::read_file(&file)?;
                    add(&block, Entry::new(&block, Some((file, changed))))?;
                }
            }
        }
        listed.changed = path.as_deref().and_then(changed);
        let chain_id = chain_id.expect("a listing is never empty");
        if let Some(rules) = rules.as_deref().filter(|rules| rules.chain_id() != chain_id) {
            let (name, described) = (rules.name().to_owned(), rules.chain_id());
            return Err(ServeError::OtherChain { chain_id, name, described });
        }
        Ok(Self { path, chain_id, rules, listed: Mutex::new(listed) })
    }

    /// The chain the blocks are of.
    pub(crate) const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The number of the newest block.
    pub(crate) fn newest(&self) -> u64 {
        self.listed().entries.last().map_or(0, |entry| entry.number)
    }

    /// The context of the block that is named; the newest one unless the name says otherwise.
    pub(crate) fn context(&self, id: Option<BlockId>) -> Result<Arc<BlockContext>, Fault> {
        self.find(id, |entry, id| match id {
            BlockId::Hash(hash) => entry.hash == hash.block_hash,
            BlockId::Number(BlockNumberOrTag::Number(number)) => entry.number == number,
            BlockId::Number(_) => false,
        })
    }

    /// The context on the state that the named block left: that of the block after it. What is before
    /// the newest block is the latest state there is.
    pub(crate) fn context_after(&self, id: Option<BlockId>) -> Result<Arc<BlockContext>, Fault> {
        self.find(id, |entry, id| match id {
            BlockId::Hash(hash) => entry.parent_hash == hash.block_hash,
            BlockId::Number(BlockNumberOrTag::Number(number)) => {
                number.checked_add(1) == Some(entry.number)
            }
            BlockId::Number(_) => false,
        })
    }

    fn find(
        &self,
        id: Option<BlockId>,
        is_meant: impl Fn(&Entry, BlockId) -> bool,
    ) -> Result<Arc<BlockContext>, Fault> {
        let mut listed = self.listed();
        self.look_again(&mut listed);
        let found = match id {
            Some(BlockId::Number(BlockNumberOrTag::Earliest)) => listed.entries.first(),
            Some(id @ (BlockId::Hash(_) | BlockId::Number(BlockNumberOrTag::Number(_)))) => {
                listed.entries.iter().rfind(|entry| is_meant(entry, id))
            }
            // Of recorded blocks the newest is the one that is being built.
            Some(BlockId::Number(_)) | None => listed.entries.last(),
        };
        let entry = found.cloned().ok_or_else(|| {
            let (first, last) = (listed.entries.first(), listed.entries.last());
            let number = |entry: Option<&Entry>| entry.map_or(0, |entry| entry.number);
            Fault::NotFound(format!(
                "block: it is not among the {} recorded ones, from {} to {}",
                listed.entries.len(),
                number(first),
                number(last)
            ))
        })?;
        listed.context(&entry, self.rules.as_ref())
    }

    /// Notices what became of the files.
    fn look_again(&self, listed: &mut Listed) {
        let Some(path) = &self.path else { return };
        let now = changed(path);
        if now == listed.changed {
            return;
        }
        listed.changed = now;
        let Ok(files) = corpus::list(path) else { return };
        let before = std::mem::take(&mut listed.entries);
        for file in files {
            let file = (file.clone(), changed(&file));
            let known = before.iter().find(|entry| entry.file.as_ref() == Some(&file));
            if let Some(known) = known {
                listed.add(known.clone());
                continue;
            }
            match corpus::read_file(&file.0) {
                Ok(block) if block.chain_id == self.chain_id => {
                    tracing::info!(number = block.number(), hash = %block.hash, "block recorded");
                    listed.add(Entry::new(&block, Some(file)));
                }
                Ok(block) => {
                    tracing::warn!(chain = block.chain_id, "left out: a block of another chain");
                }
                Err(error) => tracing::warn!(%error, "left out: no recorded block"),
            }
        }
        for gone in before.iter().filter(|old| listed.entries.iter().all(|it| it.hash != old.hash))
        {
            tracing::warn!(number = gone.number, hash = %gone.hash, "block replaced or taken away");
        }
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn new(block: &RecordedBlock, file: Option<(PathBuf, Option<SystemTime>)>) -> Self {
        let parent_hash = block.header.parent_hash;
        Self { number: block.number(), hash: block.hash, parent_hash, file }
    }
}

impl Listed {
    fn add(&mut self, entry: Entry) {
        let place = self.entries.partition_point(|other| other.number <= entry.number);
        self.entries.insert(place, entry);
    }

    fn context(
        &mut self,
        entry: &Entry,
        rules: Option<&Arc<ChainRules>>,
    ) -> Result<Arc<BlockContext>, Fault> {
        if let Some(place) = self.contexts.iter().position(|(hash, _)| *hash == entry.hash) {
            let used = self.contexts.remove(place);
            let context = Arc::clone(&used.1);
            self.contexts.push(used);
            return Ok(context);
        }
        let unreadable = |error: String| Fault::Unavailable(format!("block: {error}"));
        let block = match &entry.file {
            None => corpus::embedded(),
            Some((file, _)) => corpus::read_file(file),
        };
        let block = block.map_err(|error| unreadable(error.to_string()))?;
        let prepared = prepare_by(&block, rules.cloned());
        let prepared = prepared.map_err(|error| unreadable(error.to_string()))?;
        let context = Arc::new(BlockContext::recorded(prepared));
        if MAX_CONTEXTS <= self.contexts.len() {
            self.contexts.remove(0);
        }
        self.contexts.push((entry.hash, Arc::clone(&context)));
        Ok(context)
    }
}

/// When the file or folder was last changed; a file system that does not say so shows no changes.
fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|it| it.modified()).ok()
}
