//! What is predicted for a plain call of every function of the corpus?
//!
//! In: the contracts, deployed in one world whose storage is what contracts in use would hold. Out:
//! one text for each contract, with its functions by signature.

use std::fmt::Write as _;

use alloy_primitives::{Address, U256};
use slotcast::model::{Fork, Prediction, Slot};
use slotcast_corpus::{Contract, Era};

use super::{
    abi::Type,
    case::{Case, Target},
    contracts,
    world::{CALLERS, PLAUSIBLE, Words, World, home},
};

/// The contracts' names, each with the text of its predictions.
pub(crate) fn plain_predictions() -> Vec<(String, String)> {
    let contracts = contracts();
    let world = World::new(&contracts, Fork::Osaka, Era::Osaka);
    let text_of = |(contract_idx, contract): (usize, &Contract)| {
        let mut text = String::new();
        for (signature, selector) in &contract.selectors {
            let parameters = Type::parameters(signature);
            let target = Target { contract_idx, selector: selector.0, parameters: &parameters };
            let case = Case {
                arguments: (1..).take(parameters.len()).collect(),
                words: Words { seed: 1, kind: PLAUSIBLE },
                caller: 0,
                wei: 0,
                damage: 0,
            };
            let prediction = case.predicted(&target, &world);
            let _ = write!(text, "{signature}\n{}", predictions_text(&prediction, &contracts));
        }
        (contract.name.clone(), text)
    };
    contracts.iter().enumerate().map(text_of).collect()
}

fn predictions_text(prediction: &Prediction, contracts: &[Contract]) -> String {
    let name = |address: Address| match (0..contracts.len()).find(|n| home(*n) == address) {
        Some(n) => contracts[n].name.clone(),
        None => match CALLERS.iter().position(|caller| *caller == address) {
            Some(n) => format!("caller {n}"),
            None => address.to_string(),
        },
    };
    let slot = |slot: &Slot| format!("{}[{}]", name(slot.address), short(slot.key));
    let mut text = format!("  {}", prediction.coverage().text());
    for gap in prediction.gaps() {
        let _ = write!(text, ", {gap}");
    }
    let _ = writeln!(text, ", {} state words", prediction.n_state_reads());
    let storage = prediction.storage();
    let accounts = prediction.accounts();
    let slots = [("reads", &storage.reads), ("writes", &storage.writes), ("adds", &storage.deltas)];
    let slots = slots.map(|(what, list)| (what, list.iter().map(slot).collect::<Vec<_>>()));
    let accounts = [
        ("balances", &accounts.balance_reads),
        ("debits", &accounts.balance_debits),
        ("credits", &accounts.balance_credits),
        ("nonces", &accounts.nonces),
        ("code", &accounts.code_reads),
        ("created", &accounts.created),
        ("destroyed", &accounts.destroyed),
    ];
    let accounts =
        accounts.map(|(what, list)| (what, list.iter().map(|account| name(*account)).collect()));
    for (what, list) in slots.into_iter().chain(accounts) {
        if !list.is_empty() {
            let _ = writeln!(text, "  {what}: {}", list.join(", "));
        }
    }
    text
}

/// A key as a number when it is a small one, else how it begins.
pub(crate) fn short(key: U256) -> String {
    match u32::try_from(key) {
        Ok(small) => small.to_string(),
        Err(_) => format!("{:#066x}", key)[..14].to_owned(),
    }
}
