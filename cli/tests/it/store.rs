//! Does `--store` save compiling, and does it stay out of the way when its file is no good?
//!
//! In: synthetic blocks and files of summaries. Out: what the command says of them.

use std::{fs, io::Write, process::Stdio};

use serde_json::Value;

use crate::command::{Folder, Ran, command, json_lines, run};

/// What standard error says of the store: summaries found and needed, programs found and needed.
fn counts(ran: &Ran) -> [u64; 4] {
    let line = ran.stderr.lines().find(|line| line.contains(" from the store, "));
    let line = line.unwrap_or_else(|| panic!("no such line: {}", ran.stderr));
    let numbers = line.rsplit_once(": ").unwrap().1.split([' ', ',']);
    let numbers: Vec<u64> = numbers.filter_map(|word| word.parse().ok()).collect();
    numbers[..4].try_into().unwrap()
}

fn succeeds(args: &[&str]) -> Ran {
    let ran = run(args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    ran
}

/// What was printed, without times.
fn digests(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["digests"].clone()).collect()
}

#[test]
fn a_second_process_compiles_nothing_and_says_so() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "60"]);
    let store = folder.path("s");
    let plain = run(&["run", "--json", &block]);
    let args = ["run", "--json", "--store", &store, &block];
    let [found, needed, programs_found, programs] = counts(&succeeds(&args));
    assert_eq!((found, programs_found), (0, 0));
    assert!(5 < needed && needed < programs, "{needed} {programs}");
    let second = succeeds(&args);
    assert_eq!(counts(&second), [needed, needed, programs, programs]);
    assert_eq!(digests(&second), digests(&plain), "the results do not depend on it");
    for command in ["predict", "score"] {
        let ran = succeeds(&[command, "--store", &store, &block]);
        let [found, needed, programs_found, programs] = counts(&ran);
        assert_eq!((found, programs_found), (needed, programs), "{command}");
        assert_eq!(succeeds(&[command, "-q", "--store", &store, &block]).stderr, "");
    }
    let board = folder.path("board.json");
    let ran = succeeds(&["score", "--store", &store, "--scoreboard", &board, &block]);
    assert_eq!(counts(&ran)[0], counts(&ran)[1]);
}

#[test]
fn what_analyze_keeps_is_found_by_others() {
    let folder = Folder::new();
    let store = folder.path("s");
    let args = ["analyze", "--store", &store, "0x6000355400"];
    assert_eq!(counts(&succeeds(&args)), [0, 1, 0, 1]);
    assert_eq!(counts(&succeeds(&args)), [1, 1, 1, 1]);
    let other_fork = [&args[..], &["--fork", "London"]].concat();
    assert_eq!(counts(&succeeds(&other_fork))[0], 0, "another fork is another question");
}

#[test]
fn a_damaged_store_is_created_again_and_results_stay_the_same() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "20"]);
    let store = folder.path("s");
    let args = ["run", "--json", "--store", &store, &block];
    let first = succeeds(&args);
    let bytes = fs::read(&store).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], b"something else", &bytes[1..], &[0; 5000]] {
        fs::write(&store, damaged).unwrap();
        let ran = succeeds(&args);
        assert_eq!(digests(&ran), digests(&first));
        assert!(ran.stderr.contains(".refused and created again"), "{}", ran.stderr);
        let again = counts(&succeeds(&args));
        assert_eq!(again[0], again[1], "it is whole again");
    }
}

#[test]
fn two_processes_share_a_store_and_one_that_is_killed_does_no_harm() {
    let folder = Folder::new();
    let blocks: Vec<String> = (0..6)
        .map(|n| folder.generate(&format!("b{n}.json"), &["--txs", "30", "--seed", &n.to_string()]))
        .collect();
    let store = folder.path("s");
    let start = |blocks: &[String]| {
        let args = [
            &["run", "--store", &store],
            &blocks.iter().map(String::as_str).collect::<Vec<_>>()[..],
        ];
        command(&args.concat()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let (mut one, mut other, mut killed) =
        (start(&blocks[..3]), start(&blocks[3..]), start(&blocks));
    // However far it is by now.
    std::thread::sleep(std::time::Duration::from_millis(300));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(one.wait().unwrap().success() && other.wait().unwrap().success());
    for block in &blocks {
        let [found, needed, programs_found, programs] =
            counts(&succeeds(&["predict", "--store", &store, block]));
        // A process that found less kept what it made; of two that made different programs of one
        // code the fuller summary stays.
        assert_eq!(found, needed);
        assert!(programs / 2 < programs_found, "{programs_found} of {programs}");
    }
    let ran = succeeds(&["run", "--store", &store, &blocks[0]]);
    assert!(!ran.stderr.contains("created again"), "{}", ran.stderr);
}

#[test]
fn a_store_that_cannot_be_opened_is_bad_input() {
    let folder = Folder::new();
    let nowhere = folder.path("missing/s");
    let ran = run(&["run", "--store", &nowhere]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("cannot be used as a summary store"), "{}", ran.stderr);
    let ran = run(&["run", "--store", "/dev/full"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    let ran = run(&["run", "--store-size", "7"]);
    assert_eq!(ran.code, 2, "a size of nothing");
    for action in ["stat", "export"] {
        let mut args = vec!["store", action, &nowhere];
        args.extend((action == "export").then_some("--output=x"));
        let ran = run(&args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("there is no summary store"), "{}", ran.stderr);
    }
}

#[test]
fn what_one_machine_exports_another_imports() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "30"]);
    let (here, there) = (folder.path("here"), folder.path("there"));
    let [_, needed, _, programs] = counts(&succeeds(&["run", "--store", &here, &block]));
    let export = folder.path("export");
    succeeds(&["store", "export", &here, "--output", &export]);
    succeeds(&["store", "import", &there, &export]);
    let kept = &json_lines(&["store", "stat", "--json", &there])[0];
    assert_eq!((&kept["summaries"], &kept["usable"]), (&needed.into(), &needed.into()));
    assert_eq!(kept["rebuilt"], false);
    let again = counts(&succeeds(&["predict", "--store", &there, &block]));
    assert_eq!(again, [needed, needed, programs, programs]);
    let mut bytes = fs::read(&export).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&export, bytes).unwrap();
    let ran = run(&["store", "import", &there, &export]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("export: cut short or damaged; copy or export"), "{}", ran.stderr);
    let ran = run(&["store", "import", &there, &block]);
    assert!(ran.code == 2 && ran.stderr.contains("no export of summaries"), "{}", ran.stderr);
    fs::write(&there, "damage").unwrap();
    let ran = run(&["store", "stat", &there]);
    assert_eq!(ran.code, 2, "what was damaged is found out: {}", ran.stderr);
    assert_eq!(fs::read(&there).unwrap(), b"damage", "what is only looked at is left as it was");
}

/// Needs the right to mount; says so where there is none.
#[test]
fn a_full_disk_costs_no_result() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "60"]);
    let small = folder.path("small");
    fs::create_dir(&small).unwrap();
    let mount = |args: &[&str]| {
        let command = std::process::Command::new(args[0]).args(&args[1..]).arg(&small).output();
        command.is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=4m", "none"]) {
        // Written past the test runner's capture, so that a skipped test is seen to be skipped.
        let message = b"skipped: no small file system can be mounted here\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), message);
        return;
    }
    let store = format!("{small}/s");
    succeeds(&["analyze", "--store", &store, "0x00"]);
    // Whatever is left of the place is taken up.
    let mut filler = fs::File::create(format!("{small}/filler")).unwrap();
    while filler.write_all(&[1; 4096]).is_ok() {}
    let ran = run(&["run", "--store", &store, &block]);
    let mut left: Vec<_> =
        fs::read_dir(&small).unwrap().flatten().map(|file| file.file_name()).collect();
    left.sort();
    drop(filler);
    assert!(mount(&["umount"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("1/1 to their headers"), "{}", ran.stdout);
    assert!(ran.stderr.contains("not everything was kept"), "{}", ran.stderr);
    assert!(ran.stderr.contains("No space left") && ran.stderr.contains("free space"));
    assert_eq!(left, ["filler", "s"], "nothing is set aside");
}
