//! Where do transactions conflict?
//!
//! In: a draft and its town. Out: one call of something popular: a shared counter, a recipient to
//! whom many send the same token, a pool shared by all.

use super::{Era, abi, amm, draft::Draft, erc20::transfer_call, message::Message, town::Town};

/// Appends one call of something popular.
pub(super) fn crowd(draft: &mut Draft, town: &Town) {
    match draft.rng.weighted(&[30, 45, 25]) {
        0 => count(draft, town),
        1 => pay_tokens_to_an_exchange(draft, town),
        _ if draft.plan.era < Era::Cancun => pay_tokens_to_an_exchange(draft, town),
        _ => amm::trade_in_the_hot_pool(draft, town),
    }
}

/// Some counts commute, some do not since the new value is shown.
fn count(draft: &mut Draft, town: &Town) {
    let person = draft.person();
    if draft.plan.era < Era::Cancun || draft.rng.percent(30) {
        let input = alloy_primitives::Bytes::new();
        return draft.send(person, Message::call(town.programs.counter, input, 80_000));
    }
    let amount = draft.rng.range(1, 9);
    let input = match draft.rng.weighted(&[40, 25, 15, 20]) {
        0 => abi::call("increment()", []),
        1 => abi::call("add(uint256)", [amount.into()]),
        2 => abi::call("incrementMine()", []),
        _ => abi::call("incrementBoth()", []),
    };
    draft.send(person, Message::call(town.modern().counter, input, 90_000));
}

/// One recipient's balance is added to over and over; each sender's own is read.
fn pay_tokens_to_an_exchange(draft: &mut Draft, town: &Town) {
    let token = town.tokens[0];
    let sender = draft.person();
    token.fund(draft, draft.address(sender));
    let popular = town.programs.tipper;
    token.fund(draft, popular);
    let amount = draft.rng.milliether(1, 2_000);
    draft.send(sender, Message::call(token.address, transfer_call(popular, amount), 180_000));
}
