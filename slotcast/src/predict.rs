//! What will each transaction of a block touch?
//!
//! In: a block, the view of its parent state. Out: one [`Prediction`] for each transaction.
//! Invariant: to what the binder finds in the frames this adds what every transaction does by
//! itself: the sender's nonce and payment, the fee, authorisations (EIP-7702) and the created
//! account.

use alloy_consensus::{Transaction as _, TxEnvelope, transaction::Recovered};
use alloy_eips::eip7702::SignedAuthorization;
use alloy_primitives::{Address, U256};
use slotcast_analyzer::bind::{BindLimits, Binder, BlockWords, Bound, StateView};
use slotcast_executor::Block;
use slotcast_model::{Fork, IndexVec, Prediction, Slot, TxIndex};

pub use crate::{
    convert::{frame_of, warm_of, words_of},
    forward::Forward,
    lookahead::Lookahead,
};

/// What a transaction's prediction may build on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The parent state and the predictions of the block's earlier transactions.
    #[default]
    BlockOrder,
    /// The parent state alone, as for a transaction whose place in a block is not known yet.
    Parent,
}

/// Predicts every transaction of `block`.
///
/// ```
/// use slotcast::{Basis, View, predict::predict_block};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let summaries = prepared.summaries(&Default::default());
/// let view = View::new(prepared.state(), &summaries);
/// let limits = Default::default();
/// let predictions =
///     predict_block(prepared.block(), prepared.fork(), &view, Basis::Parent, limits);
/// assert_eq!(predictions.len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn predict_block<S: StateView>(
    block: &Block,
    fork: Fork,
    view: &S,
    basis: Basis,
    limits: BindLimits,
) -> IndexVec<TxIndex, Prediction> {
    let mut predictor = BlockPredictor::new(block, fork, view, basis, limits);
    block.tx_indices().map(|_| predictor.next()).collect()
}

/// Predicts the transactions of a block one after the other.
#[expect(missing_debug_implementations, reason = "holds buffers of the binder only")]
pub struct BlockPredictor<'a, S> {
    block: &'a Block,
    words: BlockWords,
    binder: Binder,
    view: &'a S,
    forward: Forward<'a, S>,
    basis: Basis,
    next: usize,
}

impl<'a, S: StateView> BlockPredictor<'a, S> {
    /// Predicts `block` on `view` within `limits`.
    pub fn new(
        block: &'a Block,
        fork: Fork,
        view: &'a S,
        basis: Basis,
        limits: BindLimits,
    ) -> Self {
        let (words, binder) = (words_of(block, fork), Binder::new(fork, limits));
        Self { block, words, binder, view, forward: Forward::new(view), basis, next: 0 }
    }

    /// The prediction of the next transaction.
    pub fn next(&mut self) -> Prediction {
        let Self { block, words, binder, view, forward, basis, next } = self;
        let tx = &block.transactions[*next];
        *next += 1;
        let bound = match basis {
            Basis::Parent => predict_tx(binder, tx, words, *view),
            Basis::BlockOrder => {
                let delegations = delegations(tx);
                forward.delegate(&delegations);
                let bound = predict_frames(binder, tx, words, &delegations, forward);
                forward.apply(&bound.changes);
                forward.sent(tx.signer());
                let known = |&(slot, value): &(Slot, Option<U256>)| Some((slot, value?));
                let values = bound.changes.storage.iter().filter_map(known).collect();
                return bound.prediction.with_values(values);
            }
        };
        bound.prediction
    }

    /// Leaves the next transaction out: of what it does, the predictions behind it build on its nonce,
    /// its payment and its delegations alone.
    pub fn pass(&mut self) {
        let tx = &self.block.transactions[self.next];
        self.next += 1;
        self.forward.delegate(&delegations(tx));
        self.forward.sent(tx.signer());
        if let Some(to) = tx.to() {
            self.forward.paid(tx.signer(), to, tx.value());
        }
    }

    /// The state that the predictions so far lead to, where block order is the basis.
    pub fn into_forward(self) -> Forward<'a, S> {
        self.forward
    }
}

/// Predicts one transaction in a block with these words, on the state that `view` shows.
///
/// ```
/// use slotcast::{View, analyzer::bind::Binder, model::TxIndex, predict::predict_tx};
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast::predict::words_of;
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let (block, fork) = (prepared.block(), prepared.fork());
/// let summaries = prepared.summaries(&Default::default());
/// let view = View::new(prepared.state(), &summaries);
/// let mut binder = Binder::new(fork, Default::default());
/// let tx = block.transaction(TxIndex(3));
/// let bound = predict_tx(&mut binder, tx, &words_of(block, fork), &view);
/// assert!(bound.prediction.accounts().nonces.contains(&tx.signer()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn predict_tx<S: StateView>(
    binder: &mut Binder,
    tx: &Recovered<TxEnvelope>,
    words: &BlockWords,
    view: &S,
) -> Bound {
    let delegations = delegations(tx);
    if delegations.is_empty() {
        return predict_frames(binder, tx, words, &delegations, view);
    }
    let mut delegated = Forward::new(view);
    delegated.delegate(&delegations);
    predict_frames(binder, tx, words, &delegations, &delegated)
}

/// The authorities of a transaction's authorisations with the accounts they delegate to (EIP-7702).
fn delegations(tx: &Recovered<TxEnvelope>) -> Vec<(Address, Address)> {
    let authorizations = tx.authorization_list().unwrap_or_default();
    let delegation =
        |signed: &SignedAuthorization| Some((signed.recover_authority().ok()?, signed.address));
    authorizations.iter().filter_map(delegation).collect()
}

/// Predicts one transaction on a view in which its own delegations are in place.
fn predict_frames<S: StateView>(
    binder: &mut Binder,
    tx: &Recovered<TxEnvelope>,
    words: &BlockWords,
    delegations: &[(Address, Address)],
    view: &S,
) -> Bound {
    let frame = frame_of(tx, words, binder.fork());
    let Bound { prediction, changes } = binder.bind(&frame, words, view);
    let sender = tx.signer();
    let prediction = prediction.with_accounts(|accounts| {
        accounts.nonces.push(sender);
        if !frame.gas_price.is_zero() {
            accounts.balance_debits.push(sender);
        }
        if U256::from(words.base_fee) < frame.gas_price {
            accounts.balance_credits.push(words.coinbase);
        }
        accounts.nonces.extend(delegations.iter().map(|(authority, _)| authority));
    });
    Bound { prediction, changes }
}
