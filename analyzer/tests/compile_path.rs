//! Does the fingerprint that names kept summaries cover what compiles them, and nothing else?
//!
//! In: the sources of the analyzer. Out: assertions on the fingerprint of copies with one file
//! changed, and on the modules that the compile path names.

#[path = "../fingerprint.rs"]
mod fingerprint;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use fingerprint::{NOT_COMPILED, each_file, fingerprint};

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The fingerprint when a comment is added to the file at `changed`.
fn with_comment_in(changed: &str) -> u64 {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(changed.replace('/', "_"));
    copy_folder(&sources(), &copy).expect("the sources can be copied");
    let file = copy.join(changed);
    let text = fs::read_to_string(&file).expect("the file is there");
    fs::write(&file, text + "// A comment.\n").expect("a copy can be changed");
    let found = fingerprint(&copy).expect("the copy can be read");
    fs::remove_dir_all(&copy).expect("a copy can be removed");
    found
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type()?.is_dir() {
            true => copy_folder(&path, &copy)?,
            false => drop(fs::copy(path, copy)?),
        }
    }
    Ok(())
}

#[test]
fn a_changed_describer_keeps_summaries_and_a_changed_compiler_does_not() {
    let name = slotcast_analyzer::summary::ANALYSIS;
    let named = u64::from_str_radix(name, 16).expect("the name is hexadecimal");
    assert_eq!(fingerprint(&sources()).expect("the sources can be read"), named);
    for file in ["describe/names.rs", "describe.rs", "bind/eval.rs", "reach.rs"] {
        assert_eq!(with_comment_in(file), named, "{file}");
    }
    for file in ["lower.rs", "lower/memory.rs", "absint/walk.rs", "program.rs", "summary/store.rs"]
    {
        assert_ne!(with_comment_in(file), named, "{file}");
    }
}

#[test]
fn the_compile_path_imports_only_what_the_fingerprint_covers() {
    let mut wrong = Vec::new();
    each_file(&sources(), &mut |path| {
        for (n, line) in fs::read_to_string(path)?.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default().trim();
            let is_declared = path == sources().join("lib.rs")
                && ["mod ", "pub mod ", "pub use "].iter().any(|start| code.starts_with(start));
            let is_tests = code == "mod tests;";
            let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            if !is_declared && !is_tests && words.any(|word| NOT_COMPILED.contains(&word)) {
                wrong.push(format!("{}:{}: {code}", path.display(), n + 1));
            }
        }
        Ok(())
    })
    .expect("the sources can be read");
    assert_eq!(wrong, Vec::<String>::new());
}
