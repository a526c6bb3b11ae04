//! `slotcast run`: does parallel execution give what sequential execution gives, and how fast?
//!
//! In: blocks. Out: one row or JSON line for each, and whether all checks hold.

use std::sync::Arc;

use slotcast_lab::{Report, RunPredictions, RunSettings, run_prepared};

use crate::{
    args::Run,
    failure::{Failure, Verdict},
    hint_file::HintFile,
    input::Source,
    progress::Progress,
    render::{BAD, Columns, Console, GOOD, HEAD, count, duration, gas},
    results::Results,
    summary_file::SummaryFile,
};

const COLUMNS: Columns = Columns::new(&[
    ("block", 8),
    ("fork", 14),
    ("txs", 4),
    ("gas", 8),
    ("sequential", 10),
    ("parallel", 8),
    ("speed-up", 8),
    ("result", 0),
]);

/// What `-v` adds: where the time went, and the graph.
const DETAILS: Columns = Columns::new(&[
    ("", 8),
    ("layers", 6),
    ("edges", 6),
    ("critical", 8),
    ("re-executed", 11),
    ("predict", 8),
    ("schedule", 8),
    ("execute", 8),
    ("summaries", 9),
]);

/// Most missing words and rejected transactions that are named for one block.
const NAMED: usize = 8;

/// Runs all blocks.
pub(crate) fn run(args: &Run, threads: usize, console: &Console) -> Result<Verdict, Failure> {
    let mut sources = Source::list_of(&args.blocks)?;
    let mut results = Results::open(args.resume.resume.as_deref())?;
    results.missing(&mut sources).into_iter().for_each(|said| console.note(said));
    let hints = args.hints.as_deref().map(HintFile::read).transpose()?;
    let settings = RunSettings::new(threads, args.mode.map(Into::into));
    let settings = settings.map_err(Failure::bad_input)?;
    let summary_file = SummaryFile::open(&args.keep, console)?;
    let progress = Progress::new(sources.len(), console);
    let mut sum = Sum::default();
    for source in &sources {
        progress.start(source.name());
        let recorded = source.read()?;
        let in_file = |error| Failure::in_file(&source.name(), error);
        let prepared = source.prepare_read(&recorded)?;
        let report = match &hints {
            Some(file) => {
                let given = RunPredictions::Given(file.predictions(&prepared)?);
                run_prepared(&recorded, &prepared, given, &settings).map_err(in_file)?
            }
            None => {
                let summaries = Arc::new(summary_file.summaries(&prepared, &settings.predict()));
                let made = RunPredictions::Made(Arc::clone(&summaries));
                let report = run_prepared(&recorded, &prepared, made, &settings);
                summary_file.keep(&summaries);
                report.map_err(in_file)?
            }
        };
        results.keep(&source.name(), &[&report])?;
        progress.done(|| print(&report, sum.n_blocks == 0, console))?;
        sum.add(&report);
    }
    drop(progress);
    summary_file.close(console);
    if !console.is_json() {
        console.line(sum.text(threads, console))?;
    }
    Ok(Verdict::of(sum.n_blocks == sum.n_hold))
}

fn print(report: &Report, is_first: bool, console: &Console) -> Result<(), Failure> {
    if console.is_json() {
        return console.document(report);
    }
    if is_first {
        console.line(console.paint(HEAD, &COLUMNS.head()))?;
        if console.is_verbose() {
            console.line(console.paint(HEAD, &DETAILS.head()))?;
        }
    }
    let micros = &report.micros;
    let result = match differences(report) {
        None => console.paint(GOOD, "ok"),
        Some(differences) => console.paint(BAD, &differences),
    };
    console.line(COLUMNS.row([
        report.block.to_string(),
        report.spec.clone(),
        report.txs.to_string(),
        gas(report.gas_used),
        duration(micros.sequential),
        duration(micros.total),
        ratio(micros.sequential, micros.total),
        result,
    ]))?;
    if console.is_verbose() {
        console.line(DETAILS.row([
            String::new(),
            report.layers.to_string(),
            report.edges.to_string(),
            gas(report.critical_path_gas),
            report.reexecuted.len().to_string(),
            duration(micros.predict),
            duration(micros.schedule),
            duration(micros.execute),
            duration(micros.analyze),
        ]))?;
    }
    reasons(report, console)
}

/// Why a block does not hold, as far as its transactions say.
fn reasons(report: &Report, console: &Console) -> Result<(), Failure> {
    for tx in report.rejected.iter().take(NAMED) {
        console.line(format_args!(
            "  transaction {} ({}) of {} is rejected: {}",
            tx.index, tx.hash, tx.sender, tx.reason
        ))?;
    }
    more(report.rejected.len(), "rejected transaction", console)?;
    // A block that holds proves that what is missing is empty.
    if report.holds() && !console.is_verbose() {
        return Ok(());
    }
    for missing in report.missing.iter().take(NAMED) {
        let slot = missing.slot.map_or_else(String::new, |slot| format!("slot {slot} of "));
        console.line(format_args!(
            "  transaction {} reads {slot}account {}, which is not recorded and reads as empty",
            missing.tx, missing.address
        ))?;
    }
    for number in &report.missing_block_hashes {
        console.line(format_args!("  the hash of block {number} is read and not recorded"))?;
    }
    more(report.missing.len(), "missing word", console)
}

fn more(n: usize, what: &str, console: &Console) -> Result<(), Failure> {
    match n.checked_sub(NAMED) {
        None | Some(0) => Ok(()),
        Some(rest) => {
            console.line(format_args!("  and {rest} more {what}s; --json lists them all"))
        }
    }
}

/// What does not agree, in words.
fn differences(report: &Report) -> Option<String> {
    let header = report.matches_header.fields().into_iter();
    let header = header.filter(|(_, matches)| *matches == Some(false)).map(|(field, _)| field);
    let mut differing: Vec<&str> = header.collect();
    if !report.matches_sequential {
        differing.insert(0, "sequential outcome");
    }
    let list = report.access_list.iter().map(|list| format!("; {list}"));
    (!differing.is_empty())
        .then(|| format!("differs: {}{}", differing.join(", "), list.collect::<String>()))
}

/// How many times faster, with two decimals.
pub(super) fn ratio(sequential: u64, total: u64) -> String {
    match total {
        0 => "-".to_owned(),
        _ => format!("{:.2}", sequential as f64 / total as f64),
    }
}

/// All blocks together.
#[derive(Default)]
struct Sum {
    n_blocks: usize,
    n_txs: usize,
    n_executions: usize,
    n_reexecuted: usize,
    n_sequential: usize,
    n_header: usize,
    n_hold: usize,
    sequential_micros: u64,
    total_micros: u64,
    analyze_micros: u64,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.n_blocks += 1;
        self.n_txs += report.txs;
        self.n_executions += report.executions;
        self.n_reexecuted += report.reexecuted.len();
        self.n_sequential += usize::from(report.matches_sequential);
        self.n_header += usize::from(report.matches_header.holds());
        self.n_hold += usize::from(report.holds());
        self.sequential_micros += report.micros.sequential;
        self.total_micros += report.micros.total;
        self.analyze_micros += report.micros.analyze;
    }

    fn text(&self, threads: usize, console: &Console) -> String {
        let style = if self.n_hold == self.n_blocks { GOOD } else { BAD };
        let checks = format!(
            "{}/{} equal to sequential execution, {}/{} to their headers",
            self.n_sequential, self.n_blocks, self.n_header, self.n_blocks,
        );
        format!(
            "{}, {}, {}: {}\n{} executions, {} of them re-executions; sequential {}, parallel with \
             prediction {}: {}x; contract summaries, made once: {}",
            count(self.n_blocks, "block", "blocks"),
            count(self.n_txs, "transaction", "transactions"),
            count(threads, "thread", "threads"),
            console.paint(style, &checks),
            self.n_executions,
            self.n_reexecuted,
            duration(self.sequential_micros),
            duration(self.total_micros),
            ratio(self.sequential_micros, self.total_micros),
            duration(self.analyze_micros),
        )
    }
}
