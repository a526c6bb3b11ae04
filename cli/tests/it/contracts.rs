//! Does `slotcast snapshot` say what changed, and accept it?

use std::fs;

use serde_json::{Value, json};

use crate::command::{Folder, keys, run};

#[test]
fn a_snapshot_holds_drifts_and_is_accepted() {
    let folder = Folder::new();
    let token = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts/Token.json");
    let kept = folder.path("access");
    let args = ["snapshot", token, "--snapshots", &kept];
    let new = run(&args);
    assert_eq!(new.code, 1, "nothing was kept yet: {}", new.stdout);
    assert!(!fs::exists(&kept).unwrap(), "nothing is written without --update");
    let update = [&args[..], &["--update"]].concat();
    assert_eq!(run(&update).code, 0);
    let same = run(&args);
    assert_eq!((same.code, same.stdout.as_str()), (0, "1 contract: as kept\n"));
    let file = fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains(
            "\ntransfer(address,uint256)\n  add balanceOf[caller]\n  add balanceOf[to]\n"
        )
    );
    fs::write(&file, text.replace("  add balanceOf[to]\n", "")).unwrap();
    let drifted = run(&args);
    assert_eq!(drifted.code, 1);
    let change = "  transfer(address,uint256)\n+   add balanceOf[to]\n";
    assert!(drifted.stdout.contains(change), "{}", drifted.stdout);
    assert_eq!(run(&update).code, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn drift_as_json() {
    let folder = Folder::new();
    let counter = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts/Counter.json");
    let kept = folder.path("access");
    let args = ["snapshot", "--json", counter, "--snapshots", &kept];
    let new = run(&args);
    let line: Value = serde_json::from_str(&new.stdout).unwrap();
    assert_eq!(new.code, 1);
    assert_eq!(keys(&line), ["changes", "file", "isAccepted", "isNew", "schemaVersion"]);
    assert_eq!((&line["isNew"], &line["isAccepted"]), (&json!(true), &json!(false)));
    assert_eq!(line["changes"][0], "+ add(uint256)");
    assert_eq!(run(&[&args[..], &["--update"]].concat()).code, 0);
    let same = run(&args);
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));
}

#[test]
fn texts_of_contracts_that_went_are_named() {
    let folder = Folder::new();
    let contracts = folder.path("out");
    fs::create_dir(&contracts).unwrap();
    let counter = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/data/contracts/Counter.json");
    fs::copy(counter, folder.path("out/Counter.json")).unwrap();
    let kept = folder.path("access");
    let args = ["snapshot", &contracts, "--snapshots", &kept];
    let update = run(&[&args[..], &["--update"]].concat());
    assert_eq!((update.code, update.stderr.as_str()), (0, ""));
    let orphan = folder.write("access/Gone.access", "# Gone\n");
    let ran = run(&args);
    let expected = format!("{orphan}: of no contract that was looked at\n");
    assert_eq!((ran.code, ran.stderr), (0, expected));
}
