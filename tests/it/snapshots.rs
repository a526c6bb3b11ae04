//! What is said of every contract of the corpus?
//!
//! In: the artifacts in `corpus/data/contracts`. Out: one snapshot for each in `it/snapshots`, to be
//! reviewed; `INSTA_UPDATE=always` writes them anew.
//! A snapshot names functions by their signatures, which the description does not know.

use slotcast::{
    analyzer::{describe, limits::Limits},
    corpus::Contract,
    model::Fork,
};
use slotcast_tests::checkout;

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

fn description(contract: &Contract) -> String {
    let mut text = describe(&contract.runtime, Fork::Osaka, &Limits::default()).to_string();
    for (signature, selector) in &contract.selectors {
        let heading = format!("\n{selector}");
        text = text.replace(&heading, &format!("{heading} {signature}"));
    }
    text
}
