//! Is a chain followed that is replaced in part, and whose node is away for a while?
//!
//! In: our own node, behind a relay that can be shut and turned to another node; and anvil, which
//! `tests/setup/anvil.sh` fetches, ended and started again. Out: each block is given once, after its parent,
//! and what was replaced is told.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use alloy_primitives::B256;
use serde_json::{Value, json};
use slotcast_corpus::Scenario;
use slotcast_node::{FollowStep, Follower, Node, ProofPolicy, RecordSettings, Recorder};

use crate::{
    chain::Link,
    faults::impatient,
    miner::{made, start},
    mock::{Mock, honest},
};

/// Passes connections on to a node.
struct Relay {
    url: String,
    target: Arc<Mutex<Option<String>>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    fn new(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let relay = Self { url, target: Arc::default(), open: Arc::default() };
        relay.turn_to(Some(target));
        let (target, open) = (Arc::clone(&relay.target), Arc::clone(&relay.open));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let target = target.lock().expect("no thread panicked").clone();
                if let Some(node) = target.and_then(|address| TcpStream::connect(address).ok()) {
                    let handle = stream.try_clone().expect("a handle");
                    open.lock().expect("no thread panicked").push(handle);
                    pass(stream, node);
                }
            }
        });
        relay
    }

    /// Turns to another node, or to none; connections that are open end.
    fn turn_to(&self, url: Option<&str>) {
        let address = url.map(|url| url.trim_start_matches("http://").to_owned());
        *self.target.lock().expect("no thread panicked") = address;
        for stream in self.open.lock().expect("no thread panicked").drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

/// Passes bytes both ways until one side ends.
fn pass(client: TcpStream, node: TcpStream) {
    let (mut from, mut to) =
        (client.try_clone().expect("a handle"), node.try_clone().expect("one"));
    thread::spawn(move || {
        drop(io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
    let (mut from, mut to) = (node, client);
    thread::spawn(move || {
        drop(io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Both));
    });
}

fn follower(url: &str, from: u64) -> Follower {
    let node = Node::connect(url, impatient()).expect("the node is up");
    let settings = RecordSettings { proofs: ProofPolicy::Never, ..RecordSettings::default() };
    Follower::new(Recorder::new(Arc::new(node), settings), Some(from)).expect("it is up")
}

/// What a follower gave: the chain as it stands, and how many blocks were taken back.
#[derive(Default)]
struct Given {
    chain: Vec<(u64, B256)>,
    n_replaced: usize,
    n_failures: usize,
    last_failure: String,
}

impl Given {
    /// Goes on until there is nothing new, or the node is away.
    fn go_on(&mut self, follower: &mut Follower) {
        loop {
            match follower.step() {
                Ok(FollowStep::Block(recording)) => {
                    let block = recording.block;
                    if let Some(&(number, hash)) = self.chain.last() {
                        assert_eq!((number + 1, hash), (block.number(), block.header.parent_hash));
                    }
                    self.chain.push((block.number(), block.hash));
                }
                Ok(FollowStep::Replaced { number, hash }) => {
                    assert_eq!(self.chain.pop(), Some((number, hash)));
                    self.n_replaced += 1;
                }
                Ok(FollowStep::Waiting(number)) => {
                    assert!(self.chain.last().is_none_or(|last| last.0 + 1 == number));
                    return;
                }
                Err(error) => {
                    self.n_failures += 1;
                    self.last_failure = error.to_string();
                    return;
                }
            }
        }
    }
}

#[test]
fn a_block_that_was_replaced_is_told_and_given_again() {
    let links = [21, 22].map(|seed| Link::new(seed, 8, Scenario::Transfers, 0));
    let [one, other] =
        links.each_ref().map(|link| Mock::start(std::slice::from_ref(link), honest()));
    let number = links[0].block.number();
    assert_eq!(number, links[1].block.number());
    let relay = Relay::new(&one.url());
    let (mut follower, mut given) = (follower(&relay.url, number), Given::default());
    given.go_on(&mut follower);
    assert_eq!(given.chain, [(number, links[0].block.hash)]);

    relay.turn_to(None);
    given.go_on(&mut follower);
    assert_eq!((given.n_failures, given.chain.len()), (1, 1), "the node is away");

    relay.turn_to(Some(&other.url()));
    given.go_on(&mut follower);
    assert_eq!(given.chain, [(number, links[1].block.hash)]);
    assert_eq!((given.n_replaced, given.n_failures), (1, 1));
}

#[test]
fn a_node_whose_blocks_are_no_chain_is_an_error_and_no_endless_loop() {
    let links = [23, 24].map(|seed| Link::new(seed, 8, Scenario::Transfers, seed - 23));
    let [below, above] = links.each_ref().map(|link| link.block.number());
    assert_eq!(below + 1, above);
    let node = Mock::start(&links, honest());
    let (mut follower, mut given) = (follower(&node.url(), below), Given::default());
    for n_failures in 1..4 {
        given.go_on(&mut follower);
        assert_eq!(given.chain, [(below, links[0].block.hash)], "{}", given.last_failure);
        assert_eq!((given.n_failures, given.n_replaced), (n_failures, 0));
        assert!(given.last_failure.contains("contradicts itself"), "{}", given.last_failure);
    }
}

#[test]
fn a_node_that_changes_its_mind_without_end_is_an_error() {
    let links = [25, 26].map(|seed| Link::new(seed, 2, Scenario::Transfers, 0));
    let [one, other] =
        links.each_ref().map(|link| Mock::start(std::slice::from_ref(link), honest()));
    let relay = Relay::new(&one.url());
    let number = links[0].block.number();
    let mut follower = follower(&relay.url, number);
    let mut n_replaced = 0;
    let error = loop {
        match follower.step() {
            Ok(FollowStep::Block(recording)) => {
                let is_one = recording.block.hash == links[0].block.hash;
                relay.turn_to(Some(&if is_one { &other } else { &one }.url()));
            }
            Ok(FollowStep::Replaced { .. }) => n_replaced += 1,
            Ok(FollowStep::Waiting(number)) => panic!("{number} is awaited"),
            Err(error) => break error.to_string(),
        }
        assert!(n_replaced < 1_000, "it goes on");
    };
    assert!(error.contains("contradicts itself"), "{error}");
}

#[test]
fn two_hundred_blocks_of_anvil_with_a_reorganisation_and_a_restart() {
    let mut block = made(14, 420, Scenario::Transfers);
    let Some(mut anvil) = start(&block) else { return };
    let (mut follower, mut given) = (follower(&anvil.url, 1), Given::default());
    let mut transactions = core::mem::take(&mut block.transactions).into_iter();
    let mut snapshot = Value::Null;
    let mut timestamp = block.header.timestamp;
    for n in 1..=200 {
        if n == 98 {
            let text = anvil.call("evm_snapshot", &json!([]));
            snapshot = serde_json::from_str(&text).expect("an identifier");
        }
        if n == 101 {
            anvil.call("evm_revert", &json!([snapshot]));
            // What was mined since is replaced by blocks at other times.
            timestamp += 1_000;
            for _ in 98..101 {
                timestamp += 12;
                anvil.call("evm_setNextBlockTimestamp", &json!([timestamp]));
                anvil.call("evm_mine", &json!([]));
            }
        }
        timestamp += 12;
        let mut mined = block.clone();
        mined.header.timestamp = timestamp;
        mined.transactions = transactions.by_ref().take(2).collect();
        anvil.mine(&mined);
        if n == 150 {
            // It has blocks that were not given yet.
            let chain = anvil.end();
            given.go_on(&mut follower);
            assert_eq!((given.n_failures, given.chain.len()), (1, 147), "{}", given.last_failure);
            anvil.go_on(&chain);
        } else if n % 7 == 0 || n == 100 {
            given.go_on(&mut follower);
        }
    }
    given.go_on(&mut follower);
    let numbers: Vec<_> = given.chain.iter().map(|block| block.0).collect();
    assert_eq!(numbers, (1..=200).collect::<Vec<u64>>());
    assert_eq!((given.n_replaced, given.n_failures), (3, 1), "{}", given.last_failure);
}
