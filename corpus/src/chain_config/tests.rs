//! Do genesis files describe the chains they are of?

use slotcast::executor::Fork;

use super::{keys::FOREIGN, *};

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

fn refusal(config: &str) -> String {
    let text = format!("{{\"config\": {{\"chainId\": 7, {config}}}}}");
    read_chain(text.as_bytes(), "genesis.json")
        .map(|rules| rules.chain_id())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_key_that_may_change_rules_is_refused_with_file_and_place() {
    assert_eq!(
        refusal(r#""verkleTime": 5"#),
        "genesis.json: config.verkleTime: the state is another tree, and gas is charged by its branches, \
         which our rules cannot say; take the key out to go by the forks alone, and expect no block that it \
         concerns to equal its header"
    );
    assert_eq!(
        refusal(r#""londonBlock": 0, "zanzibarTime": 5"#),
        "genesis.json: config.zanzibarTime: is not known here and may change how blocks run; take the key \
         out if it does not, or expect blocks that it concerns not to equal their headers"
    );
    for key in FOREIGN.map(|(key, _)| key).into_iter().chain([
        "zanzibarBlock",
        "clique",
        "contractSizeLimit",
    ]) {
        for value in ["{}", "0", "true"] {
            let error = refusal(&format!("\"{key}\": {value}"));
            assert!(error.starts_with(&format!("genesis.json: config.{key}: ")), "{error}");
            assert!(error.contains("take the key out"), "{error}");
        }
    }
    let bare = read_chain(br#"{"chainId": 7, "bor": {}}"#, "chain.json").unwrap_err().to_string();
    assert!(bare.starts_with("chain.json: bor: fees leave logs"), "{bare}");
}

#[test]
fn a_fork_that_cannot_be_read_is_refused() {
    for (config, told) in [
        (r#""cancunTime": "0x10""#, "config.cancunTime: \"0x10\" where the number or time"),
        (r#""londonBlock": -1"#, "config.londonBlock: -1 where the number or time"),
        (r#""canyonTime": 5"#, "config.canyonTime: is a fork of the OP Stack; add `optimism`"),
        (
            r#""bpo3Time": 5"#,
            "config.bpo3Time: needs a time, and the limits of blobs in blobSchedule.bpo3",
        ),
        (
            r#""optimism": {}, "canyonTime": 5, "shanghaiTime": 6"#,
            "config.shanghaiTime: differs from canyonTime",
        ),
        (r#""optimism": {"burn": true}"#, "unknown field `burn`"),
        (r#""enableVerkleAtGenesis": true"#, "config.enableVerkleAtGenesis: is not known"),
    ] {
        let error = refusal(config);
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn keys_without_effect_are_passed_over_by_name() {
    let rules = rules(
        r#"{"config": {"chainId": 7, "eip155Block": 0, "eip150Hash": "0x00", "muirGlacierBlock": 3,
            "grayGlacierBlock": 3, "ethash": {}, "clique": {"period": 5, "epoch": 30000},
            "terminalTotalDifficulty": 0, "londonBlock": 0, "shanghaiTime": 0, "verkleTime": null,
            "enableVerkleAtGenesis": false, "bpo3Time": 9, "cancunTime": 8,
            "blobSchedule": {"bpo3": {"target": 1, "max": 2, "baseFeeUpdateFraction": 7}}}}"#,
    );
    assert_eq!(rules.fork_at(1, 0), Fork::Shanghai);
    assert_eq!(rules.blob_params(9).unwrap().max_blob_count, 2);
    let optimism = r#"{"chainId": 10, "optimism": {}, "bedrockBlock": 5, "pectraBlobScheduleTime": 6,
        "canyonTime": 7, "shanghaiTime": 7}"#;
    let rules = read_chain(optimism.as_bytes(), "genesis.json").unwrap();
    assert_eq!(rules.fork_name_at(1, 7), "Canyon");
}

#[test]
fn a_chain_may_pass_by_the_fork_of_the_dao() {
    use alloy_hardforks::EthereumHardforks as _;
    let dao = |support: &str| {
        let text = format!("{{\"chainId\": 61, \"daoForkBlock\": 10{support}}}");
        rules(&text).ethereum_fork_activation(EthereumHardfork::Dao)
    };
    assert_eq!(dao(", \"daoForkSupport\": true"), ForkCondition::Block(10));
    for support in ["", ", \"daoForkSupport\": false"] {
        assert_eq!(dao(support), ForkCondition::Never);
    }
}
