//! What will the state be when a later transaction of the block runs?
//!
//! In: a view of the parent state, and what earlier transactions are expected to leave behind. Out:
//! [`StateOverlay`], the parent state with those changes on top.
//! Invariant: a value that an earlier transaction is expected to change to something unknown is
//! unknown here, never the parent's value.
//!
//! A transaction that approves and the next one that spends the allowance are the simplest case:
//! seen on the parent state alone, the second would revert. Transactions are predicted in block
//! order, and each sees what the predictions before it expect to be written. Nothing is executed; the
//! changes come out of binding anyway.

use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, AddressSet, HashMap},
};
use slotcast_analyzer::{
    bind::{Callee, Changes, StateView, Trace},
    bytecode::{Pc, delegation_to},
};
use slotcast_model::Slot;

/// A parent state with the expected changes of earlier transactions.
///
/// ```
/// use slotcast::{View, analyzer::bind::StateView, model::TxIndex, predict::StateOverlay};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let summaries = prepared.summaries(&Default::default());
/// let view = View::new(prepared.state(), &summaries);
/// let sender = prepared.block().transaction(TxIndex(0)).signer();
/// let mut overlay = StateOverlay::new(&view);
/// overlay.sent(sender);
/// assert_eq!(overlay.nonce(sender), view.nonce(sender).map(|nonce| nonce + 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StateOverlay<'a, S> {
    parent: &'a S,
    storage: HashMap<Slot, Option<U256>>,
    accounts: AddressMap<Account>,
    /// Code put in place since, if it is known.
    codes: AddressMap<Option<Bytes>>,
    /// Accounts that were destroyed since, of whose parent storage nothing is left.
    cleared: AddressSet,
}

/// What has happened to an account since.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    credit: U256,
    debit: U256,
    nonce: u64,
    /// Whether it was destroyed, so that the nonce in the parent state is gone.
    is_gone: bool,
    /// Whether the balance in the parent state is gone too.
    is_broke: bool,
}

impl<'a, S: StateView> StateOverlay<'a, S> {
    /// The parent state as it is.
    pub fn new(parent: &'a S) -> Self {
        Self {
            parent,
            storage: HashMap::default(),
            accounts: AddressMap::default(),
            codes: AddressMap::default(),
            cleared: AddressSet::default(),
        }
    }

    /// Lays the changes of the next transaction on top.
    pub fn apply(&mut self, changes: &Changes) {
        self.storage.extend(changes.storage.iter().copied());
        for &(address, credit, debit) in &changes.balances {
            self.account(address).move_balance(credit, debit);
        }
        for &(address, n_taken) in &changes.nonces {
            self.account(address).nonce += n_taken;
        }
        self.codes.extend(changes.codes.iter().cloned());
        for &address in &changes.destroyed {
            self.storage.retain(|slot, _| slot.address != address);
            self.codes.insert(address, Some(Bytes::new()));
            self.cleared.insert(address);
            let account = self.account(address);
            *account = match changes.spares_balance {
                true => Account { nonce: 0, is_gone: true, ..*account },
                false => Account { is_gone: true, is_broke: true, ..Account::default() },
            };
        }
    }

    /// Puts a delegation in place of the code of `authority` and counts its nonce (EIP-7702); a
    /// delegation to the zero address takes the code away.
    pub fn delegate(&mut self, authority: Address, delegate: Address) {
        self.codes.insert(authority, Some(delegation_code(delegate)));
        self.account(authority).nonce += 1;
    }

    /// Counts a transaction sent by `sender`.
    pub fn sent(&mut self, sender: Address) {
        self.account(sender).nonce += 1;
    }

    /// Adds what a deposit brings to its sender.
    pub(crate) fn minted(&mut self, to: Address, value: U256) {
        self.account(to).move_balance(value, U256::ZERO);
    }

    /// Whether a slot may hold something else than in the parent state.
    pub(crate) fn changes_slot(&self, slot: Slot) -> bool {
        self.storage.contains_key(&slot) || self.cleared.contains(&slot.address)
    }

    /// The same of an account's balance and nonce.
    pub(crate) fn changes_account(&self, address: Address) -> bool {
        self.accounts.contains_key(&address)
    }

    /// The same of its code.
    pub(crate) fn changes_code(&self, address: Address) -> bool {
        self.codes.contains_key(&address)
    }

    fn account(&mut self, address: Address) -> &mut Account {
        self.accounts.entry(address).or_default()
    }
}

/// The code of an account that delegates (EIP-7702); none for the zero address.
pub(crate) fn delegation_code(delegate: Address) -> Bytes {
    if delegate.is_zero() { Bytes::new() } else { delegation_to(delegate) }
}

impl Account {
    const fn move_balance(&mut self, credit: U256, debit: U256) {
        self.credit = self.credit.saturating_add(credit);
        self.debit = self.debit.saturating_add(debit);
    }
}

impl<S: StateView> StateView for StateOverlay<'_, S> {
    const IS_TRACED: bool = S::IS_TRACED;

    fn trace(&self, trace: Trace<'_>) {
        self.parent.trace(trace);
    }

    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        match self.storage.get(&Slot::new(address, key)) {
            Some(value) => *value,
            None if self.cleared.contains(&address) => Some(U256::ZERO),
            None => self.parent.storage(address, key),
        }
    }

    fn balance(&self, address: Address) -> Option<U256> {
        let account = self.accounts.get(&address).copied().unwrap_or_default();
        let parent = if account.is_broke { U256::ZERO } else { self.parent.balance(address)? };
        Some(parent.saturating_add(account.credit).saturating_sub(account.debit))
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        let account = self.accounts.get(&address).copied().unwrap_or_default();
        let parent = if account.is_gone { 0 } else { self.parent.nonce(address)? };
        Some(parent.saturating_add(account.nonce))
    }

    fn callee(&self, address: Address) -> Callee {
        match self.codes.get(&address) {
            Some(Some(code)) => self.parent.summarise(code.clone()),
            Some(None) => Callee::Unavailable,
            None => self.parent.callee(address),
        }
    }

    fn summarise(&self, code: Bytes) -> Callee {
        self.parent.summarise(code)
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        self.parent.refine(address, jump, target)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.parent.block_hash(number)
    }
}
