//! Which transactions are independent, and which conflict?
//!
//! In: a draft and its town. Out: one transaction by a sender of its own: a payment, a transfer of
//! tokens or a trade in a pool of its own; or, three times in ten, one that meets all the others.
//! Invariant: an independent transaction shares no storage slot that changes, and no
//! account but the beneficiary, with another one of the block.
//!
//! These are the two ends between which real blocks lie, for measuring how fast a block can be run
//! at best, and that contention costs nothing over sequential execution.

use alloy_primitives::{Address, U256};

use super::{
    Scenario, abi, amm,
    draft::Draft,
    erc20::transfer_call,
    message::Message,
    pools::{self, Exchange},
    popular,
    tokens::{self, Token},
    town::Town,
};

/// How many of a hundred transactions meet, where some do.
const CROWD_PERCENT: u64 = 30;
/// Enough for a transfer of tokens.
const TOKEN_GAS: u64 = 90_000;

/// The exchange of those who trade apart, with a pool for each transaction of the block; none where
/// no other does.
pub(super) fn market(draft: &mut Draft, weth: Address) -> Option<Exchange> {
    let n_tokens = match draft.plan.scenario {
        Scenario::PoolsApart | Scenario::OnePool => {
            (2..).find(|n| draft.plan.n_txs <= n_pools(*n)).expect("numbers do not end")
        }
        Scenario::Popular => popular::N_TOKENS,
        _ => return None,
    };
    let listed = (0..n_tokens).map(|_| tokens::install_usual(draft)).collect();
    Some(pools::exchange(draft, "", weth, listed))
}

/// How many pools so many tokens have.
pub(super) const fn n_pools(n_tokens: usize) -> usize {
    n_tokens * (n_tokens - 1) / 2
}

/// Appends a payment to an account that no other transaction pays.
pub(super) fn pay(draft: &mut Draft, _: &Town) {
    let to = draft.newcomer();
    let to = draft.address(to);
    pay_to(draft, to);
}

/// Appends a payment, now and then to one shared account.
pub(super) fn pay_one_account(draft: &mut Draft, town: &Town) {
    if !draft.rng.percent(CROWD_PERCENT) {
        return pay(draft, town);
    }
    let to = draft.address(draft.largest_exchange());
    pay_to(draft, to);
}

fn pay_to(draft: &mut Draft, to: Address) {
    let (from, value) = (draft.newcomer(), draft.rng.milliether(1, 400));
    draft.send(from, Message::pay(to, value));
}

/// Appends a transfer of tokens between two holders who do nothing else.
pub(super) fn move_tokens(draft: &mut Draft, town: &Town) {
    let (token, from, to) = (town.tokens[0], draft.newcomer(), draft.rng.address());
    token.fund(draft, draft.address(from));
    token.fund(draft, to);
    let amount = draft.rng.milliether(1, 90_000);
    draft.send(from, Message::call(token.address, transfer_call(to, amount), TOKEN_GAS));
}

/// Appends a transfer of tokens, now and then a count on one shared counter.
pub(super) fn count_together(draft: &mut Draft, town: &Town) {
    if !draft.rng.percent(CROWD_PERCENT) {
        return move_tokens(draft, town);
    }
    let from = draft.newcomer();
    let input = abi::call("increment()", []);
    draft.send(from, Message::call(town.modern().counter, input, TOKEN_GAS));
}

/// Appends a trade in a pool of its own.
pub(super) fn trade(draft: &mut Draft, town: &Town) {
    let pool = draft.len();
    trade_in(draft, town, pool);
}

/// Appends a trade, now and then in one shared pool.
pub(super) fn trade_in_one_pool(draft: &mut Draft, town: &Town) {
    let pool = if draft.rng.percent(CROWD_PERCENT) { 0 } else { draft.len() };
    trade_in(draft, town, pool);
}

/// Appends a trade in pool number `pool`.
fn trade_in(draft: &mut Draft, town: &Town, pool: usize) {
    let path = path_through(draft, town, pool);
    let trader = draft.newcomer();
    let amount = draft.rng.milliether(10, 8_000);
    amm::send_exact_swap(draft, town.market(), trader, &path, [amount, U256::from(1)]);
}

/// The tokens of pool number `pool`, in either order: pools are numbered as a triangle, row by row.
pub(super) fn path_through(draft: &mut Draft, town: &Town, pool: usize) -> [Token; 2] {
    let exchange = town.market();
    let row = (1..).find(|row| pool < n_pools(row + 1)).expect("numbers do not end");
    let mut path = [exchange.listed[row], exchange.listed[pool - n_pools(row)]];
    if draft.rng.percent(50) {
        path.reverse();
    }
    path
}
