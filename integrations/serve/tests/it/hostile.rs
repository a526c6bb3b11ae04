//! Is what no client should send answered with an error, and is the service there afterwards?

use std::time::Duration;

use serde_json::{Value, json};
use slotcast_serve::{Limits, Server, Settings, Source};

use crate::{
    client::{Http, Ws, request},
    embedded, http, raw, raws, start, with_limits, ws,
};

/// Asks what a decent client would.
fn assert_alive(server: &Server) {
    let answer = http(server).result("slotcast_predictAccess", json!([raw(0)]));
    assert_eq!(answer["schemaVersion"], json!(1));
}

fn code(text: &str) -> Value {
    let answer: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"));
    answer["error"]["code"].clone()
}

#[test]
fn what_is_no_request_is_refused() {
    let server = embedded();
    let deep = "[".repeat(200_000);
    let deep_params = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"slotcast_predictAccess","params":[{}{}]}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    for (body, expected) in [
        ("", -32700),
        ("{", -32700),
        ("\u{0}", -32700),
        ("{}", -32600),
        ("[]", -32600),
        (deep.as_str(), -32700),
        (deep_params.as_str(), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"slotcast_nothing","params":[]}"#, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover","params":7}"#, -32602),
    ] {
        let shown: String = body.chars().take(80).collect();
        // A body that is no JSON at all may end the connection, so each gets one of its own.
        let response = http(&server).post(body).unwrap();
        let found = code(&response.body);
        assert!(found == json!(expected) || found == json!(-32700), "{shown}: {response:?}");
        if !body.is_empty() {
            let mut ws = ws(&server);
            ws.send(body).unwrap();
            let found = code(&ws.read().unwrap());
            assert!(found.is_i64(), "{shown}: {found}");
        }
    }
    assert_alive(&server);
    server.stop();
}

#[test]
fn wrong_parameters_name_the_field() {
    let server = embedded();
    let mut http = http(&server);
    let sender = "0x00000000000000000000000000000000000000aa";
    for (method, params, part) in [
        ("slotcast_predictAccess", json!([]), "invalid length 0"),
        ("slotcast_predictAccess", json!({ "block": "latest" }), "missing field `tx`"),
        ("slotcast_predictAccess", json!([7]), "tx: "),
        ("slotcast_predictAccess", json!(["0xzz"]), "tx: "),
        ("slotcast_predictAccess", json!(["0x02"]), "tx: no signed transaction (EIP-2718)"),
        ("slotcast_predictAccess", json!([{}]), "tx: from: it is missing"),
        ("slotcast_predictAccess", json!([{ "from": 7 }]), "tx: from: "),
        ("slotcast_predictAccess", json!([{ "from": sender, "value": "x" }]), "tx: value: "),
        (
            "slotcast_predictAccess",
            json!([{ "from": sender, "input": "0x00", "data": "0x01" }]),
            "tx: data: it is not the same as input",
        ),
        ("slotcast_predictAccess", json!([{ "from": sender, "chainId": "0x7" }]), "tx: chainId: "),
        ("slotcast_predictBatch", json!([[raw(0), {}]]), "txs[1]: from: it is missing"),
        ("slotcast_predictBatch", json!([[], null, "sideways"]), "unknown variant `sideways`"),
        ("slotcast_conflictGroups", json!([{}]), "expected a sequence"),
        ("slotcast_createAccessList", json!([{}]), "tx: from"),
        ("eth_createAccessList", json!([null]), "tx: "),
        ("slotcast_schedule", json!([[{}]]), "txs[0]: from"),
        ("slotcast_summary", json!(["0x12"]), "invalid string length"),
        ("slotcast_revalidate", json!([[{}]]), "missing field `reliedOn`"),
        (
            "slotcast_revalidate",
            json!([[{ "reliedOn": [{ "address": sender, "value": "0x0" }] }]]),
            "predictions[0].reliedOn[0]: it needs one of slot and field",
        ),
    ] {
        let answer = http.call(method, params.clone());
        assert_eq!(answer["error"]["code"], json!(-32602), "{method} {params}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{method} {params}: {message}");
    }
    assert_alive(&server);
    server.stop();
}

#[test]
fn limits_are_kept() {
    let limits = Limits { request_bytes: 20_000, batch: 3, transactions: 2, ..Limits::default() };
    let server = with_limits(limits);
    let huge = "x".repeat(20_001);
    assert_eq!(http(&server).post(&huge).unwrap().status, 413);
    // Of a request that says how long it is, not a byte more is read.
    let mut liar = http(&server);
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    liar.send(format!("{head}content-length: 20001\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(liar.read().unwrap().status, 413);

    let mut ws = ws(&server);
    drop(ws.send(&huge));
    assert!(ws.read().is_ok_and(|text| code(&text) == json!(-32007)) || ws.read().is_err());

    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "slotcast_summary", "params": [] });
    let mut http = http(&server);
    let batch = |n: usize| json!(vec![one.clone(); n]).to_string();
    let answers: Value = serde_json::from_str(&http.post(&batch(3)).unwrap().body).unwrap();
    assert_eq!(answers.as_array().unwrap().len(), 3);
    assert_eq!(code(&http.post(&batch(4)).unwrap().body), json!(-32010));
    for method in ["slotcast_predictBatch", "slotcast_conflictGroups", "slotcast_schedule"] {
        assert!(http.call(method, json!([raws(2)])).get("result").is_some());
        let answer = http.call(method, json!([raws(3)]));
        assert_eq!(answer["error"]["code"], json!(-32005), "{method}: {answer}");
    }
    assert_alive(&server);
    server.stop();
}

#[test]
fn an_answer_that_is_too_large_is_an_error() {
    let server = with_limits(Limits { answer_bytes: 2_000, ..Limits::default() });
    let answer = http(&server).call("slotcast_predictBatch", json!([raws(60)]));
    assert_eq!(answer["error"]["code"], json!(-32008), "{answer}");
    server.stop();
}

#[test]
fn what_takes_too_long_is_given_up() {
    let server = with_limits(Limits { time: Duration::ZERO, ..Limits::default() });
    let answer = http(&server).call("slotcast_predictAccess", json!([raw(0)]));
    assert_eq!(answer["error"]["code"], json!(-32005), "{answer}");
    let health = http(&server).request("GET /health HTTP/1.1", "", "").unwrap();
    assert_eq!(health.status, 200, "what needs no turn is answered");
    server.stop();
}

#[test]
fn slow_clients_are_not_waited_for() {
    let server = with_limits(Limits { time: Duration::from_millis(100), ..Limits::default() });
    let whole = request("POST / HTTP/1.1", "content-type: application/json\r\n", &"{".repeat(100));
    let mut slow = http(&server);
    slow.send(&whole.as_bytes()[..whole.len() - 50]).unwrap();
    assert_eq!(slow.read().unwrap().status, 408);
    server.stop();
}

#[test]
fn clients_that_do_not_read_are_not_waited_for() {
    let server = with_limits(Limits { time: Duration::from_secs(2), ..Limits::default() });
    let params = json!([raws(100)]);
    let body =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "slotcast_predictBatch", "params": params });
    let headers = "content-type: application/json\r\n";
    let whole = request("POST / HTTP/1.1", headers, &body.to_string());
    let mut deaf = http(&server);
    let ended = loop {
        if let Err(error) = deaf.send(whole.as_bytes()) {
            break error;
        }
    };
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    assert!(!matches!(ended.kind(), TimedOut | WouldBlock), "the server hangs up: {ended}");
    server.stop();
}

#[test]
fn there_are_only_so_many_connections() {
    let server = with_limits(Limits { connections: 2, ..Limits::default() });
    let (mut first, mut second) = (http(&server), http(&server));
    for http in [&mut first, &mut second] {
        http.result("slotcast_predictAccess", json!([raw(0)]));
    }
    let third = http(&server).post("{}");
    assert!(third.is_err(), "{third:?}");
    drop(first);
    // The server may take a moment to notice; only then is there a place again.
    let fourth = (0..1_000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(5));
        http(&server).request("GET /health HTTP/1.1", "", "").ok()
    });
    assert_eq!(fourth.unwrap().status, 200);
    server.stop();
}

#[test]
fn what_is_no_frame_ends_the_socket_and_nothing_else() {
    let server = embedded();
    let mut socket = ws(&server);
    socket.send_raw(&[0xff; 64]).unwrap();
    assert!(socket.read().is_err());
    let mut half = ws(&server);
    half.send_raw(&[0x81, 0xfe]).unwrap();
    drop(half);
    assert_alive(&server);
    server.stop();
}

#[test]
fn pages_and_names_from_elsewhere_may_not_ask() {
    let origins = vec!["https://app.example".to_owned()];
    let server = start(Settings { origins, ..Settings::new(Source::Embedded) });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "rpc.discover" }).to_string();
    let ask = |headers: &str| {
        let headers = format!("content-type: application/json\r\n{headers}");
        http(&server).request("POST / HTTP/1.1", &headers, &body).unwrap().status
    };
    assert_eq!(ask(""), 200);
    assert_eq!(ask("origin: https://app.example\r\n"), 200);
    assert_eq!(ask("origin: https://evil.example\r\n"), 403);
    assert_eq!(ask("origin: null\r\n"), 403);
    let rebound = "POST / HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n";
    let mut http = http(&server);
    http.send(rebound.as_bytes()).unwrap();
    assert_eq!(http.read().unwrap().status, 403);
    server.stop();
}

#[test]
fn many_bad_clients_at_once_leave_a_service_behind() {
    let server = embedded();
    let address = server.address();
    let bad = |n: usize| {
        let mut connections = Vec::new();
        for m in 0..20 {
            match (n + m) % 4 {
                0 => drop(Http::connect(address).and_then(|mut it| it.send(b"\xff\xfe\r\n\r\n"))),
                1 => drop(Http::connect(address).map(|mut it| it.post("[[[[[["))),
                2 => drop(Ws::connect(address).and_then(|mut it| it.send("{]"))),
                _ => connections.extend(Http::connect(address)),
            }
        }
    };
    std::thread::scope(|scope| {
        for n in 0..4 {
            scope.spawn(move || bad(n));
        }
    });
    assert_alive(&server);
    server.stop();
}
