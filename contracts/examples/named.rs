//! How many slots of compiled contracts have a name, and why not all of them?
//!
//! In: artifacts, folders of them or projects; `tests/setup/artifacts.sh` fetches some. Out: a line
//! for each argument: contracts, functions, accesses, those with a name, and the rest by reason.

#![expect(clippy::print_stdout, reason = "an example prints its findings")]

use slotcast_analyzer::limits::Limits;
use slotcast_contracts::artifacts::{ArtifactError, Nameless, name_contract, read};
use slotcast_model::Fork;

const REASONS: [Nameless; 4] =
    [Nameless::NoLayout, Nameless::Handed, Nameless::Outside, Nameless::Unresolved];

fn main() -> Result<(), ArtifactError> {
    println!(
        "| {:<32} | contracts | functions | accesses | named | no layout | handed | outside | unresolved |",
        "artifacts"
    );
    println!("| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for path in std::env::args().skip(1) {
        let found = read(&path)?;
        let (mut n_functions, mut n_all, mut n_named) = (0, 0, 0);
        let mut reasons = [0; REASONS.len()];
        for contract in &found.contracts {
            let named = name_contract(contract, Fork::Osaka, &Limits::default());
            n_functions += named.functions.len();
            let (all, with_name) = named.n_named();
            (n_all, n_named) = (n_all + all, n_named + with_name);
            let counts = named.nameless();
            for (n, reason) in reasons.iter_mut().zip(REASONS) {
                *n += counts.get(&reason).copied().unwrap_or(0);
            }
        }
        let [no_layout, handed, outside, unresolved] = reasons;
        let n_contracts = found.contracts.len();
        println!(
            "| {path:<32} | {n_contracts} | {n_functions} | {n_all} | {n_named} | {no_layout} | \
             {handed} | {outside} | {unresolved} |"
        );
    }
    Ok(())
}
