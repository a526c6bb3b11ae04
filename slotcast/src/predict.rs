//! What will each transaction of a block touch?
//!
//! In: a block, the view of its parent state. Out: one [`Prediction`] for each transaction.
//! Invariant: to what the binder finds in the frames this adds what every transaction does by
//! itself: the sender's nonce and payment, the fee, authorisations (EIP-7702) and the created
//! account.

use alloy_consensus::{Transaction as _, TxEnvelope, transaction::Recovered};
use alloy_primitives::U256;
use slotcast_analyzer::bind::{BindLimits, Binder, BlockWords, StateView};
use slotcast_executor::Block;
use slotcast_model::{AccountAccess, Fork, IndexVec, Prediction, TxIndex};

use crate::convert::{frame_of, words_of};

/// Predicts every transaction of `block`, each on the parent state alone.
pub fn predict_block<S: StateView>(
    block: &Block,
    fork: Fork,
    view: &S,
    limits: BindLimits,
) -> IndexVec<TxIndex, Prediction> {
    let words = words_of(block, fork);
    let mut binder = Binder::new(fork, limits);
    block.transactions.iter().map(|tx| predict_tx(&mut binder, tx, &words, view)).collect()
}

/// Predicts one transaction in a block with these words.
pub fn predict_tx<S: StateView>(
    binder: &mut Binder,
    tx: &Recovered<TxEnvelope>,
    words: &BlockWords,
    view: &S,
) -> Prediction {
    let frame = frame_of(tx, words);
    let bound = binder.bind(&frame, words, view);
    let mut accounts = bound.accounts().clone();
    add_envelope(&mut accounts, tx, frame.gas_price, words, view);
    Prediction::new(
        bound.storage().clone(),
        accounts,
        bound.wildcards().to_vec(),
        bound.relied_on().to_vec(),
        bound.gaps().to_vec(),
    )
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
