//! Is what sets a contract up told from traffic, however its guard is written?
//!
//! `tests/data/solc/SetUp.sol` is compiled to the artifacts beside it.

use slotcast_analyzer::limits::Limits;
use slotcast_contracts::artifacts::{name_contract, read};
use slotcast_contracts::lint::{Role, lint};
use slotcast_model::Fork;

/// How many functions of a contract all callers call, and how many the first alone.
fn roles(artifact: &str, contract: &str) -> (usize, usize) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/solc");
    let contracts = read(&format!("{folder}/{artifact}.json")).unwrap().contracts;
    let of_name = contracts.iter().find(|it| it.name == contract).unwrap();
    let report = lint(&name_contract(of_name, Fork::Osaka, &Limits::default()));
    (report.n_functions(Role::Users), report.n_functions(Role::Once))
}

const ARTIFACTS: [&str; 3] = ["SetUp", "SetUpUnoptimized", "SetUpViaIr"];

#[test]
fn a_guard_with_several_ways_to_pass_sets_up() {
    for artifact in ARTIFACTS {
        assert_eq!(roles(artifact, "Versioned"), (1, 1), "{artifact}");
        assert_eq!(roles(artifact, "Required"), (0, 1), "{artifact}");
    }
}

#[test]
fn a_way_past_the_guard_that_others_hold_open_is_traffic() {
    for artifact in ARTIFACTS {
        assert_eq!(roles(artifact, "Cooldown"), (1, 0), "{artifact}");
        assert_eq!(roles(artifact, "Switched"), (2, 0), "{artifact}");
    }
}

#[test]
fn a_guard_that_asks_whether_a_set_up_is_running_sets_up() {
    for artifact in ARTIFACTS {
        assert_eq!(roles(artifact, "Flagged"), (1, 1), "{artifact}");
        assert_eq!(roles(artifact, "Constructed"), (0, 1), "{artifact}");
    }
}
