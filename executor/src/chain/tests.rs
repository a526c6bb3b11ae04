//! Are rules values that say what holds when?

use super::*;
use crate::OpFork;

#[test]
fn every_name_is_of_a_chain_and_every_id_once() {
    let mut ids: Vec<u64> = ChainRules::names()
        .map(|name| {
            let rules = ChainRules::named(name).unwrap();
            assert_eq!(ChainRules::of_id(rules.chain_id()).unwrap().name(), rules.name());
            rules.chain_id()
        })
        .collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert!(ChainRules::named("nowhere").is_none() && ChainRules::of_id(56).is_none());
}

#[test]
fn forks_of_a_rollup_bring_those_of_ethereum() {
    let rules = ChainRules::named("op-mainnet").unwrap();
    let at = |time| (rules.fork_name_at(1, time), rules.fork_at(1, time).name());
    assert_eq!(at(1_693_000_000), ("Regolith", "Paris"));
    assert_eq!(at(1_704_992_401), ("Canyon", "Shanghai"));
    assert_eq!(at(1_710_374_401), ("Ecotone", "Cancun"));
    assert_eq!(at(1_736_445_601), ("Holocene", "Cancun"));
    assert_eq!(at(1_746_806_401), ("Isthmus", "Prague"));
    assert_eq!(at(1_764_691_201), ("Jovian", "Prague"));
    assert_eq!(at(1_783_526_401), ("Karst", "Osaka"));
}

#[test]
fn a_fork_that_is_not_named_begins_with_the_next() {
    let late = OpChain::new([(OpFork::Isthmus, 5), (OpFork::Jovian, 9)]);
    let forks = [0, 4, 5, 8, 9, u64::MAX].map(|time| late.fork_at(time));
    use OpFork::{Bedrock, Isthmus, Jovian};
    assert_eq!(forks, [Bedrock, Bedrock, Isthmus, Isthmus, Jovian, Jovian]);
}

#[test]
fn blocks_before_regolith_are_those_that_a_chain_dates_before_it() {
    // Chains of the Superchain never ran at Bedrock's rules: their first blocks are of Regolith.
    for name in ["op-mainnet", "op-sepolia", "base", "base-sepolia"] {
        assert_eq!(ChainRules::named(name).unwrap().fork_name_at(1, 0), "Regolith", "{name}");
    }
    let dated = OpChain::new([(OpFork::Regolith, 1_679_079_600), (OpFork::Canyon, 1_699_981_200)]);
    let forks = [1_679_079_599, 1_679_079_600, 1_699_981_199, 1_699_981_200];
    use OpFork::{Bedrock, Canyon, Regolith};
    assert_eq!(forks.map(|time| dated.fork_at(time)), [Bedrock, Regolith, Regolith, Canyon]);
}
