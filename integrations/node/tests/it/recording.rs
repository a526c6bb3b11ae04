//! Is what is recorded the block with what running it asks for, by whatever way?
//!
//! In: honest nodes of several kinds. Out: recordings that are compared with each other.

use std::{fs, sync::Arc, sync::Mutex};

use slotcast_corpus::{self as corpus, Scenario, prepare};
use slotcast_lab::{RunSettings, run_block};
use slotcast_node::{
    Done, Job, Node, Progress, ProofPolicy, RecordError, RecordSettings, Recorder, Recording, Way,
    file_name, record_range,
};

use crate::{
    chain::Link,
    faults::impatient,
    mock::{Manner, Mock, TRACING, TRACING_AND_PROOFS, honest, without},
};

pub(crate) fn recorder(mock: &Mock, settings: RecordSettings) -> Recorder {
    let node = Node::connect(&mock.url(), impatient()).expect("the node is up");
    Recorder::new(Arc::new(node), settings)
}

fn record(link: &Link, manner: Manner, settings: RecordSettings) -> Recording {
    let mock = Mock::start(std::slice::from_ref(link), manner);
    let number = link.block.number();
    recorder(&mock, settings).record(number).expect("the node is honest")
}

#[test]
fn each_way_gives_the_same_recording_which_runs_as_its_header_states() {
    let link = Link::new(7, 60, Scenario::Mixed, 0);
    let settings = RecordSettings::default();
    let traced = record(&link, honest(), settings);
    let proven = record(&link, without(TRACING), settings);
    let plain = record(&link, without(TRACING_AND_PROOFS), settings);
    assert_eq!(traced.way, Way::Traced);
    assert_eq!(proven.way, Way::Fetched);
    assert_eq!(plain.way, Way::Fetched);
    assert_eq!(traced.block, proven.block);
    assert_eq!(traced.block, plain.block);

    let settings = RunSettings::new(2, None).expect("threads can be started");
    let report = run_block(&traced.block, &settings).expect("it runs");
    assert!(report.holds());
    let asked: usize = traced.block.pre_state.values().map(|account| account.storage.len()).sum();
    let there: usize = link.block.pre_state.values().map(|account| account.storage.len()).sum();
    assert!(asked < there, "only what is asked for is recorded, not what happens to be known");
}

#[test]
fn a_recording_can_be_proven_word_by_word() {
    let link = Link::new(8, 20, Scenario::Mixed, 0);
    let settings = RecordSettings { proofs: ProofPolicy::Always, ..RecordSettings::default() };
    let recording = record(&link, honest(), settings);
    assert_eq!(recording.way, Way::Traced);
}

#[test]
fn predictions_leave_little_to_ask_for_while_a_block_runs() {
    let link = Link::new(9, 60, Scenario::Mixed, 0);
    let mock = Mock::start(std::slice::from_ref(&link), without(TRACING));
    let settings = RecordSettings { is_traced: false, ..RecordSettings::default() };
    let recording = recorder(&mock, settings).record(link.block.number()).expect("an honest node");
    let accounts = recording.block.pre_state.len() as u64;
    let codes = recording.block.pre_state.values().filter(|account| account.code.is_some());
    // One question for an account with its slots, one for its code, few besides.
    let few = accounts + codes.count() as u64;
    assert!(mock.n_calls() < few + few / 2, "{} calls for {few}", mock.n_calls());
}

/// Remembers what it was told.
#[derive(Default)]
struct Told(Mutex<Vec<(u64, &'static str)>>);

impl Progress for Told {
    fn done(&self, number: u64, result: &Result<Done, RecordError>) {
        let what = match result {
            Ok(Done::Kept(_)) => "kept",
            Ok(Done::Recorded { .. }) => "recorded",
            Err(_) => "failed",
        };
        self.0.lock().expect("no thread panicked").push((number, what));
    }
}

#[test]
fn a_range_becomes_files_and_whole_ones_are_kept() {
    let links: Vec<Link> =
        (0..3).map(|above| Link::new(above, 10, Scenario::Transfers, above)).collect();
    let mock = Mock::start(&links, honest());
    let recorder = recorder(&mock, RecordSettings::default());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (first, last) = (links[0].block.number(), links[2].block.number());
    let job =
        || Job { recorder: &recorder, blocks: first..=last, folder: folder.path(), threads: 2 };

    let told = Told::default();
    assert!(record_range(&job(), &told).is_empty());
    let files = corpus::list(folder.path()).expect("there are files");
    assert_eq!(files.len(), 3);
    for (file, link) in files.iter().zip(&links) {
        let read = corpus::read_file(file).expect("it is whole");
        assert_eq!(read.hash, link.block.hash);
        prepare(&read).expect("it is valid");
    }

    // One is damaged, as a disk may do, and one is gone; the third is not even looked at again.
    fs::write(&files[1], b"{").expect("it can be written");
    fs::remove_file(folder.path().join(file_name(1, last))).expect("it is there");
    let (told, calls) = (Told::default(), mock.n_calls());
    assert!(record_range(&job(), &told).is_empty());
    let mut told = told.0.into_inner().expect("no thread panicked");
    told.sort_unstable();
    assert_eq!(told, [(first, "kept"), (first + 1, "recorded"), (last, "recorded")]);
    assert!(calls < mock.n_calls());
}

#[test]
fn a_block_that_is_not_there_is_said_to_be_missing() {
    let link = Link::new(1, 1, Scenario::Transfers, 0);
    let mock = Mock::start(std::slice::from_ref(&link), honest());
    let recorder = recorder(&mock, RecordSettings::default());
    let number = link.block.number();
    let error = recorder.record(number + 5).expect_err("it is in the future");
    assert_eq!(
        error.to_string(),
        format!("block {}: the node does not have it; its newest block is {number}", number + 5)
    );
    assert!(matches!(recorder.record(0), Err(RecordError::Genesis)));
}
