//! Are transactions that wait at a node given once, and once more where that was asked for?
//!
//! In: a node of our own at which transactions arrive and from which they go. Out: what is given.

use std::sync::Arc;

use alloy_primitives::B256;
use slotcast_corpus::Scenario;
use slotcast_node::{Node, PendingTxs};

use crate::{
    chain::Link,
    faults::impatient,
    mock::{Mock, honest},
};

#[test]
fn what_waits_is_given_once_unless_it_is_forgotten() {
    let link = Link::new(5, 6, Scenario::Erc20, 0);
    let mock = Mock::start(std::slice::from_ref(&link), honest());
    let node = Arc::new(Node::connect(&mock.url(), impatient()).unwrap());
    let mut pending = PendingTxs::new(node);
    let mut arrived = || -> (Vec<B256>, usize) {
        for tx in &link.block.transactions {
            mock.waiting().arrive(tx);
        }
        let (txs, n_lost) = pending.arrived().unwrap();
        (txs.iter().map(|tx| *tx.tx_hash()).collect(), n_lost)
    };
    let hashes: Vec<B256> = link.block.transactions.iter().map(|tx| *tx.tx_hash()).collect();
    assert_eq!(arrived(), (Vec::new(), 0), "the filter is made");
    assert_eq!(arrived(), (hashes.clone(), 0));
    assert_eq!(arrived(), (Vec::new(), 0), "they are known");
    pending.forget(&hashes[2]);
    for tx in &link.block.transactions {
        mock.waiting().arrive(tx);
    }
    let (txs, n_lost) = pending.arrived().unwrap();
    assert_eq!((txs.len(), n_lost, *txs[0].tx_hash()), (1, 0, hashes[2]));
    // What is gone when it is asked for is counted.
    pending.look_again([hashes[1]]);
    mock.waiting().leave(&hashes[1]);
    assert_eq!(pending.arrived().unwrap().1, 1);
}
