//! Does the OpenRPC document list what is served, and are its examples true?

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{embedded, http, ws};

#[test]
fn the_document_lists_the_methods_that_are_served_with_true_examples() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    let document = http.result("rpc.discover", json!([]));
    assert_eq!(document["openrpc"], json!("1.3.2"));
    assert_eq!(document["info"]["version"], json!(env!("CARGO_PKG_VERSION")));
    let mut named = BTreeSet::new();
    for method in document["methods"].as_array().unwrap() {
        let name = method["name"].as_str().unwrap();
        assert!(named.insert(name.to_owned()), "{name} is there twice");
        let examples = method["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name} has no example");
        // What the document describes itself with would have to contain itself.
        if name == "rpc.discover" {
            continue;
        }
        let params: Vec<&str> = method["params"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        for example in examples {
            let given = example["params"].as_array().unwrap();
            let by_name: Map<String, Value> = given
                .iter()
                .map(|it| (it["name"].as_str().unwrap().to_owned(), it["value"].clone()))
                .collect();
            assert!(by_name.keys().all(|it| params.contains(&it.as_str())), "{name}: {by_name:?}");
            let by_place: Vec<Value> = given.iter().map(|it| it["value"].clone()).collect();
            if name.contains("subscribe") {
                let answer = ws.call(name, json!(by_place));
                assert!(answer.get("result").is_some(), "{name}: {answer}");
                continue;
            }
            let answer = http.result(name, json!(by_name));
            assert_eq!(answer, example["result"]["value"], "{name}: write down\n{answer}");
            assert_eq!(answer, ws.result(name, json!(by_place)), "{name}");
        }
    }
    // What is not in the document is not served: the server knows its own methods only.
    for name in ["slotcast_nothing", "eth_call", "rpc_methods"] {
        assert_eq!(http.call(name, json!([]))["error"]["code"], json!(-32601), "{name}");
    }
    server.stop();
}
