//! Which transactions only make sense in the block's order?
//!
//! In: a draft and its town. Out: nonce chains, accounts that are funded and spend in the same
//! block, and everything about the beneficiary, whose balance every transaction changes.

use alloy_primitives::{Bytes, U256};

use super::{
    abi,
    draft::{Draft, ether},
    message::Message,
    town::Town,
    wallet::WalletId,
};

/// Appends the first of several transactions by one sender.
pub(super) fn nonce_chain(draft: &mut Draft, _: &Town) {
    let sender = draft.newcomer();
    for index in 0..draft.rng.below(7) {
        let distance = 1 + index * 2 + draft.rng.below(2);
        draft.later(distance, move |draft| pay_on(draft, sender));
    }
    pay_on(draft, sender);
}

fn pay_on(draft: &mut Draft, sender: WalletId) {
    let (to, value) = (draft.payee(), draft.rng.milliether(1, 300));
    draft.send(sender, Message::pay(to, value));
}

/// Appends a payment to an account that does not exist yet; it spends most of it later, and so does
/// the one that is paid then. Taken alone on the state before the block, both are rejected.
pub(super) fn funded_in_order(draft: &mut Draft, _: &Town) {
    let (first, second) = (draft.unborn_wallet(), draft.unborn_wallet());
    let payer = draft.exchange();
    fund(draft, payer, first, ether(4));
    let distance = draft.rng.below(5);
    draft.later(distance, move |draft| fund(draft, first, second, ether(3)));
    draft.later(distance + 2, move |draft| {
        let to = draft.payee();
        draft.send(second, Message::pay(to, ether(2)));
    });
}

fn fund(draft: &mut Draft, payer: WalletId, wallet: WalletId, value: U256) {
    let to = draft.address(wallet);
    draft.send(payer, Message::pay(to, value));
    draft.credit(wallet, value);
}

/// Appends one transaction that pays, asks for, or spends the beneficiary's balance; on a rollup tips go to
/// a vault, which spends nothing.
pub(super) fn beneficiary(draft: &mut Draft, town: &Town) {
    let beneficiary = draft.beneficiary;
    let account = draft.tipped();
    let sender = draft.person();
    let value = draft.rng.milliether(1, 300);
    match draft.rng.weighted(&[25, 25, 15, 15, 20]) {
        0 => {
            let tip = Message::call(town.programs.tipper, Bytes::new(), 80_000);
            draft.send(sender, tip.with_value(value));
        }
        1 => draft.send(sender, Message::call(town.programs.observer, Bytes::new(), 80_000)),
        2 => draft.send(sender, Message::pay(account, value)),
        3 => {
            let input = abi::encode([account.into()]).into();
            draft.send(sender, Message::call(town.programs.prober, input, 80_000));
        }
        _ => {
            let to = draft.payee();
            draft.send(beneficiary, Message::pay(to, value));
        }
    }
}
