//! On which state are calls tried?
//!
//! In: the corpus' contracts, a seed. Out: a [`World`] in which all of them are deployed, and
//! [`Words`], their storage.
//! Invariant: every slot of every contract has a word that depends on the seed, the contract and the
//! key alone, so state need not be listed to be there.

use core::convert::Infallible;

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::{bytecode::Bytecode, database_interface::DatabaseRef, state::AccountInfo};
use slotcast::{
    Summaries, View,
    analyzer::{
        bind::{Callee, StateView},
        bytecode::Pc,
        describe,
        describe::Description,
        limits::Limits,
    },
    executor::{AccountRecord, CodeRecord, MemoryState},
    model::Fork,
};
use slotcast_corpus::{Contract, Era};

use super::{
    plausible::{Plausible, number},
    rng::Rng,
};

/// Accounts that send.
pub(crate) const CALLERS: [Address; 3] =
    [Address::repeat_byte(0xa1), Address::repeat_byte(0xa2), Address::repeat_byte(0xa3)];
/// An unused account.
const STRANGER: Address = Address::repeat_byte(0xee);

/// Accounts under the rules of one fork.
pub(crate) struct World {
    pub(crate) fork: Fork,
    pub(crate) era: Era,
    state: MemoryState,
    summaries: Summaries,
    /// What is said of the contracts, in their order.
    pub(crate) descriptions: Vec<Description>,
    /// What the contracts' storage would hold, by the order of the contracts.
    plausible: Vec<Plausible>,
    /// Contracts that are called like tokens.
    tokens: Vec<Address>,
    /// Whom a word may name.
    pub(crate) addresses: Vec<Address>,
}

/// Where the contract of this number lives.
pub(crate) fn home(contract_idx: usize) -> Address {
    let mut bytes = [0x22; 20];
    bytes[18..].copy_from_slice(&(contract_idx as u16 + 1).to_be_bytes());
    Address::new(bytes)
}

impl World {
    pub(crate) fn new(contracts: &[Contract], fork: Fork, era: Era) -> Self {
        let codes: Vec<Bytes> = contracts.iter().map(|c| deployed_code(contracts, c)).collect();
        let deployed = codes.iter().enumerate().map(|(n, code)| AccountRecord {
            address: home(n),
            balance: U256::from(10).pow(U256::from(20)),
            nonce: 1,
            code: CodeRecord::Known(code.clone()),
            storage: Vec::new(),
        });
        let callers = CALLERS.map(|address| AccountRecord {
            address,
            balance: U256::from(10).pow(U256::from(24)),
            nonce: 0,
            code: CodeRecord::None,
            storage: Vec::new(),
        });
        let (number, _) = era.number_and_time();
        let hashes = (1..=256).map(|n| (number - n, B256::from(U256::from(n))));
        let state = MemoryState::new(number, deployed.chain(callers), hashes);
        let mut addresses = CALLERS.to_vec();
        addresses.extend((0..contracts.len()).map(home));
        addresses.extend([Address::ZERO, STRANGER]);
        addresses.extend((1..=5).map(Address::with_last_byte));
        let tokens = contracts.iter().enumerate().filter(|(_, c)| c.name.starts_with("Token"));
        Self {
            fork,
            era,
            state,
            summaries: Summaries::new(fork, Limits::default()),
            descriptions: codes.iter().map(|c| describe(c, fork, &Limits::default())).collect(),
            plausible: contracts.iter().map(Plausible::new).collect(),
            tokens: tokens.map(|(n, _)| home(n)).collect(),
            addresses,
        }
    }
}

/// The contract's code with its immutables set to what they might be.
fn deployed_code(contracts: &[Contract], contract: &Contract) -> Bytes {
    let token = contracts.iter().position(|c| c.name == "Token").expect("the corpus has a token");
    let word = |name: &str| match name {
        "fee" => B256::from(U256::from(3_000)),
        "tickSpacing" => B256::from(U256::from(60)),
        "maxSupply" => B256::from(U256::from(100)),
        "token1" | "quote" | "weth" => home(token + 1).into_word(),
        "owner" => CALLERS[0].into_word(),
        _ => home(token).into_word(),
    };
    let words: Vec<(&str, B256)> =
        contract.immutables.keys().map(|name| (name.as_str(), word(name))).collect();
    contract.runtime_with(&words).expect("the corpus is well formed")
}

/// The storage of all contracts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    pub(crate) seed: u64,
    /// What kind of words there are; the lower, the plainer.
    pub(crate) kind: u64,
}

/// Kinds of words there are: eight pure ones, a mixture, and what the layouts say.
pub(crate) const N_KINDS: u64 = 24;
/// From here on words are as the layouts say.
pub(crate) const PLAUSIBLE: u64 = 12;

impl Words {
    fn word(self, address: Address, key: U256, world: &World) -> U256 {
        let place = U256::from_be_bytes(address.into_word().0);
        let mut rng = Rng::new(&[U256::from(self.seed), place, key]);
        if PLAUSIBLE <= self.kind {
            return self.plausible(address, key, &mut rng, world);
        }
        let kind = if self.kind < 8 { self.kind } else { rng.below(9) };
        match kind {
            0 => U256::ZERO,
            1 => U256::ONE,
            2 => U256::from(rng.below(4)),
            3 => U256::from(10).pow(U256::from(18)) * U256::from(1 + rng.below(1_000)),
            4 => U256::from_be_bytes(rng.pick(&world.addresses).into_word().0),
            5 => U256::from_be_bytes(CALLERS[0].into_word().0),
            6 => U256::from_be_bytes(core::array::from_fn::<u8, 32, _>(|_| {
                let byte = rng.below(256) as u8;
                if rng.below(3) == 0 { byte } else { 0 }
            })),
            7 => rng.word(),
            _ => U256::MAX,
        }
    }

    /// What a contract in use would hold: by its layout where that says, amounts elsewhere.
    fn plausible(self, address: Address, key: U256, rng: &mut Rng, world: &World) -> U256 {
        let contract_idx = (0..world.plausible.len()).find(|n| home(*n) == address);
        let declared = contract_idx
            .and_then(|n| world.plausible[n].word(key, rng, &world.tokens, &world.addresses));
        declared.unwrap_or_else(|| match rng.below(8) {
            0 => U256::MAX,
            1 => U256::from_be_bytes(rng.pick(&world.addresses).into_word().0),
            _ => number(256, rng),
        })
    }
}

/// A world with its storage.
#[derive(Clone, Copy)]
pub(crate) struct Base<'a> {
    pub(crate) world: &'a World,
    pub(crate) words: Words,
}

impl Base<'_> {
    fn storage(&self, address: Address, key: U256) -> U256 {
        match self.world.state.code(address) {
            Ok(Some(_)) => self.words.word(address, key, self.world),
            _ => U256::ZERO,
        }
    }
}

impl DatabaseRef for Base<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        Ok(self.world.state.basic_ref(address).expect("all code is known"))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Self::Error> {
        Ok(self.world.state.code_by_hash_ref(hash).expect("all code is known"))
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, Self::Error> {
        Ok(self.storage(address, key))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        Ok(self.world.state.block_hash(number))
    }
}

/// The same as the binder asks for it.
pub(crate) struct Shown<'a> {
    base: Base<'a>,
    view: View<'a>,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(base: Base<'a>) -> Self {
        Self { base, view: View::new(&base.world.state, &base.world.summaries) }
    }
}

impl StateView for Shown<'_> {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        Some(self.base.storage(address, key))
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.view.balance(address)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.view.nonce(address)
    }

    fn callee(&self, address: Address) -> Callee {
        self.view.callee(address)
    }

    fn summarise(&self, code: Bytes) -> Callee {
        self.view.summarise(code)
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        self.view.refine(address, jump, target)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.view.block_hash(number)
    }
}
