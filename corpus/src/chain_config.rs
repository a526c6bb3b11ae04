//! Which rules does a genesis file describe?
//!
//! In: JSON in geth's spelling, a genesis file or its `config` alone. Out: [`ChainRules`].
//! Invariants: a key that may change how blocks run and that is not known is an error
//! (`chain_config/keys.rs`); a chain with the key `optimism` is one of the OP Stack.
//!
//! Rules of stock only: a chain with transactions or rewards of its own (Gnosis, Polygon, BNB, Taiko,
//! Arbitrum) is not described by its forks, and its blocks will not equal their headers.

mod keys;

use std::collections::BTreeMap;

use alloy_eips::eip7840::BlobParams;
use alloy_hardforks::{EthereumHardfork, ForkCondition};
use alloy_primitives::{Address, U256};
use serde::Deserialize;
use slotcast::executor::{ChainRules, OpChain, OpFork};

use crate::{CorpusError, format};

/// The keys of forks by number and by time.
const BY_NUMBER: [(&str, EthereumHardfork); 12] = [
    ("homesteadBlock", EthereumHardfork::Homestead),
    ("daoForkBlock", EthereumHardfork::Dao),
    ("eip150Block", EthereumHardfork::Tangerine),
    ("eip158Block", EthereumHardfork::SpuriousDragon),
    ("byzantiumBlock", EthereumHardfork::Byzantium),
    ("constantinopleBlock", EthereumHardfork::Constantinople),
    ("petersburgBlock", EthereumHardfork::Petersburg),
    ("istanbulBlock", EthereumHardfork::Istanbul),
    ("berlinBlock", EthereumHardfork::Berlin),
    ("londonBlock", EthereumHardfork::London),
    ("arrowGlacierBlock", EthereumHardfork::ArrowGlacier),
    ("mergeNetsplitBlock", EthereumHardfork::Paris),
];
const BY_TIME: [(&str, EthereumHardfork); 7] = [
    ("shanghaiTime", EthereumHardfork::Shanghai),
    ("cancunTime", EthereumHardfork::Cancun),
    ("pragueTime", EthereumHardfork::Prague),
    ("osakaTime", EthereumHardfork::Osaka),
    ("bpo1Time", EthereumHardfork::Bpo1),
    ("bpo2Time", EthereumHardfork::Bpo2),
    ("amsterdamTime", EthereumHardfork::Amsterdam),
];
const OF_OPTIMISM: [(&str, OpFork); 9] = [
    ("regolithTime", OpFork::Regolith),
    ("canyonTime", OpFork::Canyon),
    ("ecotoneTime", OpFork::Ecotone),
    ("fjordTime", OpFork::Fjord),
    ("graniteTime", OpFork::Granite),
    ("holoceneTime", OpFork::Holocene),
    ("isthmusTime", OpFork::Isthmus),
    ("jovianTime", OpFork::Jovian),
    ("karstTime", OpFork::Karst),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a chain configuration")]
struct Config {
    chain_id: u64,
    terminal_total_difficulty: Option<serde_json::Number>,
    #[serde(default)]
    terminal_total_difficulty_passed: bool,
    deposit_contract_address: Option<Address>,
    #[serde(default)]
    blob_schedule: BTreeMap<String, Blobs>,
    optimism: Option<Optimism>,
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Blobs {
    target: u64,
    max: u64,
    base_fee_update_fraction: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Optimism {
    eip1559_elasticity: Option<u64>,
    eip1559_denominator: Option<u64>,
    eip1559_denominator_canyon: Option<u64>,
}

impl Config {
    /// The number at a key.
    fn at(&self, key: &str) -> Option<u64> {
        self.others.get(key)?.as_u64()
    }

    fn forks(&self) -> impl Iterator<Item = (EthereumHardfork, ForkCondition)> {
        let numbered = BY_NUMBER
            .iter()
            .filter_map(|(key, fork)| Some((*fork, ForkCondition::Block(self.at(key)?))))
            .filter(|(fork, _)| *fork != EthereumHardfork::Dao || self.supports_dao());
        let timed = BY_TIME
            .iter()
            .filter_map(|(key, fork)| Some((*fork, ForkCondition::Timestamp(self.at(key)?))));
        let numbered: Vec<_> = numbered.collect();
        let merge = self.merge().filter(|_| self.at("mergeNetsplitBlock").is_none());
        let frontier = (EthereumHardfork::Frontier, ForkCondition::Block(0));
        let timed: Vec<_> = timed.collect();
        [frontier].into_iter().chain(numbered).chain(merge).chain(timed)
    }

    /// The merge, which comes at a total difficulty: at none of these if the chain began after it.
    fn merge(&self) -> Option<(EthereumHardfork, ForkCondition)> {
        let stated = self.terminal_total_difficulty.as_ref();
        // Of a number beyond what the reader holds exactly it counts only that it is not zero.
        let total: Option<U256> =
            stated.map(|number| number.to_string().parse().unwrap_or(U256::MAX));
        let condition = match total {
            None if self.at("shanghaiTime").is_none() => return None,
            Some(total_difficulty)
                if !total_difficulty.is_zero() && !self.terminal_total_difficulty_passed =>
            {
                let (activation_block_number, fork_block) = (u64::MAX, None);
                ForkCondition::TTD { activation_block_number, fork_block, total_difficulty }
            }
            _ => ForkCondition::Block(0),
        };
        Some((EthereumHardfork::Paris, condition))
    }

    /// Whether the state was changed where the DAO fork began; a chain may pass by it.
    fn supports_dao(&self) -> bool {
        self.others.get("daoForkSupport").and_then(serde_json::Value::as_bool) == Some(true)
    }

    /// Whether nothing came before the merge.
    fn is_merged_at_genesis(&self) -> bool {
        let merge = self.forks().find(|(fork, _)| *fork == EthereumHardfork::Paris);
        merge.is_some_and(|(_, condition)| condition == ForkCondition::Block(0))
    }

    fn blobs(&self) -> Vec<(u64, BlobParams)> {
        let of = |(name, blobs): (&String, &Blobs)| {
            let since = self.at(&format!("{name}Time"))?;
            let usual = match name.as_str() {
                "cancun" => BlobParams::cancun(),
                "prague" => BlobParams::prague(),
                _ => BlobParams::osaka(),
            };
            let params = BlobParams {
                target_blob_count: blobs.target,
                max_blob_count: blobs.max,
                update_fraction: blobs.base_fee_update_fraction.into(),
                ..usual
            };
            Some((since, params))
        };
        self.blob_schedule.iter().filter_map(of).collect()
    }

    fn rules(&self, name: &str) -> ChainRules {
        let Some(optimism) = &self.optimism else {
            let rules = ChainRules::ethereum(name, self.chain_id, self.forks());
            let rules = match self.deposit_contract_address {
                Some(address) => rules.with_deposit_contract(address),
                None => rules,
            };
            let blobs = self.blobs();
            return if blobs.is_empty() { rules } else { rules.with_blobs(blobs) };
        };
        ChainRules::optimism(name, self.chain_id, self.chain_of(optimism))
    }

    /// What the chain is as one of the OP Stack.
    fn optimism_chain(&self) -> Option<OpChain> {
        Some(self.chain_of(self.optimism.as_ref()?))
    }

    fn chain_of(&self, optimism: &Optimism) -> OpChain {
        let forks = OF_OPTIMISM.iter().filter_map(|(key, fork)| Some((*fork, self.at(key)?)));
        let denominator = optimism.eip1559_denominator.unwrap_or(50);
        OpChain::new(forks).with_base_fee_params(
            optimism.eip1559_elasticity.unwrap_or(6),
            denominator,
            optimism.eip1559_denominator_canyon.unwrap_or(denominator),
        )
    }
}

/// Reads the rules of a chain from a genesis file, or from its `config` alone; `name` is what errors
/// and reports call it. A key that may change how blocks run and is not known is an error.
pub fn read_chain(text: &[u8], name: &str) -> Result<ChainRules, CorpusError> {
    #[derive(Deserialize)]
    struct Genesis {
        config: Option<Config>,
    }
    let genesis: Genesis = format::parse_document(text, name)?;
    let (config, at) = match genesis.config {
        Some(config) => (config, "config"),
        None => (format::parse_document(text, name)?, ""),
    };
    keys::check(&config, at).map_err(|fault| fault.of(name))?;
    Ok(config.rules(name))
}

#[cfg(test)]
mod tests;
