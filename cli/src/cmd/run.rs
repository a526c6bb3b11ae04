//! `slotcast run`: does running in parallel give what sequential execution gives, and how fast?
//!
//! In: blocks. Out: one row or JSON line for each, and whether all checks hold.

use slotcast::{
    ExecutionRule, Predicted,
    executor::{ExecutionMode, Settings},
};
use slotcast_corpus::prepare;
use slotcast_lab::{Report, RunSettings, run_predicted};

use crate::{
    args::Run,
    failure::{Failure, Verdict},
    hint_file::HintFile,
    input::Source,
    kept::Shelf,
    progress::Progress,
    render::{BAD, Columns, Console, GOOD, HEAD, count, duration, gas},
};

const COLUMNS: Columns = Columns::new(&[
    ("block", 8),
    ("fork", 14),
    ("txs", 4),
    ("gas", 8),
    ("layers", 0),
    ("edges", 0),
    ("critical", 8),
    ("again", 0),
    ("predict", 8),
    ("schedule", 0),
    ("execute", 8),
    ("in order", 8),
    ("ratio", 6),
    ("result", 0),
]);

/// Runs all blocks.
pub(crate) fn run(args: &Run, threads: usize, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list(&args.blocks.files)?;
    let hints = args.hints.as_deref().map(HintFile::read).transpose()?;
    let execution = Settings::with_threads(threads).map_err(Failure::bad_input)?;
    let (mode, rule) = match args.mode {
        None => (execution.mode, ExecutionRule::ByCost),
        Some(mode) => (mode.into(), ExecutionRule::Always(ExecutionMode::Parallel)),
    };
    let execution = Settings { mode, ..execution };
    let settings = RunSettings { predict: Default::default(), execution, rule };
    let shelf = Shelf::open(&args.keep, console)?;
    let progress = Progress::new(sources.len(), console);
    let mut sum = Sum::default();
    for source in &sources {
        progress.start(source.name());
        let recorded = source.read()?;
        let prepared =
            prepare(&recorded).map_err(|error| Failure::in_file(&source.name(), error))?;
        let predicted = match &hints {
            Some(file) => {
                let predictions = file.predictions(&prepared)?;
                Predicted { predictions, analyze_micros: 0, predict_micros: 0 }
            }
            None => {
                let summaries = shelf.summaries(&prepared, &settings.predict);
                let predicted = prepared.predict_with(&summaries, &settings.predict);
                shelf.keep(&summaries);
                predicted
            }
        };
        let report = run_predicted(&recorded, &prepared, predicted, &settings)
            .map_err(|error| Failure::in_file(&source.name(), error))?;
        progress.done(|| print(&report, sum.n_blocks == 0, console))?;
        sum.add(&report);
    }
    drop(progress);
    shelf.close(console);
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
        report.layers.to_string(),
        report.edges.to_string(),
        gas(report.critical_path_gas),
        report.reexecuted.len().to_string(),
        duration(micros.predict),
        duration(micros.schedule),
        duration(micros.execute),
        duration(micros.sequential),
        ratio(micros.sequential, micros.total),
        result,
    ]))?;
    if console.is_verbose() {
        console.note(format_args!(
            "block {}: contracts summarised in {}, {} reads outside the recorded state, run again: {:?}",
            report.block,
            duration(micros.analyze),
            report.n_missing_reads,
            report.reexecuted,
        ));
    }
    Ok(())
}

/// What does not agree, in words.
fn differences(report: &Report) -> Option<String> {
    let header = report.matches_header.fields().into_iter();
    let header = header.filter(|(_, matches)| *matches == Some(false)).map(|(field, _)| field);
    let mut differing: Vec<&str> = header.collect();
    if !report.matches_sequential {
        differing.insert(0, "sequential outcome");
    }
    (!differing.is_empty()).then(|| format!("differs: {}", differing.join(", ")))
}

fn ratio(sequential: u64, total: u64) -> String {
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
            "{}, {}, {}: {}; {} executions, {} of them re-executions; {} in order, {} predicted, \
             scheduled and run (ratio {}); {} to summarise contracts first",
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
