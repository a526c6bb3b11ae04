//! What does an ordinary block hold?
//!
//! In: an era. Out: jobs with their weights, chosen to look like mainnet in 2026: nearly half plain
//! transfers, then tokens, then trades, and a little of everything that engines stumble over.

use super::{
    Era, Job, amm, apps, envelopes, environment, erc20, failures, hotspot, lifecycle, ordering,
    transfers,
};

/// A job, its weight (all together weigh about a thousand), and the era it needs.
const WEIGHTS: [(u64, Era, Job); 24] = [
    (450, Era::Byzantium, |draft, _| transfers::transfer(draft)),
    (210, Era::Byzantium, erc20::token_call),
    (90, Era::Cancun, amm::trade),
    (55, Era::Byzantium, hotspot::crowd),
    (25, Era::Cancun, apps::stake),
    (22, Era::Cancun, apps::mint),
    (8, Era::Cancun, apps::airdrop),
    (14, Era::Cancun, apps::batch),
    (10, Era::Cancun, apps::deposit),
    (8, Era::Cancun, apps::register),
    (5, Era::Cancun, apps::move_points),
    (14, Era::Byzantium, failures::revert),
    (6, Era::Byzantium, failures::out_of_gas),
    (4, Era::Byzantium, lifecycle::deploy_and_call),
    (2, Era::Istanbul, lifecycle::create2),
    (4, Era::Byzantium, lifecycle::self_destruct),
    (7, Era::Prague, envelopes::delegate),
    (9, Era::Berlin, envelopes::listed),
    (9, Era::Cancun, envelopes::blobs),
    (4, Era::Byzantium, ordering::nonce_chain),
    (4, Era::Byzantium, ordering::funded_in_order),
    (9, Era::Byzantium, ordering::beneficiary),
    (8, Era::Byzantium, |draft, town| match draft.rng.percent(40) {
        true => environment::block_hash(draft, town),
        false => environment::precompile(draft, town),
    }),
    (5, Era::Cancun, environment::transient),
];

/// The jobs of an ordinary block of the era.
pub(super) fn jobs(era: Era) -> Vec<(u64, Job)> {
    WEIGHTS
        .iter()
        .filter(|(_, since, _)| *since <= era)
        .map(|&(share, _, job)| (share, job))
        .collect()
}
