//! `slotcast man`: what does the manual say?
//!
//! In: nothing. Out: the manual page on stdout, every command in it.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::{
    args::Args,
    failure::{Failure, Verdict},
    render::Console,
};

/// Prints the page.
pub(crate) fn man(console: &Console) -> Result<Verdict, Failure> {
    let page = page().expect("writing to memory does not fail");
    console.text(&String::from_utf8_lossy(&page))?;
    Ok(Verdict::Holds)
}

/// The page of the command, and behind it what each of its commands takes.
fn page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let mut command = Args::command();
    command.build();
    Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let man = Man::new(sub.clone());
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_extra_section(&mut page)?;
    }
    Ok(page)
}
