//! Which codes are to be summarised?
//!
//! In: recorded blocks, and contracts as JSON lines. Out: distinct codes by set and hash, each with
//! its fork and the selectors that transactions call.
//! Invariant: a recorded block holds the code of exactly the accounts that were executed.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::Path,
};

use alloy_primitives::{B256, Bytes, hex, keccak256};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use slotcast::{Basis, PredictSettings, Summaries, View, model::Fork, predict::predict_block};
use slotcast_corpus::{self as corpus, RecordedBlock, prepare};

/// One code to measure.
pub(crate) struct Code {
    pub(crate) hash: B256,
    pub(crate) bytes: Bytes,
    pub(crate) fork: Fork,
    /// The functions that recorded transactions call; none where nothing was recorded.
    pub(crate) called: Option<BTreeSet<u32>>,
}

/// Codes of one set by hash.
pub(crate) type Codes = BTreeMap<B256, Code>;

/// Codes by where they come from.
#[derive(Default)]
pub(crate) struct Sources {
    recorded: Codes,
    contracts: Codes,
}

#[derive(Deserialize)]
struct Line {
    code: String,
}

impl Sources {
    /// Reads a file, or all files of a folder.
    pub(crate) fn read(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        if path.is_dir() {
            let mut entries = fs::read_dir(path)?
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<_>, std::io::Error>>()?;
            entries.sort();
            return entries.iter().try_for_each(|entry| self.read(entry));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match name.strip_suffix(".gz").unwrap_or(&name) {
            name if name.ends_with(".jsonl") => self.contracts(path),
            name if name.ends_with(".json") => self.block(&corpus::read_file(path)?),
            _ => Ok(()),
        }
    }

    /// The block that the corpus embeds.
    pub(crate) fn embedded(&mut self) -> Result<(), Box<dyn Error>> {
        self.block(&corpus::embedded()?)
    }

    /// The sets that hold codes, by name.
    pub(crate) fn sets(&self) -> impl Iterator<Item = (&'static str, &Codes)> {
        [("recorded blocks", &self.recorded), ("contracts", &self.contracts)]
            .into_iter()
            .filter(|(_, codes)| !codes.is_empty())
    }

    fn block(&mut self, recorded: &RecordedBlock) -> Result<(), Box<dyn Error>> {
        let prepared = prepare(recorded)?;
        let settings = PredictSettings::default();
        let summaries = Summaries::new(prepared.fork(), settings.analysis);
        let view = View::new(prepared.state(), &summaries);
        predict_block(prepared.block(), prepared.fork(), &view, Basis::default(), settings.binding);
        for account in recorded.pre_state.values() {
            let Some(bytes) = account.code.as_ref().filter(|code| !code.is_empty()) else {
                continue;
            };
            let hash = keccak256(bytes);
            let summary = summaries.get(hash, bytes);
            let code = self.recorded.entry(hash).or_insert_with(|| Code {
                hash,
                bytes: bytes.clone(),
                fork: prepared.fork(),
                called: None,
            });
            code.called.get_or_insert_default().extend(summary.made());
        }
        Ok(())
    }

    fn contracts(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut file = BufReader::new(File::open(path)?);
        let is_packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let plain: Box<dyn Read> =
            if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        for line in BufReader::new(plain).lines() {
            let line: Line = serde_json::from_str(&line?)?;
            let bytes = Bytes::from(hex::decode(line.code)?);
            let hash = keccak256(&bytes);
            let code = Code { hash, bytes, fork: Fork::Osaka, called: None };
            self.contracts.entry(hash).or_insert(code);
        }
        Ok(())
    }
}
