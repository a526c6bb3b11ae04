//! What does the service answer while its node is away, slow, or says what cannot be?
//!
//! In: a node of our own that misbehaves when it is told to. Out: errors while it does, and answers
//! again afterwards.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy_eips::Encodable2718;
use alloy_primitives::{U64, hex};
use serde_json::{Value, json};
use slotcast_corpus::Scenario;
use slotcast_serve::{Limits, RpcSettings, Server, Settings, Source};

use crate::{
    chain::Link,
    client::Ws,
    http,
    mock::{Act, Mock, header_json, honest},
    start, ws,
};

/// A block of calls of tokens, and the node that has it, which misbehaves as told while the switch
/// is on.
fn node(misbehave: impl Fn(&str, Value) -> Act + Send + Sync + 'static) -> (Link, Mock, Switch) {
    let link = Link::new(5, 12, Scenario::Erc20, 0);
    let switch = Switch::default();
    let (is_on, true_answer) = (Arc::clone(&switch), honest());
    let mock = Mock::start(
        std::slice::from_ref(&link),
        Arc::new(move |before, method, answer| match is_on.load(Ordering::Relaxed) {
            true => misbehave(method, answer),
            false => true_answer(before, method, answer),
        }),
    );
    (link, mock, switch)
}

type Switch = Arc<AtomicBool>;

fn serve(mock: &Mock, with_proofs: bool, time: Duration) -> Server {
    let rpc = RpcSettings {
        retries: 0,
        back_off: Duration::from_millis(1),
        timeout: Duration::from_secs(10),
        ..RpcSettings::default()
    };
    let source = Source::Node { url: mock.url(), rpc, with_proofs };
    let limits = Limits { time, ..Limits::default() };
    start(Settings { limits, poll: Duration::from_millis(10), ..Settings::new(source) })
}

/// Asks about a transaction of the block, as part of it.
fn ask(server: &Server, link: &Link, index: usize) -> Value {
    let tx = hex::encode_prefixed(link.block.transactions[index].encoded_2718());
    let number = U64::from(link.block.number());
    http(server).call("slotcast_predictAccess", json!([tx, number]))
}

/// A transaction that nothing was asked about so far, so that the node has to be asked; it is one of
/// those that call a token.
fn call_of_a_token(link: &Link, nth: usize) -> usize {
    use alloy_consensus::Transaction as _;
    let calls = link.block.transactions.iter().enumerate();
    let mut calls = calls.filter(|(_, tx)| !tx.input().is_empty()).map(|(index, _)| index);
    calls.nth(nth).unwrap()
}

fn health(server: &Server) -> u16 {
    http(server).request("GET /health HTTP/1.1", "", "").unwrap().status
}

/// Waits until health has this status; a server that never gets there fails.
fn wait_for(server: &Server, status: u16) {
    let tries = (0..2_000).any(|_| {
        let is_so = health(server) == status;
        if !is_so {
            std::thread::sleep(Duration::from_millis(5));
        }
        is_so
    });
    assert!(tries, "health is {status} in the end");
}

#[test]
fn a_node_that_goes_away_is_said_and_is_asked_again() {
    let (link, mock, is_away) = node(|_, _| Act::Hang);
    let server = serve(&mock, false, Duration::from_secs(60));
    let (first, second) = (call_of_a_token(&link, 0), call_of_a_token(&link, 1));
    let before = ask(&server, &link, first);
    assert!(before.get("result").is_some(), "{before}");
    assert_eq!(health(&server), 200);

    is_away.store(true, Ordering::Relaxed);
    wait_for(&server, 503);
    let answer = ask(&server, &link, second);
    assert_eq!(answer["error"]["code"], json!(-32002), "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("127.0.0.1"), "the node is named: {message}");

    is_away.store(false, Ordering::Relaxed);
    wait_for(&server, 200);
    let answer = ask(&server, &link, second);
    assert!(answer.get("result").is_some(), "{answer}");
    assert_eq!(ask(&server, &link, first), before, "nothing false was remembered");
    server.stop();
}

#[test]
fn a_node_that_is_slow_costs_its_requests_and_no_others() {
    let n_slow = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&n_slow);
    let (link, mock, is_slow) = node(move |method, answer| match method {
        "eth_getStorageAt" | "eth_getCode" | "eth_getBalance" => {
            count.fetch_add(1, Ordering::Relaxed);
            Act::Late(Duration::from_millis(400), answer)
        }
        _ => Act::Answer(answer),
    });
    let server = serve(&mock, false, Duration::from_millis(150));
    is_slow.store(true, Ordering::Relaxed);
    let answer = ask(&server, &link, call_of_a_token(&link, 0));
    assert_eq!(answer["error"]["code"], json!(-32005), "{answer}");
    assert_ne!(n_slow.load(Ordering::Relaxed), 0);
    assert_eq!(health(&server), 200);
    server.stop();
}

#[test]
fn answers_that_cannot_be_are_errors_and_not_predictions() {
    let (link, mock, is_wrong) = node(|method, answer| match method {
        "eth_getStorageAt" => Act::Answer(json!({ "not": "a word" })),
        "eth_getCode" => Act::Answer(json!("0xzz")),
        _ => Act::Answer(answer),
    });
    let server = serve(&mock, false, Duration::from_secs(60));
    is_wrong.store(true, Ordering::Relaxed);
    let answer = ask(&server, &link, call_of_a_token(&link, 0));
    assert_eq!(answer["error"]["code"], json!(-32002), "{answer}");
    is_wrong.store(false, Ordering::Relaxed);
    let answer = ask(&server, &link, call_of_a_token(&link, 0));
    assert!(answer.get("result").is_some(), "{answer}");
    server.stop();
}

/// Which blocks the next message that this one is the head says to be replaced.
fn replaced_at(follower: &mut Ws, hash: &Value) -> Value {
    loop {
        let notice = follower.notice();
        if notice["kind"] == json!("head") && notice["hash"] == *hash {
            return notice["replaced"].clone();
        }
    }
}

#[test]
fn a_chain_that_goes_back_and_forth_replaces_one_block_each_time() {
    let link = Link::new(5, 12, Scenario::Erc20, 0);
    let parent = header_json(link.ancestors.last().unwrap());
    let (goes_back, true_answer) = (Switch::default(), honest());
    let is_back = Arc::clone(&goes_back);
    let hash = json!(link.block.hash);
    let (head, parent_hash) = (hash.clone(), parent["hash"].clone());
    let mock = Mock::start(
        std::slice::from_ref(&link),
        Arc::new(move |before, method, answer| {
            let is_head = method == "eth_getBlockByNumber" && answer["hash"] == head;
            match is_head && is_back.load(Ordering::Relaxed) {
                true => Act::Answer(parent.clone()),
                false => true_answer(before, method, answer),
            }
        }),
    );
    let server = serve(&mock, false, Duration::from_secs(60));
    let mut follower = ws(&server);
    follower.result("slotcast_subscribePending", json!([]));
    // Some looks at the node later the block was seen for certain.
    let n_calls = mock.n_calls();
    while mock.n_calls() < n_calls + 6 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // The parent is new the first time and was seen the second.
    for _ in 0..2 {
        goes_back.store(true, Ordering::Relaxed);
        assert_eq!(replaced_at(&mut follower, &parent_hash), json!([hash]));
        goes_back.store(false, Ordering::Relaxed);
        assert_eq!(replaced_at(&mut follower, &hash), json!([]));
    }
    let metrics = http(&server).request("GET /metrics HTTP/1.1", "", "").unwrap().body;
    assert!(metrics.contains("\nslotcast_reorganisations_total 2\n"), "{metrics}");
    server.stop();
}

#[test]
fn with_proofs_a_lie_about_a_value_is_an_error() {
    let (link, mock, lies) = node(|method, mut answer| {
        if method == "eth_getProof" {
            answer["balance"] = json!("0x123456789");
        }
        Act::Answer(answer)
    });
    let server = serve(&mock, true, Duration::from_secs(60));
    lies.store(true, Ordering::Relaxed);
    let answer = ask(&server, &link, call_of_a_token(&link, 0));
    assert_eq!(answer["error"]["code"], json!(-32002), "{answer}");
    lies.store(false, Ordering::Relaxed);
    let answer = ask(&server, &link, call_of_a_token(&link, 0));
    assert!(answer.get("result").is_some(), "{answer}");
    server.stop();
}
