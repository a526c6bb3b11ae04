//! Do genesis files describe the chains they are of?

use slotcast::executor::Fork;

use super::*;

fn rules(text: &str) -> ChainRules {
    read_chain(text.as_bytes(), "genesis.json").unwrap()
}

#[test]
fn forks_hold_from_their_numbers_and_times_on() {
    let rules = rules(
        r#"{"config": {"chainId": 59144, "homesteadBlock": 0, "eip150Block": 0, "eip158Block": 0,
            "byzantiumBlock": 0, "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0,
            "berlinBlock": 0, "londonBlock": 5, "terminalTotalDifficulty": 0, "shanghaiTime": 100,
            "cancunTime": 200, "pragueTime": 300, "osakaTime": 400,
            "blobSchedule": {"prague": {"target": 1, "max": 2, "baseFeeUpdateFraction": 7}}},
           "alloc": {}}"#,
    );
    assert_eq!(rules.chain_id(), 59_144);
    let at = |time| rules.fork_at(10, time);
    assert_eq!(
        [at(0), at(100), at(299), at(300)].map(Fork::name),
        ["Paris", "Shanghai", "Cancun", "Prague"]
    );
    assert_eq!(rules.fork_name_at(10, 400), "Osaka");
    assert_eq!(rules.blob_params(299), None);
    assert_eq!(rules.blob_params(300).unwrap().max_blob_count, 2);
}

#[test]
fn a_merge_at_a_difficulty_is_told_by_the_header() {
    use slotcast::executor::{Block, ForkChoice, fork_of};
    let text = r#"{"chainId": 7, "londonBlock": 0, "berlinBlock": 0, "terminalTotalDifficulty": 58750003716598352816469}"#;
    let rules = std::sync::Arc::new(rules(text));
    let fork = |difficulty: u64| {
        let header = alloy_consensus::Header {
            number: 9,
            difficulty: U256::from(difficulty),
            ..Default::default()
        };
        let block = Block {
            chain_id: 7,
            header,
            hash: Default::default(),
            transactions: vec![],
            withdrawals: None,
            forks: ForkChoice::Of(rules.clone()),
            ommers: vec![],
        };
        fork_of(&block).unwrap()
    };
    assert_eq!([fork(1), fork(0)], [Fork::London, Fork::Paris]);
}

#[test]
fn a_chain_of_the_op_stack_says_so() {
    let rules = rules(
        r#"{"chainId": 10, "bedrockBlock": 105235063, "regolithTime": 0, "canyonTime": 1704992401,
            "ecotoneTime": 1710374401, "isthmusTime": 1746806401,
            "optimism": {"eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250}}"#,
    );
    let known = ChainRules::of_id(10).unwrap();
    for time in [1_704_992_400, 1_704_992_401, 1_710_374_401, 1_746_806_401] {
        assert_eq!(rules.fork_at(1, time), known.fork_at(1, time));
    }
    assert_eq!(rules.fork_name_at(1, 1_704_992_401), "Canyon");
}

#[test]
fn what_is_no_chain_is_an_error_that_names_the_file() {
    let error = read_chain(b"{\"config\": {\"chainId\": \"ten\"}}", "genesis.json").unwrap_err();
    assert!(error.to_string().contains("genesis.json"), "{error}");
}
