//! Which contracts stand in a synthetic state, and how are they set up?
//!
//! In: the shelf's artifacts. Out: a [`Town`]: tokens, hand-written programs and, from Cancun on,
//! exchanges and applications, as if deployed and used for years.
//! Invariant: words are set only as the contracts themselves could have left them (locks are
//! open, shares are backed).

use alloy_primitives::{Address, B256, U256, keccak256};

use super::{
    Era, abi, apart,
    draft::{Draft, ether},
    pools::{self, Exchange, TickPool},
    programs::Programs,
    shelf,
    tokens::{self, Token},
};
use crate::contract::{mapping_slot, short_string};

/// The contracts of a synthetic state.
pub(super) struct Town {
    pub(super) tokens: Vec<Token>,
    pub(super) programs: Programs,
    modern: Option<Modern>,
    market: Option<Exchange>,
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

/// What an NFT costs, in thousandths of an ether.
pub(super) const NFT_PRICE_MILLIETHER: u64 = 20;

impl Town {
    pub(super) fn build(draft: &mut Draft) -> Self {
        let tokens = tokens::install(draft);
        let programs = Programs::install(draft);
        let modern = (Era::Cancun <= draft.plan.era).then(|| Modern::build(draft, &tokens));
        let market = modern.as_ref().and_then(|it| apart::market(draft, it.weth.address));
        Self { tokens, programs, modern, market }
    }

    /// The exchange of those who trade apart.
    pub(super) fn market(&self) -> &Exchange {
        self.market.as_ref().expect("jobs that trade apart are of scenarios with a market")
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
            pools::exchange(draft, "", weth_address, old_tokens),
            pools::exchange(draft, "ViaIr", weth_address, new_tokens),
        ];
        let tick_pool = pools::tick_pool(draft, exact[0], exact[2]);

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

fn staking(draft: &mut Draft, token: Token) -> Address {
    let contract = shelf::contract("Staking");
    let code = shelf::runtime(&contract, &[("token", token.address.into_word())]);
    let staking = draft.install(code);
    let (_, now) = draft.plan.number_and_time();
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
