//! `slotcast generate`: a block for those who have none.
//!
//! In: a plan. Out: a recorded block in a file.

use slotcast_corpus::{self as corpus, Plan};
use slotcast_lab::seal;

use crate::{
    args::Generate,
    failure::{Failure, Verdict},
    render::{Console, count, gas},
};

/// Makes, seals and writes the block.
pub(crate) fn generate(args: &Generate, console: &Console) -> Result<Verdict, Failure> {
    let plan = Plan {
        seed: args.seed,
        n_txs: args.txs,
        scenario: args.scenario,
        chain_id: args.chain_id,
        era: args.era,
    };
    let unsealed = corpus::generate(&plan).map_err(|error| {
        Failure::bad_input(format_args!("--scenario: {error}; choose another --era"))
    })?;
    let block = seal(unsealed).map_err(Failure::bad_input)?;
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
