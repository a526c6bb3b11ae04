//! `slotcast bench`: how much faster is running by the prediction than a plain loop?
//!
//! In: blocks and numbers of threads. Out: one row or JSON line for each block and number of
//! threads, a summary at the end, and whether all outcomes were the sequential ones.

use serde::Serialize;
use slotcast::{Engine, EngineSettings, ExecutionRule, Prepared, executor::ExecutionMode};
use slotcast_corpus::{Scenario, prepare};
use slotcast_lab::{
    BenchLine, BenchSettings, BenchSummary, SYNTHETIC, bench_block, measure_units, synthetic_block,
};

use crate::{
    args::{Bench, Files, Synthetic},
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
    render::{BAD, Columns, Console, HEAD, gas},
    results::Results,
};

/// Fewest and most runs for each figure.
const RUNS: [usize; 2] = [9, 101];
/// How long to go on between these, in microseconds.
const MICROS: u64 = 400_000;

const COLUMNS: Columns = Columns::new(&[
    ("block", 8),
    ("txs", 5),
    ("gas", 8),
    ("threads", 0),
    ("plain loop", 10),
    ("predict", 10),
    ("schedule", 10),
    ("execute", 10),
    ("ratio", 6),
    ("pooled", 6),
    ("hinted", 6),
    ("best", 6),
    ("pooled", 6),
    ("hinted", 6),
    ("runs", 4),
    ("", 0),
]);

#[derive(Serialize)]
struct Summary<'a> {
    summary: &'a [BenchSummary],
}

/// Measures all blocks.
pub(crate) fn bench(
    args: &Bench,
    threads: &[usize],
    console: &Console,
) -> Result<Verdict, Failure> {
    let mut results = Results::open(args.resume.resume.as_deref())?;
    let sources = subjects(args, &results, console)?;
    let settings = EngineSettings::default();
    let mode = args.mode.map_or(settings.mode, Into::into);
    let execution = match args.always {
        true => ExecutionRule::Always(ExecutionMode::Parallel),
        false => settings.execution,
    };
    let settings = EngineSettings { mode, execution, ..settings };
    let engine = |n: &usize| Engine::with_settings(*n, settings);
    let engines = threads.iter().map(engine).collect::<Result<_, _>>();
    let engines = engines.map_err(Failure::bad_input)?;
    let settings = BenchSettings { engines, runs: RUNS, micros: MICROS, is_cold: args.cold };
    let progress = Progress::new(sources.len(), console);
    let mut lines: Vec<BenchLine> = Vec::new();
    for subject in &sources {
        progress.start(subject.name());
        let prepared = subject.prepare()?;
        let mut of_block = bench_block(&prepared, &settings)
            .map_err(|error| Failure::in_file(&subject.name(), error))?;
        of_block.iter_mut().for_each(|line| line.synthetic = subject.synthetic());
        results.keep(&subject.name(), &of_block)?;
        progress.done(|| print(&of_block, lines.is_empty(), console))?;
        lines.extend(of_block);
    }
    drop(progress);
    let summaries: Vec<_> = threads.iter().map(|n| BenchSummary::of(*n, &lines)).collect();
    if console.is_json() {
        console.document(&Summary { summary: &summaries })?;
    } else {
        for summary in &summaries {
            console.line(text(summary))?;
        }
    }
    Ok(Verdict::of(lines.iter().all(|line| line.matches_sequential)))
}

/// What is measured.
enum Subject {
    /// A block that is there.
    Recorded(Source),
    /// One to be generated, of so much gas.
    Synthetic(Scenario, u64),
}

/// Everything to measure, in order.
fn subjects(args: &Bench, results: &Results, console: &Console) -> Result<Vec<Subject>, Failure> {
    let made_up = |scenario: &Scenario| Subject::Synthetic(*scenario, args.gas);
    Ok(match &args.synthetic {
        None => {
            let mut sources = Source::list_of(&args.blocks)?;
            results.missing(&mut sources).into_iter().for_each(|said| console.note(said));
            sources.into_iter().map(Subject::Recorded).collect()
        }
        Some(Synthetic::All) => SYNTHETIC.iter().map(made_up).collect(),
        Some(Synthetic::Workloads) => Scenario::WORKLOADS.iter().map(made_up).collect(),
        Some(Synthetic::Of(scenario)) => vec![made_up(scenario)],
    })
}

impl Subject {
    /// What errors and progress call it.
    fn name(&self) -> String {
        match self {
            Self::Recorded(source) => source.name(),
            Self::Synthetic(scenario, _) => scenario.name().to_owned(),
        }
    }

    /// The kind of a synthetic block.
    const fn synthetic(&self) -> Option<&'static str> {
        match self {
            Self::Recorded(_) => None,
            Self::Synthetic(scenario, _) => Some(scenario.name()),
        }
    }

    /// Reads it or makes it up.
    fn prepare(&self) -> Result<Prepared, Failure> {
        match self {
            Self::Recorded(source) => source.prepare(),
            Self::Synthetic(scenario, gas) => {
                let in_it = |error| Failure::in_file(&self.name(), error);
                let block = synthetic_block(*scenario, *gas).map_err(Failure::bad_input)?;
                prepare(&block).map_err(in_it)
            }
        }
    }
}

/// Unit costs as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Units {
    transfer_nanos: u64,
    call_base_nanos: u64,
    call_picos_per_gas: u64,
    typical_code_bytes: u64,
    used_percent: u64,
    slot_nanos: u64,
    code_nanos: u64,
    byte_picos: u64,
    computing_picos: u64,
    certain_percent: u64,
    certain_by_limits_percent: u64,
    hand_over_nanos: u64,
    wake_nanos: u64,
    schedule_nanos: u64,
}

/// Measures what the steps cost, over all blocks together.
pub(crate) fn units(files: &Files, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list_of(files)?;
    let prepared = sources.iter().map(Source::prepare).collect::<Result<Vec<_>, _>>()?;
    let costs = measure_units(&prepared).map_err(Failure::bad_input)?;
    let units = Units {
        transfer_nanos: costs.transfer_nanos,
        call_base_nanos: costs.call.base_nanos,
        call_picos_per_gas: costs.call.picos_per_gas,
        typical_code_bytes: costs.typical_code_bytes,
        used_percent: costs.used_percent,
        slot_nanos: costs.slot_nanos,
        code_nanos: costs.code_nanos,
        byte_picos: costs.byte_picos,
        computing_picos: costs.computing_picos,
        certain_percent: costs.certain_percent,
        certain_by_limits_percent: costs.certain_by_limits_percent,
        hand_over_nanos: costs.hand_over_nanos,
        wake_nanos: costs.wake_nanos,
        schedule_nanos: costs.schedule_nanos,
    };
    if console.is_json() {
        console.document(&units)?;
        return Ok(Verdict::Holds);
    }
    for (name, value) in [
        ("a plain transfer in closed form, ns", units.transfer_nanos),
        ("a call, before its first instruction, ns", units.call_base_nanos),
        ("a call, for each unit of gas, ps", units.call_picos_per_gas),
        ("code for which that holds, bytes", units.typical_code_bytes),
        ("share of their gas limits that calls use, %", units.used_percent),
        ("a call, for each slot that it reads or changes, ns", units.slot_nanos),
        ("a call, for each code that it enters, ns", units.code_nanos),
        ("a call, for each byte of its data, ps", units.byte_picos),
        ("a call, for each unit of gas of its computing, ps", units.computing_picos),
        (
            "least share of the estimate by predictions that a block's calls took, %",
            units.certain_percent,
        ),
        ("the same of the estimate by gas limits, %", units.certain_by_limits_percent),
        ("recording, handing over and validating a call, ns", units.hand_over_nanos),
        ("waking another thread, ns", units.wake_nanos),
        ("scheduling a transaction, ns", units.schedule_nanos),
    ] {
        console.line(format_args!("{value:>8}  {name}"))?;
    }
    Ok(Verdict::Holds)
}

fn print(lines: &[BenchLine], is_first: bool, console: &Console) -> Result<(), Failure> {
    if is_first && !console.is_json() {
        console.line(console.paint(HEAD, &COLUMNS.head()))?;
    }
    for line in lines {
        if console.is_json() {
            console.document(line)?;
            continue;
        }
        let micros = |micros: f64| format!("{micros:.1} µs");
        console.line(COLUMNS.row([
            line.block.to_string(),
            line.txs.to_string(),
            gas(line.gas_used),
            line.threads.to_string(),
            micros(line.sequential_micros),
            micros(line.predict_micros),
            micros(line.schedule_micros),
            micros(line.execute_hinted_micros),
            format!("{:.2}", line.ratio),
            format!("{:.2}", line.ratio_pooled),
            format!("{:.2}", line.ratio_hinted),
            format!("{:.2}", line.ratio_of_best),
            format!("{:.2}", line.ratio_pooled_of_best),
            format!("{:.2}", line.ratio_hinted_of_best),
            line.runs.to_string(),
            match line.matches_sequential {
                true => line.synthetic.unwrap_or_default().to_owned(),
                false => console.paint(BAD, "differs from the sequential outcome"),
            },
        ]))?;
    }
    Ok(())
}

const SUMMARY: Columns = Columns::new(&[
    ("", 17),
    ("ratio", 6),
    ("best", 6),
    ("since London", 0),
    ("best", 6),
    ("worst of any size", 0),
]);

fn text(summary: &BenchSummary) -> String {
    let number = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |it| format!("{it:.3}"));
    let row = |name: &str, ratios: [Option<f64>; 4], worst: Option<f64>, block: Option<u64>| {
        let block = block.map_or(String::new(), |it| format!(" (block {it})"));
        let worst = format!("{}{block}", number(worst));
        let ratios = ratios.map(number);
        SUMMARY.row([name.to_owned()].into_iter().chain(ratios).chain([worst]))
    };
    let BenchSummary { threads, blocks, blocks_since_london, .. } = summary;
    let mut lines = vec![
        format!(
            "\n{threads} threads, {blocks} blocks of at least 4 Mgas, {blocks_since_london} of them since \
             London; {} executions per transaction",
            number(summary.executions_per_tx),
        ),
        SUMMARY.head(),
        row(
            "nothing predicted",
            [
                summary.ratio,
                summary.ratio_of_best,
                summary.ratio_since_london,
                summary.ratio_of_best_since_london,
            ],
            summary.worst_ratio,
            summary.worst_block,
        ),
    ];
    if summary.ratio_cold.is_some() || summary.worst_ratio_cold.is_some() {
        let ratios = [summary.ratio_cold, None, None, None];
        lines.push(row(
            "by a new engine",
            ratios,
            summary.worst_ratio_cold,
            summary.worst_cold_block,
        ));
    }
    lines.push(row(
        "pooled",
        [
            summary.ratio_pooled,
            summary.ratio_pooled_of_best,
            summary.ratio_pooled_since_london,
            summary.ratio_pooled_of_best_since_london,
        ],
        summary.worst_ratio_pooled,
        summary.worst_pooled_block,
    ));
    lines.push(row(
        "hinted",
        [
            summary.ratio_hinted,
            summary.ratio_hinted_of_best,
            summary.ratio_hinted_since_london,
            summary.ratio_hinted_of_best_since_london,
        ],
        summary.worst_ratio_hinted,
        summary.worst_hinted_block,
    ));
    lines.join("\n")
}
