//! Does lint find what makes users of our own contracts wait?

mod contracts;
mod packages;
mod sarif;
mod set_up;

use slotcast_analyzer::limits::Limits;
use slotcast_contracts::artifacts::{name_contract, read};
use slotcast_contracts::lint::{Report, lint};
use slotcast_model::Fork;

/// The report on one of our own contracts.
fn report(name: &str) -> Report {
    let path = format!("{}/../corpus/data/contracts/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let contract = read(&path).unwrap().contracts.remove(0);
    lint(&name_contract(&contract, Fork::Osaka, &Limits::default()))
}
