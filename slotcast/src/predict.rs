//! What will each transaction of a block touch?
//!
//! In: a block, the view of its parent state. Out: one [`Prediction`] for each transaction.
//! Invariant: to what the binder finds in the frames this adds what every transaction does by
//! itself: the sender's nonce and payment, the fee, authorisations (EIP-7702) and the created
//! account, and on a rollup what its vaults are paid.

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS,
    eip4788::{BEACON_ROOTS_ADDRESS, SYSTEM_ADDRESS},
};
use alloy_primitives::{Address, U256, map::AddressSet};
use slotcast_analyzer::bind::{BindLimits, Binder, BlockWords, Bound, Changes, StateView, TxFrame};
use slotcast_executor::{Block, ChainTx, FeeLegs, Vaults};
use slotcast_model::{AccountLeft, Fork, IndexVec, Location, Prediction, Slot, TxIndex};

use crate::{
    announced::{Kept, NextBlock},
    authorizations::Authorizations,
    overlay::delegation_code,
};
pub use crate::{
    convert::{frame_of, warm_of, words_of},
    overlay::StateOverlay,
    traced::{Listener, Traced},
};

/// More than an authorisation takes beyond its intrinsic gas (EIP-8037).
const MOST_OF_AUTHORIZATION: u64 = 500_000;
/// Gas of a call that the block itself makes.
const SYSTEM_GAS: u64 = 30_000_000;

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
    legs: FeeLegs,
    binder: Binder,
    overlay: StateOverlay<'a, S>,
    basis: Basis,
    /// What is at hand of each transaction; empty when nothing is.
    kept: Vec<Option<Arc<Kept>>>,
    next: usize,
}

/// A prediction made in its block, or one made before that still holds.
pub(crate) enum Made {
    Now(Box<Bound>),
    Before(Arc<Kept>),
}

impl Made {
    pub(crate) fn into_prediction(self) -> Prediction {
        match self {
            Self::Now(bound) => bound.prediction,
            Self::Before(kept) => kept.bound.prediction.clone(),
        }
    }
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
        let (words, mut binder) = (words_of(block, fork), Binder::new(fork, limits));
        let mut overlay = StateOverlay::new(view);
        open(block, &words, &mut binder, &mut overlay);
        let (legs, kept) = (FeeLegs::of(block), Vec::new());
        Self { block, words, legs, binder, overlay, basis, kept, next: 0 }
    }

    /// The same with what is at hand of each transaction.
    pub(crate) fn with_kept(self, kept: Vec<Option<Arc<Kept>>>) -> Self {
        Self { kept, ..self }
    }

    /// The prediction of the next transaction.
    #[expect(
        clippy::should_implement_trait,
        reason = "there is one for each transaction, not an end"
    )]
    pub fn next(&mut self) -> Prediction {
        self.make().into_prediction()
    }

    /// The same, not copied where it was made before.
    pub(crate) fn make(&mut self) -> Made {
        let Some(kept) = self.kept.get(self.next).cloned().flatten() else {
            return Made::Now(Box::new(self.bind()));
        };
        let (fork, parent_hash) = (self.binder.fork(), self.block.header.parent_hash);
        let next = NextBlock { words: self.words, legs: self.legs, fork, parent_hash };
        if !kept.holds(&next, &self.overlay) {
            return Made::Now(Box::new(self.bind()));
        }
        let tx = &self.block.transactions[self.next];
        Authorizations::of(tx, self.words.chain_id, &self.overlay).apply(&mut self.overlay);
        self.overlay.apply(&kept.bound.changes);
        self.overlay.sent(tx.signer());
        self.next += 1;
        Made::Before(kept)
    }

    fn bind(&mut self) -> Bound {
        let Self { block, words, legs, binder, overlay, basis, next, .. } = self;
        let tx = &block.transactions[*next];
        *next += 1;
        let vaults = vaults(legs, tx, words, overlay);
        let bound = match basis {
            Basis::Parent => predict_tx(binder, tx, words, overlay),
            Basis::BlockOrder => {
                if let Some(deposit) = tx.as_deposit() {
                    overlay.minted(deposit.from, U256::from(deposit.mint));
                }
                let authorizations = Authorizations::of(tx, words.chain_id, overlay);
                authorizations.apply(overlay);
                let bound = predict_frames(binder, tx, words, &authorizations, overlay);
                overlay.apply(&bound.changes);
                overlay.sent(tx.signer());
                with_values(bound, tx, words, &authorizations.set)
            }
        };
        pay(bound, vaults)
    }

    /// The state that the predictions so far lead to, where block order is the basis.
    pub fn into_overlay(self) -> StateOverlay<'a, S> {
        self.overlay
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
    tx: &Recovered<ChainTx>,
    words: &BlockWords,
    view: &S,
) -> Bound {
    predict_authorized(binder, tx, words, &Authorizations::of(tx, words.chain_id, view), view)
}

fn predict_authorized<S: StateView>(
    binder: &mut Binder,
    tx: &Recovered<ChainTx>,
    words: &BlockWords,
    authorizations: &Authorizations,
    view: &S,
) -> Bound {
    if authorizations.set.is_empty() {
        return predict_frames(binder, tx, words, authorizations, view);
    }
    let mut delegated = StateOverlay::new(view);
    authorizations.apply(&mut delegated);
    predict_frames(binder, tx, words, authorizations, &delegated)
}

/// Adds what a transaction pays to a rollup's vaults, by the state that it was predicted on;
/// [`BlockPredictor`] has done so.
pub fn with_fee_legs<S: StateView>(
    bound: Bound,
    legs: &FeeLegs,
    tx: &Recovered<ChainTx>,
    words: &BlockWords,
    view: &S,
) -> Bound {
    pay(bound, vaults(legs, tx, words, view))
}

/// The vaults that a transaction pays into: sums that nothing waits for unless it reads them.
pub(crate) fn vaults<S: StateView>(
    legs: &FeeLegs,
    tx: &ChainTx,
    words: &BlockWords,
    view: &S,
) -> Vaults {
    match tx.as_deposit() {
        Some(_) => Vaults::default(),
        None => legs.paid(words.base_fee, |contract, slot| view.storage(contract, slot)),
    }
}

pub(crate) fn pay(bound: Bound, vaults: Vaults) -> Bound {
    if vaults == Vaults::default() {
        return bound;
    }
    let Bound { prediction, changes, block_words } = bound;
    // How much the fee comes to is only estimated.
    let is_known =
        |(address, _): &&(Address, U256)| !vaults.iter().flatten().any(|it| it == address);
    let moved = prediction.balance_changes().iter().filter(is_known).copied().collect();
    let prediction = prediction
        .with_balance_changes(moved)
        .with_accounts(|accounts| accounts.balance_credits.extend(vaults.iter().flatten()));
    Bound { prediction, changes, block_words }
}

/// Lays on top of the state what the block does before its transactions: it keeps the beacon chain's
/// root (EIP-4788) and its parent's hash (EIP-2935), by calling contracts.
fn open<S: StateView>(
    block: &Block,
    words: &BlockWords,
    binder: &mut Binder,
    overlay: &mut StateOverlay<'_, S>,
) {
    let (header, fork) = (&block.header, binder.fork());
    let root = header.parent_beacon_block_root.filter(|_| Fork::Cancun <= fork);
    let parent = Some(header.parent_hash).filter(|_| Fork::Prague <= fork);
    for (to, word) in [(BEACON_ROOTS_ADDRESS, root), (HISTORY_STORAGE_ADDRESS, parent)] {
        let Some(word) = word.filter(|_| header.number != 0) else { continue };
        let frame = TxFrame {
            caller: SYSTEM_ADDRESS,
            to: Some(to),
            nonce: 0,
            n_own_authorizations: 0,
            value: U256::ZERO,
            input: word.to_vec().into(),
            gas_price: U256::ZERO,
            prepaid: U256::ZERO,
            gas: SYSTEM_GAS,
            loose: 0,
            access_list: Vec::new(),
            blob_hashes: Vec::new(),
        };
        let changes = binder.bind(&frame, words, overlay).changes;
        overlay.apply(&changes);
    }
}

/// Adds the values that are known, what is added to the balances of contracts, and what is left of
/// accounts; `delegated` are those that the transaction delegates. How much gas is used is only
/// estimated, so that what the sender and the beneficiary end with is not known, nor a balance that
/// follows from how much gas is left.
fn with_values(
    bound: Bound,
    tx: &Recovered<ChainTx>,
    words: &BlockWords,
    delegated: &[(Address, Address)],
) -> Bound {
    let Bound { prediction, changes, block_words } = bound;
    let known = |&(slot, value): &(Slot, Option<U256>)| Some((slot, value?));
    let values = changes.storage.iter().filter_map(known).collect();
    let codes = &prediction.accounts().code_reads;
    // That an account has no code is relied on.
    let is_relied_on = |code| prediction.relied_on().iter().any(|word| word.location == code);
    let is_contract = |address: &Address| {
        codes.binary_search(address).is_ok() && !is_relied_on(Location::Code(*address))
    };
    let created = &prediction.accounts().created;
    let is_known = |address: &Address| {
        (is_contract(address) || created.binary_search(address).is_ok())
            && *address != tx.signer()
            && *address != words.coinbase
            && !changes.destroyed.contains(address)
            && !changes.by_gas.contains(address)
    };
    let moved = changes.balances.iter().filter(|(address, ..)| is_known(address));
    let change =
        |(address, credit, debit): &(Address, U256, U256)| (*address, credit.wrapping_sub(*debit));
    let moved = moved.map(change).collect();
    let left = account_changes(&changes, delegated);
    let prediction =
        prediction.with_balance_changes(moved).with_values(values).with_account_changes(left);
    Bound { prediction, changes, block_words }
}

/// What is left of accounts besides storage and balance, as far as it is known. A created contract is
/// left out unless all that its code and its storage come to is known, and so is an account that is
/// destroyed but keeps its balance.
fn account_changes(
    changes: &Changes,
    delegated: &[(Address, Address)],
) -> Vec<(Address, AccountLeft)> {
    let mut left: BTreeMap<Address, AccountLeft> = BTreeMap::new();
    let Changes { storage, nonces, codes, destroyed, .. } = changes;
    if delegated.is_empty() && nonces.is_empty() && codes.is_empty() && destroyed.is_empty() {
        return Vec::new();
    }
    let unknown = storage.iter().filter(|(_, value)| value.is_none());
    let partly_known: AddressSet = unknown.map(|(slot, _)| slot.address).collect();
    for (authority, delegate) in delegated {
        let account = left.entry(*authority).or_default();
        account.nonces += 1;
        account.code = Some(delegation_code(*delegate));
    }
    for (address, n) in nonces {
        left.entry(*address).or_default().nonces += n;
    }
    for (address, code) in codes {
        left.entry(*address).or_default().code.clone_from(code);
        if code.is_none() || partly_known.contains(address) {
            left.remove(address);
        }
    }
    for address in destroyed {
        match changes.spares_balance {
            true => drop(left.remove(address)),
            false => {
                let gone = AccountLeft { is_destroyed: true, ..AccountLeft::default() };
                left.insert(*address, gone);
            }
        }
    }
    left.into_iter().collect()
}

/// Predicts one transaction on the state that `view` shows, with the values that it leaves.
pub(crate) fn bind_with_values<S: StateView>(
    binder: &mut Binder,
    tx: &Recovered<ChainTx>,
    words: &BlockWords,
    view: &S,
) -> Bound {
    let authorizations = Authorizations::of(tx, words.chain_id, view);
    let bound = predict_authorized(binder, tx, words, &authorizations, view);
    with_values(bound, tx, words, &authorizations.set)
}

/// Predicts one transaction on a view in which its own delegations are in place.
fn predict_frames<S: StateView>(
    binder: &mut Binder,
    tx: &Recovered<ChainTx>,
    words: &BlockWords,
    authorizations: &Authorizations,
    view: &S,
) -> Bound {
    let mut frame = frame_of(tx, words, binder.fork());
    let sender = tx.signer();
    let deposit = tx.as_deposit();
    if deposit.is_some() {
        // A deposit does not state its nonce, which decides where it creates.
        frame.nonce = view.nonce(sender).unwrap_or_default();
    }
    frame.n_own_authorizations = authorizations.n_of(sender);
    if Fork::Amsterdam <= binder.fork() {
        // Delegations are paid for as they are found to be new (EIP-8037).
        frame.loose = MOST_OF_AUTHORIZATION * authorizations.authorities.len() as u64;
    }
    // Authorities are warm (EIP-7702).
    frame.access_list.extend(authorizations.authorities.iter().map(|it| (*it, Vec::new())));
    let Bound { mut prediction, changes, block_words } = binder.bind(&frame, words, view);
    if tx.authorization_list().is_some() {
        let relied_on = authorizations.before(prediction.relied_on().to_vec());
        prediction = prediction.with_relied_on(relied_on);
        authorizations.gap.into_iter().for_each(|gap| prediction.add_gap(gap));
    }
    let prediction = prediction.with_accounts(|accounts| {
        accounts.nonces.push(sender);
        if !frame.gas_price.is_zero() {
            accounts.balance_debits.push(sender);
        }
        if U256::from(words.base_fee) < frame.gas_price {
            accounts.balance_credits.push(words.coinbase);
        }
        if deposit.is_some_and(|deposit| deposit.mint != 0) {
            accounts.balance_credits.push(sender);
        }
        let authorities = authorizations.set.iter().map(|(authority, _)| *authority);
        accounts.nonces.extend(authorities.clone());
        accounts.delegated.extend(authorities);
    });
    // Where the fee goes, and whether there is one, is of the block.
    Bound { prediction, changes, block_words: block_words.with_fee() }
}
