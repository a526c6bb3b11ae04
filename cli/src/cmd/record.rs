//! `slotcast record`: blocks from a node, as files.
//!
//! In: a node, numbers, a folder. Out: one recorded block for each number, and whether all were true
//! to their headers.
//! Invariant: a failure leaves no file behind, and what was recorded before it stays.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use serde::Serialize;
use slotcast_node::{
    Done, Job, Node, Progress as Told, ProofPolicy, RecordError, RecordSettings, Recorder,
    RpcSettings, Way, record_range,
};

use crate::{
    args::{NodeOptions, Proofs, Record},
    failure::{Failure, Verdict},
    input::rules_of,
    progress::Progress,
    render::{Console, count},
};

/// Records all blocks.
pub(crate) fn record(args: &Record, console: &Console) -> Result<Verdict, Failure> {
    let threads = args.node.concurrency as usize;
    let node = connect(&args.node)?;
    let blocks = range(&args.block, &node)?;
    let n_blocks = blocks.end() - blocks.start() + 1;
    // One block alone gets all threads; of many blocks several are recorded at once.
    let at_once = usize::try_from(n_blocks).unwrap_or(threads).min(threads);
    let recorder = recorder(&args.node, Arc::clone(&node), threads.div_ceil(at_once));
    let job = Job { recorder: &recorder, blocks, folder: &args.out, threads: at_once };
    let length = usize::try_from(n_blocks).unwrap_or(usize::MAX);
    let told = Report { console, progress: Progress::new(length, console) };
    let failures = record_range(&job, &told);
    drop(told);
    let (n_calls, n_retries) = node.rpc().counts();
    console.note(format_args!(
        "{}, {} failed; {n_calls} questions, {n_retries} of them repeated",
        count(length, "block", "blocks"),
        failures.len(),
    ));
    match failures.into_iter().find(|(_, error)| !error.is_lie()) {
        Some((_, error)) => Err(Failure::bad_input(error)),
        None => Ok(Verdict::of(told_no_lie(&recorder, &job))),
    }
}

/// The node that these options name.
pub(super) fn connect(options: &NodeOptions) -> Result<Arc<Node>, Failure> {
    let settings = RpcSettings {
        timeout: Duration::from_secs(options.timeout),
        retries: options.retries,
        per_second: options.per_second,
        ..RpcSettings::default()
    };
    let mut node = Node::connect(&options.rpc_url, settings).map_err(Failure::bad_input)?;
    if let Some(chain) = &options.chain {
        node = node.with_rules(rules_of(chain)?).map_err(Failure::bad_input)?;
    }
    Ok(Arc::new(node))
}

/// What records blocks of `node`, asking it so many questions at once for each.
pub(super) fn recorder(options: &NodeOptions, node: Arc<Node>, threads: usize) -> Recorder {
    let proofs = match options.proofs {
        Proofs::Auto => ProofPolicy::Auto,
        Proofs::Always => ProofPolicy::Always,
        Proofs::Never => ProofPolicy::Never,
    };
    let is_traced = !options.no_trace;
    Recorder::new(node, RecordSettings { proofs, is_traced, threads })
}

/// Whether every file of the job is there, which it is not for a block that its node lied about.
fn told_no_lie(recorder: &Recorder, job: &Job<'_>) -> bool {
    let chain_id = recorder.node().chain_id();
    let is_there = |number| job.folder.join(slotcast_node::file_name(chain_id, number)).is_file();
    job.blocks.clone().all(is_there)
}

/// The numbers that `--block` names.
fn range(text: &str, node: &Node) -> Result<RangeInclusive<u64>, Failure> {
    let wrong = || {
        Failure::bad_input(format_args!(
            "--block {text}: give a number, a range such as 24500000..24500099, or latest"
        ))
    };
    let number = |text: &str| -> Result<u64, Failure> {
        if text == "latest" {
            return node.head().map_err(Failure::bad_input);
        }
        text.trim().parse().map_err(|_| wrong())
    };
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (number(first)?, number(last)?),
        None => {
            let only = number(text)?;
            (only, only)
        }
    };
    if last < first || u64::MAX == last {
        return Err(wrong());
    }
    Ok(first..=last)
}

/// Prints a line for each block as it is done.
struct Report<'a> {
    console: &'a Console,
    progress: Progress,
}

/// What `slotcast record --json` prints for a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    schema_version: u32,
    block: u64,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    txs: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    way: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Line {
    fn new(block: u64, result: &Result<Done, RecordError>) -> Self {
        let line = Self {
            schema_version: 1,
            block,
            result: "failed",
            path: None,
            txs: None,
            way: None,
            error: None,
        };
        match result {
            Ok(Done::Kept(path)) => {
                Self { result: "kept", path: Some(path.display().to_string()), ..line }
            }
            Ok(Done::Recorded { path, way, n_txs, .. }) => Self {
                result: "recorded",
                path: Some(path.display().to_string()),
                txs: Some(*n_txs),
                way: Some(match way {
                    Way::Traced => "traced",
                    Way::Fetched => "fetched",
                }),
                ..line
            },
            Err(error) => Self { error: Some(error.to_string()), ..line },
        }
    }

    fn text(&self) -> String {
        let path = self.path.as_deref().unwrap_or_default();
        match (&self.error, self.txs) {
            (Some(error), _) => format!("failed    {error}"),
            (None, Some(n)) => format!(
                "recorded  {path}: {}, {}",
                count(n, "transaction", "transactions"),
                self.way.unwrap_or_default(),
            ),
            (None, None) => format!("kept      {path}"),
        }
    }
}

impl Told for Report<'_> {
    fn done(&self, number: u64, result: &Result<Done, RecordError>) {
        if let Ok(Done::Recorded { dropped_trace: Some(reason), .. }) = result {
            self.console.note(format_args!(
                "block {number}: the trace was dropped, and single words asked for instead: {reason}; \
                 --no-trace does not ask for any"
            ));
        }
        let line = Line::new(number, result);
        let printed = self.progress.done(|| match self.console.is_json() {
            true => self.console.document(&line),
            false => self.console.line(line.text()),
        });
        // A closed pipe is no reason to stop recording.
        drop(printed);
    }
}
