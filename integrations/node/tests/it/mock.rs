//! What does a node do that answers from synthetic blocks, and misbehaves when it is told to?
//!
//! In: a chain and a [`Manner`]. Out: an HTTP server on a free port of this machine.
//! Invariant: without a manner every answer is true, as a full node with the debug namespace gives
//! it; the manner sees every answer and may change, delay or withhold it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde_json::{Value, json};
use slotcast::executor::ChainTx;
use slotcast_corpus::{self as corpus, PreAccount, PreState};

use crate::chain::{Link, account_proof, slot_proof, storage_root};

/// What becomes of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It is given.
    Answer(Value),
    /// An error is given instead.
    Refuse(i64, &'static str),
    /// A status is given instead.
    Status(u16),
    /// The connection is closed instead.
    Hang,
    /// Half of it is given, and then the connection is closed.
    CutShort(Value),
    /// It is given after a while.
    Late(Duration, Value),
}

/// Decides, from how many questions came before, the method and the true answer.
pub(crate) type Manner = Arc<dyn Fn(u64, &str, Value) -> Act + Send + Sync>;

/// Every answer is true.
pub(crate) fn honest() -> Manner {
    Arc::new(|_, _, answer| Act::Answer(answer))
}

/// Answers are true, but these methods are refused.
pub(crate) fn without(methods: &'static [&'static str]) -> Manner {
    Arc::new(|_, method, answer| match methods.contains(&method) {
        true => Act::Refuse(-32601, "the method does not exist"),
        false => Act::Answer(answer),
    })
}

/// The methods that only nodes with a debug namespace have.
pub(crate) const TRACING: &[&str] = &["debug_traceBlockByHash"];

/// The methods that show how a state is built.
pub(crate) const TRACING_AND_PROOFS: &[&str] = &["debug_traceBlockByHash", "eth_getProof"];

/// The transactions that wait at a node.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    by_hash: BTreeMap<B256, Value>,
    /// What the filter was not asked for so far.
    arrived: Vec<B256>,
}

impl Waiting {
    /// A transaction arrives, maybe not for the first time.
    pub(crate) fn arrive(&mut self, tx: &ChainTx) {
        let text = serde_json::to_value(tx.as_signed().expect("it is signed"));
        self.by_hash.insert(*tx.tx_hash(), text.expect("plain data"));
        self.arrived.push(*tx.tx_hash());
    }

    /// The node has a transaction no longer.
    pub(crate) fn leave(&mut self, hash: &B256) {
        self.by_hash.remove(hash);
    }
}

/// A node that is up until it is dropped.
pub(crate) struct Mock {
    port: u16,
    waiting: Arc<Mutex<Waiting>>,
    is_over: Arc<AtomicBool>,
    n_calls: Arc<AtomicU64>,
}

struct World {
    blocks: BTreeMap<u64, Value>,
    headers: BTreeMap<B256, Value>,
    numbers: BTreeMap<u64, B256>,
    states: BTreeMap<B256, PreState>,
    traces: BTreeMap<B256, Value>,
    receipts: BTreeMap<B256, Value>,
    chain_id: u64,
    waiting: Arc<Mutex<Waiting>>,
}

impl Mock {
    /// A node with these blocks, which are of one chain.
    pub(crate) fn start(links: &[Link], manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let is_over = Arc::new(AtomicBool::new(false));
        let n_calls = Arc::new(AtomicU64::new(0));
        let world = Arc::new(World::new(links));
        let waiting = Arc::clone(&world.waiting);
        let (over, calls) = (Arc::clone(&is_over), Arc::clone(&n_calls));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (world, manner, calls) =
                    (Arc::clone(&world), Arc::clone(&manner), Arc::clone(&calls));
                thread::spawn(move || converse(&stream, &world, &manner, &calls));
            }
        });
        Self { port, waiting, is_over, n_calls }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn n_calls(&self) -> u64 {
        self.n_calls.load(Ordering::Relaxed)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

/// Answers the questions of one connection; none when it is closed.
fn converse(stream: &TcpStream, world: &World, manner: &Manner, calls: &AtomicU64) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let question = read(&mut reader)?;
        let method = question["method"].as_str()?;
        let truth = world.answer(method, &question["params"]);
        let before = calls.fetch_add(1, Ordering::Relaxed);
        let (body, is_cut) = match manner(before, method, truth) {
            Act::Answer(result) => (json!({ "id": question["id"], "result": result }), false),
            Act::Late(wait, result) => {
                thread::sleep(wait);
                (json!({ "id": question["id"], "result": result }), false)
            }
            Act::CutShort(result) => (json!({ "id": question["id"], "result": result }), true),
            Act::Refuse(code, message) => {
                let error = json!({ "code": code, "message": message });
                (json!({ "id": question["id"], "error": error }), false)
            }
            Act::Status(status) => {
                write(stream, status, b"busy")?;
                continue;
            }
            Act::Hang => return None,
        };
        let body = body.to_string().into_bytes();
        if is_cut {
            // The length is that of what is sent, so that only the JSON shows what is missing.
            write(stream, 200, &body[..body.len() / 2])?;
            return None;
        }
        write(stream, 200, &body)?;
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn write(mut stream: &TcpStream, status: u16, body: &[u8]) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()
}

impl World {
    fn new(links: &[Link]) -> Self {
        let mut world = Self {
            blocks: BTreeMap::new(),
            headers: BTreeMap::new(),
            numbers: BTreeMap::new(),
            states: BTreeMap::new(),
            traces: BTreeMap::new(),
            receipts: BTreeMap::new(),
            chain_id: links.first().map_or(1, |link| link.block.chain_id),
            waiting: Arc::default(),
        };
        for Link { block, ancestors } in links {
            for header in ancestors {
                let hash = header.hash_slow();
                world.numbers.entry(header.number).or_insert(hash);
                world.headers.insert(hash, header_json(header));
            }
            let mut text: Value =
                serde_json::from_slice(&corpus::print(block).expect("it prints")).expect("JSON");
            world.numbers.insert(block.number(), block.hash);
            let mut header = header_json(&block.header);
            let hashes = block.transactions.iter().map(|tx| *tx.tx_hash());
            header["transactions"] = json!(hashes.collect::<Vec<B256>>());
            world.headers.insert(block.hash, header);
            world.blocks.insert(block.number(), text["block"].take());
            let mut traces = vec![json!({ "result": {} }); block.transactions.len()];
            traces[0] = json!({ "result": text["preState"].take() });
            world.traces.insert(block.hash, traces.into());
            world.receipts.insert(block.hash, text["receipts"].take());
            world.states.insert(block.header.parent_hash, block.pre_state.clone());
        }
        world
    }

    fn answer(&self, method: &str, params: &Value) -> Value {
        let argument = |n: usize| serde_json::from_value::<B256>(params[n].clone());
        match method {
            "eth_chainId" => json!(U64::from(self.chain_id)),
            "eth_blockNumber" => json!(self.blocks.keys().last().map(|n| U64::from(*n))),
            "eth_getBlockByNumber" => {
                let number = match params[0].as_str() {
                    Some("latest") => self.blocks.keys().last().map(|n| U64::from(*n)),
                    _ => serde_json::from_value(params[0].clone()).ok(),
                };
                // Other tags are unknown here, as to nodes without a pool.
                let Some(number) = number else { return Value::Null };
                let number: u64 = number.to();
                let full = self.blocks.get(&number).filter(|_| params[1] == json!(true));
                let header = || self.numbers.get(&number).map(|hash| &self.headers[hash]);
                full.or_else(header).cloned().unwrap_or_default()
            }
            "eth_getBlockByHash" => {
                let found = self.headers.get(&argument(0).expect("a hash"));
                found.cloned().unwrap_or_default()
            }
            "eth_getBlockReceipts" => {
                self.receipts.get(&argument(0).expect("a hash")).cloned().unwrap_or_default()
            }
            "debug_traceBlockByHash" => {
                self.traces.get(&argument(0).expect("a hash")).cloned().unwrap_or_default()
            }
            _ => self.waiting_answer(method, params),
        }
    }

    fn waiting_answer(&self, method: &str, params: &Value) -> Value {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match method {
            // What arrived before is told too, as by the pending block of other nodes.
            "eth_newPendingTransactionFilter" => json!("0x1"),
            "eth_getFilterChanges" => json!(std::mem::take(&mut waiting.arrived)),
            "eth_getTransactionByHash" => {
                let hash: B256 = serde_json::from_value(params[0].clone()).expect("a hash");
                waiting.by_hash.get(&hash).cloned().unwrap_or_default()
            }
            _ => {
                drop(waiting);
                self.state_answer(method, params)
            }
        }
    }

    fn state_answer(&self, method: &str, params: &Value) -> Value {
        let at = params.as_array().and_then(|params| params.last()).cloned().unwrap_or_default();
        // A block is named by its hash (EIP-1898); nothing else is known here.
        let Ok(at) = serde_json::from_value(at["blockHash"].clone()) else { return Value::Null };
        let Some(state) = self.states.get::<B256>(&at) else { return Value::Null };
        let address: Address = serde_json::from_value(params[0].clone()).expect("an address");
        let empty = PreAccount::default();
        let account = state.get(&address).unwrap_or(&empty);
        let key = |value: &Value| -> U256 {
            let key: B256 = serde_json::from_value(value.clone()).expect("a key");
            key.into()
        };
        let value = |key| account.storage.get(&key).copied().unwrap_or_default();
        match method {
            "eth_getBalance" => json!(account.balance),
            "eth_getTransactionCount" => json!(U64::from(account.nonce)),
            "eth_getCode" => json!(account.code.clone().unwrap_or_default()),
            "eth_getStorageAt" => json!(B256::from(value(key(&params[1])))),
            "eth_getProof" => {
                let keys = params[1].as_array().cloned().unwrap_or_default();
                let slots = keys.iter().map(|text| {
                    let key = key(text);
                    let proof: Vec<Bytes> = slot_proof(account, key);
                    json!({ "key": text, "value": value(key), "proof": proof })
                });
                json!({
                    "address": address,
                    "balance": account.balance,
                    "nonce": U64::from(account.nonce),
                    "codeHash": account.code_hash(),
                    "storageHash": storage_root(account),
                    "accountProof": account_proof(state, address),
                    "storageProof": slots.collect::<Vec<_>>(),
                })
            }
            _ => Value::Null,
        }
    }
}

/// A header as a node spells it, with its hash beside it.
pub(crate) fn header_json(header: &Header) -> Value {
    let mut value = serde_json::to_value(header).expect("plain data");
    value["hash"] = json!(header.hash_slow());
    value["transactions"] = json!([]);
    value
}
