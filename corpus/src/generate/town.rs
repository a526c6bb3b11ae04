//! Which contracts stand in a made-up state, and how are they set up?
//!
//! In: the shelf's artifacts. Out: a [`Town`]: tokens, hand-written programs and, from Cancun on,
//! exchanges and applications, as if deployed and used for years.
//! Invariant: words are set only as the contracts themselves could have left them (reserves equal
//! balances, locks are open, pools are where the router looks for them).

use alloy_primitives::{Address, B256, I256, U256, keccak256};

use super::{
    Era, abi,
    draft::{Draft, ether},
    programs::Programs,
    shelf,
    tokens::{self, Token},
};
use crate::contract::{array_slot, mapping_slot, short_string};

/// The contracts of a made-up state.
pub(super) struct Town {
    pub(super) tokens: Vec<Token>,
    pub(super) programs: Programs,
    modern: Option<Modern>,
}

/// Contracts compiled for Cancun.
pub(super) struct Modern {
    pub(super) weth: Token,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) tick_pool: TickPool,
    pub(super) staking: (Address, Token),
    pub(super) airdrop: (Address, Token),
    pub(super) vault: (Address, Token),
    pub(super) nft: Address,
    pub(super) multicall: Address,
    pub(super) counter: Address,
    pub(super) diamond: Address,
    pub(super) registry: Address,
    pub(super) transient: Address,
    pub(super) reverter: Address,
    pub(super) bomb_factory: Address,
    pub(super) delegate: Address,
}

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

/// What an NFT costs, in thousandths of an ether.
pub(super) const NFT_PRICE_MILLIETHER: u64 = 20;

impl Town {
    pub(super) fn build(draft: &mut Draft) -> Self {
        let tokens = tokens::install(draft);
        let programs = Programs::install(draft);
        let modern = (Era::Cancun <= draft.plan.era).then(|| Modern::build(draft, &tokens));
        Self { tokens, programs, modern }
    }

    /// The contracts that need Cancun.
    pub(super) fn modern(&self) -> &Modern {
        self.modern.as_ref().expect("jobs that need Cancun run from Cancun on")
    }

    /// A token; the first ones far more often.
    pub(super) fn token(&self, draft: &mut Draft) -> Token {
        self.tokens[draft.rng.skewed(self.tokens.len())]
    }
}

impl Modern {
    fn build(draft: &mut Draft, tokens: &[Token]) -> Self {
        let weth_contract = shelf::contract("Weth");
        let weth_address = draft.install(weth_contract.runtime.clone());
        // All the wrapped ether that jobs hand out is there.
        draft.account(weth_address).balance = ether(100_000_000);
        let weth = Token::of(&weth_contract, weth_address);

        let exact: Vec<Token> =
            tokens.iter().copied().filter(|token| token.exact == tokens::Exact::Yes).collect();
        let old_tokens = [&[weth], &exact[..4]].concat();
        let new_tokens = [&[weth], &exact[1..3]].concat();
        let exchanges = vec![
            exchange(draft, "", weth_address, old_tokens),
            exchange(draft, "ViaIr", weth_address, new_tokens),
        ];
        let tick_pool = tick_pool(draft, exact[0], exact[2]);

        let staked = exact[1];
        let staking = staking(draft, staked);
        let airdrop = airdrop(draft, exact[0]);
        let vault = vault(draft, exact[0]);
        let mut plain = |name| draft.install(shelf::contract(name).runtime);
        Self {
            weth,
            exchanges,
            tick_pool,
            staking: (staking, staked),
            airdrop: (airdrop, exact[0]),
            vault: (vault, exact[0]),
            multicall: plain("Multicall"),
            registry: plain("Registry"),
            transient: plain("Transient"),
            reverter: plain("Reverter"),
            bomb_factory: plain("BombFactory"),
            delegate: plain("Delegate"),
            nft: nft(draft),
            counter: counter(draft),
            diamond: diamond(draft),
        }
    }
}

/// A factory, a router and a pool for every two of `listed`.
fn exchange(draft: &mut Draft, variant: &str, weth: Address, listed: Vec<Token>) -> Exchange {
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
    contract: &crate::Contract,
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
    let (_, now) = draft.plan.era.number_and_time();
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
fn tick_pool(draft: &mut Draft, left: Token, right: Token) -> TickPool {
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

    let (_, now) = draft.plan.era.number_and_time();
    // Price one, tick zero, the first of eight observations, open.
    let slot0 = U256::from(1) << 96 | U256::from(8) << 200 | U256::from(1) << 216;
    draft.store(pool, shelf::slot(&contract, "slot0"), slot0);
    let observed = U256::from(now - 120) | U256::from(1) << 88;
    draft.store(pool, shelf::slot(&contract, "observations"), observed);

    let (mut held, mut bitmap) = (0, std::collections::BTreeMap::<i32, U256>::new());
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

fn staking(draft: &mut Draft, token: Token) -> Address {
    let contract = shelf::contract("Staking");
    let code = shelf::runtime(&contract, &[("token", token.address.into_word())]);
    let staking = draft.install(code);
    let (_, now) = draft.plan.era.number_and_time();
    let owner = draft.exchange();
    let owner = draft.address(owner);
    let totals =
        ether(10_000_000) | U256::from(now - 600) << 128 | U256::from(now + 900_000) << 192;
    for (label, word) in [
        ("owner", owner.into_word().into()),
        ("totalStaked", totals),
        ("rewardRate", ether(1)),
        ("rewardIndex", U256::from(7_000_000_000_000_000u64)),
    ] {
        draft.store(staking, shelf::slot(&contract, label), word);
    }
    token.fund_with(draft, staking, ether(20_000_000));
    staking
}

fn airdrop(draft: &mut Draft, token: Token) -> Address {
    let contract = shelf::contract("Airdrop");
    let code = shelf::runtime(&contract, &[("token", token.address.into_word())]);
    draft.install(code)
}

fn vault(draft: &mut Draft, token: Token) -> Address {
    let contract = shelf::contract("Vault");
    let code = shelf::runtime(&contract, &[("asset", token.address.into_word())]);
    let vault = draft.install(code);
    token.fund_with(draft, vault, ether(1_300_000));
    draft.store(vault, shelf::slot(&contract, "totalSupply"), ether(1_200_000));
    vault
}

fn nft(draft: &mut Draft) -> Address {
    let contract = shelf::contract("Nft");
    let code = shelf::runtime(&contract, &[("maxSupply", B256::from(U256::from(1_000_000)))]);
    let nft = draft.install(code);
    let owner = draft.exchange();
    let owner = U256::from_be_bytes(draft.address(owner).into_word().0);
    let price = U256::from(NFT_PRICE_MILLIETHER) * U256::from(1_000_000_000_000_000u64);
    for (label, word) in [
        ("name", short_string("Made Up Collection")),
        ("symbol", short_string("MUC")),
        ("owner", owner | price << 160),
        ("totalSupply", U256::from(1_204)),
    ] {
        draft.store(nft, shelf::slot(&contract, label), word);
    }
    nft
}

fn counter(draft: &mut Draft) -> Address {
    let contract = shelf::contract("Counter");
    let owner = draft.exchange();
    let owner = draft.address(owner).into_word();
    let counter = draft.install(shelf::runtime(&contract, &[("owner", owner)]));
    draft.store(counter, shelf::slot(&contract, "count"), U256::from(1_000));
    counter
}

/// A diamond that passes all calls of the ledger's functions on to the ledger.
fn diamond(draft: &mut Draft) -> Address {
    let facet = shelf::contract("LedgerFacet");
    let facet_address = draft.install(facet.runtime.clone());
    let diamond = draft.install(shelf::contract("Diamond").runtime);
    let facets: U256 = keccak256("slotcast.diamond.storage").into();
    for selector in facet.selectors.values() {
        // Selectors are bytes, so as keys they stand on the left.
        let slot = mapping_slot(facets, B256::right_padding_from(&selector[..]));
        draft.store(diamond, slot, facet_address.into_word().into());
    }
    diamond
}

/// The slot of an account's points in the diamond's ledger.
pub(super) fn points_slot(holder: Address) -> U256 {
    let ledger: U256 = keccak256("slotcast.ledger.facet").into();
    mapping_slot(ledger + U256::from(1), holder.into_word())
}

/// Creation code of a plain token with all its supply at the deployer.
pub(super) fn token_creation() -> Vec<u8> {
    let contract = shelf::contract("Token");
    let name = alloy_primitives::Bytes::from_static(b"Fresh Token");
    let symbol = alloy_primitives::Bytes::from_static(b"FRESH");
    let arguments = abi::encode([name.into(), symbol.into(), ether(1_000_000).into()]);
    [&contract.creation[..], &arguments].concat()
}

/// The slot of a staker's position, and of the word that follows.
pub(super) fn position_slot(holder: Address) -> U256 {
    mapping_slot(shelf::slot(&shelf::contract("Staking"), "positions"), holder.into_word())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Routers compute where a pool is from the code hash they are given; a factory deploys the
    /// code it contains. Unless both are the same, our pools are where no factory would put them.
    #[test]
    fn factories_contain_the_pair_that_routers_are_told_of() {
        for variant in ["", "ViaIr"] {
            let factory = shelf::contract(&format!("AmmFactory{variant}")).runtime;
            let pair = shelf::contract(&format!("AmmPair{variant}")).creation;
            assert!(factory.windows(pair.len()).any(|window| window == &pair[..]), "{variant}");
        }
    }
}
