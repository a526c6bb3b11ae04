//! Which blocks have their results already?
//!
//! In: the file of `--resume`. Out: [`Results`]: the blocks that have a line there, and room for more.
//! Invariants: each line is `{"file", "results": [document…]}` and stands for a block that is done; it
//! is written at once and whole; the rest of a line that was broken off is cut away before the next is
//! written, and any other text is refused and left as it is.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{failure::Failure, input::Source};

/// The results of earlier runs and of this one; nothing where none are kept.
#[derive(Debug, Default)]
pub(crate) struct Results {
    kept: Option<(String, File)>,
    done: BTreeSet<String>,
}

#[derive(Serialize)]
struct LineOut<'a, T> {
    file: &'a str,
    results: &'a [T],
}

#[derive(Deserialize)]
struct LineIn {
    file: String,
}

impl Results {
    /// Reads what is there, if a file is named; it is made where there is none.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let name = path.display().to_string();
        let failed = |error: std::io::Error| Failure::in_file(&name, error);
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let mut done = BTreeSet::new();
        let mut end = 0;
        for (n, line) in text.split_inclusive('\n').enumerate() {
            let Some(whole) = line.strip_suffix('\n') else { break };
            let read: LineIn = serde_json::from_str(whole).map_err(|error| {
                let line = n + 1;
                let advice = "name a file that --resume wrote, or a new one";
                Failure::in_file(
                    &name,
                    format!("line {line} is no line of results: {error}; {advice}"),
                )
            })?;
            done.insert(read.file);
            end += line.len() as u64;
        }
        // What does not begin as a line of ours is not ours to cut away.
        let rest = &text[end as usize..];
        if !rest.is_empty() && !rest.starts_with("{\"file\":") {
            let reason = "does not end with a line of results; name a file that --resume wrote";
            return Err(Failure::in_file(&name, reason));
        }
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::Start(end)).map_err(failed)?;
        Ok(Self { kept: Some((name, file)), done })
    }

    /// Keeps the sources without results, in their order; says how many there are with.
    pub(crate) fn missing(&self, sources: &mut Vec<Source>) -> Option<String> {
        let n = sources.len();
        sources.retain(|source| !self.done.contains(&source.name()));
        let (name, _) = self.kept.as_ref()?;
        let done = n - sources.len();
        (done != 0).then(|| {
            format!("{done} of {n} blocks have their results in {name}; the totals are of the rest")
        })
    }

    /// Keeps the results of a block.
    pub(crate) fn keep<T: Serialize>(
        &mut self,
        source: &str,
        results: &[T],
    ) -> Result<(), Failure> {
        let Some((name, file)) = &mut self.kept else { return Ok(()) };
        append(name, file, &LineOut { file: source, results })
    }
}

/// Writes a JSON line at once and whole to the file called `name`.
pub(crate) fn append(name: &str, file: &mut File, line: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_vec(line).map_err(|error| Failure::in_file(name, error))?;
    text.push(b'\n');
    file.write_all(&text).map_err(|error| Failure::in_file(name, error))
}

#[cfg(test)]
mod tests;
