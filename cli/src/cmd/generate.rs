//! `slotcast generate`: a block for those who have none.
//!
//! In: a plan, and perhaps a chain. Out: a recorded block in a file.

use slotcast::{
    executor::{ChainRules, OpChain},
    model::Fork,
};
use slotcast_corpus::{self as corpus, Era, Plan, PlanError, Rollup};
use slotcast_lab::seal_by;

use crate::{
    args::{Generate, When},
    failure::{Failure, Verdict},
    input::rules_of,
    render::{Console, count, gas},
};

/// Makes, seals and writes the block.
pub(crate) fn generate(args: &Generate, console: &Console) -> Result<Verdict, Failure> {
    let rules = match &args.chain {
        Some(chain) => rules_of(chain)?,
        None => corpus::chain_of_id(args.chain_id).map_err(Failure::bad_input)?,
    };
    let plan = Plan {
        seed: args.seed,
        n_txs: args.txs,
        scenario: args.scenario,
        chain_id: rules.chain_id(),
        ..Plan::default()
    };
    let plan = match rules.as_optimism() {
        Some(chain) => Plan { rollup: Some(rollup(args.era, &rules, chain)?), ..plan },
        None => Plan { era: era(args.era, &rules)?, ..plan },
    };
    let unsealed = corpus::generate(&plan).map_err(|error| {
        let advice = match error {
            PlanError::NoBlobs => "choose another",
            _ => "choose another --era",
        };
        Failure::bad_input(format_args!("--scenario: {error}; {advice}"))
    })?;
    let block = seal_by(unsealed, Some(rules.into())).map_err(Failure::bad_input)?;
    corpus::write_file(&args.out, &block)?;
    console.note(format_args!(
        "{}: block {} with {}, {} gas",
        args.out.display(),
        block.number(),
        count(block.transactions.len(), "transaction", "transactions"),
        gas(block.header.gas_used),
    ));
    Ok(Verdict::Holds)
}

/// The chain, and the time at which it has the fork.
fn rollup(when: When, rules: &ChainRules, chain: &OpChain) -> Result<Rollup, Failure> {
    let fork = match when {
        When::Era(era) => {
            let (_, timestamp) = era.number_and_time();
            return Ok(Rollup { chain: chain.clone(), timestamp });
        }
        When::Fork(fork) => fork,
    };
    Rollup::of_fork(chain.clone(), fork).ok_or_else(|| {
        let (name, fork) = (rules.name(), fork.name());
        Failure::bad_input(format_args!("--era: {name} never is at {fork}; choose another one"))
    })
}

/// The era, if the chain is at it then.
fn era(when: When, rules: &ChainRules) -> Result<Era, Failure> {
    match when {
        When::Era(era) => check_era(era, rules).map(|()| era),
        When::Fork(fork) => Err(Failure::bad_input(format_args!(
            "--era: {} is a fork of the OP Stack, and {} is no chain of it; choose an era of Ethereum",
            fork.name().to_lowercase(),
            rules.name(),
        ))),
    }
}

/// What a block of an era is made of has to be known to the chain then. What comes with Osaka no
/// transaction of ours needs, and of Amsterdam the header says that it holds.
fn check_era(era: Era, rules: &ChainRules) -> Result<(), Failure> {
    let (number, time) = era.number_and_time();
    let fork = rules.fork_at(number, time);
    let needed = Fork::ALL.into_iter().find(|fork| fork.name().eq_ignore_ascii_case(era.name()));
    let needed = needed.unwrap_or(Fork::Prague).min(Fork::Prague);
    if needed <= fork {
        return Ok(());
    }
    Err(Failure::bad_input(format_args!(
        "--era: at block {number}, time {time}, {} is at {}, which comes before {}; choose an earlier one",
        rules.name(),
        fork.name(),
        needed.name(),
    )))
}
