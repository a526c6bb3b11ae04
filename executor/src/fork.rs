//! Which rules hold in a block?
//!
//! In: chain id, block number and timestamp. Out: [`Fork`] for reports and for the analyzer, and
//! inside the crate [`Rules`], the environment revm and the block executor run under.
//! Invariant: activation heights and times come from `alloy-hardforks`; only of a fork that has none
//! yet the header says that it holds.

use alloy_consensus::Header;
use alloy_eips::{eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS, eip7840::BlobParams};
use alloy_evm::{EvmEnv, eth::spec::EthExecutorSpec};
use alloy_hardforks::{EthereumChainHardforks, EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_primitives::{Address, address};
use revm::primitives::hardfork::SpecId;

use slotcast_model::Fork;

use crate::{
    error::ExecutionError,
    input::{Block, ForkChoice},
};

/// The fork active in `block`.
pub fn fork_of(block: &Block) -> Result<Fork, ExecutionError> {
    match block.forks {
        ForkChoice::OfChain => {
            let header = &block.header;
            Ok(Chain::of_header(block.chain_id, header)?.fork_at(header.number, header.timestamp))
        }
        ForkChoice::Fixed(fork) => Ok(fork),
    }
}

/// The fork active on a chain at a block number and timestamp.
pub fn fork_at(chain_id: u64, number: u64, timestamp: u64) -> Result<Fork, ExecutionError> {
    Ok(Chain::of(chain_id)?.fork_at(number, timestamp))
}

pub(crate) const fn from_spec(spec: SpecId) -> Fork {
    match spec {
        SpecId::FRONTIER => Fork::Frontier,
        SpecId::HOMESTEAD => Fork::Homestead,
        SpecId::TANGERINE => Fork::Tangerine,
        SpecId::SPURIOUS_DRAGON => Fork::SpuriousDragon,
        SpecId::BYZANTIUM => Fork::Byzantium,
        SpecId::PETERSBURG => Fork::Petersburg,
        SpecId::ISTANBUL => Fork::Istanbul,
        SpecId::BERLIN => Fork::Berlin,
        SpecId::LONDON => Fork::London,
        SpecId::MERGE => Fork::Paris,
        SpecId::SHANGHAI => Fork::Shanghai,
        SpecId::CANCUN => Fork::Cancun,
        SpecId::PRAGUE => Fork::Prague,
        SpecId::OSAKA => Fork::Osaka,
        SpecId::AMSTERDAM => Fork::Amsterdam,
    }
}

/// The name of the fork active in `block`, for reports.
pub fn spec_name(block: &Block) -> Result<String, ExecutionError> {
    fork_of(block).map(|fork| fork.name().to_owned())
}

/// When each fork becomes active on one chain, and where its deposits go.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    hardforks: EthereumChainHardforks,
    deposit_contract: Address,
}

impl Chain {
    fn of(chain_id: u64) -> Result<Self, ExecutionError> {
        let (hardforks, deposit_contract) = match chain_id {
            1 => (EthereumChainHardforks::mainnet(), MAINNET_DEPOSIT_CONTRACT_ADDRESS),
            11_155_111 => (
                EthereumChainHardforks::sepolia(),
                address!("0x7f02c3e3c98b133055b8b348b2ac625669ed295d"),
            ),
            17_000 => (
                EthereumChainHardforks::holesky(),
                address!("0x4242424242424242424242424242424242424242"),
            ),
            560_048 => (EthereumChainHardforks::hoodi(), MAINNET_DEPOSIT_CONTRACT_ADDRESS),
            1337 | 31_337 => (fixed(Fork::Osaka), MAINNET_DEPOSIT_CONTRACT_ADDRESS),
            _ => return Err(ExecutionError::UnsupportedChain { chain_id }),
        };
        Ok(Self { hardforks, deposit_contract })
    }

    /// The chain of a block with this header. One that states the hash of a block access list
    /// (EIP-7928) is of Amsterdam, for which chains have no date yet.
    fn of_header(chain_id: u64, header: &Header) -> Result<Self, ExecutionError> {
        let chain = Self::of(chain_id)?;
        let has_date = chain.is_amsterdam_active_at_timestamp(header.timestamp);
        if has_date || header.block_access_list_hash.is_none() {
            return Ok(chain);
        }
        let since = ForkCondition::Timestamp(header.timestamp);
        let activation = |fork: &EthereumHardfork| match fork {
            EthereumHardfork::Amsterdam => (*fork, since),
            _ => (*fork, chain.ethereum_fork_activation(*fork)),
        };
        let forks = EthereumHardfork::VARIANTS.iter().map(activation);
        Ok(Self { hardforks: EthereumChainHardforks::new(forks), ..chain })
    }

    fn fork_at(&self, number: u64, timestamp: u64) -> Fork {
        from_spec(alloy_evm::spec_by_timestamp_and_block_number(self, timestamp, number))
    }

    /// The chain that a host's specification describes.
    pub(crate) fn of_host(host: &impl EthExecutorSpec) -> Self {
        let activation = |fork: &EthereumHardfork| (*fork, host.ethereum_fork_activation(*fork));
        let hardforks =
            EthereumChainHardforks::new(EthereumHardfork::VARIANTS.iter().map(activation));
        Self { hardforks, deposit_contract: host.deposit_contract_address().unwrap_or_default() }
    }

    /// The blob limits and price curve at `timestamp`; none before Cancun.
    fn blob_params(&self, timestamp: u64) -> Option<BlobParams> {
        let active = |fork| self.is_ethereum_fork_active_at_timestamp(fork, timestamp);
        [
            (EthereumHardfork::Bpo2, BlobParams::bpo2()),
            (EthereumHardfork::Bpo1, BlobParams::bpo1()),
            (EthereumHardfork::Osaka, BlobParams::osaka()),
            (EthereumHardfork::Prague, BlobParams::prague()),
            (EthereumHardfork::Cancun, BlobParams::cancun()),
        ]
        .into_iter()
        .find_map(|(fork, params)| active(fork).then_some(params))
    }
}

impl EthereumHardforks for Chain {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        self.hardforks.ethereum_fork_activation(fork)
    }
}

impl EthExecutorSpec for Chain {
    fn deposit_contract_address(&self) -> Option<Address> {
        Some(self.deposit_contract)
    }
}

/// A chain on which every fork up to `last` is active from its first block, without the irregular
/// state change of the DAO fork.
fn fixed(last: Fork) -> EthereumChainHardforks {
    let last = match last {
        Fork::Frontier => EthereumHardfork::Frontier,
        Fork::Homestead => EthereumHardfork::Homestead,
        Fork::Tangerine => EthereumHardfork::Tangerine,
        Fork::SpuriousDragon => EthereumHardfork::SpuriousDragon,
        Fork::Byzantium => EthereumHardfork::Byzantium,
        Fork::Petersburg => EthereumHardfork::Petersburg,
        Fork::Istanbul => EthereumHardfork::Istanbul,
        Fork::Berlin => EthereumHardfork::Berlin,
        Fork::London => EthereumHardfork::London,
        Fork::Paris => EthereumHardfork::Paris,
        Fork::Shanghai => EthereumHardfork::Shanghai,
        Fork::Cancun => EthereumHardfork::Cancun,
        Fork::Prague => EthereumHardfork::Prague,
        Fork::Osaka => EthereumHardfork::Osaka,
        Fork::Amsterdam => EthereumHardfork::Amsterdam,
    };
    let amsterdam = (EthereumHardfork::Amsterdam, ForkCondition::Timestamp(0));
    let all = EthereumHardfork::devnet().into_iter().chain([amsterdam]);
    let is_active = |fork: EthereumHardfork| fork != EthereumHardfork::Dao && fork <= last;
    EthereumChainHardforks::new(all.filter(|(fork, _)| is_active(*fork)))
}

/// The price of blob gas in a block, in wei; none before Cancun.
pub fn blob_base_fee(block: &Block) -> Option<u128> {
    let env = Rules::of(block).ok()?.env;
    env.block_env.blob_excess_gas_and_price.map(|blobs| blobs.blob_gasprice)
}

/// Everything about a block that execution depends on and that is not a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) chain: Chain,
    pub(crate) env: EvmEnv<SpecId>,
}

impl Rules {
    pub(crate) fn of(block: &Block) -> Result<Self, ExecutionError> {
        let chain = match block.forks {
            ForkChoice::OfChain => Chain::of_header(block.chain_id, &block.header)?,
            ForkChoice::Fixed(fork) => {
                Chain { hardforks: fixed(fork), deposit_contract: MAINNET_DEPOSIT_CONTRACT_ADDRESS }
            }
        };
        let blob_params = chain.blob_params(block.header.timestamp);
        let env = EvmEnv::for_eth_block(&block.header, &chain, block.chain_id, blob_params);
        Ok(Self { chain, env })
    }

    pub(crate) const fn spec(&self) -> SpecId {
        self.env.cfg_env.spec
    }

    pub(crate) const fn fork(&self) -> Fork {
        from_spec(self.spec())
    }
}

#[cfg(test)]
mod tests;
