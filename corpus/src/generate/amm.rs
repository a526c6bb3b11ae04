//! Who trades?
//!
//! In: a draft and its town. Out: one trade through a router (one to three hops, ether at either
//! end, or a pool with concentrated liquidity) or a change of liquidity.
//! Invariant: needs contracts of Cancun.

use alloy_primitives::{Address, U256};

use super::{
    abi, draft::Draft, message::Message, pools::Exchange, tokens::Token, town::Town,
    wallet::WalletId,
};

const SWAP_GAS: u64 = 600_000;

/// Appends one trade or change of liquidity.
pub(super) fn trade(draft: &mut Draft, town: &Town) {
    match draft.rng.weighted(&[40, 18, 12, 18, 6, 3, 3]) {
        0 => swap_tokens(draft, town),
        1 => swap_ether(draft, town),
        2 => swap_for_ether(draft, town),
        3 => swap_ticks(draft, town),
        4 => add_liquidity(draft, town),
        5 => add_tick_liquidity(draft, town),
        _ => wrap(draft, town),
    }
}

/// A trade between the first two tokens of the first exchange: the busiest pool.
pub(super) fn trade_in_the_hot_pool(draft: &mut Draft, town: &Town) {
    let exchange = &town.modern().exchanges[0];
    let trader = draft.person();
    let mut path = vec![exchange.listed[0], exchange.listed[1]];
    if draft.rng.percent(50) {
        path.reverse();
    }
    send_swap(draft, exchange, trader, &path);
}

fn any_exchange<'t>(draft: &mut Draft, town: &'t Town) -> &'t Exchange {
    let exchanges = &town.modern().exchanges;
    &exchanges[draft.rng.skewed(exchanges.len())]
}

/// Two to four distinct tokens that start with `first`, if given.
fn path(draft: &mut Draft, exchange: &Exchange, first: Option<Token>) -> Vec<Token> {
    let mut left: Vec<Token> = exchange.listed.clone();
    let mut path: Vec<Token> = first.into_iter().collect();
    left.retain(|token| path.iter().all(|taken| taken.address != token.address));
    let longest = exchange.listed.len().min(4);
    let n_tokens = 2 + draft.rng.skewed(longest - 1);
    while path.len() < n_tokens {
        path.push(left.remove(draft.rng.skewed(left.len())));
    }
    path
}

fn addresses(path: &[Token]) -> Vec<Address> {
    path.iter().map(|token| token.address).collect()
}

/// Most traders take what they get; some want more than there is, and fail.
fn least_amount(draft: &mut Draft) -> U256 {
    match draft.rng.percent(3) {
        true => U256::from(10).pow(U256::from(30)),
        false => U256::from(1),
    }
}

fn deadline(draft: &Draft) -> u64 {
    draft.plan.number_and_time().1 + 1_200
}

fn swap_tokens(draft: &mut Draft, town: &Town) {
    let exchange = any_exchange(draft, town);
    let trader = draft.person();
    let path = path(draft, exchange, None);
    send_swap(draft, exchange, trader, &path);
}

fn send_swap(draft: &mut Draft, exchange: &Exchange, trader: WalletId, path: &[Token]) {
    let amount = draft.rng.milliether(10, 8_000);
    let least = least_amount(draft);
    send_exact_swap(draft, exchange, trader, path, [amount, least]);
}

/// Appends a trade of so much along `path` for at least so much.
pub(super) fn send_exact_swap(
    draft: &mut Draft,
    exchange: &Exchange,
    trader: WalletId,
    path: &[Token],
    [amount, least]: [U256; 2],
) {
    let account = draft.address(trader);
    path[0].fund(draft, account);
    path[0].allow(draft, account, exchange.router);
    let input = abi::call(
        "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
        [
            amount.into(),
            least.into(),
            addresses(path).into(),
            account.into(),
            deadline(draft).into(),
        ],
    );
    draft.send(trader, Message::call(exchange.router, input, SWAP_GAS));
}

fn swap_ether(draft: &mut Draft, town: &Town) {
    let exchange = any_exchange(draft, town);
    let trader = draft.person();
    let account = draft.address(trader);
    let path = path(draft, exchange, Some(town.modern().weth));
    let input = abi::call(
        "swapExactETHForTokens(uint256,address[],address,uint256)",
        [
            least_amount(draft).into(),
            addresses(&path).into(),
            account.into(),
            deadline(draft).into(),
        ],
    );
    let value = draft.rng.milliether(10, 900);
    draft.send(trader, Message::call(exchange.router, input, SWAP_GAS).with_value(value));
}

fn swap_for_ether(draft: &mut Draft, town: &Town) {
    let exchange = any_exchange(draft, town);
    let trader = draft.person();
    let account = draft.address(trader);
    let mut path = path(draft, exchange, Some(town.modern().weth));
    path.reverse();
    path[0].fund(draft, account);
    path[0].allow(draft, account, exchange.router);
    let amount = draft.rng.milliether(10, 3_000);
    let input = abi::call(
        "swapExactTokensForETH(uint256,uint256,address[],address,uint256)",
        [
            amount.into(),
            least_amount(draft).into(),
            addresses(&path).into(),
            account.into(),
            deadline(draft).into(),
        ],
    );
    draft.send(trader, Message::call(exchange.router, input, SWAP_GAS));
}

fn swap_ticks(draft: &mut Draft, town: &Town) {
    let pool = &town.modern().tick_pool;
    let trader = draft.person();
    let account = draft.address(trader);
    let zero_for_one = draft.rng.percent(50);
    let paid = pool.tokens[usize::from(!zero_for_one)];
    paid.fund(draft, account);
    paid.allow(draft, account, pool.router);
    // Large ones cross ticks.
    let amount = match draft.rng.percent(15) {
        true => draft.rng.milliether(20_000_000, 90_000_000),
        false => draft.rng.milliether(10, 50_000),
    };
    let input = abi::call(
        "swapExactInput(address,bool,uint256,uint256,address,uint256)",
        [
            pool.pool.into(),
            u64::from(zero_for_one).into(),
            amount.into(),
            least_amount(draft).into(),
            account.into(),
            deadline(draft).into(),
        ],
    );
    draft.send(trader, Message::call(pool.router, input, 900_000));
}

fn add_liquidity(draft: &mut Draft, town: &Town) {
    let exchange = any_exchange(draft, town);
    let provider = draft.person();
    let account = draft.address(provider);
    let path = path(draft, exchange, None);
    let (first, second) = (path[0], path[1]);
    for token in [first, second] {
        token.fund(draft, account);
        token.allow(draft, account, exchange.router);
    }
    let amount = draft.rng.milliether(100, 9_000);
    let input = abi::call(
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
        [
            first.address.into(),
            second.address.into(),
            amount.into(),
            amount.into(),
            U256::ZERO.into(),
            U256::ZERO.into(),
            account.into(),
            deadline(draft).into(),
        ],
    );
    draft.send(provider, Message::call(exchange.router, input, SWAP_GAS));
}

fn add_tick_liquidity(draft: &mut Draft, town: &Town) {
    let pool = &town.modern().tick_pool;
    let provider = draft.person();
    let account = draft.address(provider);
    for token in pool.tokens {
        token.fund(draft, account);
        token.allow(draft, account, pool.router);
    }
    let width = U256::from(60 * draft.rng.range(1, 40));
    let amount = draft.rng.milliether(1_000, 90_000);
    let input = abi::call(
        "addLiquidity(address,int24,int24,uint128,uint256)",
        [
            pool.pool.into(),
            width.wrapping_neg().into(),
            width.into(),
            amount.into(),
            deadline(draft).into(),
        ],
    );
    draft.send(provider, Message::call(pool.router, input, 900_000));
}

fn wrap(draft: &mut Draft, town: &Town) {
    let weth = town.modern().weth;
    let person = draft.person();
    if draft.rng.percent(60) {
        let value = draft.rng.milliether(10, 500);
        let deposit = Message::call(weth.address, abi::call("deposit()", []), 90_000);
        return draft.send(person, deposit.with_value(value));
    }
    weth.fund_with(draft, draft.address(person), super::draft::ether(1_000));
    let amount = draft.rng.milliether(1, 500);
    let input = abi::call("withdraw(uint256)", [amount.into()]);
    draft.send(person, Message::call(weth.address, input, 90_000));
}
