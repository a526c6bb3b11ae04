//! Which chains are known by name?
//!
//! In: a name or a chain id. Out: [`ChainRules`].
//! Invariant: a chain stands here only if blocks of it follow these rules from its first block on;
//! any other is described by its genesis file.

use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{Address, address};
use slotcast_model::Fork;

use super::{
    ChainRules,
    optimism::{BASE_FEE_VAULT, OpChain, OpFork},
};

/// Times of the forks that members of the Superchain share, mainnets and testnets.
const SUPERCHAIN: [(OpFork, u64); 8] = [
    (OpFork::Regolith, 0),
    (OpFork::Canyon, 1_704_992_401),
    (OpFork::Ecotone, 1_710_374_401),
    (OpFork::Fjord, 1_720_627_201),
    (OpFork::Granite, 1_726_070_401),
    (OpFork::Holocene, 1_736_445_601),
    (OpFork::Isthmus, 1_746_806_401),
    (OpFork::Jovian, 1_764_691_201),
];
const SUPERCHAIN_SEPOLIA: [(OpFork, u64); 8] = [
    (OpFork::Regolith, 0),
    (OpFork::Canyon, 1_699_981_200),
    (OpFork::Ecotone, 1_708_534_800),
    (OpFork::Fjord, 1_716_998_400),
    (OpFork::Granite, 1_723_478_400),
    (OpFork::Holocene, 1_732_633_200),
    (OpFork::Isthmus, 1_744_905_600),
    (OpFork::Jovian, 1_763_568_001),
];
const UNICHAIN: [(OpFork, u64); 4] = [
    (OpFork::Granite, 0),
    (OpFork::Holocene, 1_736_445_601),
    (OpFork::Isthmus, 1_746_806_401),
    (OpFork::Jovian, 1_764_691_201),
];
const CELO_SEPOLIA: [(OpFork, u64); 2] = [(OpFork::Isthmus, 0), (OpFork::Jovian, 1_773_749_037)];

/// When Karst begins on mainnets and on testnets.
const KARST: u64 = 1_783_526_401;
const KARST_SEPOLIA: u64 = 1_781_712_001;

/// Where Celo sends base fees instead.
const CELO_FEE_HANDLER: Address = address!("0xcd437749e43a154c07f3553504c68fbfd56b8778");

/// What Celo's base fee does not fall below, in wei.
const CELO_LEAST_BASE_FEE: u64 = 25_000_000_000;

/// A chain of the OP Stack.
struct Rollup {
    name: &'static str,
    chain_id: u64,
    forks: &'static [(OpFork, u64)],
    karst: Option<u64>,
    elasticity: u64,
    base_fee_vault: Address,
    least_base_fee: u64,
}

impl Rollup {
    const fn new(name: &'static str, chain_id: u64, forks: &'static [(OpFork, u64)]) -> Self {
        let base_fee_vault = BASE_FEE_VAULT;
        Self {
            name,
            chain_id,
            forks,
            karst: None,
            elasticity: 6,
            base_fee_vault,
            least_base_fee: 0,
        }
    }
}

const ROLLUPS: [Rollup; 7] = [
    Rollup { karst: Some(KARST), ..Rollup::new("op-mainnet", 10, &SUPERCHAIN) },
    Rollup {
        karst: Some(KARST_SEPOLIA),
        ..Rollup::new("op-sepolia", 11_155_420, &SUPERCHAIN_SEPOLIA)
    },
    Rollup::new("base", 8453, &SUPERCHAIN),
    Rollup { elasticity: 10, ..Rollup::new("base-sepolia", 84_532, &SUPERCHAIN_SEPOLIA) },
    Rollup { karst: Some(KARST), ..Rollup::new("unichain", 130, &UNICHAIN) },
    Rollup {
        base_fee_vault: CELO_FEE_HANDLER,
        least_base_fee: CELO_LEAST_BASE_FEE,
        ..Rollup::new("celo-sepolia", 11_142_220, &CELO_SEPOLIA)
    },
    Rollup::new("rise", 4153, &[(OpFork::Jovian, 0)]),
];

/// The chains of Ethereum itself and those that developers run.
const ETHEREUM: [(&str, u64); 6] = [
    ("mainnet", 1),
    ("sepolia", 11_155_111),
    ("holesky", 17_000),
    ("hoodi", 560_048),
    ("development", 1337),
    ("anvil", 31_337),
];

impl ChainRules {
    /// The names of further chains, whose configurations in geth's form `slotcast_corpus` holds.
    pub const CONFIGURED: [&'static str; 8] =
        ["linea", "linea-sepolia", "ink", "lisk", "metal", "mode", "soneium", "zora"];

    /// The names of the chains that are known here.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let rollups = ROLLUPS.iter().map(|rollup| rollup.name);
        ETHEREUM.iter().map(|(name, _)| *name).chain(rollups)
    }

    /// The chain of this name.
    pub fn named(name: &str) -> Option<Self> {
        let rollup = ROLLUPS.iter().map(|rollup| (rollup.name, rollup.chain_id));
        let mut all = ETHEREUM.into_iter().chain(rollup);
        all.find(|(it, _)| *it == name).and_then(|(_, chain_id)| Self::of_id(chain_id))
    }

    /// The chain with this id.
    pub fn of_id(chain_id: u64) -> Option<Self> {
        let of = |name, forks| Self::ethereum(name, chain_id, forks);
        Some(match chain_id {
            1 => of("mainnet", EthereumHardfork::mainnet().to_vec()),
            11_155_111 => of("sepolia", EthereumHardfork::sepolia().to_vec())
                .with_deposit_contract(address!("0x7f02c3e3c98b133055b8b348b2ac625669ed295d")),
            17_000 => of("holesky", EthereumHardfork::holesky().to_vec())
                .with_deposit_contract(address!("0x4242424242424242424242424242424242424242")),
            560_048 => of("hoodi", EthereumHardfork::hoodi().to_vec()),
            1337 | 31_337 => Self::fixed(chain_id, Fork::Osaka),
            _ => {
                let rollup = ROLLUPS.iter().find(|rollup| rollup.chain_id == chain_id)?;
                let karst = rollup.karst.map(|since| (OpFork::Karst, since));
                let chain = OpChain::new(rollup.forks.iter().copied().chain(karst))
                    .with_base_fee_params(rollup.elasticity, 50, 250)
                    .with_base_fee_vault(rollup.base_fee_vault)
                    .with_least_base_fee(rollup.least_base_fee);
                Self::optimism(rollup.name, chain_id, chain)
            }
        })
    }
}
