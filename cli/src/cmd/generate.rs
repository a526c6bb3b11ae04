//! `slotcast generate`: a block for those who have none.
//!
//! In: a plan, and perhaps a chain. Out: a recorded block in a file.

use slotcast::{executor::ChainRules, model::Fork};
use slotcast_corpus::{self as corpus, Era, Plan};
use slotcast_lab::seal_by;

use crate::{
    args::Generate,
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
    check_era(args.era, &rules)?;
    let plan = Plan {
        seed: args.seed,
        n_txs: args.txs,
        scenario: args.scenario,
        chain_id: rules.chain_id(),
        era: args.era,
    };
    let unsealed = corpus::generate(&plan).map_err(|error| {
        Failure::bad_input(format_args!("--scenario: {error}; choose another --era"))
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
