//! Are predictions of what waits at a node kept, once each, up to date and bounded?
//!
//! In: a node of our own at which transactions arrive, from which they go, and whose head moves. Out: the messages
//! of the subscription, answers, and what the service says it keeps.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use alloy_eips::Encodable2718;
use alloy_primitives::{B256, U64, hex};
use serde_json::{Value, json};
use slotcast::executor::{ChainTx, SequentialSettings, execute_sequential};
use slotcast_corpus::{PreState, RecordedBlock, Scenario, block_of, post_state_of, state_of};
use slotcast_serve::{Limits, RpcSettings, Server, Settings, Source};

use crate::{
    anvil::next,
    chain::{self, Link},
    client::Ws,
    http,
    mock::{Act, Mock, header_json},
    start, ws,
};

/// How many transactions wait, and how many of these the next block includes.
const N: usize = 24;
const N_MINED: usize = 8;

/// A node whose head is the parent of a block until that is mined.
struct Pooled {
    mock: Mock,
    /// The transactions of the block, and others.
    txs: Vec<alloy_consensus::transaction::Recovered<ChainTx>>,
    mined: RecordedBlock,
    parent_hash: B256,
    is_mined: Arc<AtomicBool>,
    /// Whether the node refuses to show storage.
    refuses: Arc<AtomicBool>,
}

impl Pooled {
    fn start() -> Self {
        let Link { block, ancestors } = Link::new(5, N, Scenario::Amm, 0);
        let mut mined = block.clone();
        mined.transactions.truncate(N_MINED);
        chain::run(&mut mined);
        // The state after it is that before another, which is never shown.
        let mut unseen = block.clone();
        unseen.header.number += 1;
        unseen.header.parent_hash = mined.hash;
        unseen.hash = unseen.header.hash_slow();
        unseen.pre_state = after(&mined);
        let parent = ancestors.last().unwrap().clone();
        let (parent_hash, of_mined) = (mined.header.parent_hash, header_json(&mined.header));
        let (parent, hash) = (header_json(&parent), json!(unseen.hash));
        let links = [
            Link { block: mined.clone(), ancestors },
            Link { block: unseen, ancestors: Vec::new() },
        ];
        let (is_mined, refuses) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (is_there, is_refused) = (Arc::clone(&is_mined), Arc::clone(&refuses));
        let manner = move |_, method: &str, answer: Value| match method {
            "eth_getBlockByNumber" if answer["hash"] == hash => {
                let is_mined = is_there.load(Ordering::Relaxed);
                Act::Answer(if is_mined { of_mined.clone() } else { parent.clone() })
            }
            "eth_getStorageAt" if AtomicBool::load(&is_refused, Ordering::Relaxed) => {
                Act::Refuse(-32000, "not now")
            }
            _ => Act::Answer(answer),
        };
        let mock = Mock::start(&links, Arc::new(manner));
        Self { mock, txs: block.transactions, mined, parent_hash, is_mined, refuses }
    }

    fn serve(&self, pending: usize) -> Server {
        let rpc = RpcSettings { retries: 0, ..RpcSettings::default() };
        let source = Source::Node { url: self.mock.url(), rpc, with_proofs: false };
        // Where nothing is optimised and much runs at once, a first request may take its time.
        let time = Duration::from_secs(60);
        let limits = Limits { pending, time, ..Limits::default() };
        start(Settings { limits, poll: Duration::from_millis(10), ..Settings::new(source) })
    }

    fn all_arrive(&self) {
        self.txs.iter().for_each(|tx| self.mock.waiting().arrive(tx));
    }

    fn mine(&self) {
        for tx in &self.mined.transactions {
            self.mock.waiting().leave(tx.tx_hash());
        }
        self.is_mined.store(true, Ordering::Relaxed);
    }

    fn hashes(&self) -> Vec<B256> {
        self.txs.iter().map(|tx| *tx.tx_hash()).collect()
    }
}

/// The state that a block leaves.
fn after(block: &RecordedBlock) -> PreState {
    let settings = SequentialSettings { is_observed: false };
    let outcome =
        execute_sequential(&block_of(block), &state_of(block), &settings).unwrap().outcome;
    let mut state = block.pre_state.clone();
    for (address, left) in post_state_of(&outcome.state, |_| None) {
        let left = left.expect("no account is gone");
        let account = state.entry(address).or_default();
        (account.balance, account.nonce) = (left.balance, left.nonce);
        account.storage.extend(left.storage);
    }
    state
}

fn follow(server: &Server) -> Ws {
    let mut follower = ws(server);
    follower.result("slotcast_subscribePending", json!([]));
    follower
}

/// The next messages that are predictions, with whether each was made again.
fn told(follower: &mut Ws, n: usize) -> Vec<(B256, bool, Value)> {
    let one = |_| {
        let mut told = next(follower, "prediction");
        let object = told.as_object_mut().unwrap();
        object.remove("kind");
        let again = object.remove("again").unwrap().as_bool().unwrap();
        (hash_of(&told["hash"]), again, told)
    };
    (0..n).map(one).collect()
}

fn hash_of(value: &Value) -> B256 {
    serde_json::from_value(value.clone()).unwrap()
}

fn hashes_of(value: &Value) -> Vec<B256> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Waits for the message that this block is the head.
fn head(follower: &mut Ws, hash: B256) -> Value {
    loop {
        let head = next(follower, "head");
        if hash_of(&head["hash"]) == hash {
            return head;
        }
    }
}

fn metric(server: &Server, name: &str) -> u64 {
    let metrics = http(server).request("GET /metrics HTTP/1.1", "", "").unwrap().body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.map_or(0, |value| value.parse().unwrap())
}

fn n_from_kept(server: &Server) -> u64 {
    metric(server, "slotcast_predictions_kept_total")
}

/// Waits until so many are kept.
fn wait_for_kept(server: &Server, n: usize) {
    for _ in 0..6_000 {
        if metric(server, "slotcast_pending") == n as u64 {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("{n} are kept in the end, not {}", metric(server, "slotcast_pending"));
}

/// What is answered about transactions, without what is no part of a prediction.
fn answers(server: &Server, txs: &[&ChainTx]) -> Vec<Value> {
    let mut http = http(server);
    let mut answer = |tx: &&ChainTx| {
        let raw = hex::encode_prefixed(tx.encoded_2718());
        let mut answer = http.result("slotcast_predictAccess", json!([raw]));
        answer.as_object_mut().unwrap().remove("rejected");
        answer
    };
    txs.iter().map(&mut answer).collect()
}

/// Another transaction of the same sender and nonce as one that is not mined soon; the place of that.
fn replacement(node: &Pooled) -> (usize, alloy_consensus::transaction::Recovered<ChainTx>) {
    use alloy_consensus::Transaction as _;
    let other = Link::new(5, N, Scenario::Transfers, 0).block.transactions;
    let places = (N_MINED..N - 1).flat_map(|place| other.iter().map(move |tx| (place, tx)));
    let mut alike = places.filter(|(place, tx)| {
        let replaced = &node.txs[*place];
        (replaced.signer(), replaced.nonce()) == (tx.signer(), tx.nonce())
            && replaced.tx_hash() != tx.tx_hash()
    });
    let (place, tx) = alike.next().expect("blocks of one seed have their senders in common");
    (place, tx.clone())
}

#[test]
fn what_waits_is_announced_once_replaced_and_answered_from() {
    let node = Pooled::start();
    let (server, other) = (node.serve(1_000), node.serve(1_000));
    let mut follower = follow(&server);
    node.all_arrive();
    let first = told(&mut follower, N);
    assert_eq!(first.iter().map(|it| it.0).collect::<Vec<_>>(), node.hashes());
    assert!(first.iter().all(|it| !it.1));
    wait_for_kept(&server, N);

    // The answers are what is kept, and what predicting gives.
    let txs: Vec<&ChainTx> = node.txs.iter().map(|tx| tx.inner()).collect();
    let kept = answers(&server, &txs);
    assert_eq!(n_from_kept(&server), N as u64);
    assert!(kept.iter().eq(first.iter().map(|it| &it.2)));
    assert_eq!(kept, answers(&other, &txs));
    assert_eq!(n_from_kept(&other), 0, "without a follower nothing is kept");

    // The node names them once more, and one of them is replaced: that alone is told.
    node.all_arrive();
    let (place, replacing) = replacement(&node);
    node.mock.waiting().leave(node.txs[place].tx_hash());
    node.mock.waiting().arrive(&replacing);
    let replaced = told(&mut follower, 1).remove(0);
    assert_eq!((replaced.0, replaced.1), (*replacing.tx_hash(), false));
    wait_for_kept(&server, N);
    assert_eq!(answers(&server, &[txs[place]]), [kept[place].clone()], "it is predicted");
    assert_eq!(n_from_kept(&server), N as u64);
    let mut waiting = node.hashes();
    waiting.remove(place);
    waiting.push(*replacing.tx_hash());
    let late = told(&mut follow(&server), N);
    assert_eq!(late.iter().map(|it| it.0).collect::<Vec<_>>(), waiting);
    server.stop();
    other.stop();
}

#[test]
fn a_new_head_withdraws_what_is_gone_and_refreshes_the_rest() {
    let node = Pooled::start();
    let (server, other) = (node.serve(1_000), node.serve(1_000));
    let mut follower = follow(&server);
    node.all_arrive();
    let before: BTreeMap<B256, Value> =
        told(&mut follower, N).into_iter().map(|(hash, _, told)| (hash, told)).collect();
    let dropped = *node.txs[N - 1].tx_hash();
    node.mock.waiting().leave(&dropped);
    node.mine();
    let head = head(&mut follower, node.mined.hash);
    assert_eq!(hashes_of(&head["included"]), node.hashes()[..N_MINED]);
    assert_eq!(hashes_of(&head["dropped"]), [dropped]);
    let (stale, left) = (hashes_of(&head["stale"]), &node.txs[N_MINED..N - 1]);
    let n_left = left.len();
    assert!(
        !stale.is_empty() && stale.iter().all(|hash| left.iter().any(|tx| tx.tx_hash() == hash))
    );
    let again = told(&mut follower, stale.len());
    for ((hash, again, told), stale) in again.iter().zip(&stale) {
        assert_eq!((hash, again), (stale, &true));
        assert_ne!(told, &before[hash]);
    }
    wait_for_kept(&server, n_left);

    // What is kept is what predicting on the new head gives.
    let txs: Vec<&ChainTx> = left.iter().map(|tx| tx.inner()).collect();
    while metric(&other, "slotcast_head") != node.mined.number() {
        thread::sleep(Duration::from_millis(5));
    }
    let kept = answers(&server, &txs);
    assert_eq!(kept, answers(&other, &txs));
    assert_eq!((n_from_kept(&server), n_from_kept(&other)), (n_left as u64, 0));
    assert!(kept.iter().all(|it| it["block"]["parentHash"] == json!(node.mined.hash)));
    for (hash, _, told) in again {
        assert!(kept.contains(&told), "{hash}");
    }
    // In a block that exists already it is predicted by that block's state.
    let number = U64::from(node.mined.number());
    let raw = hex::encode_prefixed(node.txs[N_MINED].encoded_2718());
    let asked = json!([raw, number]);
    let [old, new] = [&server, &other]
        .map(|server| http(server).result("slotcast_predictAccess", asked.clone()));
    assert_eq!(old, new);

    // The node has the dropped one again.
    node.mock.waiting().arrive(&node.txs[N - 1]);
    let back = told(&mut follower, 1).remove(0);
    assert_eq!((back.0, back.1), (dropped, false));
    drop(follower);
    wait_for_kept(&server, 0);
    server.stop();
    other.stop();
}

#[test]
fn no_more_is_kept_than_allowed() {
    const MOST: usize = 5;
    let node = Pooled::start();
    let server = node.serve(MOST);
    let mut follower = follow(&server);
    node.all_arrive();
    let all = told(&mut follower, N);
    wait_for_kept(&server, MOST);
    let late = told(&mut follow(&server), MOST);
    assert_eq!(late, all[N - MOST..]);
    // What was forgotten is predicted.
    let txs: Vec<&ChainTx> = node.txs.iter().map(|tx| tx.inner()).collect();
    assert!(answers(&server, &txs).iter().eq(all.iter().map(|it| &it.2)));
    assert_eq!(n_from_kept(&server), MOST as u64);
    server.stop();
}

#[test]
fn what_lacks_state_because_the_node_fails_is_not_kept_and_tried_again() {
    let node = Pooled::start();
    let server = node.serve(1_000);
    let mut follower = follow(&server);
    node.all_arrive();
    told(&mut follower, N);
    node.refuses.store(true, Ordering::Relaxed);
    node.mine();
    let stale = hashes_of(&head(&mut follower, node.mined.hash)["stale"]);
    let n_waiting = N - N_MINED;
    assert!(!stale.is_empty());
    wait_for_kept(&server, n_waiting - stale.len());
    let place = node.txs.iter().position(|tx| *tx.tx_hash() == stale[0]).unwrap();
    let raw = hex::encode_prefixed(node.txs[place].encoded_2718());
    let answer = http(&server).call("slotcast_predictAccess", json!([raw]));
    assert_eq!(answer["error"]["code"], json!(-32002), "{answer}");

    node.refuses.store(false, Ordering::Relaxed);
    node.is_mined.store(false, Ordering::Relaxed);
    head(&mut follower, node.parent_hash);
    wait_for_kept(&server, n_waiting);
    server.stop();
}
