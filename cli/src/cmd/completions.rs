//! `slotcast completions`: how does a shell complete the arguments?
//!
//! In: a shell. Out: its script on stdout.

use clap::CommandFactory;

use crate::{
    args::{Args, Completions},
    failure::{Failure, Verdict},
    render::Console,
};

/// Prints the script.
pub(crate) fn completions(args: &Completions, console: &Console) -> Result<Verdict, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "slotcast", &mut script);
    console.text(&String::from_utf8_lossy(&script))?;
    Ok(Verdict::Holds)
}
