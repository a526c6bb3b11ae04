//! Which blocks does a command work on?
//!
//! In: the FILE arguments. Out: [`Source`]s in order, each to be read when its turn comes.
//! Invariant: without arguments it is the embedded block; a folder stands for the blocks in it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use slotcast::{Prepared, executor::ChainRules};
use slotcast_corpus::{self as corpus, RecordedBlock, UnknownChain, prepare_by};

use crate::{args::Files, failure::Failure};

/// Where a block comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The binary itself.
    Embedded,
    /// A file, and the rules it is run by if not those known for its chain id.
    File(PathBuf, Option<Arc<ChainRules>>),
}

impl Source {
    /// The sources that these arguments stand for.
    pub(crate) fn list_of(files: &Files) -> Result<Vec<Self>, Failure> {
        let rules = files.chain.as_deref().map(rules_of).transpose()?.map(Arc::new);
        let mut sources = Self::list(&files.files)?;
        for source in &mut sources {
            if let Self::File(_, of_file) = source {
                of_file.clone_from(&rules);
            }
        }
        Ok(sources)
    }

    /// The sources in these files.
    pub(crate) fn list(files: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        if files.is_empty() {
            return Ok(vec![Self::Embedded]);
        }
        let mut sources = Vec::new();
        for file in files {
            sources.extend(corpus::list(file)?.into_iter().map(|path| Self::File(path, None)));
        }
        Ok(sources)
    }

    /// What errors and progress call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Embedded => "the embedded block".to_owned(),
            Self::File(path, _) => path.display().to_string(),
        }
    }

    /// Reads the block.
    pub(crate) fn read(&self) -> Result<RecordedBlock, Failure> {
        match self {
            Self::Embedded => Ok(corpus::embedded()?),
            Self::File(path, _) => Ok(corpus::read_file(path)?),
        }
    }

    /// Reads, validates and converts the block.
    pub(crate) fn prepare(&self) -> Result<Prepared, Failure> {
        self.prepare_read(&self.read()?)
    }

    /// Validates and converts the block, once it is read.
    pub(crate) fn prepare_read(&self, recorded: &RecordedBlock) -> Result<Prepared, Failure> {
        let rules = match self {
            Self::Embedded => None,
            Self::File(_, rules) => rules.clone(),
        };
        prepare_by(recorded, rules).map_err(|error| Failure::in_file(&self.name(), error))
    }
}

/// The rules of the chain of this name, or of the one that this genesis file describes.
pub(crate) fn rules_of(chain: &Path) -> Result<ChainRules, Failure> {
    let named = chain.to_str().map(corpus::chain_named);
    if let Some(Ok(rules)) = named {
        return Ok(rules);
    }
    let name = chain.display().to_string();
    let text = std::fs::read(chain).map_err(|error| {
        if let Some(Err(different @ UnknownChain::Different { .. })) = named {
            return Failure::bad_input(format_args!("--chain: {different}"));
        }
        let names = corpus::chain_names().collect::<Vec<_>>().join(", ");
        Failure::in_file(&name, format!("{error}; name a genesis file, or one of {names}"))
    })?;
    Ok(corpus::read_chain(&text, &name)?)
}
