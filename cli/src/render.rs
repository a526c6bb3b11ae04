//! How do results and messages look, and where do they go?
//!
//! In: texts, tables and documents. Out: lines on stdout for results, on stderr for the rest.
//! Invariants: escape codes appear only where colour was asked for or a terminal can show it; a
//! column is as wide as its head or its widest cell, whichever is told to the table first.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::{
    args::{Color, Global},
    failure::Failure,
};

/// What stands out, and what recedes.
pub(crate) const HEAD: Style = Style::new().bold();
/// What holds.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What does not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// The version of the JSON documents.
const SCHEMA_VERSION: u64 = 1;

/// Where results and messages go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    is_json: bool,
    is_quiet: bool,
    is_verbose: bool,
    is_coloured: bool,
    errors_are_coloured: bool,
}

/// A document with the version of its form.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versioned<'a, T> {
    schema_version: u64,
    #[serde(flatten)]
    document: &'a T,
}

impl Console {
    /// The console these arguments ask for.
    pub(crate) fn new(global: &Global) -> Self {
        let wants = |is_terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                is_terminal && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
            }
        };
        Self {
            is_json: global.json,
            is_quiet: global.quiet,
            is_verbose: 0 < global.verbose,
            is_coloured: wants(io::stdout().is_terminal()),
            errors_are_coloured: wants(io::stderr().is_terminal()),
        }
    }

    /// Whether results are to be JSON.
    pub(crate) const fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether nothing but results and errors is wanted.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Whether more is wanted.
    pub(crate) const fn is_verbose(&self) -> bool {
        self.is_verbose
    }

    /// Prints a line of results.
    pub(crate) fn line(&self, text: impl Display) -> Result<(), Failure> {
        Ok(writeln!(io::stdout().lock(), "{text}")?)
    }

    /// Prints lines that end with a line feed already.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        Ok(io::stdout().lock().write_all(text.as_bytes())?)
    }

    /// Prints a document on one line.
    pub(crate) fn document(&self, document: &impl Serialize) -> Result<(), Failure> {
        let versioned = Versioned { schema_version: SCHEMA_VERSION, document };
        let text = serde_json::to_string(&versioned)
            .expect("plain lists and numbers can be written as JSON");
        self.line(text)
    }

    /// Tells the reader something besides the results.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.is_quiet {
            // If standard error is closed there is no reader.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// Tells the reader what went wrong.
    pub(crate) fn error(&self, text: impl Display) {
        let head = match self.errors_are_coloured {
            true => format!("{BAD}error:{BAD:#}"),
            false => "error:".to_owned(),
        };
        let _ = writeln!(io::stderr().lock(), "{head} {text}");
    }

    /// `text` in a style, where there is colour.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        match self.is_coloured {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }
}

/// A table that is printed row by row: widths are decided by its head.
#[derive(Debug)]
pub(crate) struct Columns(&'static [(&'static str, usize)]);

impl Columns {
    /// Columns with these heads and least widths; the last is not padded.
    pub(crate) const fn new(columns: &'static [(&'static str, usize)]) -> Self {
        Self(columns)
    }

    /// The line of heads.
    pub(crate) fn head(&self) -> String {
        self.row(self.0.iter().map(|(head, _)| (*head).to_owned()))
    }

    /// A line of cells.
    pub(crate) fn row(&self, cells: impl IntoIterator<Item = String>) -> String {
        let last = self.0.len() - 1;
        let padded = self.0.iter().zip(cells).enumerate().map(|(n, ((head, width), cell))| {
            let width = (*width).max(head.len());
            if n == last { cell } else { format!("{cell:>width$}") }
        });
        padded.collect::<Vec<_>>().join("  ")
    }
}

/// Microseconds for people.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{micros} µs"),
        10_000..10_000_000 => format!("{:.1} ms", micros as f64 / 1e3),
        _ => format!("{:.1} s", micros as f64 / 1e6),
    }
}

/// Gas for people.
pub(crate) fn gas(gas: u64) -> String {
    match gas {
        0..1_000_000 => gas.to_string(),
        _ => format!("{:.2} M", gas as f64 / 1e6),
    }
}

/// One thing, two things.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
