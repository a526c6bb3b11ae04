//! What happens at the node?
//!
//! In: a node, asked again and again. Out: the head that requests go by, and for those who follow
//! pending transactions: predictions of what arrives, new heads, and predictions again of what they made
//! stale.
//! Invariants: a head that does not follow the one before is noticed by its parent's hash, however
//! quickly it came; a node that fails is asked again, and meanwhile requests are told so.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{B256, U64};
use slotcast_node::{NodeError, PendingTxs};

use crate::{
    block_context::Look,
    chain::Chain,
    fault::Fault,
    live::{Head, LiveChain},
    service::Service,
    stream::{HeadMessage, Pending},
    transaction::Asked,
};
use slotcast::executor::ChainTx;

/// How many of the newest blocks are remembered, to tell how far back a reorganisation goes.
const MAX_RECENT: usize = 128;

/// Watches a node until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Watch {
    /// Starts to watch; none where there is no node.
    pub(crate) fn start(service: &Arc<Service>, pause: Duration) -> Option<Self> {
        let Chain::Live(_) = service.chain else { return None };
        let is_over = Arc::new(AtomicBool::new(false));
        let (service, over) = (Arc::clone(service), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            let Chain::Live(chain) = &service.chain else { return };
            let mut tracker = HeadTracker::new(&service, chain);
            while !over.load(Ordering::Relaxed) {
                tracker.look();
                thread::park_timeout(pause);
            }
        });
        Some(Self { is_over, thread })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // A question under way ends by its own time; nothing waits for that.
        self.thread.thread().unpark();
    }
}

/// A block that was seen.
#[derive(Clone, Debug)]
struct Recent {
    hash: B256,
    /// Its transactions, where they were followed.
    transactions: Vec<B256>,
}

/// What was seen so far.
struct HeadTracker<'a> {
    service: &'a Service,
    chain: &'a LiveChain,
    recent: VecDeque<Recent>,
    pending: Option<PendingTxs>,
    was_failing: bool,
}

impl<'a> HeadTracker<'a> {
    const fn new(service: &'a Service, chain: &'a LiveChain) -> Self {
        let recent = VecDeque::new();
        Self { service, chain, recent, pending: None, was_failing: false }
    }

    /// Looks once at everything.
    fn look(&mut self) {
        match self.try_look() {
            Ok(()) => self.was_failing = false,
            Err(error) => {
                self.service.measured.node_failures.increment(1);
                if !self.was_failing {
                    tracing::warn!(%error, "the node does not answer; it is asked again");
                }
                self.was_failing = true;
            }
        }
    }

    fn try_look(&mut self) -> Result<(), NodeError> {
        let head = self.chain.look()?;
        if self.recent.back().is_none_or(|last| last.hash != head.hash) {
            self.arrive_at(&head)?;
        }
        if !self.service.stream.is_followed() {
            self.pending = None;
            self.service.stream.clear();
            return Ok(());
        }
        let node = self.chain.node();
        let pending = self.pending.get_or_insert_with(|| PendingTxs::new(Arc::clone(node)));
        let (arrived, n_lost) = pending.arrived()?;
        if n_lost != 0 {
            tracing::debug!(n_lost, "pending transactions were gone before they were asked for");
        }
        for tx in arrived {
            self.predict(tx);
        }
        self.service.measured.pending.set(self.service.stream.len() as f64);
        Ok(())
    }

    /// Finds out how the head follows from what was seen, and tells.
    fn arrive_at(&mut self, head: &Head) -> Result<(), NodeError> {
        let fresh = self.path_to(head)?;
        let known = fresh.first().map_or(head.hash, |(_, parent)| *parent);
        let kept = self.recent.iter().rposition(|recent| recent.hash == known);
        let n_kept = kept.map_or(0, |place| place + 1);
        let replaced: Vec<Recent> = self.recent.drain(n_kept..).collect();
        if !replaced.is_empty() {
            self.service.measured.reorganisations.increment(1);
            let n = replaced.len();
            tracing::warn!(number = head.header.number, n, "blocks were replaced");
        }
        let mut included = Vec::new();
        for &(hash, _) in &fresh {
            let transactions = match self.service.stream.is_followed() {
                true => self.chain.node().transaction_hashes(hash)?.unwrap_or_default(),
                false => Vec::new(),
            };
            included.extend(self.service.stream.leave(&transactions));
            self.recent.push_back(Recent { hash, transactions });
        }
        let n_too_many = self.recent.len().saturating_sub(MAX_RECENT);
        self.recent.drain(..n_too_many);
        if let Some(pending) = &mut self.pending {
            pending.look_again(replaced.iter().flat_map(|it| it.transactions.iter().copied()));
        }
        tracing::info!(number = head.header.number, hash = %head.hash, "new head");
        self.tell(head, &replaced, included);
        Ok(())
    }

    /// The blocks from what was seen to the head, each with its parent's hash, the oldest first; only
    /// the head where nothing was seen, and none where the head itself was, as when a chain goes back.
    fn path_to(&self, head: &Head) -> Result<Vec<(B256, B256)>, NodeError> {
        if self.recent.iter().any(|recent| recent.hash == head.hash) {
            return Ok(Vec::new());
        }
        let mut path = vec![(head.hash, head.header.parent_hash)];
        let mut parent = head.header.parent_hash;
        while !self.recent.is_empty() && path.len() < MAX_RECENT {
            if self.recent.iter().any(|recent| recent.hash == parent) {
                break;
            }
            let Some(header) = self.chain.node().header(parent)? else { break };
            path.push((parent, header.parent_hash));
            parent = header.parent_hash;
        }
        path.reverse();
        Ok(path)
    }

    /// Tells of a new head, and predicts again what it made stale.
    fn tell(&self, head: &Head, replaced: &[Recent], included: Vec<B256>) {
        let stream = &self.service.stream;
        if !stream.is_followed() {
            return;
        }
        let stale = self.stale().unwrap_or_else(|fault| {
            tracing::warn!(%fault, "predictions of pending transactions could not be compared");
            Vec::new()
        });
        stream.tell_head(&HeadMessage {
            number: U64::from(head.header.number),
            hash: head.hash,
            parent_hash: head.header.parent_hash,
            replaced: replaced.iter().map(|recent| recent.hash).collect(),
            included,
            stale: stale.iter().map(|(hash, _)| *hash).collect(),
        });
        for (_, pending) in stale {
            self.predict(pending.tx);
        }
    }

    /// The followed transactions whose predictions relied on a word that holds something else now.
    fn stale(&self) -> Result<Vec<(B256, Pending)>, Fault> {
        let context = self.chain.context(None)?;
        let is_stale = |pending: &Pending| {
            let holds_other = |word: slotcast::model::StateRead| matches!(context.look(&word.location), Look::Known(now) if now != word.value);
            pending.hint.relied_on().any(holds_other)
        };
        let all = self.service.stream.all();
        Ok(all.into_iter().filter(|(_, pending)| is_stale(pending)).collect())
    }

    /// Predicts a pending transaction and tells.
    fn predict(&self, tx: Recovered<ChainTx>) {
        let hash = *tx.tx_hash();
        let asked = Asked { tx, hash: Some(hash) };
        let prediction = || {
            let context = self.chain.context(None)?;
            let prediction = self.service.predict(&context, &asked)?;
            let hint = Service::hint(&context, prediction);
            self.service.stream.tell_prediction(
                &context,
                &asked,
                hint,
                self.service.limits.pending,
            );
            Ok::<(), Fault>(())
        };
        if let Err(fault) = prediction() {
            tracing::warn!(%hash, %fault, "a pending transaction was not predicted");
        }
    }
}
