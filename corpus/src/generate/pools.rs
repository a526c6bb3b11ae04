//! Which pools are there to trade in, and how are they set up?
//!
//! In: the shelf's artifacts and tokens. Out: [`Exchange`]s with constant-product pools and a
//! [`TickPool`] with concentrated liquidity, as if used for years.
//! Invariant: reserves equal balances, locks are open, and pools are where routers look for them.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, I256, U256, keccak256};

use super::{
    draft::{Draft, ether},
    shelf,
    tokens::Token,
};
use crate::{
    Contract,
    contract::{array_slot, mapping_slot},
};

/// A router and the tokens that have a pool with each of their neighbours.
pub(super) struct Exchange {
    pub(super) router: Address,
    /// Wrapped ether first; every two of them have a pool.
    pub(super) listed: Vec<Token>,
}

/// A pool with concentrated liquidity, and its router.
pub(super) struct TickPool {
    pub(super) pool: Address,
    pub(super) router: Address,
    pub(super) tokens: [Token; 2],
}

/// A factory, a router and a pool for every two of `listed`.
pub(super) fn exchange(
    draft: &mut Draft,
    variant: &str,
    weth: Address,
    listed: Vec<Token>,
) -> Exchange {
    let factory_contract = shelf::contract(&format!("AmmFactory{variant}"));
    let pair = shelf::contract(&format!("AmmPair{variant}"));
    let code_hash = keccak256(&pair.creation);
    let factory = draft.install(factory_contract.runtime.clone());
    let router_contract = shelf::contract(&format!("AmmRouter{variant}"));
    let code = shelf::runtime(
        &router_contract,
        &[
            ("factory", factory.into_word()),
            ("weth", weth.into_word()),
            ("pairCodeHash", code_hash),
        ],
    );
    let router = draft.install(code);

    let mut n_pairs = 0u64;
    for (index, &left) in listed.iter().enumerate() {
        for &right in &listed[..index] {
            let address = pool(draft, &pair, factory, code_hash, left, right);
            let by_tokens = shelf::slot(&factory_contract, "getPair");
            for (one, other) in [(left, right), (right, left)] {
                let inner = mapping_slot(by_tokens, one.address.into_word());
                let slot = mapping_slot(inner, other.address.into_word());
                draft.store(factory, slot, address.into_word().into());
            }
            let all = array_slot(shelf::slot(&factory_contract, "allPairs"));
            draft.store(factory, all + U256::from(n_pairs), address.into_word().into());
            n_pairs += 1;
        }
    }
    draft.store(factory, shelf::slot(&factory_contract, "allPairs"), U256::from(n_pairs));
    Exchange { router, listed }
}

/// A constant-product pool where the router computes it to be.
fn pool(
    draft: &mut Draft,
    contract: &Contract,
    factory: Address,
    code_hash: B256,
    left: Token,
    right: Token,
) -> Address {
    let (first, second) = match left.address < right.address {
        true => (left, right),
        false => (right, left),
    };
    let salt = keccak256([first.address.as_slice(), second.address.as_slice()].concat());
    let address = factory.create2(salt, code_hash);
    draft.install_at(address, contract.runtime.clone());
    let reserves = [first, second].map(|token| {
        let reserve = ether(draft.rng.range(20_000, 400_000));
        token.fund_with(draft, address, reserve);
        reserve
    });
    let (_, now) = draft.plan.number_and_time();
    let updated = now - draft.rng.range(12, 4_000);
    for (label, word) in [
        ("totalSupply", ether(90_000)),
        ("factory", factory.into_word().into()),
        ("token0", first.address.into_word().into()),
        ("token1", second.address.into_word().into()),
        ("_reserve0", reserves[0] | reserves[1] << 112 | U256::from(updated) << 224),
        ("price0CumulativeLast", U256::from(draft.rng.next()) << 120),
        ("price1CumulativeLast", U256::from(draft.rng.next()) << 120),
        ("_unlocked", U256::from(1)),
    ] {
        draft.store(address, shelf::slot(contract, label), word);
    }
    address
}

/// A pool at price one, with three positions around it.
pub(super) fn tick_pool(draft: &mut Draft, left: Token, right: Token) -> TickPool {
    const SPACING: i32 = 60;
    let positions = [(-12_000, 12_000, 1_000_000), (-600, 600, 3_000_000), (-60, 120, 500_000)];
    let contract = shelf::contract("TickPool");
    let router = draft.install(shelf::contract("TickRouter").runtime);
    let tokens = match left.address < right.address {
        true => [left, right],
        false => [right, left],
    };
    let code = shelf::runtime(
        &contract,
        &[
            ("token0", tokens[0].address.into_word()),
            ("token1", tokens[1].address.into_word()),
            ("fee", B256::from(U256::from(3_000))),
            ("tickSpacing", B256::from(U256::from(SPACING))),
        ],
    );
    let pool = draft.install(code);
    for token in tokens {
        token.fund_with(draft, pool, ether(50_000_000));
    }

    let (_, now) = draft.plan.number_and_time();
    // Price one, tick zero, the first of eight observations, open.
    let slot0 = U256::from(1) << 96 | U256::from(8) << 200 | U256::from(1) << 216;
    draft.store(pool, shelf::slot(&contract, "slot0"), slot0);
    let observed = U256::from(now - 120) | U256::from(1) << 88;
    draft.store(pool, shelf::slot(&contract, "observations"), observed);

    let (mut held, mut bitmap) = (0, BTreeMap::<i32, U256>::new());
    for (lower, upper, amount) in positions {
        held += amount;
        for (tick, net) in [(lower, signed(amount)), (upper, -signed(amount))] {
            let key = B256::from(I256::try_from(tick).expect("a tick fits").into_raw());
            let low_half = U256::from(u128::MAX);
            let word = ether(amount) | (net.into_raw() & low_half) << 128;
            draft.store(pool, mapping_slot(shelf::slot(&contract, "ticks"), key), word);
            let compressed = tick / SPACING;
            *bitmap.entry(compressed >> 8).or_default() |= U256::from(1) << (compressed & 0xff);
        }
    }
    draft.store(pool, shelf::slot(&contract, "liquidity"), ether(held));
    for (word_index, word) in bitmap {
        let key = B256::from(I256::try_from(word_index).expect("an index fits").into_raw());
        draft.store(pool, mapping_slot(shelf::slot(&contract, "tickBitmap"), key), word);
    }
    TickPool { pool, router, tokens }
}

/// `amount` ether with a sign.
fn signed(amount: u64) -> I256 {
    I256::from_raw(ether(amount))
}

#[cfg(test)]
mod tests;
