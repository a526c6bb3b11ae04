//! What becomes of a recording when the node breaks off, is busy, is slow, or lies?
//!
//! In: nodes with faults. Out: recordings where the fault passes, clear errors where it stays, and
//! never a file in the latter case.

use std::{sync::Arc, time::Duration};

use alloy_consensus::Header;
use alloy_primitives::{B256, KECCAK256_EMPTY, U64, U256};
use alloy_trie::EMPTY_ROOT_HASH;
use serde_json::{Value, json};
use slotcast_corpus::{RecordedBlock, Scenario};
use slotcast_node::{
    Done, Job, Node, NodeError, Progress, ProofPolicy, RecordError, RecordSettings, RpcSettings,
    record_range,
};

use crate::{
    chain::Link,
    mock::{Act, Manner, Mock, TRACING_AND_PROOFS, header_json, honest, without},
    recording::recorder,
};

/// What is told instead of an answer.
type Lie = fn(Value) -> Value;

/// Settings that do not keep a test waiting.
pub(crate) fn impatient() -> RpcSettings {
    RpcSettings {
        timeout: Duration::from_secs(20),
        retries: 3,
        back_off: Duration::from_millis(1),
        ..RpcSettings::default()
    }
}

fn link() -> Link {
    Link::new(3, 30, Scenario::Mixed, 0)
}

fn record_with(
    link: &Link,
    manner: Manner,
    settings: RecordSettings,
) -> Result<RecordedBlock, RecordError> {
    let mock = Mock::start(std::slice::from_ref(link), manner);
    let number = link.block.number();
    recorder(&mock, settings).record(number).map(|recording| recording.block)
}

fn record(link: &Link, manner: Manner) -> Result<RecordedBlock, RecordError> {
    record_with(link, manner, RecordSettings::default())
}

/// Single words and no proofs, where a lie has the least to contradict it.
fn by_words(wrong: impl Fn(&str, Value) -> Value + Send + Sync + 'static) -> Manner {
    let honest = without(TRACING_AND_PROOFS);
    Arc::new(move |before, method, answer| match honest(before, method, answer) {
        Act::Answer(answer) => Act::Answer(wrong(method, answer)),
        other => other,
    })
}

#[test]
fn what_passes_is_waited_for() {
    let link = link();
    let truth = record(&link, honest()).expect("an honest node");
    let faults: [fn(u64, Value) -> Act; 5] = [
        |before, answer| if before % 5 == 3 { Act::Hang } else { Act::Answer(answer) },
        |before, answer| if before % 4 == 3 { Act::Status(429) } else { Act::Answer(answer) },
        |before, answer| if before % 6 == 5 { Act::Status(503) } else { Act::Answer(answer) },
        |before, answer| if before % 5 == 2 { Act::CutShort(answer) } else { Act::Answer(answer) },
        |before, answer| match before % 7 {
            3 => Act::Refuse(-32005, "too many requests"),
            4 => Act::Late(Duration::from_millis(20), answer),
            _ => Act::Answer(answer),
        },
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let manner: Manner = Arc::new(move |before, _, answer| fault(before, answer));
        // One question at a time, so that the same question does not meet the fault every time.
        let settings = RecordSettings { threads: 1, ..RecordSettings::default() };
        let recorded = record_with(&link, manner, settings);
        assert_eq!(recorded.expect("the fault passes"), truth, "fault {n}");
    }
}

#[test]
fn a_node_that_dies_in_the_middle_is_named_and_nothing_is_written() {
    let link = link();
    for after in [1, 2, 4, 9, 30] {
        let manner: Manner = Arc::new(move |before, _, answer| match before < after {
            true => Act::Answer(answer),
            false => Act::Hang,
        });
        let mock = Mock::start(std::slice::from_ref(&link), {
            let by_words = without(TRACING_AND_PROOFS);
            Arc::new(move |before, method, answer| match manner(before, method, answer) {
                Act::Answer(answer) => by_words(before, method, answer),
                other => other,
            })
        });
        let folder = tempfile::tempdir().expect("a folder can be made");
        let recorder = recorder(&mock, RecordSettings::default());
        let number = link.block.number();
        let job =
            Job { recorder: &recorder, blocks: number..=number, folder: folder.path(), threads: 1 };
        let failures = record_range(&job, &Deaf);
        let [(failed, error)] = &failures[..] else { panic!("{failures:?}") };
        assert_eq!(*failed, number);
        assert!(error.is_lasting() && !error.is_lie(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("after 4 attempts") && text.contains("run the same command"),
            "{text}"
        );
        assert_eq!(folder.path().read_dir().expect("it is there").count(), 0, "after {after}");
    }
}

/// Does not want to know.
struct Deaf;

impl Progress for Deaf {
    fn done(&self, _: u64, _: &Result<Done, RecordError>) {}
}

#[test]
fn a_node_that_is_not_there_is_named_without_what_may_be_secret() {
    let url = "http://127.0.0.1:9/v2/SECRET";
    let error = Node::connect(url, impatient()).expect_err("nothing listens there");
    let text = error.to_string();
    assert!(text.starts_with("127.0.0.1:9: no answer to eth_chainId after 4 attempts"), "{text}");
    assert!(!text.contains("SECRET"), "{text}");
}

#[test]
fn a_node_that_is_too_slow_is_given_up() {
    let link = link();
    let manner: Manner = Arc::new(|before, _, answer| match before {
        0 => Act::Answer(answer),
        _ => Act::Late(Duration::from_secs(30), answer),
    });
    let mock = Mock::start(std::slice::from_ref(&link), manner);
    let settings = RpcSettings { timeout: Duration::from_millis(50), retries: 1, ..impatient() };
    let node = Node::connect(&mock.url(), settings).expect("the first answer is in time");
    let error = node.head().expect_err("the second is not");
    assert!(matches!(error, NodeError::Unreachable { attempts: 2, .. }), "{error}");
}

#[test]
fn wrong_balances_slots_and_codes_are_noticed() {
    let link = link();
    let lies: [(&str, Lie); 3] = [
        ("eth_getBalance", |_| json!("0x0")),
        ("eth_getStorageAt", |_| json!(B256::with_last_byte(1))),
        ("eth_getCode", |_| json!("0x00")),
    ];
    for (lied, lie) in lies {
        let manner = by_words(move |method, answer| match method == lied {
            true => lie(answer),
            false => answer,
        });
        let error = record(&link, manner).expect_err("a lie is noticed");
        assert!(error.is_lie(), "{lied}: {error}");
        let text = error.to_string();
        assert!(text.contains("nothing was written") && text.contains("127.0.0.1"), "{text}");
    }
}

#[test]
fn a_wrong_block_is_noticed() {
    let link = link();
    let lies: [fn(&mut Value); 4] = [
        |block| block["gasUsed"] = json!("0x1"),
        |block| block["stateRoot"] = json!(B256::ZERO),
        |block| drop(block["transactions"].as_array_mut().map(Vec::pop)),
        |block| block["transactions"][3]["from"] = json!(alloy_primitives::Address::ZERO),
    ];
    for lie in lies {
        let manner: Manner = Arc::new(move |_, method, mut answer| {
            if method == "eth_getBlockByNumber" {
                lie(&mut answer);
            }
            Act::Answer(answer)
        });
        let error = record(&link, manner).expect_err("a lie is noticed");
        assert!(error.is_lie(), "{error}");
    }
}

#[test]
fn a_header_of_another_block_is_noticed() {
    let link = link();
    let manner: Manner = Arc::new(|_, method, mut answer| {
        if method == "eth_getBlockByHash" {
            answer["stateRoot"] = json!(B256::with_last_byte(7));
        }
        Act::Answer(answer)
    });
    let error = record(&link, manner).expect_err("a lie is noticed");
    assert!(error.is_lie(), "{error}");
}

#[test]
fn a_false_trace_is_set_right_by_single_words() {
    let link = link();
    let truth = record(&link, honest()).expect("an honest node");
    let manner: Manner = Arc::new(|_, method, mut answer| {
        if method == "debug_traceBlockByHash" {
            for account in answer[0]["result"].as_object_mut().into_iter().flatten() {
                account.1["nonce"] = json!("0x7777");
            }
        }
        Act::Answer(answer)
    });
    assert_eq!(record(&link, manner).expect("the words are true"), truth);
}

#[test]
fn a_false_word_that_changes_nothing_is_noticed_when_proofs_are_asked_for() {
    let link = link();
    // The beneficiary's balance is not observed, but it is recorded.
    let beneficiary = format!("{:#x}", link.block.header.beneficiary);
    let manner: Manner = Arc::new(move |_, method, mut answer| {
        if method == "debug_traceBlockByHash" {
            answer[0]["result"][&beneficiary]["balance"] = json!(U256::from(12_345));
        }
        Act::Answer(answer)
    });
    let believing = record(&link, Arc::clone(&manner));
    assert!(believing.is_ok(), "the header has nothing to say about it");
    let settings = RecordSettings { proofs: ProofPolicy::Always, ..RecordSettings::default() };
    let error = record_with(&link, manner, settings).expect_err("the proof does");
    assert!(error.is_lie() && error.to_string().contains("the balance"), "{error}");
}

#[test]
fn a_false_proof_is_noticed() {
    let link = link();
    let lie: fn(&mut Value) = |proof| proof["balance"] = json!("0x99");
    let manner: Manner = Arc::new(move |_, method, mut answer| match method {
        "debug_traceBlockByHash" => Act::Refuse(-32601, "no"),
        "eth_getProof" => {
            lie(&mut answer);
            Act::Answer(answer)
        }
        _ => Act::Answer(answer),
    });
    let error = record(&link, manner).expect_err("it leads nowhere");
    assert!(error.is_lie() && error.to_string().contains("--proofs never"), "{error}");
}

#[test]
fn an_answer_of_the_wrong_shape_is_an_error_that_names_the_method() {
    let link = link();
    for (method, wrong) in
        [("eth_getBlockByNumber", json!({ "number": "0x1" })), ("eth_getBlockByHash", json!(7))]
    {
        let manner: Manner = Arc::new(move |_, asked, answer| match asked == method {
            true => Act::Answer(wrong.clone()),
            false => Act::Answer(answer),
        });
        let error = record(&link, manner).expect_err("it is malformed").to_string();
        assert!(error.contains("127.0.0.1"), "{method}: {error}");
    }
}

/// The answer to a trace with its first account changed.
fn first_account(mut traces: Value, change: fn(&mut Value)) -> Value {
    change(traces[0]["result"].as_object_mut().unwrap().values_mut().next().unwrap());
    traces
}

#[test]
fn a_trace_that_cannot_be_read_is_dropped_and_said() {
    let link = link();
    let truth = record(&link, honest()).expect("an honest node");
    let faults: [fn(Value) -> Act; 8] = [
        |mut traces| {
            traces[3] = json!({ "error": "execution timeout" });
            Act::Answer(traces)
        },
        |mut traces| {
            traces[1]["result"] = Value::Null;
            Act::Answer(traces)
        },
        |traces| Act::Answer(first_account(traces, |account| account["code"] = json!(""))),
        |traces| Act::Answer(first_account(traces, |account| account["storage"] = Value::Null)),
        |traces| Act::Answer(first_account(traces, |account| account["balance"] = Value::Null)),
        |_| Act::Answer(Value::Null),
        |_| Act::Answer(json!([{ "result": { "0x1": {} } }])),
        |_| Act::Hang,
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let manner = |words_too: bool| -> Manner {
            Arc::new(move |_, method, answer| match method {
                "debug_traceBlockByHash" => fault(answer),
                "eth_getProof" | "eth_getBalance" if !words_too => Act::Refuse(-32000, "pruned"),
                _ => Act::Answer(answer),
            })
        };
        let mock = Mock::start(std::slice::from_ref(&link), manner(true));
        let recording =
            recorder(&mock, RecordSettings::default()).record(link.block.number()).unwrap();
        assert_eq!(recording.block, truth, "fault {n}");
        // An account without storage is read as one, and what is hung up on is asked for again.
        let is_dropped = recording.dropped_trace.is_some();
        assert!(is_dropped || recording.way == slotcast_node::Way::Traced, "fault {n}");
        assert!(is_dropped || n == 3, "fault {n}");
        if is_dropped {
            let error = record(&link, manner(false)).expect_err("nothing is left to ask for");
            let text = error.to_string();
            assert!(text.contains("--no-trace") && text.contains("pruned"), "fault {n}: {text}");
        }
    }
}

#[test]
fn a_node_without_proofs_is_refused_where_they_are_insisted_on() {
    let link = link();
    for is_traced in [true, false] {
        let settings =
            RecordSettings { proofs: ProofPolicy::Always, is_traced, ..RecordSettings::default() };
        let error = record_with(&link, without(&["eth_getProof"]), settings).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("eth_getProof was refused") && error.is_lasting(), "{text}");
        assert!(!error.is_lie() && !text.contains("proves"), "{text}");
    }
}

#[test]
fn nulls_of_old_nodes_are_read() {
    let link = link();
    let truth = record(&link, honest()).expect("an honest node");
    let manner: Manner = Arc::new(|_, method, mut answer| match method {
        "debug_traceBlockByHash" => Act::Refuse(-32601, "no"),
        "eth_getBlockByNumber" if answer["transactions"].is_array() => {
            answer["uncles"] = Value::Null;
            Act::Answer(answer)
        }
        "eth_getProof" => {
            if answer["storageProof"] == json!([]) {
                answer["storageProof"] = Value::Null;
            }
            for slot in answer["storageProof"].as_array_mut().into_iter().flatten() {
                if slot["proof"] == json!([]) {
                    slot["proof"] = Value::Null;
                }
            }
            if answer["balance"] == "0x0" && answer["nonce"] == "0x0" {
                for field in ["codeHash", "storageHash"] {
                    if [KECCAK256_EMPTY, EMPTY_ROOT_HASH]
                        .map(|hash| json!(hash))
                        .contains(&answer[field])
                    {
                        answer[field] = Value::Null;
                    }
                }
            }
            Act::Answer(answer)
        }
        _ => Act::Answer(answer),
    });
    assert_eq!(record(&link, manner).expect("the nulls are read"), truth);
}

#[test]
fn a_false_block_hash_is_noticed_where_proofs_are_insisted_on() {
    let link = Link::new(3, 12, Scenario::BlockHash, 0);
    let truth = record(&link, honest()).expect("an honest node");
    assert!(1 < truth.block_hashes.len(), "more than the parent's hash is asked for");
    // Another chain's headers, each true to its own hash, in place of all ancestors but the parent.
    let (_, older) = link.ancestors.split_last().expect("there are some");
    let forged = older.iter().map(|header| {
        let other = Header { extra_data: b"another chain".into(), ..header.clone() };
        (json!(U64::from(header.number)), header_json(&other))
    });
    let forged: Vec<(Value, Value)> = forged.collect();
    let manner: Manner = Arc::new(move |_, method, answer| {
        let of_number = forged.iter().find(|(number, _)| answer["number"] == *number);
        match (method, of_number) {
            ("eth_getBlockByNumber", Some((_, other))) => Act::Answer(other.clone()),
            _ => Act::Answer(answer),
        }
    });
    let settings = RecordSettings { proofs: ProofPolicy::Always, ..RecordSettings::default() };
    let error =
        record_with(&link, manner, settings).expect_err("the parents' hashes say otherwise");
    assert!(error.is_lie() && error.to_string().contains("block hash"), "{error}");
}
