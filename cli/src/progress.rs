//! How far along is a command that works through many blocks?
//!
//! In: what is to be done. Out: a bar on stderr.
//! Invariant: there is a bar only on a terminal, unless `-q` was given, and
//! for more than a few blocks.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

use crate::render::Console;

/// Up to this many blocks are done before a bar is of use.
const FEW: usize = 4;

/// A bar, or nothing.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// The progress through `n` blocks.
    pub(crate) fn new(n: usize, console: &Console) -> Self {
        if n <= FEW || console.is_quiet() || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg} {eta} left")
            .expect("the template names known fields");
        Self(ProgressBar::new(n as u64).with_style(style))
    }

    /// The progress through a file of so many bytes.
    pub(crate) fn through_bytes(n: u64, console: &Console) -> Self {
        if console.is_quiet() || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let template = "{bar:30} {bytes}/{total_bytes} {wide_msg} {eta} left";
        let style =
            ProgressStyle::with_template(template).expect("the template names known fields");
        Self(ProgressBar::new(n).with_style(style))
    }

    /// Says how far it is, and with what result.
    pub(crate) fn at(&self, position: u64, message: String) {
        self.0.set_position(position);
        self.0.set_message(message);
    }

    /// Says what is being worked on.
    pub(crate) fn start(&self, name: String) {
        self.0.set_message(name);
    }

    /// Counts one as done, and makes room for its results.
    pub(crate) fn done<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.inc(1);
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
