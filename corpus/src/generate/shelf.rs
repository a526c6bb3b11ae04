//! Where does the generator take its contracts from?
//!
//! In: a name. Out: the artifact of that name, which is part of this crate's binary, so that blocks
//! can be made in any folder. Invariant: an artifact that is asked for is on the shelf and sound;
//! the tests read every one of them.

use alloy_primitives::{B256, Bytes, U256};

use super::Era;
use crate::Contract;

/// The artifacts on the shelf.
const ARTIFACTS: &[(&str, &str)] = &[
    ("Airdrop", include_str!("../../data/contracts/Airdrop.json")),
    ("AmmFactory", include_str!("../../data/contracts/AmmFactory.json")),
    ("AmmFactoryViaIr", include_str!("../../data/contracts/AmmFactoryViaIr.json")),
    ("AmmPair", include_str!("../../data/contracts/AmmPair.json")),
    ("AmmPairViaIr", include_str!("../../data/contracts/AmmPairViaIr.json")),
    ("AmmRouter", include_str!("../../data/contracts/AmmRouter.json")),
    ("AmmRouterViaIr", include_str!("../../data/contracts/AmmRouterViaIr.json")),
    ("Beacon", include_str!("../../data/contracts/Beacon.json")),
    ("BeaconProxy", include_str!("../../data/contracts/BeaconProxy.json")),
    ("BombFactory", include_str!("../../data/contracts/BombFactory.json")),
    ("Counter", include_str!("../../data/contracts/Counter.json")),
    ("Delegate", include_str!("../../data/contracts/Delegate.json")),
    ("Diamond", include_str!("../../data/contracts/Diamond.json")),
    ("FeeToken", include_str!("../../data/contracts/FeeToken.json")),
    ("LedgerFacet", include_str!("../../data/contracts/LedgerFacet.json")),
    ("Multicall", include_str!("../../data/contracts/Multicall.json")),
    ("Nft", include_str!("../../data/contracts/Nft.json")),
    ("OzToken", include_str!("../../data/contracts/OzToken.json")),
    ("Proxy1967", include_str!("../../data/contracts/Proxy1967.json")),
    ("Registry", include_str!("../../data/contracts/Registry.json")),
    ("Reverter", include_str!("../../data/contracts/Reverter.json")),
    ("Staking", include_str!("../../data/contracts/Staking.json")),
    ("TickPool", include_str!("../../data/contracts/TickPool.json")),
    ("TickRouter", include_str!("../../data/contracts/TickRouter.json")),
    ("Token", include_str!("../../data/contracts/Token.json")),
    ("Token04", include_str!("../../data/contracts/Token04.json")),
    ("Token05", include_str!("../../data/contracts/Token05.json")),
    ("Token06", include_str!("../../data/contracts/Token06.json")),
    ("Token07", include_str!("../../data/contracts/Token07.json")),
    ("TokenLogic", include_str!("../../data/contracts/TokenLogic.json")),
    ("TokenUnoptimized", include_str!("../../data/contracts/TokenUnoptimized.json")),
    ("TokenViaIr", include_str!("../../data/contracts/TokenViaIr.json")),
    ("Transient", include_str!("../../data/contracts/Transient.json")),
    ("Vault", include_str!("../../data/contracts/Vault.json")),
    ("VyperToken", include_str!("../../data/contracts/VyperToken.json")),
    ("Weth", include_str!("../../data/contracts/Weth.json")),
];

/// The artifact `name`.
pub(super) fn contract(name: &str) -> Contract {
    let (_, text) = ARTIFACTS
        .iter()
        .find(|(known, _)| *known == name)
        .expect("the generator asks only for artifacts on its shelf");
    Contract::parse(text.as_bytes(), name).expect("artifacts on the shelf are sound")
}

/// The runtime code of `contract` with its immutables set.
pub(super) fn runtime(contract: &Contract, immutables: &[(&str, B256)]) -> Bytes {
    contract.runtime_with(immutables).expect("the generator names immutables as the sources do")
}

/// The slot of a variable.
pub(super) fn slot(contract: &Contract, label: &str) -> U256 {
    contract.variable(label).expect("the generator names variables as the sources do").slot
}

/// The first era whose instructions the contract's code may need.
pub(super) fn since(contract: &Contract) -> Era {
    match contract.settings["evmVersion"].as_str() {
        Some("byzantium") => Era::Byzantium,
        Some("constantinople" | "petersburg" | "istanbul") => Era::Istanbul,
        Some("berlin") => Era::Berlin,
        Some("london") => Era::London,
        Some("paris") => Era::Paris,
        Some("shanghai") => Era::Shanghai,
        Some("cancun") => Era::Cancun,
        Some("prague") => Era::Prague,
        _ => Era::Osaka,
    }
}

#[cfg(test)]
mod tests;
