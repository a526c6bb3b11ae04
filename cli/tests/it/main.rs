//! Does the command do what its help says, run as a user runs it?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod browser;
mod command;
mod contracts;
mod dialects;
mod explain;
mod guides;
<<<<<<< HEAD
mod lint;
=======
mod hint_files;
mod pictures;
>>>>>>> 6bb5e3c (Commands: report writes a page, revalidate says what is overtaken, files of predictions run and schedule; pictures are tested in a browser)
mod results;
mod scoreboard;
