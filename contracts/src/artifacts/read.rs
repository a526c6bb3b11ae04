//! Which contracts does an argument stand for?
//!
//! In: hexadecimal code, a file with code or an artifact, a folder of artifacts, or a project's
//! folder. Out: [`Found`].
//! Invariants: files are read in order of their paths, so the same folder gives the same list; of a
//! folder, contracts that a project only tests or borrows are left out and counted.

mod artifact;
mod folder;
mod text;

use std::{fs, path::Path};

use serde_json::Value;

use self::artifact::Supplement;
pub(crate) use self::artifact::unquoted;
use crate::artifacts::{ArtifactError, Contract};

/// The contracts found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those with runtime code, in order of source and name.
    pub contracts: Vec<Contract>,
    /// Contracts of tests, scripts and dependencies in the folder that was read.
    pub n_left_out: usize,
}

/// Reads what `argument` stands for.
///
/// ```
/// let found = slotcast_contracts::artifacts::read("0x60003560015500")?;
/// assert_eq!(found.contracts[0].code.len(), 7);
/// # Ok::<(), slotcast_contracts::artifacts::ArtifactError>(())
/// ```
///
/// # Errors
///
/// When it is neither code nor a file or folder with contracts in it, or one of them is malformed.
pub fn read(argument: &str) -> Result<Found, ArtifactError> {
    let path = Path::new(argument);
    if path.is_dir() {
        return folder::read(path);
    }
    if path.exists() {
        let contracts = of_file(argument, path)?;
        return Ok(Found { contracts, n_left_out: 0 });
    }
    let code = text::hex_code(argument).map_err(|reason| {
        let reason = match argument.is_empty() || reason.contains("not hexadecimal") {
            true => "is neither a file nor hexadecimal code; name a file, or write code as 0x…",
            false => &reason,
        };
        ArtifactError::file(&shortened(argument), reason)
    })?;
    Ok(Found { contracts: vec![Contract::bare("code", code)], n_left_out: 0 })
}

fn of_file(name: &str, path: &Path) -> Result<Vec<Contract>, ArtifactError> {
    let bytes = read_bytes(path)?;
    let text = match text::decode(&bytes) {
        Some(text) => text.map_err(|reason| ArtifactError::file(name, reason))?,
        None => return Ok(vec![Contract::bare(name, bytes)]),
    };
    let text = text.trim();
    let value = match text.starts_with('{') {
        true => parse(name, text)?,
        false => match text::compiler_output(text) {
            Some(output) => output.map_err(|reason| ArtifactError::file(name, reason))?,
            None => {
                let code =
                    text::hex_code(text).map_err(|reason| ArtifactError::file(name, reason))?;
                return Ok(vec![Contract::bare(name, code)]);
            }
        },
    };
    let mut supplement = Supplement::default();
    supplement.add(name, &value)?;
    folder::add_neighbours(path, &value, &mut supplement)?;
    let contracts = artifact::contracts(name, &value, &supplement)?;
    match contracts.is_empty() {
        true => Err(no_code(name)),
        false => Ok(contracts),
    }
}

fn no_code(name: &str) -> ArtifactError {
    let reason = "holds no runtime code (deployedBytecode); compile with it, or name a contract that \
                  is no interface";
    ArtifactError::file(name, reason)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, ArtifactError> {
    let name = path.display().to_string();
    fs::read(path)
        .map_err(|error| ArtifactError::file(&name, format_args!("cannot be read: {error}")))
}

fn parse(name: &str, text: &str) -> Result<Value, ArtifactError> {
    serde_json::from_str(text).map_err(|error| {
        ArtifactError::file(name, format_args!("not valid JSON: {error}; compile it again"))
    })
}

/// The text of a file that must be one.
fn read_text(path: &Path) -> Result<String, ArtifactError> {
    let name = path.display().to_string();
    match text::decode(&read_bytes(path)?) {
        Some(Ok(text)) => Ok(text.into_owned()),
        Some(Err(reason)) => Err(ArtifactError::file(&name, reason)),
        None => Err(ArtifactError::file(&name, "is not text")),
    }
}

/// The beginning of a long argument.
fn shortened(argument: &str) -> String {
    match argument.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", &argument[..end]),
        None => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests;
