//! What is kept from one prediction to the next?
//!
//! In: forks and limits, and a store if there is one. Out: [`Warm`]: summaries and binders that are
//! ready, predictions made with them, and those that the engine keeps of pending transactions.
//! Invariants: what is kept changes only when time is spent, but for the targets of computed jumps,
//! which add to what is found; how much is kept is bounded.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_consensus::transaction::Recovered;
use alloy_primitives::B256;
use slotcast::{
    Basis, Engine, EngineSettings, PredictSettings, Summaries, SummaryStore, View,
    analyzer::{
        bind::{BindLimits, Binder, Bound},
        limits::Limits,
    },
    executor::ChainTx,
    model::{Fork, IndexVec, Prediction, TxIndex},
    predict::{Traced, predict_block, predict_tx, with_fee_legs},
};
use slotcast_store::{CacheError, Store};

use crate::{block_context::BlockContext, traced::Seen, transaction::Asked};

/// Most times that a prediction is made again because a computed jump led somewhere new.
const MAX_PASSES: usize = 4;

/// Most bytes of code of which summaries are kept.
const MAX_CODE_BYTES: u64 = 64 << 20;

/// Most binders that wait to be used again.
const MAX_BINDERS: usize = 64;

/// What is ready.
#[derive(Debug)]
pub(crate) struct Warm {
    analysis: Limits,
    binding: BindLimits,
    max_codes: usize,
    store: Option<Arc<Store>>,
    by_fork: Mutex<BTreeMap<Fork, Arc<Summaries>>>,
    /// Keeps predictions of pending transactions, made with the same summaries.
    engine: Engine,
    binders: Mutex<Vec<Binder>>,
}

impl Warm {
    /// Nothing ready yet; at most `max_codes` summaries are kept for each fork, and predictions of at
    /// most `max_pending` transactions.
    pub(crate) fn new(max_codes: usize, max_pending: usize, store: Option<Arc<Store>>) -> Self {
        let predict = PredictSettings::default();
        let settings = EngineSettings {
            predict,
            summarised_code_bytes: MAX_CODE_BYTES,
            announced: max_pending,
            ..EngineSettings::default()
        };
        Self {
            analysis: predict.analysis,
            binding: predict.binding,
            max_codes,
            store,
            by_fork: Mutex::default(),
            engine: Engine::with_settings(1, settings).expect("the calling thread is there"),
            binders: Mutex::default(),
        }
    }

    /// The limits within which contracts are analysed.
    pub(crate) const fn analysis(&self) -> &Limits {
        &self.analysis
    }

    /// The summaries for code under the rules of `fork`; begun again when there are too many.
    pub(crate) fn summaries(&self, fork: Fork) -> Arc<Summaries> {
        let mut by_fork = self.by_fork();
        match by_fork.get(&fork) {
            Some(summaries) if self.has_room(summaries) => Arc::clone(summaries),
            _ => {
                let summaries = Arc::new(match &self.store {
                    Some(store) => {
                        let store: Arc<dyn SummaryStore> = Arc::<Store>::clone(store);
                        Summaries::with_store(fork, self.analysis, store)
                    }
                    None => Summaries::new(fork, self.analysis),
                });
                self.engine.use_summaries(Arc::clone(&summaries));
                if let Some(old) = by_fork.insert(fork, Arc::clone(&summaries)) {
                    drop(by_fork);
                    tracing::info!(n = old.len(), "too many summaries; begun again");
                    self.keep(&old);
                }
                summaries
            }
        }
    }

    fn has_room(&self, summaries: &Summaries) -> bool {
        summaries.len() <= self.max_codes && summaries.n_code_bytes() <= MAX_CODE_BYTES
    }

    /// How many summaries there are.
    pub(crate) fn n_summaries(&self) -> usize {
        self.by_fork().values().map(|summaries| summaries.len()).sum()
    }

    /// Predicts one transaction on the context alone.
    pub(crate) fn predict(&self, context: &BlockContext, asked: &Asked) -> Bound {
        let summaries = self.summaries(context.fork());
        let view = View::new(context, &summaries);
        self.bound(&summaries, context, |binder| {
            let bound = predict_tx(binder, &asked.tx, context.words(), &view);
            with_fee_legs(bound, context.legs(), &asked.tx, context.words(), &view)
        })
    }

    /// The same with what a prediction leaves out.
    pub(crate) fn predict_traced(&self, context: &BlockContext, asked: &Asked) -> (Bound, Seen) {
        let summaries = self.summaries(context.fork());
        let view = View::new(context, &summaries);
        self.bound(&summaries, context, |binder| {
            let traced = Traced::new(&view, Seen::default());
            let bound = predict_tx(binder, &asked.tx, context.words(), &traced);
            let bound = with_fee_legs(bound, context.legs(), &asked.tx, context.words(), &view);
            (bound, traced.into_listener())
        })
    }

    /// Predicts transactions in this order, each on what those before it are expected to leave.
    pub(crate) fn predict_in_order(
        &self,
        context: &BlockContext,
        asked: &[Asked],
    ) -> IndexVec<TxIndex, Prediction> {
        let summaries = self.summaries(context.fork());
        let view = View::new(context, &summaries);
        let block = context.block_with(asked.iter().map(|asked| asked.tx.clone()).collect());
        settled(&summaries, || {
            predict_block(&block, context.fork(), &view, Basis::BlockOrder, self.binding)
        })
    }

    /// Predicts a transaction that waits, and keeps that in place of what was kept of the same sender
    /// and nonce.
    pub(crate) fn announce(&self, context: &BlockContext, tx: &Recovered<ChainTx>) {
        // The engine goes by these summaries.
        let summaries = self.summaries(context.fork());
        settled(&summaries, || self.engine.announce(tx, context.next(), context));
    }

    /// What is kept of a transaction, if predicting it on the context would find the same. Values are
    /// left out, as of every prediction on the context alone.
    pub(crate) fn kept(&self, context: &BlockContext, hash: &B256) -> Option<Prediction> {
        let kept = self.engine.kept_prediction(hash, context.next(), context);
        kept.map(|prediction| prediction.without_values())
    }

    /// Predicts again what is kept and no longer holds; the transactions.
    pub(crate) fn refresh(&self, context: &BlockContext) -> Vec<B256> {
        drop(self.summaries(context.fork()));
        self.engine.refresh(context.next(), context)
    }

    /// Forgets what is kept of a transaction; whether anything was.
    pub(crate) fn withdraw(&self, hash: &B256) -> bool {
        self.engine.withdraw(hash)
    }

    /// The transactions that are kept, in order of arrival.
    pub(crate) fn pending(&self) -> Vec<B256> {
        self.engine.announced()
    }

    /// What `predict` gives with a binder, once no computed jump leads somewhere new.
    fn bound<T>(
        &self,
        summaries: &Summaries,
        context: &BlockContext,
        predict: impl Fn(&mut Binder) -> T,
    ) -> T {
        let mut binder = self.take_binder(context.fork());
        let predicted = settled(summaries, || predict(&mut binder));
        self.give_back(binder);
        predicted
    }

    /// Puts all summaries into the store; what cannot be put there is logged.
    pub(crate) fn keep_all(&self) {
        let all: Vec<Arc<Summaries>> = self.by_fork().values().cloned().collect();
        all.iter().for_each(|summaries| self.keep(summaries));
    }

    fn keep(&self, summaries: &Summaries) {
        let Some(store) = &self.store else { return };
        let news = summaries.drain_dirty();
        let kept = match news.is_empty() {
            // So that what was only read is not what is forgotten first.
            true => store.note_uses(),
            false => store.keep(news.iter().map(|summary| &**summary)),
        };
        match kept {
            Ok(()) => tracing::info!(n = news.len(), "summaries kept in the store"),
            Err(error) => log_store(&error),
        }
    }

    fn take_binder(&self, fork: Fork) -> Binder {
        let binder = self.binders().pop().filter(|binder| binder.fork() == fork);
        binder.unwrap_or_else(|| Binder::new(fork, self.binding))
    }

    fn give_back(&self, binder: Binder) {
        let mut binders = self.binders();
        if binders.len() < MAX_BINDERS {
            binders.push(binder);
        }
    }

    fn binders(&self) -> MutexGuard<'_, Vec<Binder>> {
        self.binders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn by_fork(&self) -> MutexGuard<'_, BTreeMap<Fork, Arc<Summaries>>> {
        self.by_fork.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `predict` gives once no computed jump leads somewhere new.
fn settled<T>(summaries: &Summaries, mut predict: impl FnMut() -> T) -> T {
    let mut n_refinements = summaries.n_refinements();
    let mut predicted = predict();
    for _ in 0..MAX_PASSES {
        if summaries.n_refinements() == n_refinements {
            break;
        }
        n_refinements = summaries.n_refinements();
        predicted = predict();
    }
    predicted
}

fn log_store(error: &CacheError) {
    tracing::warn!(%error, "summaries could not be kept; the service goes on without");
}
