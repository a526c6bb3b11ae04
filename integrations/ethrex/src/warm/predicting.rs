//! What is read when transactions are predicted while their block is executed?
//!
//! In: a block, an engine that has met its contracts, ethrex's cache over the cold state. Out: a cache
//! that is warmer; nothing else.
//! Invariants: transactions are predicted each on the state before the block, so that they need not
//! wait for one another; no EVM runs; what cannot be read is left to the execution, which reports it.

use core::sync::atomic::{AtomicBool, Ordering};

use alloy_primitives::{Address, B256, U256};
use ethrex_common::{constants::EMPTY_KECCAK_HASH, types::AccountState};
use rayon::prelude::*;
use slotcast::{
    BaseState, CodeAt, Engine, View,
    analyzer::bind::Binder,
    hints::FetchPlan,
    predict::{predict_tx, words_of},
};

use crate::{
    HostBlock,
    convert::{b256, h160, h256, key, word},
    execute::Store,
};

/// Predicts every transaction and reads what it will touch.
pub(super) fn warm(host: &HostBlock, engine: &Engine, store: Store, cancelled: &AtomicBool) {
    let (block, fork) = (host.prepared.block(), host.prepared.fork());
    let (words, summaries) = (words_of(block, fork), engine.summaries(fork));
    let limits = engine.settings().predict.binding;
    let reads = Reads(store);
    let view = View::new(&reads, &summaries);
    block.transactions.par_iter().for_each_init(
        || Binder::new(fork, limits),
        |binder, tx| {
            if !cancelled.load(Ordering::Relaxed) {
                let prediction = predict_tx(binder, tx, &words, &view).prediction;
                reads.read(&FetchPlan::of([&prediction]));
            }
        },
    );
    let withdrawn = block.withdrawals.iter().flatten().map(|withdrawal| withdrawal.address);
    for at in withdrawn.chain([block.header.beneficiary]) {
        if !cancelled.load(Ordering::Relaxed) {
            reads.account(at);
        }
    }
}

/// ethrex's cache, asked for single words.
struct Reads(Store);

impl Reads {
    fn account(&self, at: Address) -> Option<AccountState> {
        self.0.get_account_state(h160(at)).ok()
    }

    /// Reads what of the plan binding did not.
    fn read(&self, plan: &FetchPlan) {
        for account in &plan.accounts {
            if account.code {
                self.code(account.address);
            } else {
                self.account(account.address);
            }
            for slot in &account.slots {
                drop(self.0.get_storage_value(h160(account.address), h256(*slot)));
            }
        }
    }
}

impl BaseState for Reads {
    fn storage(&self, address: Address, slot: U256) -> Option<U256> {
        self.0.get_storage_value(h160(address), key(slot)).ok().map(word)
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.account(address).map(|account| word(account.balance))
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.account(address).map(|account| account.nonce)
    }

    fn code(&self, address: Address) -> CodeAt {
        let Some(hash) = self.account(address).map(|account| account.code_hash) else {
            return CodeAt::Unavailable;
        };
        if hash == *EMPTY_KECCAK_HASH {
            return CodeAt::Nothing;
        }
        let code = self.0.get_account_code(hash).ok();
        code.map_or(CodeAt::Unavailable, |code| CodeAt::Known(b256(hash), code.code_bytes().into()))
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.0.get_block_hash(number).ok().map(b256)
    }
}
