//! Is a block of a rollup recorded, from nodes that word it as op-geth and as op-reth do?
//!
//! In: recorded blocks whose parents are recorded too, where there are any beside the checkout, and a
//! synthetic block of Isthmus. Out: recordings that hold what running the block gave, the parent's
//! fields, the state afterwards and the withdrawals' storage roots; nothing where the node lies.

use std::{path::PathBuf, sync::Arc};

use alloy_consensus::Header;
use alloy_primitives::B256;
use serde_json::{Value, json};
use slotcast::executor::{ChainRules, OpChain, OpFork};
use slotcast_corpus::{
    self as corpus, Around, Plan, RecordedBlock, Rollup, Scenario, block_of, generate,
};
use slotcast_lab::{RunSettings, run_block, seal};
use slotcast_node::{Node, ProofPolicy, RecordError, RecordSettings, Recorder};

use crate::{
    chain::{Link, ancestors, run, storage_root},
    faults::impatient,
    mock::{Act, Manner, Mock, TRACING, TRACING_AND_PROOFS, honest},
    recording::recorder,
};

/// What nodes state that prove a state of which a part is recorded.
const UNPROVEN: RecordSettings =
    RecordSettings { proofs: ProofPolicy::Never, is_traced: true, threads: 2 };

/// Recorded blocks whose parents are recorded too.
fn recorded_links() -> Vec<Link> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/rollups"));
    if !folder.exists() {
        return Vec::new();
    }
    let files = corpus::list(&folder).expect("it can be read");
    let blocks: Vec<RecordedBlock> =
        files.iter().map(|file| corpus::read_file(file).expect("it is whole")).collect();
    let parent_of = |block: &RecordedBlock| {
        let is_parent = |other: &&RecordedBlock| other.hash == block.header.parent_hash;
        Some(vec![blocks.iter().find(is_parent)?.header.clone()])
    };
    let link =
        |block: &RecordedBlock| Some(Link { block: block.clone(), ancestors: parent_of(block)? });
    blocks.iter().filter_map(link).collect()
}

/// Changes the transactions of blocks that are answered whole, and receipts.
fn wording(
    methods: &'static [&'static str],
    deposit: fn(&mut serde_json::Map<String, Value>),
    receipt: fn(&mut serde_json::Map<String, Value>),
) -> Manner {
    Arc::new(move |_, method, mut answer| {
        if methods.contains(&method) {
            return Act::Refuse(-32601, "the method does not exist");
        }
        let transactions = answer.get_mut("transactions").and_then(Value::as_array_mut);
        let transactions = transactions.into_iter().flatten();
        transactions.filter_map(Value::as_object_mut).for_each(|tx| {
            if tx["type"] == "0x7e" {
                deposit(tx);
            }
        });
        if method == "eth_getBlockReceipts" {
            let receipts = answer.as_array_mut().into_iter().flatten();
            receipts.filter_map(Value::as_object_mut).for_each(receipt);
        }
        Act::Answer(answer)
    })
}

/// Leaves out what is zero, and the parity.
fn as_op_geth() -> Manner {
    wording(
        TRACING_AND_PROOFS,
        |tx| {
            if tx["mint"] == "0x0" {
                tx.remove("mint");
            }
            tx.remove("yParity");
            tx.insert("blockTimestamp".to_owned(), json!("0x1"));
        },
        |receipt| {
            receipt.remove("operatorFee");
            receipt.insert("contractAddress".to_owned(), Value::Null);
        },
    )
}

/// Writes null for what there is nothing of, and leaves signatures out.
fn as_op_reth() -> Manner {
    wording(
        TRACING,
        |tx| {
            for key in ["v", "r", "s", "yParity", "gasPrice"] {
                tx.remove(key);
            }
            let is_zero = tx["mint"] == "0x0";
            tx.insert("mint".to_owned(), if is_zero { Value::Null } else { tx["mint"].clone() });
            tx.insert("isSystemTx".to_owned(), Value::Null);
            tx.entry("depositReceiptVersion").or_insert(Value::Null);
        },
        |receipt| {
            for key in ["l1FeeScalar", "operatorFeeScalar", "operatorFeeConstant", "operatorFee"] {
                receipt.entry(key).or_insert(Value::Null);
            }
        },
    )
}

/// Each block from one kind of node, in turns.
#[test]
fn recorded_blocks_are_recorded_again_whatever_the_node_is() {
    for (n, link) in recorded_links().into_iter().enumerate() {
        let stated = &link.block;
        let number = stated.number();
        let manner = [honest, as_op_geth, as_op_reth][n % 3]();
        let mock = Mock::start(std::slice::from_ref(&link), manner);
        let recording = recorder(&mock, UNPROVEN).record(number);
        let block = recording.unwrap_or_else(|error| panic!("{number}: {error}")).block;
        assert_eq!((block.hash, &block.transactions), (stated.hash, &stated.transactions));
        assert_eq!(block.receipts, stated.receipts, "{number}");
        assert_eq!(block.around.parent, stated.around.parent, "{number}");
        assert_eq!(block.around.post_state, stated.around.post_state, "{number}");
        let settings = RunSettings::new(2, None).expect("threads can be started");
        let report = run_block(&block, &settings).expect("it runs");
        assert!(report.holds(), "{number}");
    }
}

/// A block of Isthmus, with the hashes of blocks that are there.
fn isthmus() -> Link {
    isthmus_of(14)
}

/// The same with so many transactions, of which the seventh records a withdrawal.
fn isthmus_of(n_txs: usize) -> Link {
    let chain = ChainRules::of_id(10).expect("it is known").as_optimism().cloned();
    let rollup = Rollup::of_fork(chain.expect("it is a rollup"), OpFork::Isthmus);
    let scenario = Scenario::Transfers;
    let plan = Plan { seed: 5, n_txs, scenario, chain_id: 10, rollup, ..Plan::default() };
    let mut block = seal(generate(&plan).expect("the era has it")).expect("it can be run");
    // The parent used just what it aims at, so the base fee stays.
    let used = block.header.gas_used;
    block.header.gas_used = block.header.gas_limit / 6;
    let ancestors = ancestors(&block);
    block.header.gas_used = used;
    block.header.parent_hash = ancestors.last().map(Header::hash_slow).expect("there are some");
    block.block_hashes =
        ancestors.iter().map(|header| (header.number, header.hash_slow())).collect();
    run(&mut block);
    Link { block, ancestors }
}

fn record(link: &Link, manner: Manner) -> Result<RecordedBlock, RecordError> {
    let mock = Mock::start(std::slice::from_ref(link), manner);
    let number = link.block.number();
    recorder(&mock, RecordSettings::default()).record(number).map(|recording| recording.block)
}

#[test]
fn a_recording_holds_what_the_header_follows_from() {
    let link = isthmus();
    let root = link.block.header.withdrawals_root.expect("it is of Isthmus");
    let sealed = &link.block.around;
    let (before, after) = sealed.message_passer.expect("it is of Isthmus");
    assert_eq!(before, Some(storage_root(&link.block.pre_state[&OpChain::MESSAGE_PASSER])));
    assert!(after == root && before != Some(root), "the block records a withdrawal");
    for (manner, before) in [(honest(), before), (as_op_reth(), before), (as_op_geth(), None)] {
        let block = record(&link, manner).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(block.receipts, link.block.receipts);
        assert_eq!(block.around.message_passer, Some((before, root)));
        let parent = link.ancestors.last().map(Into::into);
        assert_eq!(block.around.parent, parent);
        let parameters = |around: &Around| {
            around.post_state.as_ref().expect("it is recorded")[&OpChain::FEE_PARAMETERS.0].clone()
        };
        assert!(parameters(&block.around).is_some());
        assert_eq!(parameters(&block.around), parameters(sealed));
        let text = corpus::print(&block).expect("it prints");
        assert_eq!(corpus::parse(&text, "again").expect("it can be read"), block);
    }
}

#[test]
fn what_contradicts_the_rules_of_the_chain_is_not_recorded() {
    let field = |link: &Link, manner| match record(link, manner) {
        Err(RecordError::Contradicted { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let lying: Manner = Arc::new(|_, method, mut answer| {
        if method == "eth_getBlockReceipts" {
            answer[12]["l1Fee"] = json!("0x123456789");
        }
        Act::Answer(answer)
    });
    assert_eq!(field(&isthmus(), lying), "l1Fee of a receipt");
    let mut cheap = isthmus();
    cheap.block.header.base_fee_per_gas = cheap.block.header.base_fee_per_gas.map(|fee| fee - 1);
    run(&mut cheap.block);
    assert_eq!(field(&cheap, honest()), "baseFeePerGas");
    // Which root a new withdrawal leads to does not follow from what is recorded.
    let mut other = isthmus_of(6);
    other.block.header.withdrawals_root = Some(B256::with_last_byte(1));
    run(&mut other.block);
    assert_eq!(field(&other, honest()), "withdrawalsRoot");
}

#[test]
fn a_chain_is_recorded_by_the_rules_that_are_stated_for_it() {
    let mut link = isthmus();
    let mock = Mock::start(std::slice::from_ref(&link), honest());
    let connect = || Node::connect(&mock.url(), impatient()).expect("the node is up");
    let other = ChainRules::named("unichain").expect("it is known");
    let error = connect().with_rules(other).expect_err("it is another chain");
    assert!(error.to_string().contains("is of chain 10, but unichain is chain 130"), "{error}");
    // Without deposits there is no block of a rollup, and without rollup no such fees.
    let genesis = br#"{"config": {"chainId": 10, "optimism": {"eip1559Elasticity": 6,
        "eip1559Denominator": 250}, "isthmusTime": 0}}"#;
    let rules = corpus::read_chain(genesis, "genesis.json").expect("it describes a chain");
    let node = Arc::new(connect().with_rules(rules).expect("it is this chain"));
    let recording = Recorder::new(node, RecordSettings::default()).record(link.block.number());
    let recorded = recording.unwrap_or_else(|error| panic!("{error}")).block;
    assert_eq!(recorded.receipts, link.block.receipts.take());
    assert_eq!(block_of(&recorded).n_transactions(), 14);
}
