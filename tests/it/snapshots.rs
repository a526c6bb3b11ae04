//! What is said of every contract of the corpus, and prediction for calls of it?
//!
//! In: the artifacts in `corpus/data/contracts`, the embedded block. Out: one description and one
//! list of predictions for each contract in `it/snapshots`, and the predictions for the block, to be
//! reviewed; `INSTA_UPDATE=always` rewrites them.
//! A snapshot names functions by their signatures, which the description does not know.

use std::fmt::Write as _;

use slotcast::{
    PredictSettings,
    analyzer::{describe, limits::Limits},
    model::Fork,
};
use slotcast_corpus::{self as corpus, Contract, prepare};
use slotcast_tests::checkout;

use crate::differential::{plain_predictions, short};

#[test]
fn descriptions() {
    let folder = checkout().join("corpus/data/contracts");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        for path in paths {
            let contract = Contract::read_file(&path).unwrap();
            insta::assert_snapshot!(contract.name.as_str(), description(&contract));
        }
    });
}

#[test]
fn predictions_for_plain_calls() {
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        snapshot_path => "snapshots/predictions",
    }, {
        for (name, text) in plain_predictions() {
            insta::assert_snapshot!(name, text);
        }
    });
}

/// A line for each transaction: how far the prediction goes, and its slots by how address and key
/// begin.
#[test]
fn predictions_for_the_embedded_block() {
    let prepared = prepare(&corpus::embedded().unwrap()).unwrap();
    let predicted = prepared.predict(&PredictSettings::default());
    let mut text = String::new();
    for (tx, prediction) in predicted.predictions.iter_enumerated() {
        let storage = prediction.storage();
        let _ = write!(text, "{} {}", tx.0, prediction.coverage().text());
        for gap in prediction.gaps() {
            let _ = write!(text, ", {gap}");
        }
        for (what, slots) in [("r", &storage.reads), ("w", &storage.writes), ("+", &storage.deltas)]
        {
            for slot in slots {
                let address = &slot.address.to_string().to_lowercase()[2..8];
                let _ = write!(text, " {what}:{address}/{}", short(slot.key));
            }
        }
        text.push('\n');
    }
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        snapshot_path => "snapshots/predictions",
    }, {
        insta::assert_snapshot!("embedded_block", text);
    });
}

fn description(contract: &Contract) -> String {
    let mut text = describe(&contract.runtime, Fork::Osaka, &Limits::default()).to_string();
    for (signature, selector) in &contract.selectors {
        let heading = format!("\n{selector}");
        text = text.replace(&heading, &format!("{heading} {signature}"));
    }
    text
}
