//! Does everything in `docs/service.md` go as it stands there?
//!
//! In: the guide's blocks. Out: each request is sent to a service on the embedded block, and the
//! answer compared with the block behind it.

use std::fs;

use serde_json::Value;

use crate::{embedded, http, ws};

/// A block of code.
struct Block {
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/service.md");
    let guide = fs::read_to_string(path).unwrap();
    let parts: Vec<&str> = guide.split("\n```").collect();
    // Text and code take turns.
    let block = |part: &&str| {
        let (language, text) = part.split_once('\n').unwrap();
        Block { language: language.to_owned(), text: text.to_owned() }
    };
    parts.iter().skip(1).step_by(2).map(block).collect()
}

#[test]
fn every_request_of_the_guide_is_answered_as_it_says() {
    let server = embedded();
    let blocks = blocks();
    let (mut n_answers, mut n_messages) = (0, 0);
    for (n, block) in blocks.iter().enumerate() {
        let answer = || -> Value {
            let answer = blocks.get(n + 1).filter(|block| block.language == "json");
            serde_json::from_str(&answer.unwrap().text).unwrap()
        };
        if let Some(curl) = block.text.strip_prefix("$ curl -s ") {
            let mut http = http(&server);
            let response = match curl.split_once(" -d '") {
                Some((_, body)) => http.post(body.trim_end().strip_suffix('\'').unwrap()),
                None => {
                    let path = curl.trim_end().strip_prefix("http://127.0.0.1:8549").unwrap();
                    http.request(&format!("GET {path} HTTP/1.1"), "", "")
                }
            };
            let found: Value = serde_json::from_str(&response.unwrap().body).unwrap();
            assert_eq!(found, answer(), "{}", block.text);
            n_answers += 1;
        } else if let Some(sent) = block.text.strip_prefix("$ websocat ws://127.0.0.1:8549\n") {
            let mut ws = ws(&server);
            ws.send(sent.trim_end()).unwrap();
            let accepted: Value = serde_json::from_str(&ws.read().unwrap()).unwrap();
            assert!(accepted.get("result").is_some(), "{accepted}");
            assert_eq!(ws.notice()["kind"], "prediction");
            n_messages += 1;
        } else {
            let is_shown_elsewhere = block.text.starts_with("$ slotcast ")
                || block.text.starts_with("cargo run ")
                || block.language == "json";
            assert!(is_shown_elsewhere, "no test runs this:\n{}", block.text);
        }
    }
    assert!(6 <= n_answers && n_messages == 1, "the blocks are found");
    server.stop();
}
