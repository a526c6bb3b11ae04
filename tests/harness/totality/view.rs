//! What may a state answer that means no good?
//!
//! In: a seed and the code under test. Out: [`Hostile`], which answers each question alike every
//! time: the code itself wherever one looks, words that are targets and lengths, accounts at the end
//! of their ranges, nothing at all; and [`Log`], how often it was asked.

use core::cell::RefCell;
use std::{collections::BTreeSet, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use slotcast::{
    analyzer::{
        analyze, analyze_with,
        bind::{Callee, StateView},
        bytecode::{Pc, delegation_to},
        limits::Limits,
        summary::Summary,
    },
    model::Fork,
};

use super::Input;
use crate::random::Random;

/// Where the code under test stands.
pub(super) const TARGET: Address = Address::repeat_byte(0x77);

/// How often a state was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// Distinct words: storage, balances, nonces and block hashes.
    pub(super) n_words: usize,
    /// Callees, code to summarise and jumps to refine, repeats included.
    pub(super) n_callees: usize,
    words: BTreeSet<(u8, Address, U256)>,
}

/// A state generated as it is asked.
pub(super) struct Hostile<'a> {
    input: &'a Input,
    fork: Fork,
    limits: Limits,
    summary: RefCell<Arc<Summary>>,
    log: RefCell<Log>,
}

impl<'a> Hostile<'a> {
    pub(super) fn new(input: &'a Input, fork: Fork, limits: Limits, summary: &Summary) -> Self {
        let targets = summary.targets().clone();
        let summary = Arc::new(analyze_with(&input.code, fork, targets, &limits));
        Self { input, fork, limits, summary: RefCell::new(summary), log: RefCell::default() }
    }

    pub(super) fn into_log(self) -> Log {
        self.log.into_inner()
    }

    /// The numbers for one question; the same question gives the same.
    fn random(&self, kind: u8, address: Address, key: U256) -> Random {
        let place = [&[kind][..], address.as_slice(), &key.to_be_bytes::<32>()].concat();
        let hash: U256 = keccak256(place).into();
        Random::new(self.input.seed ^ hash.as_limbs()[0])
    }

    fn asked(&self, kind: u8, address: Address, key: U256) -> Random {
        let mut log = self.log.borrow_mut();
        if log.words.insert((kind, address, key)) {
            log.n_words += 1;
        }
        self.random(kind, address, key)
    }

    fn own(&self) -> Callee {
        let summary = Arc::clone(&self.summary.borrow());
        Callee::Contract { summary, code: self.input.code.clone().into() }
    }
}

impl StateView for Hostile<'_> {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        let mut random = self.asked(0, address, key);
        let length = self.input.code.len();
        match random.below(9) {
            0 => None,
            1 => Some(U256::ZERO),
            2 => Some(U256::ONE),
            3 => Some(U256::MAX),
            4 => Some(U256::from(random.below(length + 1))),
            5 => Some(U256::from_be_bytes(TARGET.into_word().0)),
            6 => Some(key),
            7 => Some(U256::ONE << random.below(256)),
            _ => Some(random.word()),
        }
    }

    fn balance(&self, address: Address) -> Option<U256> {
        let mut random = self.asked(1, address, U256::ZERO);
        random.pick(&[None, Some(U256::ZERO), Some(U256::from(1_000)), Some(U256::MAX)])
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        let mut random = self.asked(2, address, U256::ZERO);
        random.pick(&[None, Some(0), Some(1), Some(u64::MAX)])
    }

    fn callee(&self, address: Address) -> Callee {
        self.log.borrow_mut().n_callees += 1;
        if address == TARGET {
            return self.own();
        }
        let mut random = self.random(3, address, U256::ZERO);
        match random.below(6) {
            0 => Callee::Unavailable,
            1 => Callee::Nothing,
            2 => {
                // Delegated to the code under test, to itself or to no code (EIP-7702).
                let code = delegation_to(random.pick(&[TARGET, address, Address::ZERO]));
                let summary = Arc::new(analyze(&code, self.fork, &self.limits));
                Callee::Contract { summary, code }
            }
            _ => self.own(),
        }
    }

    fn summarise(&self, code: Bytes) -> Callee {
        self.log.borrow_mut().n_callees += 1;
        if code.is_empty() {
            return Callee::Nothing;
        }
        let summary = Arc::new(analyze(&code, self.fork, &self.limits));
        Callee::Contract { summary, code }
    }

    fn refine(&self, _: Address, jump: Pc, target: Pc) -> Option<Callee> {
        self.log.borrow_mut().n_callees += 1;
        let mut targets = self.summary.borrow().targets().clone();
        if !targets.insert(jump, target) {
            return None;
        }
        let refined = analyze_with(&self.input.code, self.fork, targets, &self.limits);
        *self.summary.borrow_mut() = Arc::new(refined);
        Some(self.own())
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        let mut random = self.asked(4, Address::ZERO, U256::from(number));
        (!random.once_in(3)).then(|| random.word().into())
    }
}
