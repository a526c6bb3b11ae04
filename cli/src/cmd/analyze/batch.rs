//! `slotcast analyze --input`: what do the functions of very many codes touch?
//!
//! In: a file of codes. Out: a file with a line for each distinct code of a shard.
//! Invariant: a line depends on its code, the fork and the analysis alone, so that shards can be made
//! anywhere, and a job that was broken off goes on where it stopped.

use std::{
    fs,
    path::Path,
    sync::{PoisonError, RwLock},
};

use crate::batch::{Code, Done, Job, Work, run};
use serde::Serialize;
use slotcast::{Clock, Summaries, analyzer::limits::Limits, hints::FunctionDocument, model::Fork};
use slotcast_contracts::artifacts::{Contract as Compiled, name_contract};
use slotcast_store::analysis;

use super::Contract;
use crate::{
    args::Analyze,
    failure::{Failure, Verdict},
    progress::Progress,
    render::{Console, count, duration},
    summary_file::SummaryFile,
};

/// What is written of a code, besides its hash.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    size: u32,
    stop_reason: &'static str,
    blocks: u32,
    unresolved_jumps: u32,
    functions: Vec<FunctionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
}

/// What is printed in the end.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    lines: u64,
    codes: u64,
    codes_before: u64,
    code_bytes: u64,
    output_bytes: u64,
    threads: usize,
    micros: u64,
}

/// Describes all codes of the shard.
pub(super) fn batch(
    (input, output): (&Path, &Path),
    args: &Analyze,
    threads: usize,
    console: &Console,
) -> Result<Verdict, Failure> {
    let name = format!("slotcast analyze --fork {}, analysis {}", args.fork, analysis());
    let job = Job { input, output, shard: args.shard, name: &name };
    let summary_file = SummaryFile::open(&args.keep, console)?;
    let summaries = RwLock::new(summary_file.cache(args.fork));
    let n_bytes = fs::metadata(input).map_or(0, |file| file.len());
    let progress = Progress::through_bytes(n_bytes, console);
    let describer = Describer { fork: args.fork, summary_file: &summary_file, summaries, progress };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| {
        Failure::bad_input(format_args!("--threads: cannot be started: {error}; give fewer"))
    })?;
    let clock = Clock::start();
    let done = pool.install(|| run(&job, &describer)).map_err(Failure::bad_input);
    let micros = clock.micros();
    drop(describer);
    summary_file.close(console);
    let output = output.display();
    let Some(done) = done? else {
        console.note(format_args!("{output}: is finished; remove it to make it again"));
        return Ok(Verdict::Holds);
    };
    print(&done, threads, micros, console)?;
    Ok(Verdict::Holds)
}

fn print(done: &Done, threads: usize, micros: u64, console: &Console) -> Result<(), Failure> {
    let Done { n_lines, n_codes, n_codes_before, n_code_bytes, n_bytes_written, .. } = *done;
    match console.is_json() {
        true => console.document(&Total {
            lines: n_lines,
            codes: n_codes,
            codes_before: n_codes_before,
            code_bytes: n_code_bytes,
            output_bytes: n_bytes_written,
            threads,
            micros,
        }),
        false => console.line(format_args!(
            "{}, {} of {n_code_bytes} bytes in {} on {}, {n_codes_before} done before; \
             {n_bytes_written} bytes written",
            count(n_lines as usize, "line", "lines"),
            count(n_codes as usize, "new code", "new codes"),
            duration(micros),
            count(threads, "thread", "threads"),
        )),
    }
}

/// Describes codes, and keeps their summaries where there is a store.
struct Describer<'a> {
    fork: Fork,
    summary_file: &'a SummaryFile,
    summaries: RwLock<Summaries>,
    progress: Progress,
}

impl Work for Describer<'_> {
    type Line = Line;

    fn line(&self, code: &Code) -> Line {
        if self.summary_file.is_there() {
            let summaries = self.summaries.read().unwrap_or_else(PoisonError::into_inner);
            summaries.get(code.hash, &code.bytes.clone().into()).complete();
        }
        let compiled = Compiled::bare("", code.bytes.clone());
        let named = name_contract(&compiled, self.fork, &Limits::default());
        let Contract { size, stop_reason, blocks, unresolved_jumps, functions, missing, .. } =
            Contract::new(named, None);
        Line { size, stop_reason, blocks, unresolved_jumps, functions, missing }
    }

    fn reached(&self, done: &Done) {
        if self.summary_file.is_there() {
            let mut summaries = self.summaries.write().unwrap_or_else(PoisonError::into_inner);
            self.summary_file.keep(&summaries);
            *summaries = self.summary_file.cache(self.fork);
        }
        let n_codes = done.n_codes_before + done.n_codes;
        self.progress.at(done.n_bytes_read, count(n_codes as usize, "code", "codes"));
    }
}
