//! Does the service start, say how it is, notice new files, and stop as it should?

use std::{fs, net::TcpStream};

use alloy_primitives::U64;
use serde_json::{Value, json};
use slotcast_corpus::{self as corpus, Plan, RecordedBlock, Scenario, generate};
use slotcast_lab::seal;
use slotcast_serve::{RpcSettings, ServeError, Server, Settings, Source};
use slotcast_store::Store;

use crate::{block, embedded, http, raw, raws, start, ws};

fn made(seed: u64) -> RecordedBlock {
    of_chain(1, seed)
}

fn of_chain(chain_id: u64, seed: u64) -> RecordedBlock {
    let plan = Plan { seed, n_txs: 20, scenario: Scenario::Erc20, chain_id, ..Plan::default() };
    seal(generate(&plan).unwrap()).unwrap()
}

#[test]
fn health_and_metrics_tell_what_was_done() {
    let server = embedded();
    let mut http = http(&server);
    let health = http.request("GET /health HTTP/1.1", "", "").unwrap();
    let head = block().block().header.number;
    let expected = json!({ "status": "ok", "head": head, "source": "blocks", "chainId": 1 });
    assert_eq!(health.status, 200);
    assert_eq!(serde_json::from_str::<Value>(&health.body).unwrap(), expected);

    http.result("slotcast_predictBatch", json!([raws(5)]));
    http.call("slotcast_predictBatch", json!([]));
    let mut ws = ws(&server);
    ws.result("slotcast_predictAccess", json!([raw(0)]));
    let metrics = http.request("GET /metrics HTTP/1.1", "", "").unwrap().body;
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name} is not among\n{metrics}")).parse().unwrap()
    };
    let of_batch = |outcome: &str| {
        format!(r#"slotcast_requests_total{{method="slotcast_predictBatch",outcome="{outcome}"}}"#)
    };
    assert_eq!(value(&of_batch("ok")), 1.0);
    assert_eq!(value(&of_batch("error")), 1.0);
    let count = r#"slotcast_request_seconds_count{method="slotcast_predictBatch"}"#;
    assert_eq!(value(count), 2.0);
    let kinds = ["complete", "assuming", "partial"];
    let n: f64 = kinds
        .iter()
        .map(|kind| value(&format!(r#"slotcast_predictions_total{{coverage="{kind}"}}"#)))
        .sum();
    assert_eq!(n, 6.0);
    assert_eq!(value("slotcast_connections"), 2.0);
    assert_eq!(value("slotcast_head"), head as f64);
    assert!(0.0 < value("slotcast_summaries"));
    assert!(metrics.contains("# HELP slotcast_requests_total "), "{metrics}");
    server.stop();
}

#[test]
fn stopping_ends_what_is_open_and_frees_the_address() {
    let server = embedded();
    let address = server.address();
    let (mut http, mut follower) = (http(&server), ws(&server));
    http.result("slotcast_predictAccess", json!([raw(0)]));
    follower.result("slotcast_subscribePending", json!([]));
    server.stop();
    assert!(http.post("{}").is_err());
    while let Ok(message) = follower.read() {
        drop(message);
    }
    assert!(TcpStream::connect(address).is_err());
    let again = Settings { listen: address, ..Settings::new(Source::Embedded) };
    Server::start(&again).unwrap().stop();
}

#[test]
fn summaries_outlive_the_service_in_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = Some(folder.path().join("summaries.redb"));
    let settings = Settings { store: store.clone(), ..Settings::new(Source::Embedded) };
    let mut answers = Vec::new();
    for _ in 0..2 {
        let server = start(settings.clone());
        answers.push(http(&server).result("slotcast_predictBatch", json!([raws(60)])));
        server.stop();
        let kept = Store::open(store.as_deref().unwrap(), 1 << 30).unwrap().kept().unwrap();
        assert!(1 < kept.n_summaries);
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn blocks_that_are_added_or_replaced_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (first, mut second) = (made(1), made(2));
    corpus::write_file(&path("block-1.json"), &first).unwrap();
    let server = start(Settings::new(Source::Blocks(folder.path().into())));
    let mut http = http(&server);
    let mut ask = |id: Value| http.call("slotcast_schedule", json!({ "block": id }));
    let latest = |answer: Value| answer["result"]["block"].clone();
    assert_eq!(latest(ask(json!("latest"))), json!(first.number()));
    assert_eq!(ask(json!(second.hash))["error"]["code"], json!(-32001));

    // Another block of the same number takes the place of the first, as after a reorganisation.
    assert_eq!(first.number(), second.number());
    corpus::write_file(&path("block-1.json"), &second).unwrap();
    assert!(ask(json!(second.hash)).get("result").is_some());
    assert_eq!(ask(json!(first.hash))["error"]["code"], json!(-32001));

    second.header.number += 1;
    second.hash = second.header.hash_slow();
    corpus::write_file(&path("block-2.json"), &second).unwrap();
    assert_eq!(latest(ask(json!(U64::from(second.number())))), json!(second.number()));
    assert_eq!(latest(ask(json!("latest"))), json!(second.number()));

    // What is half there is no block, and harms none.
    fs::write(path("block-3.json"), b"{").unwrap();
    assert_eq!(latest(ask(json!("latest"))), json!(second.number()));
    server.stop();
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let start = |source| Server::start(&Settings::new(source)).map(|_| ());
    let error = start(Source::Blocks(folder.path().into())).unwrap_err();
    assert!(matches!(error, ServeError::Blocks(_)), "{error}");
    let other = of_chain(31_337, 3);
    corpus::write_file(&folder.path().join("1.json"), &made(3)).unwrap();
    corpus::write_file(&folder.path().join("2.json"), &other).unwrap();
    let error = start(Source::Blocks(folder.path().into())).unwrap_err();
    assert!(error.to_string().ends_with("serve one chain at a time"), "{error}");
    let rpc = RpcSettings { retries: 0, ..RpcSettings::default() };
    let url = "http://127.0.0.1:1".to_owned();
    let error = start(Source::Node { url, rpc, with_proofs: false }).unwrap_err();
    assert!(error.to_string().contains("no answer to eth_chainId"), "{error}");
    let running = embedded();
    let taken = Settings { listen: running.address(), ..Settings::new(Source::Embedded) };
    let error = Server::start(&taken).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("name another address or port"), "{error}");
    running.stop();
}
