//! What happens at the node?
//!
//! In: a node, asked again and again. Out: the head that requests go by, and for those who follow
//! pending transactions: predictions of what arrives, new heads, and predictions again of what they made
//! stale. The engine keeps the predictions ([`Warm`](crate::warm::Warm)): a transaction is announced when
//! it arrives and withdrawn when it is included or dropped, and a new head has what is kept refreshed.
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
use alloy_primitives::{B256, U64, map::B256Set};
use slotcast_node::{NodeError, PendingTxs};

use crate::{
    block_context::BlockContext,
    chain::Chain,
    fault::Fault,
    live::{Head, LiveChain},
    service::Service,
    stream::HeadMessage,
};
use slotcast::executor::ChainTx;

/// How many of the newest blocks are remembered, to tell how far back a reorganisation goes.
const MAX_RECENT: usize = 128;

/// Of how many followed transactions the node is asked at each new head whether it still has them.
const MAX_ASKED: usize = 64;

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
    /// Followed transactions, of which the node is asked in turn whether it still has them.
    in_turn: VecDeque<B256>,
    /// Those that were not predicted because the node did not answer; the next head is another chance.
    lost: Vec<B256>,
    was_failing: bool,
}

impl<'a> HeadTracker<'a> {
    fn new(service: &'a Service, chain: &'a LiveChain) -> Self {
        let (recent, in_turn, lost) = Default::default();
        Self { service, chain, recent, pending: None, in_turn, lost, was_failing: false }
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
            self.forget_all();
            return Ok(());
        }
        let node = self.chain.node();
        let pending = self.pending.get_or_insert_with(|| PendingTxs::new(Arc::clone(node)));
        let (arrived, n_lost) = pending.arrived()?;
        if n_lost != 0 {
            tracing::debug!(n_lost, "pending transactions were gone before they were asked for");
        }
        for tx in arrived {
            self.announce(&tx);
        }
        self.tidy();
        Ok(())
    }

    /// Forgets all that waits.
    fn forget_all(&mut self) {
        self.pending = None;
        self.lost.clear();
        for hash in self.service.warm.pending() {
            self.service.warm.withdraw(&hash);
        }
        self.tidy();
    }

    /// Forgets what belongs to transactions that are no longer kept.
    fn tidy(&mut self) {
        let pending = self.service.warm.pending();
        self.service.measured.pending.set(pending.len() as f64);
        if pending.len() < self.service.stream.n_told().max(self.in_turn.len()) {
            self.service.stream.keep_only(&pending);
            let pending: B256Set = pending.into_iter().collect();
            self.in_turn.retain(|hash| pending.contains(hash));
        }
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
            let hashes = transactions.iter().copied();
            included.extend(hashes.filter(|hash| self.service.warm.withdraw(hash)));
            self.recent.push_back(Recent { hash, transactions });
        }
        let n_too_many = self.recent.len().saturating_sub(MAX_RECENT);
        self.recent.drain(..n_too_many);
        if let Some(pending) = &mut self.pending {
            let replaced = replaced.iter().flat_map(|it| it.transactions.iter().copied());
            pending.look_again(replaced.chain(self.lost.drain(..)));
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

    /// Tells of a new head, and of what is predicted again because of it.
    fn tell(&mut self, head: &Head, replaced: &[Recent], included: Vec<B256>) {
        if !self.service.stream.is_followed() {
            return;
        }
        self.tidy();
        let dropped = self.withdraw_dropped();
        let context = self.chain.context(None).inspect_err(|fault| {
            tracing::warn!(%fault, "predictions of pending transactions were not refreshed");
        });
        let context = context.ok();
        let refresh = |context: &Arc<BlockContext>| self.service.warm.refresh(context);
        let stale = context.as_ref().map(refresh).unwrap_or_default();
        self.service.stream.tell_head(&HeadMessage {
            number: U64::from(head.header.number),
            hash: head.hash,
            parent_hash: head.header.parent_hash,
            replaced: replaced.iter().map(|recent| recent.hash).collect(),
            included,
            dropped,
            stale: stale.clone(),
        });
        let Some(context) = context else { return };
        for hash in stale {
            self.tell_kept(&context, hash, true);
        }
    }

    /// Asks of the followed transactions whose turn it is whether they wait, and withdraws those that
    /// do not.
    fn withdraw_dropped(&mut self) -> Vec<B256> {
        let mut dropped = Vec::new();
        for _ in 0..self.in_turn.len().min(MAX_ASKED) {
            let Some(hash) = self.in_turn.pop_front() else { break };
            self.in_turn.push_back(hash);
            match self.chain.node().pending_transaction(hash) {
                Ok(Some(_)) => continue,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "the node does not say what it dropped");
                    break;
                }
            }
            if let Some(pending) = &mut self.pending {
                pending.forget(&hash);
            }
            if self.service.warm.withdraw(&hash) {
                dropped.push(hash);
            }
        }
        dropped
    }

    /// Has a transaction that waits predicted and kept, and tells.
    fn announce(&mut self, tx: &Recovered<ChainTx>) {
        let hash = *tx.tx_hash();
        match self.chain.context(None) {
            Ok(context) => {
                self.service.warm.announce(&context, tx);
                self.tell_kept(&context, hash, false);
            }
            Err(fault) => self.lose(hash, &fault),
        }
        if 2 * self.service.limits.pending < self.service.stream.n_told() {
            self.tidy();
        }
    }

    /// Tells of the prediction that is kept of a transaction; one that lacks state because the node
    /// did not answer is withdrawn.
    fn tell_kept(&mut self, context: &BlockContext, hash: B256, again: bool) {
        let Some(prediction) = self.service.kept(context, &hash) else {
            let unknown = || Fault::Unavailable("the node did not give its state".to_owned());
            self.lose(hash, &context.check().err().unwrap_or_else(unknown));
            return;
        };
        let hint = Service::hint(context, prediction);
        let answer = Service::answer(context, 0, Some(hash), &hint);
        self.service.stream.tell_prediction(hash, again, answer);
        if !again && !self.in_turn.contains(&hash) {
            self.in_turn.push_back(hash);
        }
    }

    fn lose(&mut self, hash: B256, fault: &Fault) {
        tracing::warn!(%hash, %fault, "a pending transaction was not predicted");
        self.service.warm.withdraw(&hash);
        if self.lost.len() < self.service.limits.pending {
            self.lost.push(hash);
        }
    }
}
