//! Tests of: what can be asked of the command?

use clap::CommandFactory;

use super::*;

#[test]
fn the_arguments_are_consistent() {
    Args::command().debug_assert();
}

/// The arguments of a line that a reader would type, without what is piped, written elsewhere or
/// said of it behind three spaces.
fn typed(line: &str) -> Vec<&str> {
    let ends = ["   ", " | ", " > ", " #"].into_iter().filter_map(|end| line.find(end));
    line[..ends.min().unwrap_or(line.len())].split_whitespace().collect()
}

fn assert_parses(line: &str) {
    let mut typed = typed(line);
    if matches!(typed.get(1), Some(&"record" | &"follow")) && !line.contains("-r") {
        // The reader has it in the environment.
        typed.extend(["--rpc-url", "http://127.0.0.1:8545"]);
    }
    if let Err(error) = Args::try_parse_from(&typed) {
        let is_shown =
            [clap::error::ErrorKind::DisplayHelp, clap::error::ErrorKind::DisplayVersion];
        assert!(is_shown.contains(&error.kind()), "{line}: {error}");
    }
}

#[test]
fn every_command_shows_how_it_is_used_and_the_examples_parse() {
    let command = Args::command();
    let helps = command.get_subcommands().chain([&command]).map(|command| {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        (command.get_name().to_owned(), help)
    });
    for (name, help) in helps {
        assert!(help.contains("Examples:\n  slotcast "), "{name}");
        let examples = help.lines().filter(|line| line.starts_with("  slotcast "));
        examples.map(str::trim).for_each(assert_parses);
    }
}

#[test]
fn every_command_in_the_guides_parses() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let guides = std::fs::read_dir(format!("{root}/docs")).unwrap();
    let guides = guides.map(|entry| entry.unwrap().path());
    let guides = guides.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let mut n_commands = 0;
    for path in guides.chain([format!("{root}/README.md").into()]) {
        let text = std::fs::read_to_string(path).unwrap();
        let commands = text.lines().filter_map(|line| line.strip_prefix("$ "));
        for line in commands.filter(|line| line.starts_with("slotcast ")) {
            n_commands += 1;
            assert_parses(line);
        }
    }
    assert!(20 < n_commands, "the commands are found");
}
