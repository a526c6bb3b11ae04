//! What do those get who follow pending transactions?
//!
//! In: what [`watch`](crate::watch) sees at the node; or the transactions of the newest recorded
//! block, once. Out: messages: `prediction`, `head` and `missed`.
//! Invariants: a new follower gets what waits already and then everything that comes, each
//! once; one that reads too slowly is told how many messages were missed, and slows no other.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{B256, U64, map::B256Map};
use jsonrpsee::{SubscriptionMessage, SubscriptionSink};
use serde::Serialize;
use serde_json::value::RawValue;
use slotcast::executor::ChainTx;
use slotcast::hints::Hint;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    block_context::BlockContext,
    chain::Chain,
    fault::Fault,
    service::{Service, json},
    transaction::Asked,
};

/// Most messages that a slow reader may be behind.
const MAX_BEHIND: usize = 4096;

/// Pending transactions, and who follows them.
#[derive(Debug)]
pub(crate) struct Stream {
    followed: Mutex<Followed>,
    messages: broadcast::Sender<Arc<RawValue>>,
}

/// Pending transactions with their predictions.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    by_hash: B256Map<Pending>,
    /// In order of arrival; some may be gone.
    order: VecDeque<B256>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) tx: Recovered<ChainTx>,
    pub(crate) hint: Hint,
    message: Arc<RawValue>,
}

/// A prediction, new or made again.
#[derive(Serialize)]
struct PredictionMessage<T> {
    kind: &'static str,
    again: bool,
    #[serde(flatten)]
    prediction: T,
}

/// A new head.
#[derive(Serialize)]
#[serde(tag = "kind", rename = "head", rename_all = "camelCase")]
pub(crate) struct HeadMessage {
    pub(crate) number: U64,
    pub(crate) hash: B256,
    pub(crate) parent_hash: B256,
    /// Blocks that are no longer part of the chain, the oldest first.
    pub(crate) replaced: Vec<B256>,
    /// Transactions that were followed and are included now.
    pub(crate) included: Vec<B256>,
    /// Transactions whose predictions no longer hold; they follow again.
    pub(crate) stale: Vec<B256>,
}

/// Messages that a slow reader did not get.
#[derive(Serialize)]
#[serde(tag = "kind", rename = "missed")]
struct MissedMessage {
    messages: u64,
}

impl Stream {
    /// There is no follower.
    pub(crate) fn new() -> Self {
        let (messages, _) = broadcast::channel(MAX_BEHIND);
        Self { followed: Mutex::default(), messages }
    }

    /// Whether anybody follows.
    pub(crate) fn is_followed(&self) -> bool {
        self.messages.receiver_count() != 0
    }

    /// How many transactions are followed.
    pub(crate) fn len(&self) -> usize {
        self.followed().by_hash.len()
    }

    /// Everything that is followed, in order of arrival.
    pub(crate) fn all(&self) -> Vec<(B256, Pending)> {
        let followed = self.followed();
        let pending = |hash: &B256| Some((*hash, followed.by_hash.get(hash)?.clone()));
        followed.order.iter().filter_map(pending).collect()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.followed() = Followed::default();
    }

    /// Forgets the transactions that are no longer pending; gives those that were there.
    pub(crate) fn leave(&self, hashes: &[B256]) -> Vec<B256> {
        let mut followed = self.followed();
        let left: Vec<B256> =
            hashes.iter().copied().filter(|hash| followed.by_hash.remove(hash).is_some()).collect();
        let Followed { by_hash, order } = &mut *followed;
        order.retain(|hash| by_hash.contains_key(hash));
        left
    }

    /// Follows a transaction and tells all followers; of more than `most` the oldest is given up.
    pub(crate) fn tell_prediction(
        &self,
        context: &BlockContext,
        asked: &Asked,
        hint: Hint,
        most: usize,
    ) {
        let hash = asked.hash.unwrap_or_default();
        let mut followed = self.followed();
        let again = followed.by_hash.contains_key(&hash);
        let prediction = Service::answer(context, 0, asked.hash, &hint);
        let message = json(&PredictionMessage { kind: "prediction", again, prediction });
        let message: Arc<RawValue> = message.into();
        if !again {
            followed.order.push_back(hash);
        }
        let pending = Pending { tx: asked.tx.clone(), hint, message: Arc::clone(&message) };
        followed.by_hash.insert(hash, pending);
        if most < followed.order.len()
            && let Some(oldest) = followed.order.pop_front()
        {
            followed.by_hash.remove(&oldest);
        }
        // While the lock is held, so that no new follower gets it twice or never. That
        // there is no listener any more is no failure.
        drop(self.messages.send(message));
    }

    /// Tells all followers of a new head.
    pub(crate) fn tell_head(&self, head: &HeadMessage) {
        drop(self.messages.send(json(head).into()));
    }

    /// What waits, and what comes.
    fn join(&self) -> (Vec<Arc<RawValue>>, broadcast::Receiver<Arc<RawValue>>) {
        let followed = self.followed();
        let waiting = followed.order.iter().filter_map(|hash| followed.by_hash.get(hash));
        let waiting = waiting.map(|pending| Arc::clone(&pending.message)).collect();
        (waiting, self.messages.subscribe())
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A follower.
pub(crate) struct Reader {
    pub(crate) sink: SubscriptionSink,
    /// How long a message may take to be taken.
    pub(crate) patience: Duration,
}

/// A reader who is gone or too slow.
pub(crate) struct Gone;

impl Reader {
    async fn send(&self, message: Box<RawValue>) -> Result<(), Gone> {
        let message = SubscriptionMessage::from(message);
        self.sink.send_timeout(message, self.patience).await.map_err(|_| Gone)
    }
}

/// Sends everything until the reader is gone.
pub(crate) async fn follow(service: &Arc<Service>, reader: &Reader) -> Result<(), Gone> {
    if let Chain::Recorded(_) = service.chain {
        replay(service, reader).await?;
        return std::future::pending().await;
    }
    let (waiting, mut coming) = service.stream.join();
    for message in waiting {
        reader.send((*message).to_owned()).await?;
    }
    loop {
        match coming.recv().await {
            Ok(message) => reader.send((*message).to_owned()).await?,
            Err(RecvError::Lagged(messages)) => {
                reader.send(json(&MissedMessage { messages })).await?;
            }
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Sends the newest recorded block's transactions as if they were pending before it.
async fn replay(service: &Arc<Service>, reader: &Reader) -> Result<(), Gone> {
    let mut index = 0;
    loop {
        let worker = Arc::clone(service);
        let message = service.concurrency.run(move || replayed(&worker, index)).await;
        match message {
            Ok(Some(message)) => reader.send(message).await?,
            Ok(None) => return Ok(()),
            Err(fault) => tracing::warn!(%fault, index, "a transaction was not predicted"),
        }
        index += 1;
    }
}

/// The message for the transaction at `index`; none behind the last.
fn replayed(service: &Service, index: usize) -> Result<Option<Box<RawValue>>, Fault> {
    let context = service.chain.context(None)?;
    let Some(tx) = context.block().transactions.get(index) else { return Ok(None) };
    let asked = Asked { tx: tx.clone(), hash: Some(*tx.tx_hash()) };
    let hint = Service::hint(&context, service.predict(&context, &asked)?);
    let prediction = Service::answer(&context, 0, asked.hash, &hint);
    Ok(Some(json(&PredictionMessage { kind: "prediction", again: false, prediction })))
}
