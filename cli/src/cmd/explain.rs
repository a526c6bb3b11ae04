//! `slotcast explain`: why is a transaction predicted to touch what it is?
//!
//! In: a block, the position of a transaction, perhaps a stage. Out: the explanation as text or
//! JSON; the text of the first stages is that of the cases in `tests/cases`.

use serde::Serialize;
use slotcast::{
    Engine, EngineSettings, ExecutionRule, Prepared,
    analyzer::{describe, ir_text, limits::Limits},
    executor::ExecutionMode,
    model::TxIndex,
};
use slotcast_lab::explain::{
    DagPart, EdgePart, ExplainError, Explained, FramePart, Instead, OutcomePart, PlacePart,
    PredictedValue, PredictionPart, ReliedPart, explain_tx,
};

use crate::{
    args::{Explain, Stage},
    failure::{Failure, Verdict},
    input::Source,
    render::{BAD, Console, GOOD, HEAD, count},
};

/// One stage as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StageOut<'a, T> {
    block: u64,
    tx: u32,
    stage: &'static str,
    #[serde(flatten)]
    part: Named<'a, T>,
}

/// A stage's content under the stage's name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Named<'a, T> {
    Texts(Vec<TextOut>),
    Prediction(&'a T),
    Dag(&'a T),
    Outcome(&'a T),
}

/// The text of one function.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TextOut {
    code_hash: String,
    function: String,
    text: String,
}

/// Explains one transaction.
pub(crate) fn explain(
    args: &Explain,
    threads: usize,
    console: &Console,
) -> Result<Verdict, Failure> {
    let sources = Source::list(args.block.as_slice())?;
    let [source] = sources.as_slice() else {
        let name = args.block.as_ref().map(|path| path.display().to_string());
        let reason = "holds several blocks; name the one the transaction is in";
        return Err(Failure::in_file(&name.unwrap_or_default(), reason));
    };
    let prepared = source.prepare()?;
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    let settings = EngineSettings { execution, ..EngineSettings::default() };
    let engine = Engine::with_settings(threads, settings).map_err(Failure::bad_input)?;
    let explained = explain_tx(&prepared, TxIndex(args.tx), &engine)
        .map_err(|error: ExplainError| Failure::in_file(&source.name(), error))?;
    match console.is_json() {
        true => document(&prepared, &explained, args.stage, console)?,
        false => text(&prepared, &explained, args.stage, console)?,
    }
    Ok(Verdict::Holds)
}

fn document(
    prepared: &Prepared,
    explained: &Explained,
    stage: Option<Stage>,
    console: &Console,
) -> Result<(), Failure> {
    let Some(stage) = stage else { return console.document(explained) };
    let (block, tx, name) = (explained.block, explained.tx, stage.name());
    match stage {
        Stage::Cfg | Stage::Ir | Stage::Summary => {
            let texts = functions(explained).map(|frame| TextOut {
                code_hash: frame.code_hash.to_string(),
                function: frame.function.clone(),
                text: code_text(prepared, frame, stage),
            });
            let part: Named<'_, ()> = Named::Texts(texts.collect());
            console.document(&StageOut { block, tx, stage: name, part })
        }
        Stage::Prediction => {
            let part = Named::Prediction(&explained.prediction);
            console.document(&StageOut { block, tx, stage: name, part })
        }
        Stage::Dag => {
            let part = Named::Dag(&explained.dag);
            console.document(&StageOut { block, tx, stage: name, part })
        }
        Stage::Outcome => {
            let part = Named::Outcome(&explained.outcome);
            console.document(&StageOut { block, tx, stage: name, part })
        }
    }
}

fn text(
    prepared: &Prepared,
    explained: &Explained,
    stage: Option<Stage>,
    console: &Console,
) -> Result<(), Failure> {
    let to = explained.to.map_or_else(|| "a new contract".to_owned(), |to| to.to_string());
    let (block, tx, from) = (explained.block, explained.tx, explained.from);
    let head = format!("block {block}, transaction {tx}: {from} -> {to}");
    console.line(console.paint(HEAD, &head))?;
    match stage {
        Some(stage @ (Stage::Cfg | Stage::Ir | Stage::Summary)) => {
            for frame in functions(explained) {
                let head = format!("{} of code {}", frame.function, frame.code_hash);
                console.line("")?;
                console.line(console.paint(HEAD, &head))?;
                console.text(&code_text(prepared, frame, stage))?;
            }
            Ok(())
        }
        Some(Stage::Prediction) => prediction(&explained.prediction, console),
        Some(Stage::Dag) => dag(&explained.dag, console),
        Some(Stage::Outcome) => outcome(&explained.outcome, console),
        None => {
            prediction(&explained.prediction, console)?;
            dag(&explained.dag, console)?;
            outcome(&explained.outcome, console)
        }
    }
}

/// The frames with an entry point that no frame before them has.
fn functions(explained: &Explained) -> impl Iterator<Item = &FramePart> {
    let frames = &explained.prediction.frames;
    let entry = |frame: &FramePart| (frame.code_hash, frame.entered);
    frames.iter().enumerate().filter_map(move |(n, frame)| {
        let is_first = frames[..n].iter().all(|before| entry(before) != entry(frame));
        is_first.then_some(frame)
    })
}

/// What a stage makes of the function a frame enters.
fn code_text(prepared: &Prepared, frame: &FramePart, stage: Stage) -> String {
    let (code, fork, limits) = (&frame.code, prepared.fork(), Limits::default());
    let ir = || ir_text(code, fork, frame.entered, &limits);
    match stage {
        Stage::Cfg => {
            let text = ir();
            let lines = text.lines().filter(|line| !line.starts_with("  0x"));
            lines.map(|line| format!("{line}\n")).collect()
        }
        Stage::Ir => ir(),
        _ => {
            let mut description = describe(code, fork, &limits);
            description.functions.retain(|function| function.selector == frame.entered);
            description.to_string()
        }
    }
}

fn prediction(part: &PredictionPart, console: &Console) -> Result<(), Failure> {
    let style = if part.gaps.is_empty() { GOOD } else { BAD };
    let gaps = match part.gaps.is_empty() {
        true => String::new(),
        false => format!(" ({})", part.gaps.join(", ")),
    };
    console.line(format_args!("prediction: {}{gaps}", console.paint(style, part.coverage)))?;
    for (n, frame) in part.frames.iter().enumerate() {
        let indent = "  ".repeat(frame.depth + 1);
        let code = frame.code_at.map_or_else(|| "init code".to_owned(), |at| at.to_string());
        let storage = match frame.code_at {
            Some(at) if at == frame.address => String::new(),
            _ => format!(" on the storage of {}", frame.address),
        };
        let fails = if frame.success { "" } else { ", which fails" };
        console.line(format_args!(
            "{indent}frame {n}: {} of {code}{storage}{fails}",
            frame.function
        ))?;
    }
    for slot in &part.slots {
        console.line(format_args!("  {:<5} {}", slot.access, slot.slot))?;
        for place in &slot.places {
            console.line(format_args!("        {}", place_text(place)))?;
        }
    }
    for word in &part.relied_on {
        relied(word, console)?;
    }
    for miss in &part.misses {
        let fault = console.paint(BAD, miss.fault);
        console.line(format_args!("  {fault} {}: {}", miss.slot, miss.reason))?;
    }
    if part.misses.is_empty() {
        console.line("  nothing is missing or wrong")?;
    }
    Ok(())
}

fn place_text(place: &PlacePart) -> String {
    let PlacePart { frame, pc, instruction, .. } = place;
    let expression = place.expression.as_deref().unwrap_or("an expression the walk does not reach");
    let values: Vec<String> =
        place.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let values = match values.is_empty() {
        true => String::new(),
        false => format!(" with {}", values.join(", ")),
    };
    let certainty = place.certainty.unwrap_or("unknown");
    let when = place.when.as_ref().map(|when| format!(" when {when}")).unwrap_or_default();
    format!("frame {frame} at {pc:#06x}, {instruction}, {certainty}{when}: {expression}{values}")
}

fn relied(word: &ReliedPart, console: &Console) -> Result<(), Failure> {
    let by = word.changed_by.map_or_else(
        || "not changed by a transaction before".to_owned(),
        |by| format!("last changed by transaction {by}"),
    );
    let actual = match word.actual == word.value {
        true => String::new(),
        false => format!(", held {:#x}, {by}", word.actual),
    };
    console.line(format_args!("  relied on {} = {:#x}{actual}", word.location, word.value))
}

fn dag(part: &DagPart, console: &Console) -> Result<(), Failure> {
    let (before, after) = (part.waits_for.len(), part.waited_for_by.len());
    console.line(format_args!(
        "dag: layer {}, waits for {}, waited for by {after}",
        part.layer,
        count(before, "transaction", "transactions"),
    ))?;
    let more = |edge: &EdgePart| match edge.locations {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    for edge in &part.waits_for {
        let (tx, reason) = (edge.tx, &edge.reason);
        console.line(format_args!("  after {tx}, which changes {reason}{}", more(edge)))?;
    }
    for edge in &part.waited_for_by {
        let (tx, reason) = (edge.tx, &edge.reason);
        console.line(format_args!("  before {tx}, which reads {reason}{}", more(edge)))?;
    }
    Ok(())
}

fn outcome(part: &OutcomePart, console: &Console) -> Result<(), Failure> {
    let runs = match part.executions {
        1 => "run once",
        _ => "executed again on the committed prefix",
    };
    console.line(format_args!("outcome: {}, {} gas, {runs}", part.status, part.gas_used))?;
    for value in &part.ran_on {
        let PredictedValue { location, value, from, instead } = value;
        let text = format!("  ran on {location} = {value:#x}, predicted of transaction {from}");
        let text = match instead {
            None => text,
            Some(Instead { value, by: Some(by) }) => {
                format!("{text}; transaction {by} left {value:#x}")
            }
            Some(Instead { value, by: None }) => {
                format!("{text}; it was {value:#x} as before the block")
            }
        };
        console.line(text)?;
    }
    for conflict in &part.conflicts {
        let (location, by) = (&conflict.location, conflict.by);
        console.line(format_args!(
            "  reads {location}, which transaction {by} changes, without waiting for it"
        ))?;
    }
    Ok(())
}
