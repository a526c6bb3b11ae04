//! Is every request answered as it should be, and does nothing that is sent do harm?
//!
//! In: services of our own on free ports of this machine. Out: their answers, compared with what the
//! library says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../node/tests/it/chain.rs"]
mod chain;
mod client;
#[path = "../../../node/tests/it/miner.rs"]
#[expect(dead_code, reason = "other tests end it and start it again")]
mod miner;
#[path = "../../../node/tests/it/mock.rs"]
#[expect(dead_code, reason = "other tests have it misbehave in more ways")]
mod mock;

mod access_list;
mod anvil;
mod bad_node;
mod guide;
mod hostile;
mod methods;
mod openrpc;
mod pending;
mod running;
mod stream;

use std::sync::OnceLock;

use alloy_eips::Encodable2718;
use alloy_primitives::hex;
use serde_json::{Value, json};
use slotcast::Prepared;
use slotcast_corpus::{self as corpus, prepare};
use slotcast_serve::{Limits, Server, Settings, Source};

use self::client::{Http, Ws};

/// A service on the embedded block.
fn embedded() -> Server {
    with_limits(Limits::default())
}

fn with_limits(limits: Limits) -> Server {
    start(Settings { limits, ..Settings::new(Source::Embedded) })
}

fn start(settings: Settings) -> Server {
    let settings = Settings { listen: "127.0.0.1:0".parse().unwrap(), ..settings };
    Server::start(&settings).unwrap()
}

fn http(server: &Server) -> Http {
    Http::connect(server.address()).unwrap()
}

fn ws(server: &Server) -> Ws {
    Ws::connect(server.address()).unwrap()
}

/// The embedded block.
fn block() -> &'static Prepared {
    static BLOCK: OnceLock<Prepared> = OnceLock::new();
    BLOCK.get_or_init(|| prepare(&corpus::embedded().unwrap()).unwrap())
}

/// A transaction of the embedded block as a client sends it.
fn raw(index: usize) -> Value {
    json!(hex::encode_prefixed(block().block().transactions[index].encoded_2718()))
}

/// The first of its transactions.
fn raws(n: usize) -> Vec<Value> {
    (0..n).map(raw).collect()
}
