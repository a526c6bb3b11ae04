//! Does a chain configuration say something that we would pass over?
//!
//! In: a configuration. Out: nothing, or the first key that may change how blocks run and that our rules
//! cannot say.
//! Invariant: a key is passed over only by its name, of which it is known that it changes nothing; `null`
//! is as good as no key.

use serde_json::Value;
use slotcast::executor::OpFork;

use super::{BY_NUMBER, BY_TIME, Config, OF_OPTIMISM};
use crate::format::Fault;

/// Keys that change nothing of how blocks run: where transactions are first signed for a chain, which
/// transactions themselves say; the hash of a block; the bomb in the difficulty; how blocks are mined,
/// rewards apart; when a rollup began and how it reads the layer below; where peers are.
const WITHOUT_EFFECT: [&str; 9] = [
    "eip155Block",
    "eip150Hash",
    "muirGlacierBlock",
    "grayGlacierBlock",
    "ethash",
    "bedrockBlock",
    "pectraBlobScheduleTime",
    "discovery",
    "checkpoint",
];

/// Keys that are read beside the forks.
const DAO_SUPPORT: &str = "daoForkSupport";
const CLIQUE: &str = "clique";
const VERKLE_AT_GENESIS: &str = "enableVerkleAtGenesis";

/// Keys of rules that we do not have, and what these are.
pub(super) const FOREIGN: [(&str, &str); 12] = [
    ("arbitrum", "it is another machine with gas of its own"),
    ("aura", "authorities are rewarded by contracts"),
    ("bor", "fees leave logs, and blocks bring state in from Ethereum"),
    ("celo", "fees are paid in tokens"),
    ("ibft", "who earns the fees stands in the extra data"),
    ("ibft2", "who earns the fees is not who is rewarded on Ethereum"),
    ("parlia", "validators' system transactions stand among the others"),
    ("qbft", "who earns the fees is not who is rewarded on Ethereum"),
    ("scroll", "fees for data and the precompiles are its own"),
    ("taiko", "an anchor transaction opens each block, and base fees are shared out"),
    ("ubtTime", "the state is another tree, and gas is charged by its branches"),
    ("verkleTime", "the state is another tree, and gas is charged by its branches"),
];

const TAKE_OUT: &str = "take the key out to go by the forks alone, and expect no block that it \
                        concerns to equal its header";

/// The first key that would be passed over wrongly; `at` is where the configuration stands.
pub(super) fn check(config: &Config, at: &str) -> Result<(), Fault> {
    for (key, value) in &config.others {
        if let Some(message) = fault(config, key, value) {
            let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            return Err(Fault { path, message });
        }
    }
    Ok(())
}

/// What is wrong with a key.
fn fault(config: &Config, key: &str, value: &Value) -> Option<String> {
    if value.is_null() || WITHOUT_EFFECT.contains(&key) {
        return None;
    }
    if is_fork(key) {
        return match value.as_u64() {
            Some(time) => mismatch(config, key, time),
            None => Some(format!("{value} where the number or time of a fork is expected")),
        };
    }
    match (key, value) {
        (DAO_SUPPORT, Value::Bool(_)) | (VERKLE_AT_GENESIS, Value::Bool(false)) => return None,
        (CLIQUE, _) if config.is_merged_at_genesis() => return None,
        (CLIQUE, _) => {
            return Some(format!(
                "who earns the fees before the merge stands in the extra data, and there is no block \
                 reward, neither of which our rules can say; {TAKE_OUT}"
            ));
        }
        _ => {}
    }
    // Later limits of blobs, which the schedule states.
    if let Some(name) = key.strip_suffix("Time").filter(|name| name.starts_with("bpo")) {
        return match (value.as_u64(), config.blob_schedule.contains_key(name)) {
            (Some(_), true) => None,
            _ => Some(format!("needs a time, and the limits of blobs in blobSchedule.{name}")),
        };
    }
    let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == key);
    Some(match foreign {
        Some((_, why)) => format!("{why}, which our rules cannot say; {TAKE_OUT}"),
        None => format!(
            "is not known here and may change how blocks run; take the key out if it does not, or {}",
            "expect blocks that it concerns not to equal their headers"
        ),
    })
}

fn is_fork(key: &str) -> bool {
    BY_NUMBER.iter().any(|(fork, _)| *fork == key)
        || BY_TIME.iter().any(|(fork, _)| *fork == key)
        || OF_OPTIMISM.iter().any(|(fork, _)| *fork == key)
}

/// A fork of Ethereum at another time than the one of the OP Stack that it comes with, or one of the
/// OP Stack on another chain.
fn mismatch(config: &Config, key: &str, time: u64) -> Option<String> {
    let Some(chain) = config.optimism_chain() else {
        let is_of_optimism = OF_OPTIMISM.iter().any(|(fork, _)| *fork == key);
        return is_of_optimism.then(|| {
            "is a fork of the OP Stack; add `optimism` with the parameters of the base fee, or take the \
             key out"
                .to_owned()
        });
    };
    let (name, fork) = match key {
        "shanghaiTime" => ("canyonTime", OpFork::Canyon),
        "cancunTime" => ("ecotoneTime", OpFork::Ecotone),
        "pragueTime" => ("isthmusTime", OpFork::Isthmus),
        "osakaTime" => ("karstTime", OpFork::Karst),
        _ => return None,
    };
    (chain.since(fork) != Some(time))
        .then(|| format!("differs from {name}, with which it comes on a chain of the OP Stack"))
}
