//! Which of a transaction's authorisations count (EIP-7702)?
//!
//! In: a transaction, its chain, and the view of the state before it. Out: [`Authorizations`]: the
//! delegations that are set, and the state words that this relies on.
//! Invariants: authorisations are looked at one after the other, each on what those before it leave; a
//! sender's own find its nonce raised by the transaction itself; what cannot be had is a gap.

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use slotcast_analyzer::bind::{Callee, StateView};
use slotcast_executor::ChainTx;
use slotcast_model::{Gap, Location, StateRead};

use crate::overlay::StateOverlay;

/// What the authorisations of a transaction come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Authorizations {
    /// Those that count, in their order: the authority and the account it delegates to.
    pub(crate) set: Vec<(Address, Address)>,
    /// The signers of those for this chain, whether or not they count.
    pub(crate) authorities: Vec<Address>,
    /// What was relied on, with the words as they are before the transaction.
    pub(crate) relied_on: Vec<StateRead>,
    /// What was not to be had.
    pub(crate) gap: Option<Gap>,
}

impl Authorizations {
    /// Those of `tx` on the state that `view` shows.
    pub(crate) fn of<S: StateView>(tx: &Recovered<ChainTx>, chain_id: u64, view: &S) -> Self {
        let mut these = Self::default();
        for signed in tx.authorization_list().unwrap_or_default() {
            let is_for_chain = signed.chain_id.is_zero() || signed.chain_id == U256::from(chain_id);
            if !is_for_chain || signed.nonce == u64::MAX {
                continue;
            }
            let Ok(authority) = signed.recover_authority() else { continue };
            these.authorities.push(authority);
            let is_open = these.may_delegate(authority, view);
            if is_open && these.nonce(tx, authority, view) == Some(signed.nonce) {
                these.set.push((authority, signed.address));
            }
        }
        these
    }

    /// How many of an account's count so far.
    pub(crate) fn n_of(&self, authority: Address) -> u64 {
        self.set.iter().filter(|(it, _)| *it == authority).count() as u64
    }

    /// Lays the delegations on top of `overlay`.
    pub(crate) fn apply<S: StateView>(&self, overlay: &mut StateOverlay<'_, S>) {
        for &(authority, delegate) in &self.set {
            overlay.delegate(authority, delegate);
        }
    }

    /// The words that a prediction relied on as they are before the transaction: the view that it was
    /// made on has the delegations in place.
    pub(crate) fn before(&self, mut relied_on: Vec<StateRead>) -> Vec<StateRead> {
        relied_on.retain(|word| match word.location {
            Location::Code(account) => self.n_of(account) == 0,
            _ => true,
        });
        for word in &mut relied_on {
            if let Location::Nonce(account) = word.location {
                word.value = word.value.saturating_sub(U256::from(self.n_of(account)));
            }
        }
        relied_on.extend(&self.relied_on);
        relied_on
    }

    /// Whether an account has no code but a delegation.
    fn may_delegate<S: StateView>(&mut self, authority: Address, view: &S) -> bool {
        if self.n_of(authority) != 0 {
            return true;
        }
        let (hash, is_open) = match view.callee(authority) {
            Callee::Nothing => (KECCAK256_EMPTY, true),
            Callee::Contract { summary, .. } => (summary.code_hash(), summary.delegate().is_some()),
            Callee::Unavailable => {
                self.gap = Some(Gap::MissingState);
                return true;
            }
        };
        let (location, value) = (Location::Code(authority), hash.into());
        self.relied_on.push(StateRead { location, value });
        is_open
    }

    /// An account's nonce when the next of its authorisations is looked at.
    fn nonce<S: StateView>(
        &mut self,
        tx: &Recovered<ChainTx>,
        authority: Address,
        view: &S,
    ) -> Option<u64> {
        let before = if authority == tx.signer() {
            Some(tx.nonce().saturating_add(1))
        } else {
            let nonce = view.nonce(authority);
            let location = Location::Nonce(authority);
            let word = nonce.map(|nonce| StateRead { location, value: U256::from(nonce) });
            self.relied_on.extend(word);
            nonce
        };
        if before.is_none() {
            self.gap = Some(Gap::MissingState);
        }
        Some(before?.saturating_add(self.n_of(authority)))
    }
}
