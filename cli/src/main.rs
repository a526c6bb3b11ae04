//! The `slotcast` command: predictions what a block's transactions touch, and runs the block by it.
//!
//! In: arguments. Out: results on stdout, everything else on stderr, and an exit code: 0 for
//! success, 1 when a check failed, 2 for bad input.
//! Invariant: this crate reads arguments, reads and writes files and prints; whatever is computed is
//! computed by the libraries.

mod args;
mod batch;
mod cmd;

mod hint_file;
mod input;
mod kept;
mod progress;
mod render;
mod whole_file;

mod failure;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::Args,
    failure::{Failure, Verdict},
    render::Console,
};

#[cfg(feature = "fast")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
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
