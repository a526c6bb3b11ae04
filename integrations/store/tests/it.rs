//! Does a store give back what was kept, whatever happens to its file and its processes?
//!
//! In: summaries of small synthetic codes. Out: what is found again.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use alloy_primitives::keccak256;
use slotcast::{
    Summaries, SummaryStore,
    analyzer::{Targets, analyze, limits::Limits, summary::Summary},
    model::Fork,
};
use slotcast_store::{Kept, Store};

const LARGE: u64 = 1 << 30;

/// Code that stores into slot `n`, with some dead bytes behind it.
fn code(n: u16) -> Vec<u8> {
    let [high, low] = n.to_be_bytes();
    let mut code = vec![0x60, 0x07, 0x61, high, low, 0x55, 0x00];
    code.resize(500, 0xfe);
    code
}

fn summary(n: u16) -> Summary {
    analyze(&code(n), Fork::Osaka, &Limits::default())
}

fn keep(store: &Store, n: u16) {
    store.keep([&summary(n)]).expect("it can be written");
}

fn found(store: &Store, n: u16) -> bool {
    let limits = Limits::default();
    let hash = keccak256(code(n));
    let found = store.find(hash, Fork::Osaka, &limits, &Targets::default());
    if let Some(found) = &found {
        assert_eq!(found.to_bytes(), summary(n).to_bytes(), "what is found is what was made");
    }
    found.is_some()
}

#[test]
fn a_restart_finds_what_was_kept_and_only_for_the_same_question() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("summaries");
    let store = Store::open(&path, LARGE).expect("it can be made");
    keep(&store, 1);
    drop(store);
    let store = Store::open(&path, LARGE).expect("it is there");
    assert!(!store.is_rebuilt());
    assert!(found(&store, 1) && !found(&store, 2));
    let hash = keccak256(code(1));
    let limits = Limits::default();
    assert!(store.find(hash, Fork::London, &limits, &Targets::default()).is_none());
    let other = Limits { functions: limits.functions + 1, ..limits };
    assert!(store.find(hash, Fork::Osaka, &other, &Targets::default()).is_none());
}

#[test]
fn a_cache_on_a_shelf_does_not_compile_again() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let store = Store::open(&folder.path().join("s"), LARGE).expect("it can be made");
    keep(&store, 1);
    let store: Arc<dyn SummaryStore> = Arc::new(store);
    let summaries = Summaries::with_store(Fork::Osaka, Limits::default(), store);
    // The bytes given are not those of the hash, so only the store can have told what it does.
    let summary_of_1 = summaries.get(keccak256(code(1)), &Default::default());
    assert_eq!(summary_of_1.to_bytes(), summary(1).to_bytes());
}

#[test]
fn what_is_only_read_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("s");
    keep(&Store::open(&path, LARGE).expect("it can be made"), 1);
    let before = fs::read(&path).expect("it is there");
    for store in [Store::open(&path, LARGE), Store::open_to_read(&path)] {
        let store = store.expect("it is there");
        assert!(found(&store, 1) && !found(&store, 2));
        assert_eq!(store.kept().expect("it can be read").n_usable, 1);
        assert!(store.export().is_ok());
        drop(store);
        assert_eq!(fs::read(&path).expect("it is there"), before);
    }
    let reader = Store::open_to_read(&path).expect("it is there");
    assert!(reader.keep([&summary(2)]).is_err(), "it is open for reading");
    assert!(Store::open_to_read(&folder.path().join("none")).is_err());
    fs::write(&path, "damage").expect("it can be written");
    assert!(Store::open_to_read(&path).is_err());
    assert_eq!(fs::read(&path).expect("it is there"), b"damage", "it is not set aside");
}

#[test]
fn the_size_is_bounded_and_what_was_used_last_stays() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let one = summary(0).to_bytes().len() as u64;
    let store = Store::open(&folder.path().join("s"), 10 * one + 100).expect("it can be made");
    for n in 0..50 {
        keep(&store, n);
        assert!(found(&store, 0), "it was used all the time, after {n}");
        assert!(store.kept().expect("it can be read").n_bytes <= 10 * one + 100);
    }
    assert!(found(&store, 49) && !found(&store, 1));
}

#[test]
fn what_is_exported_is_imported_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let open = |name: &str| Store::open(&folder.path().join(name), LARGE).expect("it can be made");
    let (from, to) = (open("from"), open("to"));
    (0..4).for_each(|n| keep(&from, n));
    let mut bytes = from.export().expect("it can be read");
    assert_eq!(to.import(&bytes).expect("it is whole"), 4);
    assert!((0..4).all(|n| found(&to, n)));
    assert_eq!(to.export().expect("it can be read"), bytes, "it is the same on both sides");
    let last = bytes.len() / 2;
    bytes[last] ^= 1;
    let third = open("third");
    let error = third.import(&bytes).expect_err("it is damaged").to_string();
    assert!(error.contains("copy or export it again"), "{error}");
    assert!(third.import(&bytes[..last]).is_err());
    assert_eq!(third.kept().expect("it can be read"), Kept::default());
}

#[test]
fn a_damaged_or_foreign_file_is_never_trusted_and_the_store_works_on() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("s");
    let store = Store::open(&path, LARGE).expect("it can be made");
    let all: Vec<Summary> = (0..40).map(summary).collect();
    store.keep(&all).expect("it can be written");
    drop(store);
    let whole = fs::read(&path).expect("it is there");
    let mut damaged: Vec<Vec<u8>> =
        vec![b"no database".to_vec(), whole[..whole.len() / 3].to_vec()];
    for at in (0..whole.len()).step_by(whole.len() / 30) {
        let mut bytes = whole.clone();
        let end = (at + 64).min(bytes.len());
        bytes[at..end].fill(0xa5);
        damaged.push(bytes);
    }
    for bit in 0..24 {
        let mut bytes = whole.clone();
        let at = (bit * 7919) % bytes.len();
        bytes[at] ^= 1 << (bit % 8);
        damaged.push(bytes);
    }
    damaged.extend([0, 1, 100, 4096, whole.len() - 1].map(|length| whole[..length].to_vec()));
    for bytes in damaged {
        fs::write(&path, bytes).expect("it can be written");
        let store = Store::open(&path, LARGE).expect("it is begun again if need be");
        // Whatever is found is compared with what was made.
        for n in 0..40 {
            found(&store, n);
        }
        keep(&store, 99);
        assert!(found(&store, 99));
        // What was damaged is made good by keeping it again, if only its own bytes were.
        store.keep(&all).expect("it can be written");
        assert!((0..40).all(|n| found(&store, n)));
    }
}

#[test]
fn a_file_of_a_newer_format_is_set_aside() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("s");
    drop(Store::open(&path, LARGE).expect("it can be made"));
    let database = redb::Database::open(&path).expect("it is a database");
    let transaction = database.begin_write().expect("no other process has it");
    let numbers = redb::TableDefinition::<&str, u64>::new("numbers");
    transaction.open_table(numbers).expect("it is there").insert("schema", 2).expect("a number");
    transaction.commit().expect("it can be written");
    drop(database);
    let newer = fs::read(&path).expect("it is there");
    let store = Store::open(&path, LARGE).expect("it is begun again");
    assert!(store.is_rebuilt());
    keep(&store, 1);
    assert!(found(&store, 1));
    let aside = fs::read(folder.path().join("s.refused")).expect("it is set aside");
    assert_eq!(aside.len(), newer.len(), "nothing was taken from it");
}

/// Needs the right to mount; says so where there is none.
#[test]
fn a_full_disk_costs_nothing_that_was_kept() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mount = |args: &[&str]| {
        let command = Command::new(args[0]).args(&args[1..]).arg(folder.path()).output();
        command.is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=3m", "none"]) {
        // Written past the test runner's capture, so that a skipped test is seen to be skipped.
        let message = b"skipped: no small file system can be mounted here\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), message);
        return;
    }
    let path = folder.path().join("s");
    let store = Store::open(&path, LARGE).expect("it can be made");
    let put = |n: u16| store.keep([&summary(n)]);
    let full = (0..20_000).find_map(|n| put(n).err().map(|error| (n, error.to_string())));
    let (full_at, error) = full.expect("three megabytes are not enough");
    let finds = |store: &Store| (0..full_at).all(|n| found(store, n));
    let (before, is_rebuilt) = (finds(&store), store.is_rebuilt());
    drop(store);
    let after = Store::open(&path, LARGE).map(|store| (finds(&store), store.is_rebuilt()));
    assert!(mount(&["umount"]));
    assert!(error.contains("No space left") && error.contains("free space"), "{error}");
    assert!(100 < full_at && before && !is_rebuilt, "{full_at} {before} {is_rebuilt}");
    assert_eq!(after.expect("it can be read"), (true, false), "{error}");
}

#[test]
fn a_place_that_cannot_be_used_is_said_and_nothing_is_set_aside() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let inside = folder.path().join("missing").join("s");
    let error = Store::open(&inside, LARGE).expect_err("its folder is missing").to_string();
    assert!(error.contains("cannot be used as a summary store"), "{error}");
    assert_eq!(folder.path().read_dir().expect("it is there").count(), 0);
}

/// Tells a process what to keep, and where.
const ORDERS: &str = "SLOTCAST_TEST_STORE";

/// Not a test by itself: what the processes do that the tests below start.
#[test]
#[expect(clippy::disallowed_methods, reason = "a process learns from its environment what to do")]
fn keeps_as_told() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let [first, last, path] = orders.split(' ').collect::<Vec<_>>()[..] else { return };
    let number = |text: &str| text.parse::<u16>().expect("a number");
    let store = Store::open(Path::new(path), LARGE).expect("it can be opened");
    (number(first)..number(last)).for_each(|n| keep(&store, n));
    assert!(!store.is_rebuilt());
}

fn start(first: u16, last: u16, path: &Path) -> Child {
    Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", "keeps_as_told"])
        .env(ORDERS, format!("{first} {last} {}", path.display()))
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts again")
}

#[test]
fn two_processes_keep_at_once() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("s");
    drop(Store::open(&path, LARGE).expect("it can be made"));
    let (mut one, mut other) = (start(0, 30, &path), start(30, 60, &path));
    assert!(one.wait().expect("it is ours").success());
    assert!(other.wait().expect("it is ours").success());
    let store = Store::open(&path, LARGE).expect("it is there");
    assert!((0..60).all(|n| found(&store, n)) && !store.is_rebuilt());
}

#[test]
fn a_killed_process_leaves_what_it_kept() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("s");
    drop(Store::open(&path, LARGE).expect("it can be made"));
    for round in 0..8_u16 {
        let first = round * 1000;
        let mut child = start(first, first + 1000, &path);
        let n_kept = loop {
            let store = Store::open(&path, LARGE).expect("it is there");
            let n_kept = (first..first + 1000).take_while(|n| found(&store, *n)).count();
            if 2 * usize::from(round) < n_kept {
                break n_kept as u16;
            }
            drop(store);
            thread::sleep(Duration::from_millis(2));
        };
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        let store = Store::open(&path, LARGE).expect("it is there");
        assert!((first..first + n_kept).all(|n| found(&store, n)));
        assert!(!store.is_rebuilt());
        keep(&store, 9_999);
    }
}
