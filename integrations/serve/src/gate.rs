//! How much is worked on at once, and for how long?
//!
//! In: pieces of work. Out: their results, in turn and in time, else a [`Fault`].
//! Invariants: work is done on threads that may wait for a node, never on those that serve
//! connections; work that is too late goes on to its own limits and keeps its place till then, so that
//! there is never more of it than allowed; a panic is one request's fault and no other's.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::fault::Fault;

/// Lets so much work through at once.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    time: Duration,
}

impl Gate {
    /// A gate for so many at once, each of which has so much time, waiting included.
    pub(crate) fn new(places: usize, time: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), time }
    }

    /// Does `work` when its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let in_turn = async {
            let place = Arc::clone(&self.places).acquire_owned().await;
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
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads start")
    }

    #[test]
    fn what_has_no_place_is_given_up_and_late_work_keeps_its_place() {
        let gate = Gate::new(1, Duration::from_millis(30));
        let (let_go, wait) = mpsc::channel::<()>();
        let (runtime, (done, is_done)) = (runtime(), mpsc::channel::<()>());
        runtime.block_on(async {
            let slow = gate.run(move || {
                // Until the other end is let go of.
                assert!(wait.recv().is_err());
                drop(done);
                Ok(1)
            });
            assert!(matches!(slow.await, Err(Fault::Timeout(30))));
            // Nobody waits for the first any more, and yet there is no place for a second.
            assert!(matches!(gate.run(|| Ok(2)).await, Err(Fault::Timeout(30))));
            drop(let_go);
            assert!(is_done.recv().is_err(), "it goes on to its end");
            while gate.places.available_permits() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(matches!(gate.run(|| Ok(3)).await, Ok(3)));
        });
    }

    #[test]
    fn a_panic_is_one_requests_fault() {
        let gate = Gate::new(1, Duration::from_secs(60));
        runtime().block_on(async {
            let panics: Result<(), Fault> = gate.run(|| panic!("on purpose")).await;
            assert!(matches!(panics, Err(Fault::Internal)));
            assert!(matches!(gate.run(|| Ok(4)).await, Ok(4)), "the place is free again");
        });
    }
}
