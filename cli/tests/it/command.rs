//! How do tests run the command?
//!
//! In: arguments. Out: [`Ran`]: exit code and output; and [`Folder`], a place with synthetic blocks.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// What running the command gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The command, without what the environment would add.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slotcast"));
    command.args(args).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// Runs the command to its end.
pub(crate) fn run(args: &[&str]) -> Ran {
    ran(&mut command(args))
}

/// The same in a folder.
pub(crate) fn run_in(folder: &Folder, args: &[&str]) -> Ran {
    ran(command(args).current_dir(folder.path("")))
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the command, which must succeed, and reads the JSON lines it prints.
pub(crate) fn json_lines(args: &[&str]) -> Vec<Value> {
    let ran = run(args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The names of an object's members, sorted.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// A folder that goes away with the test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and says where it is.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Generates a block and says where it is.
    pub(crate) fn generate(&self, name: &str, args: &[&str]) -> String {
        let path = self.path(name);
        let ran = run(&[&["generate", "-q", "--out", &path], args].concat());
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
        assert!(PathBuf::from(&path).is_file());
        path
    }

    /// A small block as JSON, to be changed.
    pub(crate) fn block(&self) -> Value {
        self.generate_value(&["--txs", "30", "--seed", "3"])
    }

    /// A synthetic block as JSON.
    pub(crate) fn generate_value(&self, args: &[&str]) -> Value {
        let path = self.generate("template.json", args);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Writes a block that was changed and says where it is.
    pub(crate) fn write_json(&self, name: &str, value: &Value) -> String {
        self.write(name, serde_json::to_vec(value).unwrap())
    }

    /// `text` without this folder's place, which differs from run to run.
    pub(crate) fn without_path(&self, text: &str) -> String {
        text.replace(self.0.path().to_str().unwrap(), "<folder>")
    }
}
