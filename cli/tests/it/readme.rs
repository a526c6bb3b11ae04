//! Is everything that the README and the guides show run by some test?
//!
//! In: their fenced blocks. Out: those of the README, run or read as a user would; of the others, whose
//! they are. A block that no rule here knows fails, so a new one needs a test.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::command::run;

/// A fenced block.
struct Block {
    file: String,
    language: String,
    lines: Vec<String>,
}

fn checkout() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The blocks of the README and of all guides.
fn blocks() -> Vec<Block> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    files.insert("README.md".to_owned(), checkout().join("README.md"));
    for entry in fs::read_dir(checkout().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "md") {
            files.insert(format!("docs/{}", path.file_name().unwrap().to_str().unwrap()), path);
        }
    }
    files
        .iter()
        .flat_map(|(name, path)| blocks_of(name, &fs::read_to_string(path).unwrap()))
        .collect()
}

fn blocks_of(file: &str, text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(language) => {
                if !is_open {
                    let (file, language) = (file.to_owned(), language.to_owned());
                    found.push(Block { file, language, lines: Vec::new() });
                }
                is_open = !is_open;
            }
            None if is_open => found.last_mut().unwrap().lines.push(line.to_owned()),
            None => {}
        }
    }
    assert!(!is_open, "{file}: a block is not closed");
    found
}

impl Block {
    fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|it| it == line)
    }

    /// The commands, if there is nothing else and each is one of ours.
    fn commands(&self) -> Option<Vec<&str>> {
        self.lines.iter().map(|line| line.strip_prefix("$ slotcast ")).collect()
    }

    /// Which test runs it.
    fn is_run(&self) -> bool {
        match (self.file.as_str(), self.language.as_str()) {
            // `guides.rs` makes sure that some crate compiles them.
            (_, "rust" | "rust,no_run") => true,
            // Run by `sessions.rs`, by `guides.rs`, and by the service's own tests.
            ("docs/contracts.md", "console") => true,
            // Held against the action and the hooks by `action.rs`.
            ("docs/contracts.md", "yaml") => true,
            ("docs/builders.md" | "docs/batches.md", "console") => true,
            ("docs/schedules.md" | "docs/partition.md" | "docs/sequencers.md", "console") => true,
            // What `tests/metis` is built and called by, which no test builds.
            ("docs/partition.md", "text") => {
                self.has("cargo build --release --manifest-path tests/metis/Cargo.toml")
            }
            ("docs/service.md", "console" | "json" | "text") => true,
            // Run by the Python package's tests, `python/tests/test_guide.py`.
            ("docs/scale.md", "python") => true,
            // What `python/check.sh` does in steps.
            ("docs/scale.md", "console") => self.lines == ["$ pip install ./python"],
            // Below.
            ("README.md" | "docs/commands.md" | "docs/node.md", "console")
                if self.commands().is_some() =>
            {
                true
            }
            ("docs/benchmarks.md", "console") => true,
            ("README.md", "console") => {
                self.has("$ cargo run --release -- run") || self.has("$ cargo test --workspace")
            }
            ("docs/commands.md", "text") => true,
            _ => false,
        }
    }
}

#[test]
fn every_block_is_run_by_some_test() {
    let blocks = blocks();
    assert!(10 < blocks.len(), "the blocks are found");
    for block in &blocks {
        let Block { file, language, lines } = block;
        assert!(block.is_run(), "{file}: no test runs this block of `{language}`: {lines:?}");
    }
    let unknown = "```sh\n$ slotcast run\n```\n";
    assert!(!blocks_of("README.md", unknown)[0].is_run(), "an unknown one is found out");
}

#[test]
fn commands_that_need_files_or_nodes_are_understood() {
    let mut n_commands = 0;
    for block in blocks().iter().filter(|block| {
        block.language == "console"
            && matches!(block.file.as_str(), "README.md" | "docs/commands.md" | "docs/node.md")
    }) {
        for command in block.commands().unwrap_or_default() {
            let typed = command.split('#').next().unwrap();
            let mut args: Vec<&str> = typed.split_whitespace().collect();
            args.push("--help");
            let ran = run(&args);
            assert_eq!(ran.code, 0, "{}: {command}: {}", block.file, ran.stderr);
            n_commands += 1;
        }
    }
    assert!(20 < n_commands, "the commands are found");
}

#[test]
fn the_readme_is_a_first_page() {
    let readme = fs::read_to_string(checkout().join("README.md")).unwrap();
    let n_words = readme.split_whitespace().count();
    assert!(n_words <= 700, "{n_words} words");
    assert_eq!(readme.matches("![").count(), 1, "one picture");
}

#[test]
fn the_library_example_is_compiled() {
    let library = fs::read_to_string(checkout().join("slotcast/src/lib.rs")).unwrap();
    let blocks = blocks();
    let block = blocks.iter().find(|it| it.file == "README.md" && it.language == "rust").unwrap();
    for line in &block.lines {
        assert!(library.contains(&format!("//! {line}\n")), "in no documentation test: {line}");
    }
}

#[test]
fn the_main_job_prints_what_a_user_gains() {
    let ran = run(&["run", "-j", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let head = ran.stdout.lines().next().unwrap();
    assert!(head.contains("sequential") && head.contains("speed-up"), "{head}");
    assert!(ran.stdout.contains("1/1 equal to sequential execution, 1/1 to their headers"));
}

#[test]
fn a_function_reads_as_the_guide_shows() {
    let token = checkout().join("corpus/data/contracts/Token.json");
    let ran = run(&["analyze", token.to_str().unwrap()]);
    for block in blocks().iter().filter(|it| it.file == "docs/commands.md" && it.language == "text")
    {
        let shown = block.lines.join("\n") + "\n";
        assert!(ran.stdout.contains(&shown), "{shown}");
    }
}
