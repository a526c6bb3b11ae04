//! What of the output is there already, and how does more of it get there?
//!
//! In: lines. Out: [`Part`], the file that becomes the output.
//! Invariants: the file consists of gzip members of so many lines each, of which the first says what
//! job it is of; a member that was cut short is taken away, with all behind it, before more is
//! written; only one process has the file at a time; it gets the output's name when it is whole.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use alloy_primitives::B256;
use flate2::{Compression, GzBuilder, bufread::GzDecoder};
use serde::Deserialize;

use super::BatchError;

/// Lines of one member, of all but the last.
pub(crate) const MEMBER_LINES: usize = 32;

/// How often a lock is asked for again, and how long after the last time.
const PATIENCE: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// The beginning of the file that becomes the output.
pub(crate) struct Part {
    path: PathBuf,
    output: PathBuf,
    file: File,
}

/// What every line says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    code_hash: B256,
}

/// Packs one member; the first one of a file carries the job's name.
pub(crate) fn pack(lines: &[u8], name: Option<&str>) -> Vec<u8> {
    // Neither time nor operating system, so that the bytes depend on the lines alone.
    let mut builder = GzBuilder::new().mtime(0).operating_system(255);
    if let Some(name) = name {
        builder = builder.comment(name);
    }
    let mut encoder = builder.write(Vec::new(), Compression::default());
    encoder
        .write_all(lines)
        .and_then(|()| encoder.finish())
        .expect("writing to a vector in memory does not fail")
}

/// Whether the output is there and is of the job with this name.
fn is_finished(output: &Path, name: &str) -> Result<bool, BatchError> {
    let failed = |source| BatchError::Read { path: output.to_owned(), source };
    let mut reader = match File::open(output) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let mut first = GzDecoder::new(&mut reader);
    // Reading the head is what fills it in.
    let found = first.read(&mut [0]).ok().and_then(|_| name_in(&first));
    match found {
        Some(found) if found == name => Ok(true),
        found => Err(other(output, found, name)),
    }
}

fn name_in<R>(member: &GzDecoder<R>) -> Option<String>
where
    R: io::BufRead,
{
    let comment = member.header()?.comment()?;
    Some(String::from_utf8_lossy(comment).into_owned())
}

fn other(path: &Path, found: Option<String>, wanted: &str) -> BatchError {
    let found = found.unwrap_or_else(|| "no output of a job".to_owned());
    BatchError::OtherJob { path: path.to_owned(), found, wanted: wanted.to_owned() }
}

impl Part {
    /// Opens or begins the file that becomes `output`; gives the hashes of the codes whose lines are
    /// in it, in order. None when the output is there.
    pub(crate) fn open(output: &Path, name: &str) -> Result<Option<(Self, Vec<B256>)>, BatchError> {
        if is_finished(output, name)? {
            return Ok(None);
        }
        let mut path = output.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let failed = |source| BatchError::Write { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(failed)?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BatchError::Busy { path }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // The process that had it until now may have given it the output's name.
        if is_finished(output, name)? {
            return Ok(None);
        }
        let (done, n_bytes) = whole_members(&file, &path, name)?;
        file.set_len(n_bytes).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Some((Self { path, output: output.to_owned(), file }, done)))
    }

    /// Appends members.
    pub(crate) fn append(&mut self, members: &[Vec<u8>]) -> Result<(), BatchError> {
        let mut write = || members.iter().try_for_each(|member| self.file.write_all(member));
        write().map_err(|source| self.failed(source))
    }

    /// Gives the file the output's name.
    pub(crate) fn finish(self) -> Result<u64, BatchError> {
        let finished = self.file.sync_all().and_then(|()| self.file.metadata());
        let n_bytes = finished.map_err(|source| self.failed(source))?.len();
        fs::rename(&self.path, &self.output).map_err(|source| self.failed(source))?;
        Ok(n_bytes)
    }

    fn failed(&self, source: io::Error) -> BatchError {
        BatchError::Write { path: self.path.clone(), source }
    }
}

/// The hashes on the lines of the members that are whole and full, and where these end.
fn whole_members(file: &File, path: &Path, name: &str) -> Result<(Vec<B256>, u64), BatchError> {
    let mut reader = BufReader::new(file);
    let (mut done, mut end) = (Vec::new(), 0);
    loop {
        let mut text = String::new();
        let mut member = GzDecoder::new(&mut reader);
        let is_whole = member.read_to_string(&mut text).is_ok();
        if end == 0 {
            match name_in(&member) {
                Some(found) if found == name => {}
                // Killed before its first bytes were all there.
                None if !is_whole && is_beginning(file) => break,
                found => return Err(other(path, found, name)),
            }
        }
        drop(member);
        let hashes: Option<Vec<B256>> = text.lines().map(hash_on).collect();
        match hashes.filter(|hashes| is_whole && hashes.len() == MEMBER_LINES) {
            Some(hashes) => done.extend(hashes),
            None => break,
        }
        end = reader.stream_position().map_err(|source| {
            let path = path.to_owned();
            BatchError::Read { path, source }
        })?;
    }
    Ok((done, end))
}

/// Whether what little there is may be the beginning of a member.
fn is_beginning(mut file: &File) -> bool {
    let mut bytes = [0; 4];
    let n = file.seek(SeekFrom::Start(0)).and_then(|_| file.read(&mut bytes));
    // Magic number, deflate, and that there is a comment.
    n.is_ok_and(|n| [0x1f, 0x8b, 8, 16].starts_with(&bytes[..n]))
}

fn hash_on(line: &str) -> Option<B256> {
    serde_json::from_str(line).ok().map(|Head { code_hash }| code_hash)
}

/// Locks a file, with some patience: a process that is just being started holds what its parent has
/// open until it runs its own program.
fn lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..PATIENCE {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            other => return other,
        }
    }
    file.try_lock()
}
