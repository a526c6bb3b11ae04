//! Where does each predicted slot come from, what did the prediction rely on, and what is wrong with
//! it?
//!
//! In: a prepared block with its summaries, what is true of it, and a transaction. Out:
//! [`PredictionPart`].
//! Invariant: the transaction is bound as it was for its prediction, on the parent state with what
//! the predictions before it expect.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::Serialize;
use slotcast_analyzer::{bind::Binder, bytecode::Pc, describe::Certainty};
use slotcast_executor::FeeLegs;
use slotcast_model::{Gap, LastWriters, Prediction, Slot, TxIndex};

use super::traced::{FrameLog, Log};
use crate::score_report::Judged;
use slotcast::{
    PredictSettings, Prepared, Summaries, View,
    predict::{BlockPredictor, Traced, predict_tx, with_fee_legs, words_of},
};

/// What is predicted, and why.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PredictionPart {
    /// How far it may be trusted.
    pub coverage: &'static str,
    /// What it gave up.
    pub gaps: Vec<&'static str>,
    /// The frames it followed, in order of their beginnings.
    pub frames: Vec<FramePart>,
    /// The slots, ascending.
    pub slots: Vec<SlotPart>,
    /// The state words it relied on, ascending.
    pub relied_on: Vec<ReliedPart>,
    /// What is missing or wrong, and why.
    pub misses: Vec<MissPart>,
}

/// A frame that was followed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FramePart {
    /// How many frames it is in.
    pub depth: usize,
    /// The account whose code runs; none for the code that creates a contract.
    pub code_at: Option<Address>,
    /// The hash of the code.
    pub code_hash: B256,
    /// The account whose storage is touched.
    pub address: Address,
    /// Who called.
    pub caller: Address,
    /// The first four bytes of calldata.
    pub selector: Option<String>,
    /// The function that is entered: its selector, `fallback` or `creation`.
    pub function: String,
    /// Whether it is expected to succeed.
    pub success: bool,
    /// The code.
    #[serde(skip)]
    pub code: Bytes,
    /// The selector of the function; none for the fallback.
    #[serde(skip)]
    pub entered: Option<u32>,
}

/// A predicted slot.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotPart {
    /// The slot.
    pub slot: String,
    /// What is predicted of it: `read`, `write` or `add`.
    pub access: &'static str,
    /// The instructions it comes from.
    pub places: Vec<PlacePart>,
}

/// An instruction that touches a slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacePart {
    /// The frame, by its position in the list of frames.
    pub frame: usize,
    /// The instruction's place in the code.
    pub pc: u32,
    /// What it does: `load` or `store`.
    pub instruction: &'static str,
    /// What the slot is in the function; none if the walk for people does not get there.
    pub expression: Option<String>,
    /// The values of the names in the expression.
    pub values: BTreeMap<String, String>,
    /// Whether every call of the function does so, `must`, or only some, `may`.
    pub certainty: Option<&'static str>,
    /// The nearest condition it depends on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// A state word that was relied on.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReliedPart {
    /// Where it is.
    pub location: String,
    /// What it was taken to hold.
    pub value: U256,
    /// What it held when the transaction's turn came.
    pub actual: U256,
    /// The last earlier transaction of the block that changed it.
    pub changed_by: Option<u32>,
}

/// What is missing or wrong.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MissPart {
    /// The slot.
    pub slot: String,
    /// What is wrong about it.
    pub fault: &'static str,
    /// Why.
    pub reason: String,
}

/// Explains the prediction of `tx`.
pub(super) fn explain(
    prepared: &Prepared,
    summaries: &Summaries,
    settings: &PredictSettings,
    judged: &Judged,
    tx: TxIndex,
) -> PredictionPart {
    let (prediction, log) = bind_again(prepared, summaries, settings, tx);
    let last_writers = LastWriters::before(tx, judged.truth.observations.iter_enumerated());
    let relied_on = prediction.relied_on().iter().zip(&judged.held[tx]);
    let misses = judged.misses.iter().filter(|miss| miss.tx == tx);
    PredictionPart {
        coverage: prediction.coverage().text(),
        gaps: prediction.gaps().iter().copied().map(Gap::text).collect(),
        frames: log.frames.iter().map(frame).collect(),
        slots: slots(&prediction, &log),
        relied_on: relied_on
            .map(|(word, held)| ReliedPart {
                location: word.location.to_string(),
                value: word.value,
                actual: *held,
                changed_by: last_writers.of(&word.location).map(|by| by.0),
            })
            .collect(),
        misses: misses
            .map(|miss| MissPart {
                slot: miss.slot.to_string(),
                fault: miss.fault.text(),
                reason: miss.reason.to_string(),
            })
            .collect(),
    }
}

/// Binds `tx` once more, as it was bound for its prediction, and looks on.
fn bind_again(
    prepared: &Prepared,
    summaries: &Summaries,
    settings: &PredictSettings,
    tx: TxIndex,
) -> (Prediction, Log) {
    let view = View::new(prepared.state(), summaries);
    let (block, fork) = (prepared.block(), prepared.fork());
    let mut before = BlockPredictor::new(block, fork, &view, settings.basis, settings.binding);
    for _ in 0..tx.0 {
        before.next();
    }
    let overlay = before.into_overlay();
    let traced = Traced::new(&overlay, Log::default());
    let mut binder = Binder::new(fork, settings.binding);
    let (words, transaction) = (words_of(block, fork), block.transaction(tx));
    let bound = predict_tx(&mut binder, transaction, &words, &traced);
    let bound = with_fee_legs(bound, &FeeLegs::of(block), transaction, &words, &overlay);
    (bound.prediction, traced.into_listener())
}

fn frame(log: &FrameLog) -> FramePart {
    let selector = |selector: u32| format!("{selector:#010x}");
    let function = match (log.code_at, log.entered) {
        (None, _) => "creation".to_owned(),
        (Some(_), None) => "fallback".to_owned(),
        (Some(_), Some(entered)) => selector(entered),
    };
    FramePart {
        depth: log.depth,
        code_at: log.code_at,
        code_hash: log.code_hash,
        address: log.address,
        caller: log.caller,
        selector: log.selector.map(selector),
        function,
        success: log.success,
        code: log.code.clone(),
        entered: log.entered,
    }
}

/// Every predicted slot with where it comes from.
fn slots(prediction: &Prediction, log: &Log) -> Vec<SlotPart> {
    let mut places: BTreeMap<Slot, BTreeSet<PlacePart>> = BTreeMap::new();
    for &(slot, frame, pc, is_store) in &log.accesses {
        places.entry(slot).or_default().insert(place(log, frame, pc, is_store));
    }
    let storage = prediction.storage();
    let slots = storage.reads.iter().chain(&storage.deltas);
    let mut slots: Vec<Slot> = slots.copied().collect();
    slots.sort_unstable();
    let part = |slot: Slot| {
        let among = |list: &[Slot]| list.binary_search(&slot).is_ok();
        let access = match (among(&storage.deltas), among(&storage.writes)) {
            (true, _) => "add",
            (false, true) => "write",
            (false, false) => "read",
        };
        let places = places.remove(&slot).unwrap_or_default().into_iter().collect();
        SlotPart { slot: slot.to_string(), access, places }
    };
    slots.into_iter().map(part).collect()
}

fn place(log: &Log, frame_idx: usize, pc: Pc, is_store: bool) -> PlacePart {
    let frame = &log.frames[frame_idx];
    let origins = log.origins.get(&(frame.code_hash, frame.entered));
    let here: Vec<_> = origins
        .into_iter()
        .flatten()
        .filter(|origin| origin.pc == pc)
        .map(|it| &it.access)
        .collect();
    let texts: Vec<&str> = here.iter().map(|access| access.slot.as_str()).collect();
    let expression = (!texts.is_empty()).then(|| texts.join(" or "));
    let certainty = here.iter().map(|access| access.certainty).max().map(Certainty::text);
    PlacePart {
        frame: frame_idx,
        pc: pc.0,
        instruction: if is_store { "store" } else { "load" },
        values: expression.as_deref().map(|text| values(text, frame)).unwrap_or_default(),
        expression,
        certainty,
        when: here.iter().find_map(|access| access.when.clone()),
    }
}

/// A word of calldata: as an address if it has the size of one.
fn argument(word: U256) -> String {
    match word.bit_len() {
        97..=160 => Address::from_word(word.into()).to_string(),
        _ => format!("{word:#x}"),
    }
}

/// The values of the names in an expression, as far as the frame tells them.
fn values(expression: &str, frame: &FrameLog) -> BTreeMap<String, String> {
    let names = expression.split(|c: char| !c.is_ascii_alphanumeric());
    let value = |name: &str| {
        if let Some(n) = name.strip_prefix("arg") {
            let word = frame.arguments.get(n.parse::<usize>().ok()?).copied()??;
            return Some(argument(word));
        }
        match name {
            "caller" => Some(frame.caller.to_string()),
            "this" => Some(frame.address.to_string()),
            "callvalue" => Some(frame.value.to_string()),
            _ => None,
        }
    };
    names.filter_map(|name| Some((name.to_owned(), value(name)?))).collect()
}
