//! Does `slotcast snapshot` say what changed, and accept it?

use std::fs;

use crate::command::{Folder, run};

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
