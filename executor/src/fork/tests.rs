//! Which fork holds when?

use alloy_consensus::Header;
use alloy_eips::eip7840::BlobParams;
use alloy_hardforks::{EthereumHardfork, EthereumHardforks};

use super::*;

#[test]
fn mainnet_forks_activate_by_number_then_by_time() {
    let at = |number, timestamp| fork_at(1, number, timestamp).unwrap();
    assert_eq!(at(0, 0), Fork::Frontier);
    assert_eq!(at(1_150_000, 1_457_981_393), Fork::Homestead);
    assert_eq!(at(7_280_000, 1_551_383_524), Fork::Petersburg);
    assert_eq!(at(15_537_393, 1_663_224_162), Fork::London);
    assert_eq!(at(15_537_394, 1_663_224_179), Fork::Paris);
    assert_eq!(at(17_034_870, 1_681_338_455), Fork::Shanghai);
    assert_eq!(at(22_431_084, 1_746_612_311), Fork::Prague);
}

#[test]
fn a_development_chain_is_osaka_from_the_start() {
    for chain_id in [1337, 31_337] {
        assert_eq!(fork_at(chain_id, 0, 0).unwrap(), Fork::Osaka);
        assert_eq!(fork_at(chain_id, 1_920_000, u64::MAX).unwrap(), Fork::Osaka);
    }
    let dev = known(1337).unwrap();
    assert_eq!(dev.blob_params(1), Some(BlobParams::osaka()));
    assert!(!dev.is_ethereum_fork_active_at_block(EthereumHardfork::Dao, 1_920_000));
}

#[test]
fn a_header_with_an_access_list_is_of_amsterdam() {
    for chain_id in [1, 1337] {
        let timestamp = 1_800_000_000;
        let header = Header { number: 30_000_000, timestamp, ..Header::default() };
        let fork = |header: &Header| {
            known(chain_id).unwrap().of_header(header).fork_at(header.number, timestamp)
        };
        assert_eq!(fork(&header), Fork::Osaka);
        let header = Header { block_access_list_hash: Some(Default::default()), ..header };
        assert_eq!(fork(&header), Fork::Amsterdam);
    }
}

#[test]
fn a_fixed_fork_holds_everywhere() {
    for fork in Fork::ALL {
        let chain = ChainRules::fixed(1, fork);
        for (timestamp, number) in [(0, 0), (1_000, 1), (u64::MAX, u64::MAX)] {
            let spec = alloy_evm::spec_by_timestamp_and_block_number(&chain, timestamp, number);
            assert_eq!(from_spec(spec), fork);
        }
    }
}

#[test]
fn blob_parameters_follow_the_timestamp() {
    let mainnet = known(1).unwrap();
    assert_eq!(mainnet.blob_params(1_710_338_134), None);
    assert_eq!(mainnet.blob_params(1_710_338_135), Some(BlobParams::cancun()));
    assert_eq!(mainnet.blob_params(1_746_612_311), Some(BlobParams::prague()));
    assert_eq!(mainnet.blob_params(u64::MAX), Some(BlobParams::bpo2()));
}

#[test]
fn an_unknown_chain_is_an_error_that_names_the_option() {
    let error = fork_at(56, 0, 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the rules of chain id 56 are not known; give the block `ForkChoice::Of` its `ChainRules`, or the \
         command --chain: a genesis file, or one of mainnet, sepolia, holesky, hoodi, development, anvil, \
         op-mainnet, op-sepolia, base, base-sepolia, unichain, celo-sepolia, rise, linea, linea-sepolia, \
         ink, lisk, metal, mode, soneium, zora"
    );
}

#[test]
fn names_are_in_order_of_activation() {
    assert!(Fork::ALL.is_sorted());
    assert_eq!(
        Fork::ALL.map(Fork::name)[9..],
        ["Paris", "Shanghai", "Cancun", "Prague", "Osaka", "Amsterdam"]
    );
}
