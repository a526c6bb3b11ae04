//! Which transactions fail?
//!
//! In: a draft and its town. Out: transactions that are included, pay for gas and change nothing
//! else, or only in part: reverts, errors, and running out of gas.

use alloy_primitives::{Address, Bytes};

use super::{
    Era, abi,
    draft::{Draft, ether},
    erc20::transfer_call,
    message::Message,
    town::Town,
};

/// Appends one transaction that reverts, or in which a call does.
pub(super) fn revert(draft: &mut Draft, town: &Town) {
    let sender = draft.person();
    match draft.rng.weighted(&[30, 20, 50]) {
        0 => overdraw(draft, town),
        1 => draft.send(sender, Message::call(town.programs.reverter, Bytes::new(), 90_000)),
        _ if draft.plan.era < Era::Cancun => overdraw(draft, town),
        _ => {
            let kind = draft.rng.range(0, 7);
            let input = match draft.rng.weighted(&[50, 35, 15]) {
                0 => abi::call("step(uint256)", [kind.into()]),
                1 => abi::call("attempt(uint256)", [kind.into()]),
                // Whether this fails is up to how often the others succeeded.
                _ => abi::call("stepIfBelow(uint256)", [3u64.into()]),
            };
            draft.send(sender, Message::call(town.modern().reverter, input, 250_000));
        }
    }
}

/// Spends more of a token than its sender has.
fn overdraw(draft: &mut Draft, town: &Town) {
    let token = town.token(draft);
    let sender = draft.newcomer();
    token.fund_with(draft, draft.address(sender), ether(1));
    let input = transfer_call(draft.payee(), ether(2));
    draft.send(sender, Message::call(token.address, input, 180_000));
}

/// Appends one transaction that has too little gas, or might have.
pub(super) fn out_of_gas(draft: &mut Draft, town: &Town) {
    let sender = draft.person();
    match draft.rng.weighted(&[35, 40, 25]) {
        0 => {
            let gas = draft.rng.range(60_000, 300_000);
            draft.send(sender, Message::call(town.programs.spinner, Bytes::new(), gas));
        }
        1 => transfer_on_a_shoestring(draft, town),
        _ if draft.plan.era < Era::Cancun => transfer_on_a_shoestring(draft, town),
        _ => {
            let reverter: Address = town.modern().reverter;
            let turns = draft.rng.range(1, 9);
            let input = abi::call("burnSome(uint256)", [turns.into()]);
            // Enough for about five turns on fresh slots.
            draft.send(sender, Message::call(reverter, input, 140_000));
        }
    }
}

/// A token transfer with gas for one of its two stores.
fn transfer_on_a_shoestring(draft: &mut Draft, town: &Town) {
    let token = town.token(draft);
    let sender = draft.person();
    token.fund(draft, draft.address(sender));
    let (to, amount) = (draft.payee(), draft.rng.milliether(1, 900));
    let gas = draft.rng.range(28_000, 50_000);
    draft.send(sender, Message::call(token.address, transfer_call(to, amount), gas));
}
