//! What happened in a block?
//!
//! In: a block and its sequential execution. Out: [`Events`], each counted once for a block.
//! Invariant: an event is read off what execution did and left behind, never off what the block was
//! made for.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, TxKind, U256};
use slotcast::{
    executor::{Block, Sequential, TxOutcome, TxStatus},
    model::{Fork, Index, Observation, TxIndex},
};

use super::{
    made::Made,
    programs::{COLLISIONS, HASH_OF_BLOB, HASH_OF_BLOCK, PRECOMPILED, TRANSIENT},
};

macro_rules! events {
    ($($event:ident = $text:literal;)*) => {
        /// Something that a block is to be tried with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the texts say what they are")]
        pub enum Event {
            $($event,)*
        }

        impl Event {
            /// All events.
            pub const ALL: &'static [Self] = &[$(Self::$event,)*];

            /// The event in words.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$event => $text,)*
                }
            }
        }
    };
}

events! {
    SelfDestruct = "self-destruct";
    Recreation = "destroyed and made again";
    Collision = "CREATE2 where something is";
    BeneficiarySends = "beneficiary sends mid-block";
    BeneficiaryObserved = "beneficiary's balance looked at";
    LacksFundsInOrder = "cannot pay where it stands, though it could before the block";
    FundedInOrder = "can pay only where it stands";
    NonceGap = "nonce too high";
    BlockFull = "block gas limit reached";
    DeployedAndCalled = "deployed and called";
    DelegationUsed = "delegation set and used";
    PrecompileOnly = "transaction to a precompile";
    PrecompileCalled = "precompile called";
    BlockHash = "block hash";
    TransientStorage = "transient storage";
    BlobTransaction = "transaction with blobs";
    BlobHash = "blob hash";
    CreationTransaction = "transaction that creates";
    Revert = "revert";
    OutOfGas = "out of gas";
}

/// Events with the number of blocks they happened in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    counts: BTreeMap<Event, usize>,
    /// Forks with the number of blocks.
    pub forks: BTreeMap<Fork, usize>,
}

impl Events {
    /// The number of blocks that `event` happened in.
    pub fn count(&self, event: Event) -> usize {
        self.counts.get(&event).copied().unwrap_or(0)
    }

    /// Adds the events of another block.
    pub fn add(&mut self, other: &Self) {
        for (event, n) in &other.counts {
            *self.counts.entry(*event).or_default() += n;
        }
        for (fork, n) in &other.forks {
            *self.forks.entry(*fork).or_default() += n;
        }
    }

    fn happened(&mut self, event: Event, is_so: bool) {
        if is_so {
            self.counts.insert(event, 1);
        }
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, event) in Event::ALL.iter().enumerate() {
            let gap = if n == 0 { "" } else { ", " };
            write!(f, "{gap}{}: {}", event.text(), self.count(*event))?;
        }
        Ok(())
    }
}

/// What happened in one block.
pub(super) fn of(made: &Made, block: &Block, sequential: &Sequential) -> Events {
    let mut events = Events::default();
    events.forks.insert(made.fork, 1);
    let (mut destroyed, mut created) = (BTreeSet::new(), BTreeSet::new());
    for tx in block.tx_indices() {
        let seen = &sequential.observations[tx];
        match &sequential.outcome.txs[tx] {
            TxOutcome::Rejected(reason) => {
                rejected(&mut events, made, block, tx, &reason.to_string());
            }
            TxOutcome::Executed(executed) => {
                events.happened(Event::Revert, executed.status == TxStatus::Revert);
                let is_halted =
                    matches!(&executed.status, TxStatus::Halt(why) if why.contains("OutOfGas"));
                events.happened(Event::OutOfGas, is_halted);
                ran(&mut events, made, block, tx, seen);
                if executed.status == TxStatus::Success {
                    let is_creation = executed.created.is_some_and(|_| !executed.output.is_empty());
                    events.happened(Event::CreationTransaction, is_creation);
                    lifecycle(&mut events, &mut destroyed, &mut created, seen);
                }
            }
        }
    }
    evidence(&mut events, sequential);
    events
}

fn rejected(events: &mut Events, made: &Made, block: &Block, tx: TxIndex, reason: &str) {
    let could_pay = balance(made, block, tx) >= cost(block, tx);
    events.happened(Event::LacksFundsInOrder, reason.contains("lack of funds") && could_pay);
    events.happened(Event::NonceGap, reason.contains("nonce") && reason.contains("too high"));
    events.happened(Event::BlockFull, reason.contains("available gas"));
}

fn ran(events: &mut Events, made: &Made, block: &Block, tx: TxIndex, seen: &Observation) {
    let transaction = block.transaction(tx);
    let is_inside = 0 < tx.0 && tx.as_usize() + 1 < block.n_transactions();
    events.happened(Event::BeneficiarySends, transaction.signer() == made.beneficiary && is_inside);
    let observed = seen.accounts.balance_reads.contains(&made.beneficiary);
    events.happened(Event::BeneficiaryObserved, observed);
    events.happened(Event::FundedInOrder, balance(made, block, tx) < cost(block, tx));
    events.happened(Event::BlobTransaction, transaction.blob_versioned_hashes().is_some());
    let TxKind::Call(to) = transaction.kind() else { return };
    events.happened(Event::PrecompileOnly, to <= Address::with_last_byte(9));
    let is_used = made.delegations.iter().any(|(authority, delegate)| {
        *authority == to && seen.accounts.code_reads.contains(delegate)
    });
    events.happened(Event::DelegationUsed, is_used);
}

/// Follows accounts that come and go.
fn lifecycle(
    events: &mut Events,
    destroyed: &mut BTreeSet<Address>,
    created: &mut BTreeSet<Address>,
    seen: &Observation,
) {
    let accounts = &seen.accounts;
    let is_called = accounts
        .code_reads
        .iter()
        .any(|address| created.contains(address) && !accounts.created.contains(address));
    events.happened(Event::DeployedAndCalled, is_called);
    let is_again = accounts.created.iter().any(|address| destroyed.contains(address));
    events.happened(Event::Recreation, is_again);
    events.happened(Event::SelfDestruct, !accounts.destroyed.is_empty());
    destroyed.extend(accounts.destroyed.iter().copied());
    created.extend(accounts.created.iter().copied());
}

/// What contracts noted in their slots.
fn evidence(events: &mut Events, sequential: &Sequential) {
    for (event, slot) in [
        (Event::Collision, COLLISIONS),
        (Event::BlockHash, HASH_OF_BLOCK),
        (Event::TransientStorage, TRANSIENT),
        (Event::BlobHash, HASH_OF_BLOB),
        (Event::PrecompileCalled, PRECOMPILED),
    ] {
        let mut slots = sequential.outcome.state.iter().flat_map(|account| &account.storage);
        let is_there = slots.any(|s| s.key == U256::from(slot) && !s.after.is_zero());
        events.happened(event, is_there);
    }
}

/// The sender's balance before the block.
fn balance(made: &Made, block: &Block, tx: TxIndex) -> U256 {
    let sender = block.transaction(tx).signer();
    let account = made.accounts.iter().find(|account| account.address == sender);
    account.map_or(U256::ZERO, |account| account.balance)
}

/// What the sender must have.
fn cost(block: &Block, tx: TxIndex) -> U256 {
    let tx = block.transaction(tx);
    let gas = U256::from(tx.gas_limit()) * U256::from(tx.max_fee_per_gas());
    let blobs =
        tx.max_fee_per_blob_gas().unwrap_or(0) * u128::from(tx.blob_gas_used().unwrap_or(0));
    gas + tx.value() + U256::from(blobs)
}
