//! Does every command that a guide shows work as it stands there?

use std::fs;

use crate::command::run;

#[test]
fn the_commands_of_the_builders_guide_succeed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/builders.md");
    let guide = fs::read_to_string(path).unwrap();
    let commands: Vec<&str> =
        guide.lines().filter_map(|line| line.strip_prefix("$ slotcast ")).collect();
    assert!(5 < commands.len(), "the commands are found");
    for command in commands {
        let args: Vec<&str> = command.split_whitespace().collect();
        let ran = run(&args);
        assert!(ran.code == 0 && !ran.stdout.is_empty(), "{command}: {}", ran.stderr);
    }
}
