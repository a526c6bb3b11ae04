//! `slotcast revalidate`: which predictions has the chain overtaken?
//!
//! In: files of predictions with what they relied on, and of what has changed since. Out: the
//! transactions to predict again, each with the words that differ; nothing is predicted.

use std::{collections::BTreeMap, fs};

use serde::Serialize;
use slotcast::{
    analyzer::summary::ANALYZER_VERSION,
    hints::{ConflictPool, ConflictScope, Hint, changed_words},
    model::{Location, StateRead, TxIndex},
    prediction_file::StatedBlock,
};

use crate::{
    args::Revalidate,
    failure::{Failure, Verdict},
    hint_file::HintFile,
    render::{BAD, Console, GOOD, HEAD, count},
};

/// What became of one block's predictions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    block: u64,
    txs: usize,
    stale: Vec<Stale>,
}

/// A prediction that no longer holds.
#[derive(Serialize)]
struct Stale {
    tx: u32,
    words: Vec<Word>,
}

/// A word of state that holds something else than a prediction relied on.
#[derive(Serialize)]
struct Word {
    location: String,
    was: String,
    is: String,
}

/// Looks all predictions up among what has changed.
pub(crate) fn revalidate(args: &Revalidate, console: &Console) -> Result<Verdict, Failure> {
    let file = HintFile::read(&args.hints)?;
    let mut changed: BTreeMap<Location, StateRead> = BTreeMap::new();
    for path in &args.changed {
        let name = path.display().to_string();
        let bytes = fs::read(path)
            .map_err(|error| Failure::in_file(&name, format_args!("cannot be read: {error}")))?;
        let words = changed_words(&bytes, &name).map_err(Failure::bad_input)?;
        // What stands in a later file is later.
        changed.extend(words.into_iter().map(|word| (word.location, word)));
    }
    for stated in file.stated()? {
        let analyzer = stated.head().analyzer;
        if analyzer != 0 && analyzer != ANALYZER_VERSION {
            console.note(format_args!(
                "{}: analyzer: block {} was predicted by version {analyzer} of the analysis, this is \
                 {ANALYZER_VERSION}; its predictions may differ from new ones all the same",
                file.name(),
                stated.head().block,
            ));
        }
        let document = look_up(stated, &changed);
        match console.is_json() {
            true => console.document(&document)?,
            false => text(&document, console)?,
        }
    }
    Ok(Verdict::Holds)
}

fn look_up(stated: &StatedBlock, changed: &BTreeMap<Location, StateRead>) -> Document {
    let mut pool = ConflictPool::new(ConflictScope::Observed);
    let txs: Vec<(TxIndex, &Hint)> = stated.hints().collect();
    let tickets: BTreeMap<_, _> = txs.iter().map(|tx| (pool.insert(tx.1), tx)).collect();
    let words: Vec<StateRead> = changed.values().copied().collect();
    let stale = pool.revalidate(&words).into_iter().map(|ticket| {
        let (tx, hint) = tickets[&ticket];
        let differing = |word: StateRead| {
            let now = changed.get(&word.location)?.value;
            (now != word.value).then(|| Word {
                location: word.location.to_string(),
                was: format!("{:#x}", word.value),
                is: format!("{now:#x}"),
            })
        };
        Stale { tx: tx.0, words: hint.relied_on().filter_map(differing).collect() }
    });
    Document { block: stated.head().block, txs: txs.len(), stale: stale.collect() }
}

fn text(document: &Document, console: &Console) -> Result<(), Failure> {
    let Document { block, txs, stale } = document;
    let head = format!("block {block}: {}", count(*txs, "prediction", "predictions"));
    console.line(console.paint(HEAD, &head))?;
    if stale.is_empty() {
        return console.line(console.paint(GOOD, "all of them hold"));
    }
    for Stale { tx, words } in stale {
        console.line(format_args!("tx {tx}: {}", console.paint(BAD, "predict it again")))?;
        for Word { location, was, is } in words {
            console.line(format_args!("  {location} was {was}, is {is}"))?;
        }
    }
    Ok(())
}
