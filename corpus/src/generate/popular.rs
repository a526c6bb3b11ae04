//! What is traffic like in which few are popular?
//!
//! In: a draft and its town. Out: one payment, transfer of tokens or trade, whose recipient, token or
//! pool is drawn by Zipf's law.
//! Invariant: integer arithmetic only, so that every machine draws the same.
//!
//! By Zipf's law the nth most popular is chosen 1/n times as often as the first. Here that holds in
//! steps: of the ranks 1, 2-3, 4-7, 8-15 and so on each group is as likely as the others.

use alloy_primitives::U256;

use super::{amm, apart, draft::Draft, erc20::transfer_call, message::Message, town::Town};

/// Tokens of the market; every two have a pool.
pub(super) const N_TOKENS: usize = 24;
/// Enough for a transfer of tokens.
const TOKEN_GAS: u64 = 90_000;

/// Appends one transaction.
pub(super) fn use_the_popular(draft: &mut Draft, town: &Town) {
    match draft.rng.weighted(&[45, 40, 15]) {
        0 => {
            let (from, to) = (draft.person(), draft.popular_person());
            let (to, value) = (draft.address(to), draft.rng.milliether(1, 100));
            draft.send(from, Message::pay(to, value));
        }
        1 => {
            let token = town.market().listed[draft.rng.zipf(N_TOKENS)];
            let (from, to) = (draft.person(), draft.popular_person());
            let to = draft.address(to);
            token.fund(draft, draft.address(from));
            token.fund(draft, to);
            let amount = draft.rng.milliether(1, 1_000);
            draft.send(from, Message::call(token.address, transfer_call(to, amount), TOKEN_GAS));
        }
        _ => {
            let (trader, pool) = (draft.person(), draft.rng.zipf(apart::n_pools(N_TOKENS)));
            let amount = draft.rng.milliether(10, 1_000);
            let path = apart::path_through(draft, town, pool);
            amm::send_exact_swap(draft, town.market(), trader, &path, [amount, U256::from(1)]);
        }
    }
}
