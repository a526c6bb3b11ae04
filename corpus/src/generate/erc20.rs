//! Who moves tokens?
//!
//! In: a draft and its town. Out: one call of a token: transfer, transferFrom, approve or a signed
//! approval, in tokens of every design the era knows.

use alloy_primitives::{Address, U256};

use super::{
    abi,
    draft::Draft,
    message::Message,
    tokens::{Token, permit_call},
    town::Town,
};

/// Enough for every token here, proxied ones included.
const GAS: u64 = 180_000;

/// Appends one call of a token.
pub(super) fn token_call(draft: &mut Draft, town: &Town) {
    let token = town.token(draft);
    match draft.rng.weighted(&[70, 12, 14, 4]) {
        0 => transfer(draft, token),
        1 => transfer_from(draft, token),
        2 => approve(draft, town, token),
        _ => permit(draft, town),
    }
}

/// Calldata of `transfer`.
pub(super) fn transfer_call(to: Address, amount: U256) -> alloy_primitives::Bytes {
    abi::call("transfer(address,uint256)", [to.into(), amount.into()])
}

fn transfer(draft: &mut Draft, token: Token) {
    let exchange = draft.rng.percent(25);
    let from = if exchange { draft.exchange() } else { draft.person() };
    token.fund(draft, draft.address(from));
    let to = draft.payee();
    // Half of the recipients hold the token already, which makes the store cheaper.
    if draft.rng.percent(50) {
        token.fund(draft, to);
    }
    let amount = draft.rng.milliether(1, 90_000);
    draft.send(from, Message::call(token.address, transfer_call(to, amount), GAS));
}

fn transfer_from(draft: &mut Draft, token: Token) {
    let spender = draft.person();
    let holder = draft.person();
    let holder = draft.address(holder);
    token.fund(draft, holder);
    token.allow(draft, holder, draft.address(spender));
    let (to, amount) = (draft.payee(), draft.rng.milliether(1, 5_000));
    let input = abi::call(
        "transferFrom(address,address,uint256)",
        [holder.into(), to.into(), amount.into()],
    );
    draft.send(spender, Message::call(token.address, input, GAS));
}

fn approve(draft: &mut Draft, town: &Town, token: Token) {
    let holder = draft.person();
    let spender = town.programs.counter;
    let amount = match draft.rng.percent(60) {
        true => U256::MAX,
        false => draft.rng.milliether(1, 100_000),
    };
    let input = abi::call("approve(address,uint256)", [spender.into(), amount.into()]);
    draft.send(holder, Message::call(token.address, input, GAS));
}

/// Another account hands in an approval that the holder only signed; where no token takes such,
/// a transfer.
fn permit(draft: &mut Draft, town: &Town) {
    let signing = town.tokens.iter().find_map(|token| Some((*token, token.permits()?)));
    let Some((token, domain)) = signing else {
        let token = town.token(draft);
        return transfer(draft, token);
    };
    let holder = draft.newcomer();
    let relayer = draft.person();
    let spender = draft.address(relayer);
    let (_, now) = draft.plan.number_and_time();
    let input = permit_call(draft, domain, holder, spender, now + 3_600);
    draft.send(relayer, Message::call(token.address, input, GAS));
}
