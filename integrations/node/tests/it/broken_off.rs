//! What is left when recording is killed, or when the disk is full?
//!
//! In: a process of our own that is killed, a folder that cannot be written to. Out: whole files or
//! none, and a job that goes on where it stopped.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use slotcast_corpus::{self as corpus, Scenario};
use slotcast_node::{
    Done, Job, Node, Progress, RecordError, RecordSettings, Recorder, file_name, record_range,
};

use crate::{
    chain::Link,
    faults::impatient,
    mock::{Act, Manner, Mock, honest},
    recording::recorder,
};

struct Deaf;

impl Progress for Deaf {
    fn done(&self, _: u64, _: &Result<Done, RecordError>) {}
}

fn links(n: u64) -> Vec<Link> {
    (0..n).map(|above| Link::new(above, 5, Scenario::Transfers, above)).collect()
}

/// Tells the process that is killed where to record from, and what, and where to.
const ORDERS: &str = "SLOTCAST_TEST_RECORD";

/// Not a test by itself: what the process does that `a_killed_process_leaves_whole_files` kills.
#[test]
#[expect(clippy::disallowed_methods, reason = "a process learns from its environment what to do")]
fn records_as_told() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let [url, first, last, folder] = orders.split(' ').collect::<Vec<_>>()[..] else { return };
    let node = Node::connect(url, impatient()).expect("the node is up");
    let recorder = Recorder::new(Arc::new(node), RecordSettings::default());
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let blocks = number(first)..=number(last);
    let job = Job { recorder: &recorder, blocks, folder: Path::new(folder), threads: 2 };
    assert!(record_range(&job, &Deaf).is_empty());
}

#[test]
fn a_killed_process_leaves_whole_files_and_the_next_goes_on() {
    let links = links(12);
    let slow: Manner = Arc::new(|_, _, answer| Act::Late(Duration::from_millis(5), answer));
    let mock = Mock::start(&links, slow);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (first, last) = (links[0].block.number(), links[11].block.number());
    let orders = format!("{} {first} {last} {}", mock.url(), folder.path().display());
    let me = std::env::current_exe().expect("it runs");
    let mut child = Command::new(me)
        .args(["--exact", "broken_off::records_as_told"])
        .env(ORDERS, orders)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts again");
    while !folder.path().join(file_name(1, first + 2)).is_file() {
        assert!(child.try_wait().expect("it is ours").is_none(), "it ended before it was killed");
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");

    let files = corpus::list(folder.path()).expect("there are files");
    for file in &files {
        corpus::read_file(file).expect("it is whole").validate().expect("it is valid");
    }
    let recorder = recorder(&mock, RecordSettings::default());
    let job = Job { recorder: &recorder, blocks: first..=last, folder: folder.path(), threads: 2 };
    assert!(record_range(&job, &Deaf).is_empty());
    assert_eq!(corpus::list(folder.path()).expect("there are files").len(), links.len());
}

/// A file name that a folder has already cannot be written to, even by root.
#[test]
fn what_cannot_be_written_is_said_and_leaves_nothing() {
    let links = links(1);
    let mock = Mock::start(&links, honest());
    let recorder = recorder(&mock, RecordSettings::default());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let number = links[0].block.number();
    let taken = folder.path().join(file_name(1, number));
    fs::create_dir(&taken).expect("it is free");
    let job =
        Job { recorder: &recorder, blocks: number..=number, folder: folder.path(), threads: 1 };
    let failures = record_range(&job, &Deaf);
    let [(_, error)] = &failures[..] else { panic!("{failures:?}") };
    assert!(error.is_lasting() && error.to_string().contains("free space"), "{error}");
    let left: Vec<_> = folder.path().read_dir().expect("it is there").flatten().collect();
    assert_eq!(left.len(), 1, "only the folder that was there before: {left:?}");
}

/// Needs the right to mount; says so where there is none.
#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mount = |args: &[&str]| {
        let command = Command::new(args[0]).args(&args[1..]).arg(folder.path()).output();
        command.is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=4k", "none"]) {
        // Written past the test runner's capture, so that a skipped test is seen to be skipped.
        let message = b"skipped: no small file system can be mounted here\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), message);
        return;
    }
    let link = Link::new(1, 40, Scenario::Mixed, 0);
    let mock = Mock::start(std::slice::from_ref(&link), honest());
    let recorder = recorder(&mock, RecordSettings::default());
    let number = link.block.number();
    let job =
        Job { recorder: &recorder, blocks: number..=number, folder: folder.path(), threads: 1 };
    let failures = record_range(&job, &Deaf);
    let n_left = folder.path().read_dir().map(Iterator::count);
    assert!(mount(&["umount"]));
    let [(_, error)] = &failures[..] else { panic!("{failures:?}") };
    assert!(error.is_lasting() && error.to_string().contains("No space left"), "{error}");
    assert_eq!(n_left.expect("it was there"), 0);
}
