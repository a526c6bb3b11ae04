//! How much is worked on at once, and for how long?
//!
//! In: pieces of work. Out: their results, in turn and in time, else a [`Fault`].
//! Invariants: work is done on threads that may wait for a node, never on those that serve
//! connections; work that is too late goes on to its own limits and keeps its place till then, so that
//! there is never more of it than allowed; a panic is one request's fault and no other's.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::fault::Fault;

/// Lets so much work through at once. Unlike tower's limit, work that was given up keeps its place.
#[derive(Clone, Debug)]
pub(crate) struct ConcurrencyLimit {
    permits: Arc<Semaphore>,
    time: Duration,
}

impl ConcurrencyLimit {
    /// A limit of so many at once, each of which has so much time, waiting included.
    pub(crate) fn new(permits: usize, time: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(permits)), time }
    }

    /// Does `work` when its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let in_turn = async {
            let place = Arc::clone(&self.permits).acquire_owned().await;
            let place = place.map_err(|_| Fault::Unavailable("the service is stopping".into()))?;
            let done = tokio::task::spawn_blocking(move || {
                let result = work();
                drop(place);
                result
            });
            done.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a request failed");
                Err(Fault::Internal)
            })
        };
        let late = || Fault::Timeout(self.time.as_millis());
        tokio::time::timeout(self.time, in_turn).await.unwrap_or_else(|_| Err(late()))
    }
}

#[cfg(test)]
mod tests;
