//! Which recorded blocks does a Python object name?
//!
//! In: paths of files and folders, as Python or Arrow has them, or nothing. Out: [`Source`]s in order,
//! each to be read when its turn comes, and [`Opened`] blocks.
//! Invariants: without paths it is the embedded block; a folder stands for the blocks in it.

use std::path::PathBuf;

use alloy_primitives::B256;
use pyo3::{exceptions::PyTypeError, prelude::*};
use slotcast::{Prepared, model::TxIndex};
use slotcast_corpus::{RecordedBlock, embedded, list, prepare, read_file};

use crate::{
    column::{Column, column_of},
    failure::Failure,
    table::Table,
};

/// Where a block comes from.
pub(crate) enum Source {
    /// The package itself.
    Embedded,
    /// A file.
    File(PathBuf),
}

/// A block that was read and validated.
pub(crate) struct Opened {
    /// What errors call its file.
    pub(crate) name: String,
    /// Its number and its chain.
    pub(crate) key: BlockKey,
    /// As it was read.
    pub(crate) recorded: RecordedBlock,
    /// As it is predicted and run.
    pub(crate) prepared: Prepared,
}

/// Which block it is.
#[derive(Clone, Copy)]
pub(crate) struct BlockKey {
    /// Its number, as wide as cryo's column.
    pub(crate) number: u32,
    /// Its chain.
    pub(crate) chain_id: u64,
}

/// Which transaction it is.
#[derive(Clone, Copy)]
pub(crate) struct TxKey {
    block: BlockKey,
    index: u32,
    hash: B256,
}

/// The blocks that `value` names.
pub(crate) fn sources_of(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Source>> {
    let Some(value) = value else { return Ok(vec![Source::Embedded]) };
    let paths: Vec<PathBuf> = match value.extract::<PathBuf>() {
        Ok(path) => vec![path],
        Err(_) => match column_of(value, "blocks")? {
            Some(Column::Texts(paths)) => {
                let path = |path: Option<String>| path.map(PathBuf::from);
                let paths: Option<Vec<PathBuf>> = paths.into_iter().map(path).collect();
                paths.ok_or_else(|| PyTypeError::new_err("blocks: a path is null"))?
            }
            Some(Column::Bytes(_)) => {
                return Err(PyTypeError::new_err("blocks: is a column of bytes; give paths"));
            }
            None => value.try_iter()?.map(|path| path?.extract()).collect::<PyResult<_>>()?,
        },
    };
    let mut sources = Vec::new();
    for path in paths {
        let files = list(&path).map_err(|error| Failure::from(error).into_python())?;
        sources.extend(files.into_iter().map(Source::File));
    }
    Ok(sources)
}

impl Source {
    /// Reads and validates the block.
    pub(crate) fn open(&self) -> Result<Opened, Failure> {
        let (name, recorded) = match self {
            Self::Embedded => ("the embedded block".to_owned(), embedded()?),
            Self::File(path) => (path.display().to_string(), read_file(path)?),
        };
        let number = u32::try_from(recorded.number()).map_err(|_| {
            Failure::in_field(&name, "block.number", "is more than the column block_number holds")
        })?;
        let key = BlockKey { number, chain_id: recorded.chain_id };
        let prepared = prepare(&recorded).map_err(|error| Failure::of_run(&name, &error))?;
        Ok(Opened { name, key, recorded, prepared })
    }
}

impl Opened {
    /// The key of one of its transactions.
    pub(crate) fn tx(&self, tx: TxIndex) -> TxKey {
        let hash = *self.prepared.block().transaction(tx).tx_hash();
        TxKey { block: self.key, index: tx.0, hash }
    }
}

/// Begins a table with cryo's columns of transactions.
pub(crate) fn keyed<'a>(txs: impl Iterator<Item = &'a TxKey> + Clone) -> Table {
    Table::default()
        .u32s("block_number", txs.clone().map(|tx| Some(tx.block.number)))
        .u32s("transaction_index", txs.clone().map(|tx| Some(tx.index)))
        .bytes("transaction_hash", txs.clone().map(|tx| Some(tx.hash)))
        .u64s("chain_id", txs.map(|tx| Some(tx.block.chain_id)))
}
