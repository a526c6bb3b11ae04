//! Which chain does a name or an id stand for?
//!
//! In: what `--chain` names, or a block's chain id. Out: [`ChainRules`], or an [`UnknownChain`] that
//! says what to do.
//! Invariants: the executor's own names come first; a further chain is a chain configuration in
//! `data/chains`, read as a caller's would be; a chain stands here only if its blocks follow these rules,
//! and blocks of it that do not are refused. Why other chains are left out is said by name.

use alloy_consensus::Header;
use slotcast::executor::{ChainRules, ForkChoice};

use crate::read_chain;

/// A chain whose configuration is part of this crate.
struct Known {
    name: &'static str,
    chain_id: u64,
    config: &'static str,
    /// Which of its blocks the rules do not describe: those that are not yet merged, and why.
    beyond: Option<&'static str>,
}

impl Known {
    const fn new(name: &'static str, chain_id: u64, config: &'static str) -> Self {
        Self { name, chain_id, config, beyond: None }
    }
}

/// Linea before its merge, in October 2025.
const CLIQUE: Option<&'static str> = Some(
    "Clique made this chain's blocks until its merge: who earns the fees stands in the extra data, and \
     there is no block reward, neither of which our rules can say; take a later block",
);

/// The chains, with where their schedules are from.
///
/// - `linea`: `config/src/main/resources/linea-mainnet.json` of hyperledger/besu at b78be999 up to
///   Prague; Osaka and the limits of blobs from pull request 1817 of LFDT-Lineth/lineth-monorepo
///   (formerly Consensys/linea-monorepo). Requests by system calls are looked for where Ethereum has
///   them, while Linea's configuration names other contracts; those calls are after all transactions,
///   and their changes are not seen by any of the block.
/// - `linea-sepolia`: `docs/getting-started/linea-sepolia/geth/geth-genesis.json` of
///   Consensys/linea-monorepo at 8e7e29e9.
/// - the members of the Superchain: `superchain/configs/mainnet` of ethereum-optimism/superchain-registry
///   up to Holocene, with the parameters of the base fee (`ink` at 68ebaf81; `zora`, `mode`, `soneium` at
///   0ed9bb35; `lisk`, `metal` at f1aadccd); Isthmus by the release notes of op-geth v1.101503.4, Jovian by
///   those of op-node v1.16.1, Karst by those of op-node v1.19.1, each of which lists them by name.
const KNOWN: [Known; 8] = [
    Known {
        beyond: CLIQUE,
        ..Known::new("linea", 59_144, include_str!("../data/chains/linea.json"))
    },
    Known {
        beyond: CLIQUE,
        ..Known::new("linea-sepolia", 59_141, include_str!("../data/chains/linea-sepolia.json"))
    },
    Known::new("ink", 57_073, include_str!("../data/chains/ink.json")),
    Known::new("lisk", 1135, include_str!("../data/chains/lisk.json")),
    Known::new("metal", 1750, include_str!("../data/chains/metal.json")),
    Known::new("mode", 34_443, include_str!("../data/chains/mode.json")),
    Known::new("soneium", 1868, include_str!("../data/chains/soneium.json")),
    Known::new("zora", 7_777_777, include_str!("../data/chains/zora.json")),
];

const OF_GNOSIS: &str = "base fees go to an account, and system calls of contracts pay rewards and \
                         withdrawals after the transactions";
const ANOTHER_MACHINE: &str = "it is another machine with gas of its own";

/// Chains that are asked for and whose rules a [`ChainRules`] cannot say: name, id, and why.
const DIFFERENT: [(&str, u64, &str); 11] = [
    ("gnosis", 100, OF_GNOSIS),
    ("chiado", 10_200, OF_GNOSIS),
    ("arbitrum", 42_161, ANOTHER_MACHINE),
    ("avalanche", 43_114, "its fees are set otherwise, and blocks take funds from other chains"),
    ("bsc", 56, "validators' system transactions stand among the others"),
    ("celo", 42_220, "fees are paid in tokens (CIP-64), and before 2025 it was no rollup"),
    ("mantle", 5000, "fees are paid in a token at a rate that the chain keeps"),
    ("polygon", 137, "each fee leaves a log, and blocks bring state in from Ethereum"),
    ("scroll", 534_352, "fees for data and the precompiles are its own"),
    ("taiko", 167_000, "an anchor transaction opens each block, and base fees are shared out"),
    ("zksync", 324, ANOTHER_MACHINE),
];

/// A chain whose rules are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownChain {
    /// We know nothing of it.
    #[error(
        "the rules of {chain} are not known; state them with --chain: a genesis file, or one of {}",
        chain_names().collect::<Vec<_>>().join(", ")
    )]
    Unheard {
        /// The name, or the id in words.
        chain: String,
    },
    /// We know that it does something that our rules cannot say.
    #[error(
        "{name} (chain id {chain_id}) has rules of its own: {why}; a genesis file in geth's form, named \
         with --chain, describes its forks and nothing of that, so predict by it, but do not expect \
         blocks to equal their headers"
    )]
    Different {
        /// The chain's name.
        name: &'static str,
        /// Its id.
        chain_id: u64,
        /// What it does.
        why: &'static str,
    },
}

impl UnknownChain {
    /// Why there is no chain of this id.
    pub fn of_id(chain_id: u64) -> Self {
        let chain = format!("chain id {chain_id}");
        Self::different(|(_, id)| id == chain_id).unwrap_or(Self::Unheard { chain })
    }

    fn different(is_meant: impl Fn((&str, u64)) -> bool) -> Option<Self> {
        let found = DIFFERENT.iter().find(|(name, id, _)| is_meant((name, *id)));
        found.map(|&(name, chain_id, why)| Self::Different { name, chain_id, why })
    }
}

/// The names of all chains whose rules are known.
pub fn chain_names() -> impl Iterator<Item = &'static str> {
    ChainRules::names().chain(KNOWN.iter().map(|known| known.name))
}

/// The rules of the chain of this name.
///
/// ```
/// use slotcast_corpus::chain_named;
///
/// assert_eq!(chain_named("linea")?.chain_id(), 59_144);
/// assert!(chain_named("gnosis").unwrap_err().to_string().contains("base fees go to an account"));
/// # Ok::<(), slotcast_corpus::UnknownChain>(())
/// ```
pub fn chain_named(name: &str) -> Result<ChainRules, UnknownChain> {
    let known = || KNOWN.iter().find(|known| known.name == name).map(Known::rules);
    ChainRules::named(name).or_else(known).ok_or_else(|| {
        let chain = name.to_owned();
        UnknownChain::different(|(it, _)| it == name).unwrap_or(UnknownChain::Unheard { chain })
    })
}

/// The rules of the chain with this id.
pub fn chain_of_id(chain_id: u64) -> Result<ChainRules, UnknownChain> {
    let known = || KNOWN.iter().find(|known| known.chain_id == chain_id).map(Known::rules);
    ChainRules::of_id(chain_id).or_else(known).ok_or_else(|| UnknownChain::of_id(chain_id))
}

/// How a block of this chain finds its rules, if nothing else is said.
pub(crate) fn forks_of(chain_id: u64) -> ForkChoice {
    let known = KNOWN.iter().find(|known| known.chain_id == chain_id);
    known.map_or(ForkChoice::OfChain, |known| ForkChoice::Of(known.rules().into()))
}

/// Why these rules do not describe a block with this header, if they are ours and do not.
pub(crate) fn beyond(rules: &ChainRules, header: &Header) -> Option<&'static str> {
    let is_it = |known: &&Known| known.name == rules.name() && known.chain_id == rules.chain_id();
    KNOWN.iter().find(is_it)?.beyond.filter(|_| !header.difficulty.is_zero())
}

impl Known {
    fn rules(&self) -> ChainRules {
        read_chain(self.config.as_bytes(), self.name)
            .expect("our own chain configurations are sound")
    }
}

#[cfg(test)]
mod tests;
