//! Who sends plain ether to whom?
//!
//! In: a draft. Out: one transfer, of the kinds that make up most of mainnet: exchanges paying out
//! and collecting, people paying each other, now and then nothing or oneself.

use alloy_primitives::U256;

use super::{draft::Draft, message::Message};

/// Appends one transfer.
pub(super) fn transfer(draft: &mut Draft) {
    match draft.rng.weighted(&[35, 40, 20, 3, 2]) {
        0 => pay_out(draft),
        1 => pay(draft),
        2 => pay_in(draft),
        3 => pay_oneself(draft),
        _ => pay_nothing(draft),
    }
}

/// Exchanges pay many customers from one account, so these form a chain of nonces.
fn pay_out(draft: &mut Draft) {
    let exchange = draft.exchange();
    let (to, value) = (draft.payee(), draft.rng.milliether(1, 20_000));
    draft.send(exchange, Message::pay(to, value));
}

fn pay(draft: &mut Draft) {
    let person = draft.person();
    let (to, value) = (draft.payee(), draft.rng.milliether(1, 400));
    draft.send(person, Message::pay(to, value));
}

fn pay_in(draft: &mut Draft) {
    let person = draft.person();
    let exchange = draft.exchange();
    let (to, value) = (draft.address(exchange), draft.rng.milliether(10, 900));
    draft.send(person, Message::pay(to, value));
}

fn pay_oneself(draft: &mut Draft) {
    let person = draft.person();
    let (to, value) = (draft.address(person), draft.rng.milliether(1, 100));
    draft.send(person, Message::pay(to, value));
}

fn pay_nothing(draft: &mut Draft) {
    let person = draft.person();
    let to = draft.payee();
    draft.send(person, Message::pay(to, U256::ZERO));
}
