//! What will each transaction of a block touch?
//!
//! In: a block, the view of its parent state. Out: one [`Prediction`] for each transaction.
//! Invariant: to what the binder finds in the frames this adds what every transaction does by
//! itself: the sender's nonce and payment, the fee, authorisations (EIP-7702) and the created
//! account.

use alloy_consensus::{Transaction as _, TxEnvelope, transaction::Recovered};
use alloy_primitives::U256;
use slotcast_analyzer::bind::{BindLimits, Binder, BlockWords, Bound, StateView};
use slotcast_executor::Block;
use slotcast_model::{AccountAccess, Fork, IndexVec, Prediction, TxIndex};

use crate::{
    convert::{frame_of, words_of},
    forward::Forward,
};

/// What a transaction's forecast may build on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The parent state and the forecasts of the block's earlier transactions.
    #[default]
    BlockOrder,
    /// The parent state alone, as for a transaction whose place in a block is not known yet.
    Parent,
}

/// Predicts every transaction of `block`.
pub fn predict_block<S: StateView>(
    block: &Block,
    fork: Fork,
    view: &S,
    basis: Basis,
    limits: BindLimits,
) -> IndexVec<TxIndex, Prediction> {
    let words = words_of(block, fork);
    let mut binder = Binder::new(fork, limits);
    let mut forward = Forward::new(view);
    let mut predictions = IndexVec::new();
    for tx in &block.transactions {
        match basis {
            Basis::Parent => {
                predictions.push(predict_tx(&mut binder, tx, &words, view).prediction);
            }
            Basis::BlockOrder => {
                let bound = predict_tx(&mut binder, tx, &words, &forward);
                forward.apply(&bound.changes);
                forward.sent(tx.signer());
                predictions.push(bound.prediction);
            }
        }
    }
    predictions
}

/// Predicts one transaction in a block with these words, on the state that `view` shows.
pub fn predict_tx<S: StateView>(
    binder: &mut Binder,
    tx: &Recovered<TxEnvelope>,
    words: &BlockWords,
    view: &S,
) -> Bound {
    let frame = frame_of(tx, words, binder.fork());
    let Bound { prediction, changes } = binder.bind(&frame, words, view);
    let mut accounts = prediction.accounts().clone();
    add_envelope(&mut accounts, tx, frame.gas_price, words, view);
    let prediction = Prediction::new(
        prediction.storage().clone(),
        accounts,
        prediction.wildcards().to_vec(),
        prediction.relied_on().to_vec(),
        prediction.gaps().to_vec(),
    );
    Bound { prediction, changes }
}

/// The accounts that every transaction touches around its frames.
fn add_envelope<S: StateView>(
    accounts: &mut AccountAccess,
    tx: &Recovered<TxEnvelope>,
    gas_price: U256,
    words: &BlockWords,
    view: &S,
) {
    let sender = tx.signer();
    accounts.nonces.push(sender);
    if !gas_price.is_zero() {
        accounts.balance_debits.push(sender);
    }
    if U256::from(words.base_fee) < gas_price {
        accounts.balance_credits.push(words.coinbase);
    }
    for authorization in tx.authorization_list().unwrap_or_default() {
        if let Ok(authority) = authorization.recover_authority() {
            accounts.nonces.push(authority);
        }
    }
    if tx.is_create()
        && let Some(nonce) = view.nonce(sender)
    {
        // In a chain of the sender's own transactions the nonce on the parent state is too low;
        // what the transaction says is the nonce it will run with.
        let created = sender.create(nonce.max(tx.nonce()));
        accounts.created.push(created);
        if !tx.value().is_zero() {
            accounts.balance_credits.push(created);
        }
    }
}
