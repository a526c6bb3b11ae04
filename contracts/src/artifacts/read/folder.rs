//! Which contracts does a folder hold?
//!
//! In: a folder of artifacts, or a project with one. Out: [`Found`].
//! Invariants: files are taken in order of their paths; what is no artifact is passed over; build
//! infos beside artifacts only add to them, and are read for contracts where there is nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Found,
    artifact::{self, Supplement},
    no_code, parse, read_text,
};
use crate::artifacts::{ArtifactError, Contract, Tool};

/// A project's settings, and where its compiler puts artifacts unless told otherwise.
const PROJECTS: [(&str, &str); 6] = [
    ("foundry.toml", "out"),
    ("hardhat.config.ts", "artifacts"),
    ("hardhat.config.js", "artifacts"),
    ("hardhat.config.cjs", "artifacts"),
    ("truffle-config.js", "build/contracts"),
    ("waffle.json", "build"),
];
/// Where projects keep what is not theirs, or not for others.
const FOREIGN: [&str; 9] =
    ["lib/", "node_modules/", "npm/", "test/", "tests/", "script/", "scripts/", "forge-std/", "@"];
/// Folders within one another.
const MAX_DEPTH: u32 = 16;
/// Folders that hold no artifacts of the project they are in.
const SKIPPED: [&str; 3] = ["node_modules", "cache", "target"];

/// Reads a folder.
pub(super) fn read(path: &Path) -> Result<Found, ArtifactError> {
    let root = artifacts_folder(path)?;
    let name = root.display().to_string();
    let mut files = Vec::new();
    walk(&root, 0, &mut files)?;
    let mut supplement = Supplement::default();
    let (mut artifacts, mut outputs) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.display().to_string();
        let value = parse(&name, &read_text(&file)?)?;
        supplement.add(&name, &value)?;
        if artifact::is_output(&value) {
            outputs.push((name, value));
        } else if artifact::is_artifact(&value) {
            artifacts.push((name, value));
        }
    }
    let chosen = if artifacts.is_empty() { outputs } else { artifacts };
    let mut found = Found::default();
    for (name, value) in &chosen {
        found.contracts.extend(artifact::contracts(name, value, &supplement)?);
    }
    if found.contracts.is_empty() {
        return Err(no_code(&name));
    }
    let n_all = found.contracts.len();
    if found.contracts.iter().any(|contract| !is_foreign(contract)) {
        found.contracts.retain(|contract| !is_foreign(contract));
    }
    found.n_left_out = n_all - found.contracts.len();
    found
        .contracts
        .sort_by(|a, b| (&a.source, &a.name, &a.file).cmp(&(&b.source, &b.name, &b.file)));
    Ok(found)
}

/// Whether a contract belongs to a test, a script or a dependency.
fn is_foreign(contract: &Contract) -> bool {
    let source = contract.source.strip_prefix("project/").unwrap_or(&contract.source);
    // The corpus and single files name no project.
    let is_project = !matches!(contract.tool, Tool::Corpus | Tool::Unknown | Tool::Truffle);
    let is_test = source.ends_with(".t.sol") || source.ends_with(".s.sol");
    is_project && (is_test || FOREIGN.iter().any(|start| source.starts_with(start)))
}

/// Where a project's artifacts are; the folder itself when it is no project.
fn artifacts_folder(path: &Path) -> Result<PathBuf, ArtifactError> {
    for (settings, default) in PROJECTS {
        let file = path.join(settings);
        if !file.is_file() {
            continue;
        }
        let stated = match settings {
            "foundry.toml" => out_setting(&read_text(&file)?),
            _ => None,
        };
        let folder = path.join(stated.as_deref().unwrap_or(default));
        return match folder.is_dir() {
            true => Ok(folder),
            false => {
                let reason = format!("has no folder `{}`; compile it first", folder.display());
                Err(ArtifactError::file(&path.display().to_string(), reason))
            }
        };
    }
    Ok(path.to_owned())
}

/// `out = "…"` of foundry.toml, wherever it stands.
fn out_setting(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "out").then(|| value.trim())
    })?;
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
}

/// Collects the JSON files that may be artifacts, in order of their paths.
fn walk(folder: &Path, depth: u32, files: &mut Vec<PathBuf>) -> Result<(), ArtifactError> {
    let cannot = |error| {
        ArtifactError::file(&folder.display().to_string(), format_args!("cannot be read: {error}"))
    };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        entries.push(entry.map_err(cannot)?.path());
    }
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if depth < MAX_DEPTH && !name.starts_with('.') && !SKIPPED.contains(&name) {
                walk(&path, depth + 1, files)?;
            }
        } else if name.ends_with(".json") && !name.ends_with(".dbg.json") {
            files.push(path);
        }
    }
    Ok(())
}

/// What lies beside a single artifact: the build info that Hardhat names, or Foundry's.
pub(super) fn add_neighbours(
    path: &Path,
    value: &Value,
    supplement: &mut Supplement,
) -> Result<(), ArtifactError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    let debug = path.with_extension("dbg.json");
    if debug.is_file() {
        let name = debug.display().to_string();
        let debug = parse(&name, &read_text(&debug)?)?;
        files.extend(debug["buildInfo"].as_str().map(|info| folder.join(info)));
    }
    if let Some(id) = value["buildInfoId"].as_str() {
        let infos = folder.ancestors().map(|folder| folder.join("build-info"));
        files.extend(infos.map(|infos| infos.join(format!("{id}.output.json"))));
    }
    let needs_more = value["storageLayout"].is_null() || value["ast"].is_null();
    if value["deployedBytecode"].is_object() && needs_more {
        let infos = folder.join("../build-info");
        if infos.is_dir() {
            walk(&infos, 0, &mut files)?;
        }
    }
    for file in files.into_iter().filter(|file| file.is_file()) {
        let name = file.display().to_string();
        let info = parse(&name, &read_text(&file)?)?;
        supplement.add(&name, &info)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
