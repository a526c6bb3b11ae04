//! Which dependencies does execution follow?
//!
//! In: a block, its predictions, the state before it. Out: one [`PredictedAccess`] for each transaction,
//! from which the one graph is made that execution follows and every command shows.
//! Invariants: a read is left out only where the executor compares or re-bases it at commit, so that
//! leaving it out can cost a re-execution and never an outcome; the result depends on the inputs alone.
//!
//! | read | left out because |
//! |---|---|
//! | the sender's nonce | the transaction states it |
//! | the sender's balance | it covers all that this sender can spend in the block; else it stays |
//! | the balance a contract pays from | paying is arithmetic, re-based at commit as long as it suffices; what is known to be paid into it is told |
//! | code that no transaction is predicted to put in place | it is what it was before the block |
//! | a slot that is only added to | the sum is moved at commit to the word that is there |
//! | everything a plain transfer reads | it is made at its turn, on everything before it |
//!
//! What is left are mostly storage slots. Changes that no transaction is predicted to read are left out too:
//! they make no edge, and there are many.

mod changes;

use core::iter::Peekable;

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::{
    Address, U256,
    map::{AddressMap, AddressSet},
};
use slotcast_executor::{Block, ChainTx, Horizon, PredictedWork, Wait};
use slotcast_model::{AccessSet, AccountLeft, IndexVec, Location, Prediction, Slot, TxIndex};
use slotcast_scheduler::{Mode, PredictedAccess, Schedule, schedule};

use self::changes::{Found, LastChanges, Leaves, Touched};
use crate::{announced::Moves, prepared::Prepared, summaries::BaseState};

pub use crate::gas::estimate_gas;

/// The accesses from which the graph of a block is made.
///
/// ```
/// use slotcast::graph::predicted_accesses;
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let accesses = predicted_accesses(prepared.block(), &predictions, prepared.state());
/// assert_eq!(accesses.len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn predicted_accesses(
    block: &Block,
    predictions: &IndexVec<TxIndex, Prediction>,
    state: &impl BaseState,
) -> IndexVec<TxIndex, PredictedAccess> {
    let short = senders_that_may_run_short(block, state);
    let transactions = block.transactions.iter().zip(predictions);
    let entered = transactions.clone().filter(|(tx, prediction)| !is_plain(tx, prediction));
    let read = entered.flat_map(|(tx, it)| balances_read(tx.signer(), it, &short)).collect();
    let delegated = |it: &Prediction| it.accounts().delegated.clone();
    let made = predictions.iter().flat_map(|it| made(it).chain(delegated(it))).collect();
    let met = Met { short, read, made, delegates: delegates(block) };
    transactions
        .map(|(tx, prediction)| PredictedAccess {
            access: access(tx, prediction, &met),
            weight: estimate_gas(tx, prediction),
        })
        .collect()
}

/// The schedule of a block: the graph that execution follows, with its layers.
///
/// ```
/// use slotcast::graph::schedule_of;
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// assert_eq!(schedule_of(&prepared, &predictions).len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schedule_of(prepared: &Prepared, predictions: &IndexVec<TxIndex, Prediction>) -> Schedule {
    schedule(&predicted_accesses(prepared.block(), predictions, prepared.state()))
}

/// Every predicted access, those included that execution needs no edge for.
///
/// ```
/// use slotcast::{graph::all_accesses, scheduler::schedule};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// assert!(1 < schedule(&all_accesses(prepared.block(), &predictions)).layers().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all_accesses(
    block: &Block,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> IndexVec<TxIndex, PredictedAccess> {
    let transactions = block.transactions.iter().zip(predictions);
    transactions
        .map(|(tx, prediction)| PredictedAccess {
            access: prediction.access_set(),
            weight: estimate_gas(tx, prediction),
        })
        .collect()
}

/// What a call is predicted to go through; none for what looks like a plain transfer.
pub fn predicted_work(tx: &Recovered<ChainTx>, prediction: &Prediction) -> Option<PredictedWork> {
    let storage = prediction.storage();
    if tx.input().is_empty() && storage.reads.is_empty() {
        return None;
    }
    let slots = storage.reads.len() + storage.writes.len() + 2 * storage.deltas.len();
    Some(PredictedWork {
        slots: slots as u64,
        codes: prediction.accounts().code_reads.len() as u64,
        code_bytes: 0,
        bytes: tx.input().len() as u64,
        gas: estimate_gas(tx, prediction),
    })
}

/// The waits of a block's transactions, one after the other: the same as those of a schedule made from
/// [`predicted_accesses`], but for values mode, and none has to wait for the predictions after it.
///
/// ```
/// use slotcast::{model::Prediction, graph::Waits};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let mut waits = Waits::new(prepared.block(), prepared.state(), Default::default());
/// assert_eq!(waits.next(&Prediction::default()).horizon.0.0, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(missing_debug_implementations, reason = "looks at a state that need not have one")]
pub struct Waits<'a> {
    block: &'a Block,
    state: &'a dyn BaseState,
    /// The senders that may run short, once a transaction is predicted.
    short: Option<AddressSet>,
    /// The balances that transactions look at, where all predictions are known; those of senders that
    /// may run short are looked at too.
    looked_at: Option<AddressSet>,
    changes: LastChanges,
    calls: AddressMap<LastCalls>,
    /// Whether an authorisation may look at the nonce of a sender.
    delegates: bool,
    mode: Mode,
    next: TxIndex,
}

/// The last calls of a contract by transactions.
#[derive(Clone, Copy, Debug, Default)]
struct LastCalls {
    any: Option<TxIndex>,
    /// By one that is not predicted.
    blind: Option<TxIndex>,
}

/// When the values of a prediction count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values<'m> {
    Known,
    /// Those of a prediction made on the parent state: where nothing that it reads is changed before, but
    /// what they are known to move with.
    OnParent(&'m Moves),
    Unknown,
}

impl Values<'_> {
    /// What `slot` is left with, which is asked for in ascending order.
    fn leaves<'v>(
        self,
        slot: Slot,
        values: &mut Peekable<impl Iterator<Item = &'v (Slot, U256)>>,
    ) -> Leaves {
        let value = value_of(slot, values);
        let moves = match self {
            Self::OnParent(moves) => moves.of_slot(&slot),
            Self::Known | Self::Unknown => None,
        };
        Leaves { value, is_moving: moves.is_some(), moves: moves.flatten() }
    }

    /// Whether what is left in `slot` is no longer known when this is changed before.
    fn loses(self, slot: &Slot, touched: Touched) -> bool {
        match (self, touched) {
            (Self::OnParent(_), Touched::Elsewhere) => true,
            (Self::OnParent(moves), Touched::WhereItMoves) => {
                moves.of_slot(slot).flatten().is_none()
            }
            _ => false,
        }
    }

    /// Whether balances still change by as much then, and as much is left of accounts.
    const fn are_accounts_known(self, touched: Touched) -> bool {
        match (self, touched) {
            (Self::OnParent(_), Touched::Elsewhere) => false,
            (Self::OnParent(moves), Touched::WhereItMoves) => moves.keeps_accounts(),
            _ => true,
        }
    }

    /// Whether it looks as if a transaction was predicted to fail for want of what is changed before it,
    /// so that it may do more than is predicted.
    fn may_have_failed(self, prediction: &Prediction, touched: Touched) -> bool {
        let storage = prediction.storage();
        matches!((self, touched), (Self::OnParent(_), Touched::Elsewhere))
            && storage.writes.is_empty()
            && storage.deltas.is_empty()
    }
}

impl<'a> Waits<'a> {
    /// The waits of `block` on `state`; in values mode a transaction does not wait for a slot whose
    /// value is predicted.
    pub fn new(block: &'a Block, state: &'a impl BaseState, mode: Mode) -> Self {
        let changes = LastChanges::with_room_for(block.n_transactions());
        let calls = AddressMap::default();
        let (short, looked_at, delegates) = (None, None, delegates(block));
        Self { block, state, short, looked_at, changes, calls, delegates, mode, next: TxIndex(0) }
    }

    /// The same, given all that will be told: a balance that no transaction looks at need not be
    /// followed.
    #[must_use]
    pub fn with_all<'p>(
        self,
        predictions: impl Iterator<Item = (TxIndex, &'p Prediction)>,
    ) -> Self {
        let block = self.block;
        let looked_at = |(tx, it): (TxIndex, &'p Prediction)| {
            let read = it.accounts().balance_reads.iter().copied();
            read.chain(made(it)).chain(paid_from(block.transaction(tx).signer(), it))
        };
        Self { looked_at: Some(predictions.flat_map(looked_at).collect()), ..self }
    }

    /// What the next transaction waits for when nothing is predicted of it: the last call of the same
    /// contract. Most conflicts lie between such calls, and what else it may touch is left to
    /// validation. Calls of that contract that come after it wait for it.
    pub fn blind(&mut self) -> Wait {
        let (at, tx) = self.turn();
        if let Some(to) = callee(tx) {
            let last = self.calls.entry(to).or_default();
            self.changes.wait_for(last.any);
            *last = LastCalls { any: Some(at), blind: Some(at) };
        }
        let horizon = self.changes.turn().horizon;
        // Calls use about half of their limit.
        let gas = if tx.input().is_empty() { 0 } else { tx.gas_limit() / 2 };
        Wait { horizon: Horizon(horizon), gas, ..Wait::default() }
    }

    /// What the next transaction waits for, given its prediction.
    pub fn next(&mut self, prediction: &Prediction) -> Wait {
        self.next_with(prediction, Values::Known)
    }

    /// The same, given a prediction that was made on the parent state: its values count if no
    /// transaction before it is predicted to change what it reads, but for what they move with.
    pub(crate) fn next_on_parent(&mut self, prediction: &Prediction, moves: &Moves) -> Wait {
        self.next_with(prediction, Values::OnParent(moves))
    }

    /// The same, given a prediction that was made on another state: where it leads is likely, its
    /// values are not known.
    pub fn next_without_values(&mut self, prediction: &Prediction) -> Wait {
        self.next_with(prediction, Values::Unknown)
    }

    fn turn(&mut self) -> (TxIndex, &'a Recovered<ChainTx>) {
        let at = self.next;
        self.next = TxIndex(at.0 + 1);
        (at, self.block.transaction(at))
    }

    fn next_with(&mut self, prediction: &Prediction, count: Values<'_>) -> Wait {
        let (at, tx) = self.turn();
        let (block, state) = (self.block, self.state);
        let short = &*self.short.get_or_insert_with(|| senders_that_may_run_short(block, state));
        if let Some(to) = callee(tx) {
            let last = self.calls.entry(to).or_default();
            self.changes.wait_for(last.blind);
            last.any = Some(at);
        }
        let (storage, accounts) = (prediction.storage(), prediction.accounts());
        let (sender, is_plain) = (tx.signer(), is_plain(tx, prediction));
        // What a partial prediction says is as good as what any other says; what it misses is unknown.
        let is_known = count != Values::Unknown && self.mode == Mode::Values;
        let known = if is_known { prediction.values() } else { &[] };
        let mut values = known.iter().peekable();
        let changes = &mut self.changes;
        // What is written is among what is read and all are ascending: side by side, such a slot is
        // looked up once.
        let mut writes = storage.writes.iter().peekable();
        for &slot in &storage.reads {
            match writes.next_if_eq(&&slot) {
                Some(_) => changes.read_and_change(slot, count.leaves(slot, &mut values)),
                None => changes.read_slot(slot),
            }
        }
        if !is_plain {
            read_accounts(changes, sender, prediction, short);
            paid_from(sender, prediction).for_each(|address| changes.pay_from(address));
        }
        let mut values = known.iter().peekable();
        let add = |slot: &Slot| changes.add(*slot, count.leaves(*slot, &mut values));
        let deltas = storage.deltas.iter().copied().filter(add).collect();
        let touched = changes.touched();
        let are_accounts_known = count.are_accounts_known(touched);
        let changed = storage.writes.iter().chain(&storage.deltas);
        changed
            .filter(|slot| count.loses(slot, touched))
            .for_each(|slot| changes.forget_value(slot));
        if count.may_have_failed(prediction, touched)
            && let Some(to) = callee(tx)
        {
            self.calls.entry(to).or_default().blind = Some(at);
        }
        let change_of = |address| {
            let known = if is_known { prediction.balance_changes() } else { &[] };
            let at = known.binary_search_by_key(&address, |(address, _)| *address).ok()?;
            // What passes on all that it gets does so whatever it gets.
            let change = known[at].1;
            (are_accounts_known || change.is_zero()).then_some(change)
        };
        let is_looked_at = |address: &&Address| {
            let looked_at = self.looked_at.as_ref();
            looked_at.is_none_or(|it| it.contains(*address) || short.contains(*address))
        };
        let paid = accounts.balance_credits.iter().chain(&accounts.balance_debits);
        for &address in paid.filter(is_looked_at) {
            changes.change_balance(address, change_of(address));
        }
        let left = if is_known && are_accounts_known { prediction.account_changes() } else { &[] };
        change_accounts(changes, sender, prediction, left);
        if self.delegates {
            let own = left_of(left, &sender).map_or(0, |left| left.nonces);
            changes.change_nonce(sender, is_known.then_some(own.wrapping_add(1)));
        }
        fill_created(changes, prediction, left);
        let gas = if is_plain { 0 } else { estimate_gas(tx, prediction) };
        let Found { horizon, expected, accounts } = changes.turn();
        Wait { horizon: Horizon(horizon), deltas, expected, accounts, gas }
    }
}

/// The contract that a transaction calls, as far as its data tells; code that is called without data
/// is seldom waited for.
fn callee(tx: &Recovered<ChainTx>) -> Option<Address> {
    tx.to().filter(|_| !tx.input().is_empty())
}

/// The value of `slot`, which is asked for in ascending order.
fn value_of<'v>(
    slot: Slot,
    values: &mut Peekable<impl Iterator<Item = &'v (Slot, U256)>>,
) -> Option<U256> {
    while values.next_if(|(other, _)| *other < slot).is_some() {}
    values.next_if(|(other, _)| *other == slot).map(|(_, value)| *value)
}

/// The senders that could spend more in this block than they have before it, as far as that can be
/// told.
fn senders_that_may_run_short(block: &Block, state: &(impl BaseState + ?Sized)) -> AddressSet {
    let mut left: AddressMap<U256> =
        AddressMap::with_capacity_and_hasher(block.n_transactions(), Default::default());
    let mut short = AddressSet::default();
    for tx in &block.transactions {
        let sender = tx.signer();
        let left = left.entry(sender).or_insert_with(|| state.balance(sender).unwrap_or_default());
        match left.checked_sub(most_spent(tx)) {
            Some(rest) => *left = rest,
            None => {
                *left = U256::ZERO;
                short.insert(sender);
            }
        }
    }
    short
}

/// The most that a transaction can cost its sender, apart from what its code takes.
fn most_spent(tx: &Recovered<ChainTx>) -> U256 {
    let product = |gas: u64, price: u128| U256::from(u128::from(gas).saturating_mul(price));
    let fees = product(tx.gas_limit(), tx.max_fee_per_gas());
    let most = fees.saturating_add(tx.value());
    match (tx.blob_gas_used(), tx.max_fee_per_blob_gas()) {
        (Some(gas), Some(price)) => most.saturating_add(product(gas, price)),
        _ => most,
    }
}

/// Notes what a transaction of this sender reads of accounts, unless it is plain.
fn read_accounts(
    changes: &mut LastChanges,
    sender: Address,
    prediction: &Prediction,
    short: &AddressSet,
) {
    let accounts = prediction.accounts();
    let balances = balances_read(sender, prediction, short).map(Location::Balance);
    let codes = accounts.code_reads.iter().chain(&accounts.delegated).chain([&sender]);
    let codes = codes.copied().map(Location::Code);
    let nonces = accounts.nonces.iter().copied().filter(|address| *address != sender);
    let of_made = made(prediction).flat_map(|it| [Location::Nonce(it), Location::Code(it)]);
    balances
        .chain(codes)
        .chain(nonces.map(Location::Nonce))
        .chain(of_made)
        .for_each(|location| changes.read(&location));
}

/// What is left of this account, if that is known.
fn left_of<'l>(left: &'l [(Address, AccountLeft)], address: &Address) -> Option<&'l AccountLeft> {
    let at = left.binary_search_by_key(address, |(address, _)| *address).ok()?;
    Some(&left[at].1)
}

/// Notes which nonces and codes a transaction of this sender changes, to what as far as `left` tells, and
/// the balances of what it creates or destroys; the sender's own nonce is stated.
fn change_accounts(
    changes: &mut LastChanges,
    sender: Address,
    prediction: &Prediction,
    left: &[(Address, AccountLeft)],
) {
    let accounts = prediction.accounts();
    for &address in accounts.nonces.iter().filter(|address| **address != sender) {
        changes.change_nonce(address, left_of(left, &address).map(|left| left.nonces));
    }
    for &address in &accounts.delegated {
        changes.change_code(address, left_of(left, &address).and_then(|left| left.code.clone()));
    }
    for address in made(prediction) {
        match left_of(left, &address) {
            Some(left) if left.is_destroyed => changes.destroy(address),
            Some(left) => {
                changes.change_nonce(address, Some(left.nonces));
                changes.change_code(address, left.code.clone());
            }
            None => {
                changes.change_nonce(address, None);
                changes.change_code(address, None);
                changes.change_balance(address, None);
            }
        }
    }
}

/// Notes what is left in the slots of accounts that are created, which are not among what is predicted to
/// be touched.
fn fill_created(
    changes: &mut LastChanges,
    prediction: &Prediction,
    left: &[(Address, AccountLeft)],
) {
    let created = &prediction.accounts().created;
    let is_filled = |address: &Address| {
        created.binary_search(address).is_ok()
            && left_of(left, address).is_some_and(|left| !left.is_destroyed)
    };
    if !created.is_empty() && !left.is_empty() {
        let filled = prediction.values().iter().filter(|(slot, _)| is_filled(&slot.address));
        filled.for_each(|(slot, value)| changes.fill(*slot, *value));
    }
}

/// The balances whose value a transaction of this sender looks at, unless it is plain.
fn balances_read<'p>(
    sender: Address,
    prediction: &'p Prediction,
    short: &AddressSet,
) -> impl Iterator<Item = Address> + use<'p> {
    let accounts = prediction.accounts();
    let looked_at = accounts.balance_reads.iter().copied().filter(move |it| *it != sender);
    let made = made(prediction);
    let own = short.contains(&sender).then_some(sender);
    looked_at.chain(made).chain(own)
}

/// The balances that a transaction of this sender pays from, its own aside.
fn paid_from<'p>(
    sender: Address,
    prediction: &'p Prediction,
) -> impl Iterator<Item = Address> + use<'p> {
    prediction.accounts().balance_debits.iter().copied().filter(move |it| *it != sender)
}

/// Whether the executor makes the transaction at its turn.
fn is_plain(tx: &Recovered<ChainTx>, prediction: &Prediction) -> bool {
    let (storage, accounts) = (prediction.storage(), prediction.accounts());
    tx.input().is_empty()
        && tx.kind().is_call()
        && storage.reads.is_empty()
        && storage.deltas.is_empty()
        && accounts.delegated.is_empty()
        && accounts.code_reads.iter().all(|address| Some(*address) == tx.to())
}

/// Whether a transaction of the block carries authorisations, which look at nonces (EIP-7702).
fn delegates(block: &Block) -> bool {
    block.transactions.iter().any(|tx| tx.authorization_list().is_some())
}

/// The accounts that a transaction creates or destroys.
fn made(prediction: &Prediction) -> impl Iterator<Item = Address> + Clone + use<'_> {
    let accounts = prediction.accounts();
    accounts.created.iter().chain(&accounts.destroyed).copied()
}

/// The accounts at which transactions of the block may meet.
struct Met {
    /// Senders that may run short.
    short: AddressSet,
    /// Those whose balance a transaction observes.
    read: AddressSet,
    /// Those that a transaction creates, destroys or delegates.
    made: AddressSet,
    /// Whether an authorisation may look at the nonce of a sender.
    delegates: bool,
}

fn access(tx: &Recovered<ChainTx>, prediction: &Prediction, met: &Met) -> AccessSet {
    let (storage, accounts) = (prediction.storage(), prediction.accounts());
    let slots = |slots: &[Slot]| slots.iter().copied().map(Location::Storage).collect();
    let (mut reads, mut writes, mut adds): (Vec<_>, Vec<_>, Vec<_>) =
        (slots(&storage.reads), slots(&storage.writes), Vec::new());
    adds.extend(storage.deltas.iter().copied().map(Location::Storage));
    let is_changed = accounts.balance_credits.iter().chain(&accounts.balance_debits);
    adds.extend(is_changed.copied().filter(|it| met.read.contains(it)).map(Location::Balance));
    if !is_plain(tx, prediction) {
        let sender = tx.signer();
        reads.extend(balances_read(sender, prediction, &met.short).map(Location::Balance));
        let codes = accounts.code_reads.iter().chain([&sender]);
        let codes = codes.copied().filter(|it| met.made.contains(it));
        reads.extend(codes.map(Location::Code));
        let others = accounts.nonces.iter().copied().filter(|address| *address != sender);
        reads.extend(others.clone().map(Location::Nonce));
        writes.extend(others.map(Location::Nonce));
    }
    if met.delegates {
        writes.push(Location::Nonce(tx.signer()));
    }
    for &address in &accounts.delegated {
        reads.push(Location::Code(address));
        writes.push(Location::Code(address));
    }
    for address in made(prediction) {
        for location in [Location::Nonce(address), Location::Code(address)] {
            reads.push(location);
            writes.push(location);
        }
        writes.push(Location::Balance(address));
    }
    AccessSet::new(reads, writes, adds)
}
