//! Does a prediction that claims to hold every access do so?
//!
//! In: random programs that call, create, destroy, pay, fail and run out of gas, in blocks of a few
//! transactions under every fork; programs for each situation that was once predicted wrongly; and
//! recorded cases where these are beside the checkout. Out: assertions, and how many claims stand
//! behind them.
//!
//! Two claims are held against execution: a prediction that is *complete* contains what is touched, and
//! so does one that *assumes* state words, if all of them held when its turn came.

mod cases;
mod judge;
mod kinds;
mod programs;

use std::io::{self, Write};

use slotcast::{
    Summaries,
    analyzer::limits::Limits,
    model::{Coverage, Fork, Gap},
};
use slotcast_tests::random::Random;

use self::{judge::judge, programs::random_block};

/// Blocks for each fork.
const N_BLOCKS: u64 = 400;

/// Forks between which something changed that such programs see.
const FORKS: [Fork; 9] = [
    Fork::Byzantium,
    Fork::Petersburg,
    Fork::Istanbul,
    Fork::London,
    Fork::Shanghai,
    Fork::Cancun,
    Fork::Prague,
    Fork::Osaka,
    Fork::Amsterdam,
];

#[test]
fn claims_of_predictions_of_random_programs_hold() {
    let mut wrong = Vec::new();
    for fork in FORKS {
        let summaries = Summaries::new(fork, Limits::default());
        let (mut n_claims, mut n_partial, mut n_gas) = (0, 0, 0);
        for seed in 0..N_BLOCKS {
            let made = random_block(&mut Random::new(seed), fork);
            for claim in judge(&made.block, &made.state, fork, &summaries) {
                match claim.coverage {
                    Coverage::Partial => n_partial += 1,
                    _ => n_claims += usize::from(claim.is_made),
                }
                n_gas += usize::from(claim.gaps.contains(&Gap::Gas));
                if let Some(miss) = claim.miss {
                    let programs = made.texts.join("\n  ");
                    wrong.push(format!("{fork} seed {seed} tx {}: {miss}\n  {programs}", claim.tx));
                }
            }
        }
        // Past the runner's capture, so that the numbers are seen.
        let _ = writeln!(
            io::stderr(),
            "claims under {fork}: {n_claims}, {n_partial} partial, of these {n_gas} by gas left"
        );
        assert!(n_partial < n_claims, "too few claims are made under {fork}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
