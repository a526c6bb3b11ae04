//! Which blocks does a command work on?
//!
//! In: the FILE arguments. Out: [`Source`]s in order, each to be read when its turn comes.
//! Invariant: without arguments it is the embedded block; a folder stands for the blocks in it.

use std::path::PathBuf;

use slotcast::Prepared;
use slotcast_corpus::{self as corpus, RecordedBlock, prepare};

use crate::failure::Failure;

/// Where a block comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The binary itself.
    Embedded,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// The sources that these arguments stand for.
    pub(crate) fn list(files: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        if files.is_empty() {
            return Ok(vec![Self::Embedded]);
        }
        let mut sources = Vec::new();
        for file in files {
            sources.extend(corpus::list(file)?.into_iter().map(Self::File));
        }
        Ok(sources)
    }

    /// What errors and progress call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Embedded => "the embedded block".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Reads the block.
    pub(crate) fn read(&self) -> Result<RecordedBlock, Failure> {
        match self {
            Self::Embedded => Ok(corpus::embedded()?),
            Self::File(path) => Ok(corpus::read_file(path)?),
        }
    }

    /// Reads, validates and converts the block.
    pub(crate) fn prepare(&self) -> Result<Prepared, Failure> {
        prepare(&self.read()?).map_err(|error| Failure::in_file(&self.name(), error))
    }
}
