//! What do many plain transfers in a row do?
//!
//! In: everything decided before them, and threads. Out: how many of them were decided, none where
//! there is no long stretch of them.
//! Invariants: what is decided is what making one after the other decides; which transfers are decided
//! together follows from the block and the state alone, never from the number of threads.
//!
//! A transfer changes three accounts and looks at nothing else, so what becomes of an account follows
//! from the transfers that name it, in their order. The accounts lie in parts, and each part is brought
//! through the whole stretch by one thread, as if every transfer passed its checks:
//!
//! ```text
//! transfers        a→b 5    c→d 7    b→a 3         the beneficiary is e
//! part of a, e     a −5     e +fee   e +fee  a +3  e +fee
//! part of b, c, d  b +5     c −7     d +7    b −3
//! ```
//!
//! Every check looks at one account, as the transfers before left it. So if none fails, all of them
//! were right to assume that; and the first that fails is the first that fails in order, because up to
//! there nothing was assumed in vain. Then everything is undone, what is before it is made again, and
//! the one that failed is left to whoever runs it.

use alloy_consensus::{Transaction as _, TxEnvelope, transaction::Recovered};
use alloy_primitives::{Address, U256};
use core::iter;
use revm::database_interface::DatabaseRef;
use std::sync::OnceLock;

use slotcast_model::{Index, TxIndex};

use super::Prefix;
use crate::{
    parallel::Pool,
    runner::unless_it_panics,
    store::{Alone, Part, Purse, place_of},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    transfer::Draft,
    versions::Stamp,
};

/// Fewest transactions in a row that must have the form of plain transfers for it to be tried: it cannot
/// be seen from them whether their recipients have code, and where some have, trying was in vain. Blocks
/// of 1,400, as recorded ones have, lose a fifth on two threads by being tried.
pub(crate) const LEAST: usize = 2048;
/// Most transfers decided together, so that what is known of them stays in a cache.
const MOST: usize = 4096;
/// How many transfers a thread prepares at a time; fewer are made one by one.
const AT_A_TIME: usize = 256;
/// After so many stretches that ended before their time, there are too few long ones in the block.
const MOST_CUT_SHORT: usize = 2;

/// What is known of the stretches of a block.
#[derive(Debug)]
pub(super) struct Stretches {
    /// No stretch begins before this one.
    none_before: usize,
    /// Where the last one ended.
    end: usize,
    /// How many transfers to try next: few at first, in case it is in vain.
    tried: usize,
    n_cut_short: usize,
    pub(super) n_made_together: usize,
}

impl Default for Stretches {
    fn default() -> Self {
        Self { none_before: 0, end: 0, tried: AT_A_TIME, n_cut_short: 0, n_made_together: 0 }
    }
}

/// Transfers in a row, prepared, and where they begin.
struct Row {
    from: TxIndex,
    drafts: Vec<OnceLock<Vec<Draft>>>,
    n: usize,
    beneficiary: Address,
}

impl<'a> Prefix<'a, Alone> {
    /// Decides the transfers that come next, if there are many in a row; how many these were.
    pub(crate) fn decide_stretch<DB: DatabaseRef + Sync>(
        &mut self,
        base: &DB,
        pool: &Pool,
    ) -> usize {
        let from = self.txs.len();
        let is_too_early = from < self.stretches.none_before;
        if is_too_early || self.store.is_keeping_states() {
            return 0;
        }
        let n_in_a_row = self.n_in_a_row();
        let is_going_on = 0 < from && from == self.stretches.end;
        let least = if is_going_on { AT_A_TIME } else { LEAST };
        if n_in_a_row < least {
            self.stretches.none_before = from + n_in_a_row + 1;
            return 0;
        }
        let mut n = n_in_a_row.min(self.stretches.tried);
        while AT_A_TIME <= n {
            let row = self.row(n, pool);
            let first_failed = if row.n < n { row.n } else { self.enter_row(&row, base, pool) };
            if first_failed == n {
                row.drafts().for_each(|draft| self.enter_draft(draft));
                self.store.note(&row.beneficiary);
                self.stretches.n_made_together += n;
                self.stretches.end = from + n;
                self.stretches.tried = MOST.min(2 * self.stretches.tried);
                return n;
            }
            self.stretches.n_cut_short += 1;
            self.stretches.none_before = match self.stretches.n_cut_short {
                MOST_CUT_SHORT.. => usize::MAX,
                _ => from + first_failed + 1,
            };
            n = first_failed;
        }
        0
    }

    /// How many of the next transactions have the form of plain transfers.
    fn n_in_a_row(&self) -> usize {
        let next = self.block.transactions[self.txs.len()..].iter().take(MOST);
        let is_plain = |tx: &&Recovered<TxEnvelope>| {
            tx.input().is_empty() && self.transfers.recipient(tx).is_some()
        };
        next.take_while(is_plain).count()
    }

    /// Prepares the next `n` transfers, or as many as pass the checks that need no state.
    fn row(&self, n: usize, pool: &Pool) -> Row {
        let from = self.txs.len();
        let txs = &self.block.transactions[from..from + n];
        let mut drafts: Vec<_> = txs.chunks(AT_A_TIME).map(|_| OnceLock::new()).collect();
        let parts: Vec<_> = txs.chunks(AT_A_TIME).zip(&drafts).collect();
        let transfers = &self.transfers;
        share(pool, parts.len(), |place| {
            let (txs, prepared) = parts[place];
            let of_txs = txs.iter().map_while(|tx| transfers.draft(tx)).collect();
            prepared.set(of_txs).expect("nobody else prepares these");
        });
        drop(parts);
        let whole = |part: &OnceLock<Vec<Draft>>| part.get().map_or(0, Vec::len);
        let is_whole = |part: &&OnceLock<Vec<Draft>>| whole(part) == AT_A_TIME;
        let n_whole = drafts.iter().take_while(is_whole).count();
        drafts.truncate(n_whole + 1);
        let n = drafts.iter().map(whole).sum();
        let beneficiary = self.rules.env.block_env.beneficiary;
        let mut row = Row { from: TxIndex::from_usize(from), drafts, n, beneficiary };
        let mut meter = self.meter;
        let mut has_room = |draft: &Draft| {
            let is_room = self.no_room_after(&meter, draft.gas_limit).is_none();
            meter.cumulative += draft.cost.gas_used;
            meter.regular += draft.cost.gas_used;
            is_room
        };
        row.n = row.drafts().take_while(|draft| has_room(draft)).count();
        row
    }

    /// Enters a row of transfers; the first that fails, after which nothing of it is entered, or their
    /// number.
    fn enter_row<DB: DatabaseRef + Sync>(&self, row: &Row, base: &DB, pool: &Pool) -> usize {
        let first = Stamp::of(row.from);
        let parts = self.store.lend(first).into_iter().map(Mutex::new).collect::<Vec<_>>();
        let first_failed = AtomicUsize::new(row.n);
        share(pool, parts.len(), |place| {
            let mut part = parts[place].lock().unwrap_or_else(PoisonError::into_inner);
            let is_mine = |address: &Address| place_of(address, parts.len()) == place;
            row.enter(&mut part, is_mine, base, &first_failed);
        });
        let first_failed = first_failed.load(Ordering::Relaxed);
        let parts = parts.into_iter().map(|part| {
            let mut part = part.into_inner().unwrap_or_else(PoisonError::into_inner);
            if first_failed < row.n {
                part.undo();
            }
            part
        });
        self.store.give_back(parts);
        first_failed
    }

    /// Enters the result of a transfer whose effects are in the store.
    fn enter_draft(&mut self, draft: &Draft) {
        let tx = self.next();
        self.store.note(&draft.sender);
        self.store.note(&draft.to);
        self.tally.count_run(tx);
        self.n_transfers += 1;
        self.enter_transfer(tx, draft.cost.gas_used);
    }
}

impl Row {
    fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.drafts.iter().filter_map(OnceLock::get).flatten().take(self.n)
    }

    /// Brings the accounts of one part through the row, as far as no transfer is known to fail.
    fn enter<DB: DatabaseRef>(
        &self,
        part: &mut Part,
        is_mine: impl Fn(&Address) -> bool,
        base: &DB,
        first_failed: &AtomicUsize,
    ) {
        for (n, (tx, draft)) in iter::zip(self.from.0.., self.drafts()).enumerate() {
            // Relaxed, as it only saves work: the least of all is looked at when all are done.
            if first_failed.load(Ordering::Relaxed) <= n {
                return;
            }
            let at = At { stamp: Stamp::of(TxIndex(tx)), base, beneficiary: self.beneficiary };
            if at.enter(draft, part, &is_mine).is_none() {
                first_failed.fetch_min(n, Ordering::Relaxed);
                return;
            }
        }
    }
}

/// One transfer's place.
struct At<'b, DB> {
    stamp: Stamp,
    base: &'b DB,
    beneficiary: Address,
}

impl<DB: DatabaseRef> At<'_, DB> {
    /// Enters what becomes of those accounts of a transfer that are in one part; nothing when one of
    /// them does not pass its checks.
    fn enter(
        &self,
        draft: &Draft,
        part: &mut Part,
        is_mine: impl Fn(&Address) -> bool,
    ) -> Option<()> {
        let Draft { sender, to, nonce, value, cost, .. } = draft;
        let reward_of = |address: &Address| match self.beneficiary == *address {
            true => cost.reward,
            false => U256::ZERO,
        };
        if is_mine(sender) {
            self.pay(part, sender, |payer| {
                let is_right = !payer.has_code && *payer.nonce == *nonce;
                if !is_right || *payer.balance < cost.most {
                    return None;
                }
                *payer.nonce = payer.nonce.checked_add(1)?;
                let left = (*payer.balance - cost.paid).checked_sub(*value)?;
                let back = if sender == to { *value } else { U256::ZERO };
                *payer.balance = left.checked_add(back)?.checked_add(reward_of(sender))?;
                Some(())
            })?;
        }
        if sender != to && is_mine(to) {
            self.pay(part, to, |recipient| {
                if recipient.has_code {
                    return None;
                }
                let balance = recipient.balance.checked_add(*value)?;
                *recipient.balance = balance.checked_add(reward_of(to))?;
                Some(())
            })?;
        }
        let is_third = self.beneficiary != *sender && self.beneficiary != *to;
        if is_third && is_mine(&self.beneficiary) {
            self.pay(part, &self.beneficiary, |beneficiary| {
                *beneficiary.balance = beneficiary.balance.checked_add(cost.reward)?;
                Some(())
            })?;
        }
        Some(())
    }

    fn pay(
        &self,
        part: &mut Part,
        address: &Address,
        pay: impl FnOnce(Purse<'_>) -> Option<()>,
    ) -> Option<()> {
        let look = || unless_it_panics(|| self.base.basic_ref(*address).ok());
        part.pay(self.stamp, address, look, pay)
    }
}

/// Does `n` things, each once, on all threads.
fn share(pool: &Pool, n: usize, task: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        // Relaxed: what the others did is seen when all have come home.
        iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
            .take_while(|place| *place < n)
            .for_each(&task);
    };
    pool.lead_with_help(work, work);
}
