//! Which transactions ask for more than state: block hashes, precompiles, transient storage?
//!
//! In: a draft and its town. Out: one such transaction.

use alloy_primitives::{Bytes, U256, hex};

use super::{Era, abi, draft::Draft, message::Message, town::Town};

/// Appends a look at an earlier block's hash; some are too far back or not yet there.
pub(super) fn block_hash(draft: &mut Draft, town: &Town) {
    let sender = draft.person();
    let back = match draft.rng.weighted(&[80, 10, 10]) {
        0 => draft.rng.range(1, 17),
        1 => 0,
        _ => 300,
    };
    let input = abi::encode([back.into()]).into();
    draft.send(sender, Message::call(town.programs.historian, input, 90_000));
}

/// Appends a call of a precompile whose answer is stored.
pub(super) fn precompile(draft: &mut Draft, town: &Town) {
    let sender = draft.person();
    let known = match draft.plan.era {
        era if era < Era::Istanbul => 7,
        era if era < Era::Prague => 8,
        era if era < Era::Osaka => 9,
        _ => 10,
    };
    let (precompile, input) = match draft.rng.below(known) {
        0 => (1, recoverable(draft, sender)),
        1 => (2, draft.rng.hash().to_vec()),
        2 => (3, draft.rng.hash().to_vec()),
        3 => (4, draft.rng.hash().to_vec()),
        4 => (5, power(draft)),
        5 => (6, GENERATOR_TWICE.to_vec()),
        6 => (7, [&GENERATOR_TWICE[..64], &draft.rng.hash()[..]].concat()),
        7 => (9, one_blake_round(draft)),
        // The sum of the point at infinity with itself, on BLS12-381.
        8 => (11, vec![0; 256]),
        // No valid signature, so the answer is empty.
        _ => (256, vec![1; 160]),
    };
    let data: Bytes = [&abi::encode([U256::from(precompile).into()])[..], &input].concat().into();
    draft.send(sender, Message::call(town.programs.precompile_caller, data, 150_000));
}

/// The generator of alt_bn128, twice.
const GENERATOR_TWICE: [u8; 128] = hex!(
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000002"
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000002"
);

/// Input for ECRECOVER that gives the sender's address.
fn recoverable(draft: &mut Draft, sender: super::wallet::WalletId) -> Vec<u8> {
    let hash = draft.rng.hash();
    let signature = draft.sign_hash(sender, hash);
    abi::encode([
        hash.into(),
        (27 + u64::from(signature.v())).into(),
        signature.r().into(),
        signature.s().into(),
    ])
}

/// Input for MODEXP: a word to a small power modulo a word.
fn power(draft: &mut Draft) -> Vec<u8> {
    let length = |n: u64| n.into();
    abi::encode([
        length(32),
        length(32),
        length(32),
        draft.rng.hash().into(),
        draft.rng.range(2, 70_000).into(),
        draft.rng.hash().into(),
    ])
}

/// Input for BLAKE2F: some rounds on some state.
fn one_blake_round(draft: &mut Draft) -> Vec<u8> {
    let mut input = vec![0; 213];
    input[3] = 1 + draft.rng.below(12) as u8;
    input[4..36].copy_from_slice(&draft.rng.hash()[..]);
    // The last block.
    input[212] = 1;
    input
}

/// Appends a call of a contract whose lock is transient storage.
pub(super) fn transient(draft: &mut Draft, town: &Town) {
    let sender = draft.person();
    let contract = town.modern().transient;
    let value = draft.rng.milliether(10, 300);
    let deposit = abi::call("deposit()", []);
    match draft.rng.weighted(&[40, 30, 30]) {
        0 => draft.send(sender, Message::call(contract, deposit, 120_000).with_value(value)),
        1 => draft.send(sender, Message::call(contract, abi::call("probe()", []), 120_000)),
        _ => {
            draft.send(sender, Message::call(contract, deposit, 120_000).with_value(value));
            draft.later(1, move |draft| {
                let half = value / U256::from(2);
                let input = abi::call("withdraw(uint256)", [half.into()]);
                draft.send(sender, Message::call(contract, input, 120_000));
            });
        }
    }
}
