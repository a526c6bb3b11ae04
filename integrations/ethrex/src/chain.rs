//! By which rules does ethrex execute a block?
//!
//! In: a block's chain and fork. Out: ethrex's [`ChainConfig`].
//! Invariants: mainnet's activation times are those of alloy-hardforks; Amsterdam has none there yet,
//! so the block's own header says whether it is one of Amsterdam's.

use alloy_hardforks::{EthereumHardfork, ForkCondition};
use ethrex_common::{constants::MAINNET_DEPOSIT_CONTRACT_ADDRESS, types::ChainConfig};
use slotcast::model::Fork;

use crate::HostError;

/// The chain a block of `chain_id` under `fork` is of.
pub(crate) fn config(chain_id: u64, fork: Fork) -> Result<ChainConfig, HostError> {
    if chain_id != 1 {
        return Err(HostError::Chain(chain_id));
    }
    if fork < Fork::Paris {
        return Err(HostError::BeforeTheMerge(fork));
    }
    let forks = EthereumHardfork::mainnet();
    let time = |wanted| {
        forks.iter().find_map(|(fork, condition)| match condition {
            ForkCondition::Timestamp(time) if *fork == wanted => Some(*time),
            _ => None,
        })
    };
    Ok(ChainConfig {
        chain_id,
        shanghai_time: time(EthereumHardfork::Shanghai),
        cancun_time: time(EthereumHardfork::Cancun),
        prague_time: time(EthereumHardfork::Prague),
        osaka_time: time(EthereumHardfork::Osaka),
        bpo1_time: time(EthereumHardfork::Bpo1),
        bpo2_time: time(EthereumHardfork::Bpo2),
        amsterdam_time: (Fork::Amsterdam <= fork).then_some(0),
        terminal_total_difficulty_passed: true,
        deposit_contract_address: MAINNET_DEPOSIT_CONTRACT_ADDRESS,
        ..ChainConfig::default()
    })
}
