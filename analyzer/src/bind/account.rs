//! What do instructions see of other accounts?
//!
//! In: BALANCE, EXTCODESIZE and their kin. Out: words, and the account accesses they are.
//! Invariant: an account looked at is noted, whether or not the word can be had.

use alloy_primitives::{Address, Bytes, KECCAK256_EMPTY, U256};
use slotcast_model::{Gap, Location};

use super::{Callee, StateView, eval::Machine, precompile::is_precompile, running::Running};
use crate::{ir::Effect, program::Operand};

/// The address in the low 20 bytes of a word.
pub(super) fn address_of(word: U256) -> Address {
    Address::from_word(word.into())
}

impl<S: StateView> Machine<'_, S> {
    pub(super) fn account(
        &mut self,
        running: &mut Running<'_>,
        effect: &Effect<Operand>,
    ) -> Option<U256> {
        match *effect {
            Effect::SelfBalance => self.balance(running.frame.address),
            Effect::Balance { account } => {
                let account = address_of(running.get(account)?);
                self.warm(running, account);
                self.balance(account)
            }
            Effect::ExtCodeSize { account } => {
                let account = address_of(running.get(account)?);
                self.warm(running, account);
                self.work.journal.read_code(account);
                match self.callee(account) {
                    Callee::Nothing => Some(U256::ZERO),
                    Callee::Contract { code, .. } => Some(U256::from(code.len())),
                    Callee::Unavailable => None,
                }
            }
            Effect::ExtCodeHash { account } => {
                let account = address_of(running.get(account)?);
                self.warm(running, account);
                self.work.journal.read_code(account);
                match self.callee(account) {
                    Callee::Nothing => self.hash_without_code(account),
                    Callee::Contract { summary, .. } => Some(summary.code_hash().into()),
                    Callee::Unavailable => None,
                }
            }
            _ => unreachable!("only account effects are sent here"),
        }
    }

    /// Charges for the first touch of an account.
    pub(super) fn warm(&mut self, running: &mut Running<'_>, account: Address) {
        // Precompiles are warm from the start (EIP-2929).
        if self.work.journal.warm(account) && !is_precompile(account, self.fork) {
            running.charge(self.prices.cold_account);
        }
    }

    /// The code hash of an account without code: zero if the account does not exist (EIP-1052).
    fn hash_without_code(&mut self, account: Address) -> Option<U256> {
        let exists = self.nonce(account)? != 0 || !self.balance(account)?.is_zero();
        Some(if exists { KECCAK256_EMPTY.into() } else { U256::ZERO })
    }

    /// An account's nonce now.
    pub(super) fn nonce(&mut self, address: Address) -> Option<u64> {
        let at_start = if self.work.journal.is_created(address) {
            // Since EIP-161 it starts at one, which counts as taken.
            0
        } else if address == self.tx.caller {
            // What the transaction states has been found to hold, and taken.
            self.tx.nonce.saturating_add(1 + self.tx.n_own_authorizations)
        } else {
            if !self.may_read() {
                return None;
            }
            let Some(nonce) = self.state.nonce(address) else {
                self.gap(Gap::MissingState);
                return None;
            };
            self.rely(Location::Nonce(address), U256::from(nonce));
            nonce
        };
        Some(at_start.saturating_add(self.work.journal.nonces_taken(address)))
    }

    /// The code at an account, for EXTCODECOPY.
    pub(super) fn code_of(&mut self, running: &Running<'_>, account: Operand) -> Option<Bytes> {
        let account = address_of(running.get(account)?);
        self.work.journal.read_code(account);
        match self.callee(account) {
            Callee::Nothing => Some(Bytes::new()),
            Callee::Contract { code, .. } => Some(code),
            Callee::Unavailable => None,
        }
    }

    /// What runs at an address, contracts created by this transaction included.
    pub(super) fn callee(&mut self, address: Address) -> Callee {
        if !self.work.journal.is_created(address) {
            let callee = self.state.callee(address);
            // What may be put in place by an earlier transaction is relied on.
            let hash = match &callee {
                Callee::Nothing => Some(KECCAK256_EMPTY),
                Callee::Contract { summary, .. } => summary.delegate().map(|_| summary.code_hash()),
                Callee::Unavailable => {
                    self.gap(Gap::MissingState);
                    None
                }
            };
            if let Some(hash) = hash
                && self.may_read()
            {
                self.rely(Location::Code(address), hash.into());
            }
            return callee;
        }
        match self.work.journal.code(address) {
            Some(code) if code.is_empty() => Callee::Nothing,
            Some(code) => self.state.summarise(code),
            None => {
                self.gap(Gap::Creation);
                Callee::Unavailable
            }
        }
    }

    /// An account's balance now; the account's balance counts as observed.
    pub(super) fn balance(&mut self, address: Address) -> Option<U256> {
        self.work.journal.read_balance(address);
        self.funds(address)
    }

    /// Whether `payer` has less than `value`. Only then the payer's balance counts as observed: what
    /// suffices is arithmetic.
    pub(super) fn is_short(&mut self, payer: Address, value: U256) -> bool {
        let is_short = self.funds(payer).is_some_and(|funds| funds < value);
        if is_short {
            self.work.journal.read_balance(payer);
        }
        is_short
    }

    /// What an account has now.
    fn funds(&mut self, address: Address) -> Option<U256> {
        if !self.may_read() {
            return None;
        }
        let Some(at_start) = self.state.balance(address) else {
            self.gap(Gap::MissingState);
            return None;
        };
        self.rely(Location::Balance(address), at_start);
        let prepaid = if address == self.tx.caller { self.tx.prepaid } else { U256::ZERO };
        Some(self.work.journal.balance(address, at_start.saturating_sub(prepaid)))
    }
}
