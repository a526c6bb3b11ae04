//! The `slotcast` command: predicts what transactions touch, and runs blocks by it.
//!
//! In: arguments. Out: results on stdout, everything else on stderr, and an exit code: 0 for
//! success, 1 when a check failed, 2 for bad input.
//! A library only so that its own tests can ask for features that its defaults leave out (see the
//! dev-dependencies in `Cargo.toml`); nothing else links it.
//! Invariant: this crate reads arguments, reads and writes files and prints; whatever is computed is
//! computed by the libraries.

mod args;
mod batch;
mod cmd;

mod hint_file;
mod input;
mod progress;
mod render;
mod results;
mod summary_file;
mod whole_file;

mod failure;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::Args,
    failure::{Failure, Verdict},
    render::Console,
};

/// The whole command: reads the arguments of the process and does what they say.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let console = Console::new(&args.global);
    match cmd::run(&args, &console) {
        Ok(Verdict::Holds) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Ok(Verdict::Fails) => ExitCode::from(1),
        Err(failure @ Failure::BadInput(_)) => {
            console.error(&failure);
            ExitCode::from(2)
        }
    }
}
