//! Are chains found by name and by id, with the forks that their configurations date?

use slotcast::executor::{Fork, OpChain};

use super::*;

fn named(name: &str) -> ChainRules {
    chain_named(name).unwrap()
}

fn optimism(name: &str) -> OpChain {
    named(name).as_optimism().unwrap().clone()
}

#[test]
fn every_name_is_of_one_chain_and_every_id_once() {
    let mut ids: Vec<u64> = chain_names()
        .map(|name| {
            let rules = named(name);
            assert_eq!(chain_of_id(rules.chain_id()).unwrap().name(), rules.name());
            rules.chain_id()
        })
        .collect();
    for known in &KNOWN {
        let rules = known.rules();
        assert_eq!((rules.name(), rules.chain_id()), (known.name, known.chain_id));
        assert!(ChainRules::of_id(known.chain_id).is_none(), "{} stands twice", known.name);
    }
    ids.extend(DIFFERENT.map(|(_, id, _)| id));
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
}

#[test]
fn forks_of_linea_come_when_its_configuration_says() {
    let forks = |name: &str, times: [u64; 5]| {
        let rules = named(name);
        times.map(|time| rules.fork_at(30_000_000, time).name())
    };
    let expected = ["London", "Shanghai", "Cancun", "Prague", "Osaka"];
    assert_eq!(
        forks("linea", [1_761_213_599, 1_761_213_600, 1_761_645_600, 1_761_646_200, 1_764_798_551]),
        expected
    );
    assert_eq!(
        forks("linea", [0, 1_761_645_599, 1_761_646_199, 1_764_798_550, u64::MAX]),
        expected
    );
    assert_eq!(
        forks("linea-sepolia", [0, 1_759_147_200, 1_759_233_600, 1_760_004_000, 1_764_583_200]),
        expected
    );
    // It takes no blobs to begin with, so that their price never rises.
    let blobs = named("linea").blob_params(1_764_798_551).unwrap();
    assert_eq!((blobs.target_blob_count, blobs.max_blob_count), (0, 6));
}

#[test]
fn blocks_that_clique_made_are_beyond_the_rules_of_linea() {
    let header = |difficulty: u64| Header {
        difficulty: alloy_primitives::U256::from(difficulty),
        ..Header::default()
    };
    let linea = named("linea");
    assert!(beyond(&linea, &header(2)).unwrap().contains("Clique"));
    assert_eq!(beyond(&linea, &header(0)), None);
    // A description is believed, and other chains had other miners.
    let described = ChainRules::fixed(59_144, Fork::London);
    assert_eq!(beyond(&described, &header(2)), None);
    assert_eq!(beyond(&named("mainnet"), &header(2)), None);
}

#[test]
fn members_of_the_superchain_fork_together_from_isthmus_on() {
    use slotcast::executor::OpFork::{Granite, Holocene, Isthmus, Jovian, Karst, Regolith};
    let mainnet = optimism("op-mainnet");
    for name in ["ink", "lisk", "metal", "mode", "soneium", "zora"] {
        let chain = optimism(name);
        for fork in [Isthmus, Jovian, Karst] {
            assert_eq!(chain.since(fork), mainnet.since(fork), "{name} {}", fork.name());
        }
    }
    assert_eq!(optimism("ink").since(Holocene), Some(1_742_396_400));
    assert_eq!(optimism("soneium").since(Holocene), Some(1_738_573_200));
    assert_eq!([optimism("ink"), optimism("soneium")].map(|it| it.fork_at(1)), [Granite, Granite]);
    assert_eq!(optimism("zora").fork_at(1), Regolith);
    for name in ["lisk", "mode", "zora"] {
        let times = |chain: &OpChain| slotcast::executor::OpFork::ALL.map(|fork| chain.since(fork));
        assert_eq!(times(&optimism(name)), times(&mainnet), "{name}");
    }
}

#[test]
fn a_chain_of_other_rules_says_which() {
    let error = chain_named("gnosis").unwrap_err();
    assert_eq!(error, UnknownChain::of_id(100));
    assert_eq!(
        error.to_string(),
        "gnosis (chain id 100) has rules of its own: base fees go to an account, and system calls of \
         contracts pay rewards and withdrawals after the transactions; a genesis file in geth's form, \
         named with --chain, describes its forks and nothing of that, so predict by it, but do not expect \
         blocks to equal their headers"
    );
    let error = chain_named("nowhere").unwrap_err().to_string();
    assert!(error.starts_with("the rules of nowhere are not known; state them with --chain"));
    assert!(error.ends_with("rise, linea, linea-sepolia, ink, lisk, metal, mode, soneium, zora"));
}

#[test]
fn a_block_finds_the_rules_of_its_chain() {
    assert!(matches!(forks_of(1), ForkChoice::OfChain));
    assert!(matches!(forks_of(100), ForkChoice::OfChain));
    let ForkChoice::Of(rules) = forks_of(7_777_777) else { panic!("zora is known") };
    assert_eq!(rules.name(), "zora");
}

#[test]
fn the_executor_names_every_chain_that_the_command_knows() {
    use slotcast::executor::fork_at;
    assert!(KNOWN.iter().map(|known| known.name).eq(ChainRules::CONFIGURED));
    let error = fork_at(5, 0, 0).unwrap_err().to_string();
    let names = chain_names().collect::<Vec<_>>().join(", ");
    assert_eq!(
        error,
        format!(
            "the rules of chain id 5 are not known; give the block `ForkChoice::Of` its `ChainRules`, or the \
             command --chain: a genesis file, or one of {names}"
        )
    );
}
