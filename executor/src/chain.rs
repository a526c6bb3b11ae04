//! By which rules does a chain run its blocks?
//!
//! In: the name or id of a chain, or its forks as a genesis file lists them. Out: [`ChainRules`], a
//! value that everything takes which needs to know, and that asks for no chain id by itself.
//! Invariants: activation heights and times of Ethereum's own chains come from `alloy-hardforks`;
//! only of a fork that has none yet the header says that it holds. Addresses that rules name are data
//! of the rules; none takes part in the analysis of bytecode.
//!
//! Ethereum is one instance, the OP Stack (`chain/optimism.rs`) another.

mod known;
pub(crate) mod optimism;

use alloy_consensus::Header;
use alloy_eips::{eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS, eip7840::BlobParams};
use alloy_evm::eth::spec::EthExecutorSpec;
use alloy_hardforks::{EthereumChainHardforks, EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_primitives::Address;
use revm::primitives::hardfork::SpecId;
use slotcast_model::Fork;

use optimism::OpChain;

/// The rules of one chain.
#[derive(Clone, Debug)]
pub struct ChainRules {
    name: String,
    chain_id: u64,
    hardforks: EthereumChainHardforks,
    /// The limits and price curves of blobs, each from its time on, ascending.
    blobs: Vec<(u64, BlobParams)>,
    deposit_contract: Address,
    optimism: Option<OpChain>,
}

impl ChainRules {
    /// The rules of a chain with these forks of Ethereum; blob parameters are Ethereum's own until
    /// [`Self::with_blobs`] says otherwise.
    pub fn ethereum(
        name: impl Into<String>,
        chain_id: u64,
        forks: impl IntoIterator<Item = (EthereumHardfork, ForkCondition)>,
    ) -> Self {
        let hardforks = EthereumChainHardforks::new(forks);
        let usual = [
            (EthereumHardfork::Cancun, BlobParams::cancun()),
            (EthereumHardfork::Prague, BlobParams::prague()),
            (EthereumHardfork::Osaka, BlobParams::osaka()),
            (EthereumHardfork::Bpo1, BlobParams::bpo1()),
            (EthereumHardfork::Bpo2, BlobParams::bpo2()),
        ];
        let since = |(fork, params)| match hardforks.ethereum_fork_activation(fork) {
            ForkCondition::Timestamp(time) => Some((time, params)),
            _ => None,
        };
        let blobs = usual.into_iter().filter_map(since).collect();
        let deposit_contract = MAINNET_DEPOSIT_CONTRACT_ADDRESS;
        Self { name: name.into(), chain_id, hardforks, blobs, deposit_contract, optimism: None }
    }

    /// The rules of a chain of the OP Stack.
    pub fn optimism(name: impl Into<String>, chain_id: u64, chain: OpChain) -> Self {
        let rules = Self::ethereum(name, chain_id, chain.ethereum_forks());
        Self { optimism: Some(chain), ..rules }
    }

    /// Other limits and price curves of blobs, each from its time on.
    #[must_use]
    pub fn with_blobs(mut self, blobs: impl IntoIterator<Item = (u64, BlobParams)>) -> Self {
        self.blobs = blobs.into_iter().collect();
        self.blobs.sort_by_key(|(since, _)| *since);
        self
    }

    /// Another contract for deposits of stake (EIP-6110).
    #[must_use]
    pub const fn with_deposit_contract(mut self, address: Address) -> Self {
        self.deposit_contract = address;
        self
    }

    /// A chain on which every fork up to `last` is active from its first block, without the irregular
    /// state change of the DAO fork.
    pub fn fixed(chain_id: u64, last: Fork) -> Self {
        let last = hardfork(last);
        let amsterdam = (EthereumHardfork::Amsterdam, ForkCondition::Timestamp(0));
        let all = EthereumHardfork::devnet().into_iter().chain([amsterdam]);
        let is_active = |fork: EthereumHardfork| fork != EthereumHardfork::Dao && fork <= last;
        Self::ethereum("development", chain_id, all.filter(|(fork, _)| is_active(*fork)))
    }

    /// The rules that a host's specification describes.
    pub(crate) fn of_host(chain_id: u64, host: &impl EthExecutorSpec) -> Self {
        let activation = |fork: &EthereumHardfork| (*fork, host.ethereum_fork_activation(*fork));
        let forks = EthereumHardfork::VARIANTS.iter().map(activation);
        Self::ethereum("host", chain_id, forks)
            .with_deposit_contract(host.deposit_contract_address().unwrap_or_default())
    }

    /// The same rules for a block with this header, which knows of two things that rules may not: one
    /// that states the hash of a block access list (EIP-7928) is of Amsterdam, for which chains have no
    /// date yet, and one without difficulty is past the merge, whatever total difficulty that came at.
    pub(crate) fn of_header(self, header: &Header) -> Self {
        let has_date = self.is_amsterdam_active_at_timestamp(header.timestamp);
        let amsterdam = (!has_date && header.block_access_list_hash.is_some())
            .then_some((EthereumHardfork::Amsterdam, ForkCondition::Timestamp(header.timestamp)));
        let paris = self.ethereum_fork_activation(EthereumHardfork::Paris);
        let is_merged =
            matches!(paris, ForkCondition::TTD { activation_block_number: u64::MAX, .. })
                && !paris.active_at_block(header.number)
                && header.difficulty.is_zero();
        let paris =
            is_merged.then_some((EthereumHardfork::Paris, ForkCondition::Block(header.number)));
        if amsterdam.is_none() && paris.is_none() {
            return self;
        }
        let stated: Vec<_> = amsterdam.into_iter().chain(paris).collect();
        let activation = |fork: &EthereumHardfork| {
            let stated = stated.iter().find(|(it, _)| it == fork).copied();
            stated.unwrap_or_else(|| (*fork, self.ethereum_fork_activation(*fork)))
        };
        let forks = EthereumHardfork::VARIANTS.iter().map(activation);
        Self { hardforks: EthereumChainHardforks::new(forks), ..self }
    }

    /// What errors and reports call the chain.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The chain's id.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// What the chain adds as one of the OP Stack, if it is one.
    pub const fn as_optimism(&self) -> Option<&OpChain> {
        self.optimism.as_ref()
    }

    /// The fork of Ethereum whose instructions hold at a block number and time.
    pub fn fork_at(&self, number: u64, timestamp: u64) -> Fork {
        from_spec(alloy_evm::spec_by_timestamp_and_block_number(self, timestamp, number))
    }

    /// The name of the fork at a block number and time, in the chain's own words.
    pub fn fork_name_at(&self, number: u64, timestamp: u64) -> &'static str {
        match &self.optimism {
            Some(chain) => chain.fork_at(timestamp).name(),
            None => self.fork_at(number, timestamp).name(),
        }
    }

    /// The blob limits and price curve at `timestamp`; none before Cancun.
    pub fn blob_params(&self, timestamp: u64) -> Option<BlobParams> {
        let holds = |(since, _): &&(u64, BlobParams)| *since <= timestamp;
        self.blobs.iter().rev().find(holds).map(|(_, params)| *params)
    }
}

impl EthereumHardforks for ChainRules {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        self.hardforks.ethereum_fork_activation(fork)
    }
}

impl EthExecutorSpec for ChainRules {
    fn deposit_contract_address(&self) -> Option<Address> {
        Some(self.deposit_contract)
    }
}

/// The fork that revm calls so.
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

const fn hardfork(fork: Fork) -> EthereumHardfork {
    match fork {
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
    }
}

#[cfg(test)]
mod tests;
