//! Which transactions wait at a node to be included?
//!
//! In: a node. Out: [`PendingTxs`], which gives those that arrived since it was last asked.
//! Invariants: a transaction is given once for as long as it is remembered; who sent it is what its
//! signature says. A node that forgets the filter is asked for a new one, and tells everything again.

use std::{collections::VecDeque, sync::Arc};

use alloy_consensus::{
    TxEnvelope,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, keccak256, map::B256Set};
use serde::Deserialize;
use serde_json::{Value, json};
use slotcast::executor::ChainTx;

use crate::{error::NodeError, node::Node};

/// How many hashes are remembered as given.
const REMEMBERED: usize = 65_536;

/// The transactions that wait at a node.
#[derive(Debug)]
pub struct PendingTxs {
    node: Arc<Node>,
    filter: Option<Value>,
    /// Hashes to look at once more.
    again: Vec<B256>,
    given: B256Set,
    /// The same in order of arrival.
    order: VecDeque<B256>,
}

impl PendingTxs {
    /// Nothing asked yet.
    pub fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            filter: None,
            again: Vec::new(),
            given: B256Set::default(),
            order: VecDeque::new(),
        }
    }

    /// The transactions that arrived since the last time, in order of arrival, with how many others
    /// could not be had: gone by now, or without a good signature.
    ///
    /// The first time these are all that wait (as far as the node shows them in its pending block).
    pub fn arrived(&mut self) -> Result<(Vec<Recovered<ChainTx>>, usize), NodeError> {
        let mut hashes = self.hashes()?;
        hashes.append(&mut self.again);
        let (mut arrived, mut n_lost) = (Vec::new(), 0);
        for hash in hashes {
            if !self.remember(hash) {
                continue;
            }
            match self.node.pending_transaction(hash)? {
                Some(tx) => arrived.push(tx),
                None => n_lost += 1,
            }
        }
        Ok((arrived, n_lost))
    }

    /// Has these looked at once more, as when a reorganisation may make them wait again.
    pub fn look_again(&mut self, hashes: impl IntoIterator<Item = B256>) {
        for hash in hashes {
            self.forget(&hash);
            self.again.push(hash);
        }
    }

    /// Has this one given once more if it arrives again, as what the node dropped may.
    pub fn forget(&mut self, hash: &B256) {
        self.given.remove(hash);
    }

    fn hashes(&mut self) -> Result<Vec<B256>, NodeError> {
        let rpc = self.node.rpc();
        if let Some(filter) = &self.filter {
            match rpc.ask("eth_getFilterChanges", &json!([filter])) {
                // The node has forgotten the filter; a new one is made below.
                Err(error) if error.is_refusal() => {}
                answer => return answer,
            }
        }
        // The filter comes first, so that nothing arrives between the two questions unseen.
        self.filter = Some(rpc.ask("eth_newPendingTransactionFilter", &json!([]))?);
        let pending: Value = rpc.ask("eth_getBlockByNumber", &json!(["pending", false]))?;
        let waiting = serde_json::from_value(pending["transactions"].clone());
        Ok(waiting.unwrap_or_default())
    }

    /// Whether this is the first time that `hash` is met.
    fn remember(&mut self, hash: B256) -> bool {
        if !self.given.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if REMEMBERED < self.order.len()
            && let Some(oldest) = self.order.pop_front()
        {
            self.given.remove(&oldest);
        }
        true
    }
}

impl Node {
    /// The transaction with this hash, if it waits at the node and its signature is good.
    pub fn pending_transaction(&self, hash: B256) -> Result<Option<Recovered<ChainTx>>, NodeError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Place {
            block_hash: Option<B256>,
        }
        let method = "eth_getTransactionByHash";
        let result = self.rpc().call(method, &json!([hash]))?;
        if result.get() == "null" {
            return Ok(None);
        }
        let nonsense = |error: serde_json::Error| self.rpc().nonsense(method, &error);
        let Place { block_hash } = serde_json::from_str(result.get()).map_err(nonsense)?;
        let tx: TxEnvelope = serde_json::from_str(result.get()).map_err(nonsense)?;
        // The hash that the node states beside the fields is not to be believed.
        let is_asked = keccak256(tx.encoded_2718()) == hash;
        let recovered = tx.try_into_recovered().ok().filter(|_| is_asked && block_hash.is_none());
        Ok(recovered.map(|tx| tx.map(ChainTx::Signed)))
    }

    /// The hashes of the transactions of the block with this hash; none if the node has no such block.
    pub fn transaction_hashes(&self, block: B256) -> Result<Option<Vec<B256>>, NodeError> {
        #[derive(Deserialize)]
        struct Listed {
            transactions: Vec<B256>,
        }
        let listed: Option<Listed> =
            self.rpc().ask("eth_getBlockByHash", &json!([block, false]))?;
        Ok(listed.map(|listed| listed.transactions))
    }
}
