//! How is a file written so that it is never half there?
//!
//! In: a path and bytes. Out: the file.
//! Invariant: a reader of the path finds what was there before or all of what was written; nothing
//! else is left behind.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};

use crate::failure::Failure;

/// A file that will be written; the place is known to be writable.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    temporary: PathBuf,
}

impl WholeFile {
    /// Makes sure that the file can be written, which is worth knowing before long work.
    pub(crate) fn at(path: &Path) -> Result<Self, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Failure::in_file(&path.display().to_string(), "is no name of a file"));
        }
        name.push(".tmp");
        let file = Self { path: path.to_owned(), temporary: path.with_file_name(name) };
        fs::write(&file.temporary, []).map_err(|error| file.failed(&error))?;
        Ok(file)
    }

    /// Writes it.
    pub(crate) fn write(self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        fs::write(&self.temporary, bytes)
            .and_then(|()| fs::rename(&self.temporary, &self.path))
            .map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::in_file(
            &self.path.display().to_string(),
            format_args!("cannot be written: {error}"),
        )
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // After a rename there is none, and a failure to tidy up has no reader.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// These bytes compressed, with no time and no machine in it, so that the same bytes give the same file.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let builder = GzBuilder::new().mtime(0).operating_system(255);
    let mut packed = builder.write(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}
