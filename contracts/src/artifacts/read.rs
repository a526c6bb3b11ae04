//! Which contracts does an argument stand for?
//!
//! In: hexadecimal code, a file with code or an artifact, a folder of artifacts, or a project's
//! folder. Out: [`Found`].
//! Invariants: files are read in order of their paths, so the same folder gives the same list; of a
//! folder, contracts that a project only tests or borrows are left out and counted.

mod artifact;
mod folder;

use std::{fs, path::Path};

use alloy_primitives::hex;
use serde_json::Value;

use self::artifact::Supplement;
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
    let contracts = match hex_digits(argument) {
        Some(Ok(bytes)) => vec![Contract::bare("code", bytes)],
        Some(Err(reason)) => return Err(ArtifactError::file(&shortened(argument), reason)),
        None => {
            let reason =
                "is neither a file nor hexadecimal code; name a file, or write code as 0x…";
            return Err(ArtifactError::file(&shortened(argument), reason));
        }
    };
    Ok(Found { contracts, n_left_out: 0 })
}

fn of_file(name: &str, path: &Path) -> Result<Vec<Contract>, ArtifactError> {
    let bytes = read_bytes(path)?;
    let Some(text) = str::from_utf8(&bytes).ok().map(str::trim) else {
        return Ok(vec![Contract::bare(name, bytes)]);
    };
    if text.starts_with('{') {
        let value = parse(name, text)?;
        let mut supplement = Supplement::default();
        supplement.add(name, &value)?;
        folder::add_neighbours(path, &value, &mut supplement)?;
        let contracts = artifact::contracts(name, &value, &supplement)?;
        return match contracts.is_empty() {
            true => Err(no_code(name)),
            false => Ok(contracts),
        };
    }
    match hex_digits(text) {
        Some(Ok(code)) => Ok(vec![Contract::bare(name, code)]),
        Some(Err(reason)) => Err(ArtifactError::file(name, reason)),
        None => Ok(vec![Contract::bare(name, bytes)]),
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

/// The bytes written in `text`; nothing when it is no hexadecimal text at all.
fn hex_digits(text: &str) -> Option<Result<Vec<u8>, &'static str>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) || text.is_empty() {
        return None;
    }
    Some(hex::decode(digits).map_err(|_| "has an odd number of hexadecimal digits; one is missing"))
}

/// The beginning of a long argument.
fn shortened(argument: &str) -> String {
    match argument.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", &argument[..end]),
        None => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_text_or_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let of = |bytes: &[u8]| {
            let path = folder.path().join("code");
            fs::write(&path, bytes).unwrap();
            read(path.to_str().unwrap()).unwrap().contracts.remove(0).code.to_vec()
        };
        assert_eq!(of(b"0x6000\n"), [0x60, 0x00]);
        assert_eq!(of(b"6000"), [0x60, 0x00]);
        assert_eq!(of(&[0x60, 0x00, 0xff]), [0x60, 0x00, 0xff]);
        assert_eq!(read("0x6001").unwrap().contracts[0].code.to_vec(), [0x60, 0x01]);
    }
}
