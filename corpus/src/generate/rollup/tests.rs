//! Are synthetic blocks of rollups what the protocol says, as far as that can be told without running
//! them?

use std::collections::BTreeMap;

use alloy_primitives::B256;
use slotcast::executor::ChainRules;

use super::*;
use crate::{Plan, RecordedBlock, Scenario, generate, parse, print};

const SEED: u64 = 4;

fn plan(rollup: Rollup, n_txs: usize) -> Plan {
    Plan { seed: SEED, n_txs, chain_id: 10, rollup: Some(rollup), ..Plan::default() }
}

fn unsealed(rollup: Rollup, n_txs: usize) -> RecordedBlock {
    generate(&plan(rollup, n_txs)).unwrap().block().clone()
}

/// A block on a chain where `fork` began at `since` and the fork before it held earlier.
fn since(fork: OpFork, since: u64) -> RecordedBlock {
    let before = OpFork::ALL[(fork as usize).saturating_sub(1)];
    let chain = OpChain::new([(before, 0), (fork, since)]);
    unsealed(Rollup { chain, timestamp: USUAL_TIME }, 30)
}

fn attributes(block: &RecordedBlock) -> &[u8] {
    &block.transactions[0].as_deposit().unwrap().input
}

#[test]
fn a_fork_is_found_wherever_a_chain_has_it() {
    let mainnet = ChainRules::of_id(10).unwrap().as_optimism().unwrap().clone();
    for fork in OpFork::ALL.into_iter().skip(1) {
        let rollup = Rollup::of_fork(mainnet.clone(), fork).unwrap();
        assert_eq!((rollup.fork(), rollup.fork_before()), (fork, fork));
    }
    assert_eq!(Rollup::of_fork(mainnet, OpFork::Bedrock), None);
    let brief = OpChain::new([(OpFork::Isthmus, USUAL_TIME), (OpFork::Jovian, USUAL_TIME + 1)]);
    let rollup = Rollup::of_fork(brief, OpFork::Isthmus).unwrap();
    assert_eq!((rollup.fork(), rollup.fork_before()), (OpFork::Isthmus, OpFork::Bedrock));
    let never = OpChain::new([(OpFork::Isthmus, u64::MAX)]);
    assert_eq!(Rollup::of_fork(never, OpFork::Isthmus), None);
}

#[test]
fn the_first_transaction_speaks_as_its_fork_does() {
    // Selectors and lengths are the protocol's; a fork's first block speaks as the fork before.
    let forms: [([u8; 4], usize); 4] = [
        ([0x01, 0x5d, 0x8e, 0xb9], 260),
        ([0x44, 0x0a, 0x5e, 0x20], 164),
        ([0x09, 0x89, 0x99, 0xbe], 176),
        ([0x3d, 0xb6, 0xbe, 0x2b], 178),
    ];
    let form = |fork: OpFork| match fork {
        fork if fork < OpFork::Ecotone => 0,
        fork if fork < OpFork::Isthmus => 1,
        fork if fork < OpFork::Jovian => 2,
        _ => 3,
    };
    for fork in OpFork::ALL {
        let before = OpFork::ALL[(fork as usize).saturating_sub(1)];
        for (block, speaks) in [(since(fork, 0), fork), (since(fork, USUAL_TIME), before)] {
            let (selector, len) = forms[form(speaks)];
            let input = attributes(&block);
            assert_eq!((&input[..4], input.len()), (&selector[..], len), "{fork:?} {speaks:?}");
            let deposit = block.transactions[0].as_deposit().unwrap();
            assert_eq!(deposit.is_system_transaction, fork < OpFork::Regolith, "{fork:?}");
            assert_eq!(block.transactions[0].signer(), attributes::DEPOSITOR);
        }
    }
}

#[test]
fn headers_say_what_their_fork_demands() {
    for fork in OpFork::ALL {
        let block = since(fork, 0);
        let header = &block.header;
        let extra = match fork {
            fork if fork < OpFork::Holocene => 0,
            fork if fork < OpFork::Jovian => 9,
            _ => 17,
        };
        assert_eq!(header.extra_data.len(), extra, "{fork:?}");
        assert_eq!(block.withdrawals, (OpFork::Canyon <= fork).then(Vec::new));
        assert_eq!(header.requests_hash.is_some(), OpFork::Isthmus <= fork);
        assert_eq!(header.beneficiary, TIP_VAULT);
        let chain = OpChain::new([(fork, 0)]);
        let parent = block.around.parent.as_ref().unwrap();
        let next = next_base_fee(&chain, parent, header.timestamp);
        assert_eq!(header.base_fee_per_gas, next, "{fork:?}");
        assert!(block.transactions.iter().all(|tx| tx.blob_count().is_none()));
    }
}

#[test]
fn deposits_come_first_and_take_the_nonces_of_their_senders() {
    let block = since(OpFork::Isthmus, 0);
    let n_deposits = block.transactions.iter().filter(|tx| tx.as_deposit().is_some()).count();
    assert_eq!(n_deposits, 9);
    assert!(block.transactions[..n_deposits].iter().all(|tx| tx.as_deposit().is_some()));
    let sources: std::collections::BTreeSet<B256> = block.transactions[..n_deposits]
        .iter()
        .map(|tx| tx.as_deposit().unwrap().source_hash)
        .collect();
    assert_eq!(sources.len(), n_deposits, "every deposit has a source of its own");
    let mut nonces: BTreeMap<Address, u64> =
        block.pre_state.iter().map(|(&address, account)| (address, account.nonce)).collect();
    for tx in &block.transactions {
        let next = nonces.entry(tx.signer()).or_default();
        assert!(tx.as_deposit().is_some() || tx.nonce() == *next, "{}", tx.tx_hash());
        *next += 1;
        for authorization in tx.authorization_list().unwrap_or_default() {
            let next = nonces.entry(authorization.recover_authority().unwrap()).or_default();
            *next += u64::from(authorization.nonce() == *next);
        }
    }
}

#[test]
fn a_short_block_keeps_its_first_transaction() {
    for (n_txs, n_there) in [(0, 1), (1, 1), (3, 3)] {
        let chain = OpChain::new([(OpFork::Karst, 0)]);
        let block = unsealed(Rollup { chain, timestamp: USUAL_TIME }, n_txs);
        assert_eq!(block.transactions.len(), n_there);
        assert!(block.transactions.iter().all(|tx| tx.as_deposit().is_some()));
    }
}

#[test]
fn parameters_differ_from_those_before_and_room_is_left_for_data() {
    let block = since(OpFork::Jovian, 0);
    let (contract, _) = OpChain::FEE_PARAMETERS;
    let before = &block.pre_state[&contract].storage;
    let told = alloy_primitives::U256::from_be_slice(&attributes(&block)[36..68]);
    assert_ne!(before[&alloy_primitives::U256::ONE], told);
    let signed = block.transactions.iter().filter(|tx| tx.as_deposit().is_none());
    let bytes: u64 = signed.map(|tx| (tx.encode_2718_len() as u64).max(100)).sum();
    let scalar = u16::from_be_bytes(*attributes(&block).last_chunk().unwrap());
    assert!(bytes * u64::from(scalar) <= block.header.gas_limit);
    assert_eq!(parse(&print(&block).unwrap(), "printed").unwrap(), block);
}

#[test]
fn what_no_rollup_has_is_refused() {
    let chain = OpChain::new([(OpFork::Karst, 0)]);
    let rollup = Rollup { chain: chain.clone(), timestamp: USUAL_TIME };
    let blobs = Plan { scenario: Scenario::Blobs, ..plan(rollup, 5) };
    assert_eq!(generate(&blobs), Err(PlanError::NoBlobs));
    for timestamp in [0, u64::MAX] {
        let error = PlanError::NoTime { timestamp };
        assert_eq!(generate(&plan(Rollup { chain: chain.clone(), timestamp }, 5)), Err(error));
    }
}
