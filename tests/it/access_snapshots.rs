//! Does a test with `assert_access_snapshot!` pass while a contract touches what it did, and fail
//! when it does not?

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use slotcast_contracts::{
    assert_access_snapshot,
    snapshot::{insta::Settings, text_of},
};

/// One of our own contracts.
const STAKING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts/Staking.json");

#[test]
fn what_is_touched_is_as_kept() {
    assert_access_snapshot!(STAKING);
}

/// Whether the assertion holds for the reviewed text `kept`. Where insta is told to accept
/// whatever comes, it rewrites what does not hold.
fn holds(folder: &Path, kept: &str) -> bool {
    let file = folder.join("staking.snap");
    let kept = format!("---\nsource: elsewhere\n---\n{kept}");
    fs::write(&file, &kept).unwrap();
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    // The settings are dropped afterwards, whatever became of them.
    let asserts = AssertUnwindSafe(|| {
        settings.bind(|| assert_access_snapshot!("staking", STAKING));
    });
    catch_unwind(asserts).is_ok() && fs::read_to_string(&file).unwrap() == kept
}

#[test]
fn drift_fails_the_test() {
    let folder = tempfile::tempdir().unwrap();
    let today = text_of(STAKING).unwrap();
    assert!(holds(folder.path(), &today));
    let line = "  write rewardIndex\n";
    assert!(today.contains(line), "{today}");
    assert!(!holds(folder.path(), &today.replacen(line, "", 1)), "a write that is new fails");
    assert!(
        !holds(folder.path(), &format!("{today}\nmore()\n  nothing\n")),
        "so does one that went"
    );
}

#[test]
fn a_path_without_contracts_fails_by_name() {
    let error = text_of("no/such/artifact.json").unwrap_err();
    assert!(error.to_string().starts_with("no/such/artifact.json: "), "{error}");
}
