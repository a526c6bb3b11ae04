//! Did a speculative run read what the committed prefix holds?
//!
//! In: a [`Speculative`], and what is [`Committed`] below it. Out: [`Validated`], with its balances
//! moved to where they belong, or nothing: then it must be run on the committed prefix.
//! Invariants: only this file makes a [`Validated`]; a validated result is the one that running the
//! transaction on the committed prefix would give; unsure means retry.
//!
//! Why that holds. The interpreter is a function of the transaction, the block, and what it reads.
//! Storage, code and block hashes enter only as read, so equal values give equal steps. Of an
//! account it uses balance, nonce and existence only where `evm.rs` and its instructions noted a
//! look; those are compared. What was only added to or spent from enters the result as a sum, and a
//! sum is moved by [`rebase`]. A storage word that was only added to enters the same way, and may be
//! any of the range that following it through the run left (`deltas.rs`). Since Spurious Dragon an account that is touched and left empty is
//! deleted when the result is committed, by what it is then. Before, revm decides when a run ends
//! whether touching an empty account makes it, so existence is compared wherever that may be.

use alloy_primitives::{Address, U256};
use revm::{
    context::result::ResultAndState,
    database_interface::DatabaseRef,
    primitives::hardfork::SpecId,
    state::{AccountInfo, AccountStatus, EvmState},
};
use slotcast_model::{Slot, TxIndex};

use crate::{
    evm::{Speculative, SpeculativeRun},
    fees::{is_lazy, rebase},
    reads::{AccountRead, SlotRead},
    version::Seen,
};

/// What everything below a transaction left.
pub(crate) trait Committed {
    /// The word that is there now where `read` was read.
    fn slot(&self, read: &SlotRead) -> Seen<U256>;

    /// The account that is there now where `read` was read.
    fn account(&mut self, address: Address, read: &AccountRead) -> Now;
}

/// An account against what was read of it.
#[derive(Debug)]
pub(crate) enum Now {
    /// It is what was read.
    Same,
    /// It was not written in this block: the base state has it.
    Base,
    /// The block left it like this.
    Written(Option<AccountInfo>),
}

/// A result that may be committed next.
#[derive(Debug)]
pub(crate) struct Validated {
    tx: TxIndex,
    result: ResultAndState,
    n_moved_slots: usize,
}

impl Validated {
    /// Which transaction was run.
    pub(crate) const fn tx(&self) -> TxIndex {
        self.tx
    }

    /// How many storage words were moved to where the committed ones are.
    pub(crate) const fn n_moved_slots(&self) -> usize {
        self.n_moved_slots
    }

    /// The result, to commit.
    pub(crate) fn into_result(self) -> ResultAndState {
        self.result
    }
}

/// Compares everything a run read with the prefix below it.
pub(crate) fn validate<DB: DatabaseRef>(
    speculative: Speculative,
    committed: &mut impl Committed,
    base: &DB,
    spec: SpecId,
) -> Option<Validated> {
    let tx = speculative.tx();
    let mut run = speculative.into_run()?;
    let slots = moved_slots(&run, committed, base)?;
    let accounts = moved_accounts(&run, committed, base, spec)?;
    let n_moved_slots = slots.len();
    for (slot, committed) in slots {
        move_slot(&mut run.result.state, slot, committed);
    }
    for (address, end) in accounts {
        move_account(&mut run.result.state, address, end);
    }
    Some(Validated { tx, result: run.result, n_moved_slots })
}

/// The slots to move, with the words committed there; nothing when the run used another word than
/// the committed one for something else than adding. A base state that cannot be read proves
/// nothing; whether that is an error is seen when the transaction is run again.
fn moved_slots<DB: DatabaseRef>(
    run: &SpeculativeRun,
    committed: &impl Committed,
    base: &DB,
) -> Option<Vec<(Slot, U256)>> {
    let mut moves = Vec::new();
    for read in &run.reads.slots {
        let now = match committed.slot(read) {
            Seen::Written(value) => value,
            Seen::Base if read.is_from_base => continue,
            Seen::Base => base.storage_ref(read.slot.address, read.slot.key).ok()?,
        };
        if now == read.value {
            continue;
        }
        let range = run.reads.deltas.range(&read.slot)?;
        let account = run.result.state.get(&read.slot.address)?;
        let is_remade = account.is_created() || account.is_selfdestructed();
        if is_remade || !range.contains(now) {
            return None;
        }
        moves.push((read.slot, now));
    }
    Some(moves)
}

/// Rewrites a storage word as if the run had started from `committed`.
fn move_slot(state: &mut EvmState, slot: Slot, committed: U256) {
    let account = state.get_mut(&slot.address);
    let word = account.and_then(|account| account.storage.get_mut(&slot.key));
    let word = word.expect("what was read stands in the state the run ended with");
    let added = word.present_value.wrapping_sub(word.original_value);
    word.original_value = committed;
    word.present_value = committed.wrapping_add(added);
}

/// An account of which the committed prefix holds something else than the run found, in a way the
/// run did not look at.
#[derive(Debug)]
struct Moved {
    /// What the prefix holds.
    committed: Option<AccountInfo>,
    /// What the transaction leaves.
    end: AccountInfo,
}

/// The accounts to move, or nothing when one of them was looked at.
fn moved_accounts<DB: DatabaseRef>(
    run: &SpeculativeRun,
    committed: &mut impl Committed,
    base: &DB,
    spec: SpecId,
) -> Option<Vec<(Address, Moved)>> {
    let SpeculativeRun { result, reads } = run;
    let must_match =
        reads.is_opaque || !reads.accounts.iter().all(|(_, read)| is_lazy(read.info.as_ref()));
    let mut moves = Vec::new();
    for (address, read) in reads.accounts.iter() {
        let committed = match committed.account(*address, read) {
            Now::Written(info) => info,
            Now::Same => continue,
            Now::Base if read.is_from_base => continue,
            Now::Base => base.basic_ref(*address).ok()?,
        };
        let is_same = read.info == committed;
        if is_same {
            continue;
        }
        if must_match || !read.usage.allows(read.info.as_ref(), committed.as_ref()) {
            return None;
        }
        if let Some(moved) = moved(&result.state, *address, read, committed, spec)? {
            moves.push((*address, moved));
        }
    }
    Some(moves)
}

/// How one account ends when it starts from `committed`; nothing inside when the transaction leaves
/// it alone, nothing at all when that cannot be told.
fn moved(
    state: &EvmState,
    address: Address,
    read: &AccountRead,
    committed: Option<AccountInfo>,
    spec: SpecId,
) -> Option<Option<Moved>> {
    let account = state.get(&address)?;
    let absent = AccountInfo::default();
    let found = read.info.as_ref().unwrap_or(&absent);
    let now = committed.as_ref().unwrap_or(&absent);
    let mut end = account.info.clone();
    end.balance = rebase(found.balance, account.info.balance, now.balance)?;
    if found.nonce != now.nonce {
        if found.nonce != account.info.nonce {
            return None;
        }
        end.nonce = now.nonce;
    }
    let is_same_kind =
        found.is_empty() == now.is_empty() && read.info.is_some() == committed.is_some();
    let is_kept_empty =
        spec < SpecId::SPURIOUS_DRAGON && (account.info.is_empty() || end.is_empty());
    let is_remade = account.is_created() || account.is_selfdestructed();
    if (is_kept_empty || is_remade) && !is_same_kind {
        return None;
    }
    Some(account.is_touched().then_some(Moved { committed, end }))
}

/// Rewrites an account as if the run had started from the committed one.
fn move_account(state: &mut EvmState, address: Address, moved: Moved) {
    let account = state.get_mut(&address).expect("only accounts of the state are moved");
    account.status.set(AccountStatus::LoadedAsNotExisting, moved.committed.is_none());
    *account.original_info_mut() = moved.committed.unwrap_or_default();
    account.info = moved.end;
}
