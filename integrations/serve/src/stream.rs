//! What do those get who follow pending transactions?
//!
//! In: what [`watch`](crate::watch) sees at the node; or the transactions of the newest recorded
//! block, once. Out: messages: `prediction`, `head` and `missed`.
//! Invariants: a new follower gets what waits already and then everything that comes, each
//! once; one that reads too slowly is told how many messages were missed, and slows no other.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy_primitives::{
    B256, U64,
    map::{B256Map, B256Set},
};
use jsonrpsee::{SubscriptionMessage, SubscriptionSink};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    chain::Chain,
    fault::Fault,
    service::{Service, json},
    transaction::Asked,
};

/// Most messages that a slow reader may be behind.
const MAX_BEHIND: usize = 4096;

/// What was told of pending transactions, and who follows them.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The last message about each; some may wait no longer.
    told: Mutex<B256Map<Arc<RawValue>>>,
    messages: broadcast::Sender<Arc<RawValue>>,
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
    /// Those that were followed and that the node no longer has.
    pub(crate) dropped: Vec<B256>,
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
        Self { told: Mutex::default(), messages }
    }

    /// Whether there is a follower.
    pub(crate) fn is_followed(&self) -> bool {
        self.messages.receiver_count() != 0
    }

    /// Tells all followers what is predicted of a transaction that waits.
    pub(crate) fn tell_prediction(&self, hash: B256, again: bool, prediction: impl Serialize) {
        let message = json(&PredictionMessage { kind: "prediction", again, prediction });
        let message: Arc<RawValue> = message.into();
        let mut told = self.told();
        told.insert(hash, Arc::clone(&message));
        // While the lock is held, so that no new follower gets it twice or never. That
        // there is no listener any more is no failure.
        drop(self.messages.send(message));
    }

    /// Tells all followers of a new head.
    pub(crate) fn tell_head(&self, head: &HeadMessage) {
        drop(self.messages.send(json(head).into()));
    }

    /// Forgets what was told of other transactions than these.
    pub(crate) fn keep_only(&self, pending: &[B256]) {
        let pending: B256Set = pending.iter().copied().collect();
        self.told().retain(|hash, _| pending.contains(hash));
    }

    /// How many transactions something is remembered of that was told.
    pub(crate) fn n_told(&self) -> usize {
        self.told().len()
    }

    /// What was told of the transactions that wait, and what comes.
    fn join(
        &self,
        pending: impl FnOnce() -> Vec<B256>,
    ) -> (Vec<Arc<RawValue>>, broadcast::Receiver<Arc<RawValue>>) {
        let told = self.told();
        let waiting = pending().iter().filter_map(|hash| told.get(hash).cloned()).collect();
        (waiting, self.messages.subscribe())
    }

    fn told(&self) -> MutexGuard<'_, B256Map<Arc<RawValue>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
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
    let (waiting, mut coming) = service.stream.join(|| service.warm.pending());
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
