//! Which codes does a file hold?
//!
//! In: a file of JSON lines, plain or packed, each an object with `code` in hexadecimal and perhaps
//! `codeHash`; other keys, an address say, are ignored. Out: [`RawLine`]s in order, and [`Code`]s from
//! them.
//! Invariants: a line is read whole or refused by its number; no line takes more memory than a limit.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy_primitives::{B256, hex, keccak256};
use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;

use super::BatchError;

/// The first two bytes of every gzip member.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// No code of any chain is written in so many bytes; beyond it the line is not what it should be.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// A code and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// keccak256 of the code.
    pub(crate) hash: B256,
    /// The code.
    pub(crate) bytes: Vec<u8>,
}

/// A line that is still to be looked at.
#[derive(Debug)]
pub(crate) struct RawLine {
    /// Its number, from 1.
    pub(crate) number: u64,
    text: Vec<u8>,
}

/// The lines of a file.
pub(crate) struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    is_packed: bool,
    n_lines: u64,
    n_read: Arc<AtomicU64>,
}

/// Counts the bytes that are read of a file.
struct Counted<R> {
    inner: R,
    n_read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        // Relaxed is enough: it is only shown.
        self.n_read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Lines {
    /// Opens the file.
    pub(crate) fn open(path: &Path) -> Result<Self, BatchError> {
        let failed = |source| BatchError::Read { path: path.to_owned(), source };
        let n_read = Arc::<AtomicU64>::default();
        let file = File::open(path).map_err(failed)?;
        let mut reader = BufReader::new(Counted { inner: file, n_read: Arc::clone(&n_read) });
        let is_packed = reader.fill_buf().map_err(failed)?.starts_with(&MAGIC);
        let reader: Box<dyn BufRead + Send> = match is_packed {
            true => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(reader))),
            false => Box::new(reader),
        };
        Ok(Self { path: path.to_owned(), reader, is_packed, n_lines: 0, n_read })
    }

    /// How many lines and how many bytes of the file were read.
    pub(crate) fn n_read(&self) -> (u64, u64) {
        (self.n_lines, self.n_read.load(Ordering::Relaxed))
    }

    /// Up to so many of the next lines, empty ones left out; none at the end.
    pub(crate) fn take(&mut self, n: usize) -> Result<Vec<RawLine>, BatchError> {
        let mut lines = Vec::with_capacity(n);
        while lines.len() < n {
            let mut text = Vec::new();
            let limited = &mut self.reader.by_ref().take(MAX_LINE_BYTES);
            let read = limited.read_until(b'\n', &mut text);
            let n_bytes = read.map_err(|source| self.failed(source))? as u64;
            if n_bytes == 0 {
                break;
            }
            self.n_lines += 1;
            if n_bytes == MAX_LINE_BYTES && text.last() != Some(&b'\n') {
                let reason = format!("is longer than {MAX_LINE_BYTES} bytes");
                return Err(line_error(&self.path, self.n_lines, reason));
            }
            if !text.trim_ascii().is_empty() {
                lines.push(RawLine { number: self.n_lines, text });
            }
        }
        Ok(lines)
    }

    fn failed(&self, source: io::Error) -> BatchError {
        let path = self.path.clone();
        match self.is_packed {
            true => BatchError::Damaged { path, line: self.n_lines + 1, source },
            false => BatchError::Read { path, source },
        }
    }
}

/// A line as it stands in the file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with code in hexadecimal")]
struct LineIn {
    code: String,
    code_hash: Option<B256>,
}

impl RawLine {
    /// The code on this line of the file at `path`.
    pub(crate) fn code(&self, path: &Path) -> Result<Code, BatchError> {
        self.parse().map_err(|reason| line_error(path, self.number, reason))
    }

    fn parse(&self) -> Result<Code, String> {
        let LineIn { code, code_hash } = serde_json::from_slice(&self.text).map_err(|error| {
            // The reader counts from its own beginning, which is this line.
            let text = error.to_string();
            text.split(" at line ").next().unwrap_or(&text).to_owned()
        })?;
        let bytes = hex::decode(&code).map_err(|error| format!("code: {error}"))?;
        let hash = keccak256(&bytes);
        match code_hash {
            Some(stated) if stated != hash => {
                Err(format!("codeHash: is {stated}, but code hashes to {hash}"))
            }
            _ => Ok(Code { hash, bytes }),
        }
    }
}

fn line_error(path: &Path, line: u64, reason: String) -> BatchError {
    BatchError::Line { path: path.to_owned(), line, reason }
}
