//! How do predictions travel in few bytes?
//!
//! In: predictions of one block or batch, and what the receiver knows of each transaction anyway.
//! Out: bytes; and from the bytes and the same knowledge, the predictions.
//! Invariants: nothing is lost but the *values* of the state words relied on and the hashes of codes,
//! which the receiver's own state has; unpacking returns an error or predictions on any bytes; packing is deterministic.
//!
//! A storage key is mostly 32 bytes of hash, so a plain list of slots takes more than 50 bytes for
//! each. But the key of a mapping is a hash of little: an address and a small number. The receiver of
//! a hint has the transaction, and with it the sender, the recipient and the calldata, in which the
//! address mostly stands. So a slot that is mentioned for the first time is written as the way to
//! make its key, where a short way was found, and a slot or an account that was mentioned before as
//! its number:
//!
//! ```text
//! balances[to], a mapping at slot 3:   0x04 = hash of word and base | 0x05 = second word of calldata | 0x03
//! ```
//!
//! The ways are found by trying: words that the transaction names with small bases, first those bases
//! that fitted the contract before. A key for which nothing fits is written out. Unpacking tries
//! nothing; it makes what it is told.
//!
//! | part | bytes |
//! |---|---|
//! | head | `SLOTHINT`, version, block, chain, version of the analysis, transactions, bytes that follow |
//! | transaction | index, coverage, gaps, state words read, accounts, contracts |
//! | account | address, what is done to it |
//! | contract | address, slots |
//! | slot | its number in the contract with what is done to it, or the way to make the key |
//!
//! All numbers are in LEB128. Several blocks may stand one behind the other.

mod bytes;
mod derive;
mod pack;
mod unpack;

use alloy_primitives::{Address, Bytes};
use slotcast_model::{Location, Prediction, TxIndex};

pub use self::pack::Packer;
pub use self::unpack::{PackedBlock, UnpackError, packed_blocks, unpack};

/// How packed predictions begin.
const MAGIC: &[u8; 8] = b"SLOTHINT";

/// The version of the packed form.
const VERSION: u64 = 2;

/// Whether these bytes begin as packed predictions do.
pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What the sender and the receiver of a prediction both know of its transaction.
///
/// With [`KnownTx::default`] for every transaction the form needs no knowledge and is longer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownTx {
    /// Who sends it.
    pub sender: Address,
    /// Whom it calls; none if it creates a contract.
    pub to: Option<Address>,
    /// Its calldata.
    pub input: Bytes,
}

/// A prediction as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The transaction's position.
    pub tx: TxIndex,
    /// What was predicted; the state words it relied on are counted, and listed beside it.
    pub prediction: Prediction,
    /// Where the state words are that the prediction relied on, ascending.
    pub relied_on: Vec<Location>,
}

/// What is done to an account, one bit each, in the order of the format.
mod deed {
    pub(super) const BALANCE_READ: u64 = 1;
    pub(super) const BALANCE_DEBIT: u64 = 1 << 1;
    pub(super) const BALANCE_CREDIT: u64 = 1 << 2;
    pub(super) const NONCE: u64 = 1 << 3;
    pub(super) const CODE_READ: u64 = 1 << 4;
    pub(super) const CREATED: u64 = 1 << 5;
    pub(super) const DESTROYED: u64 = 1 << 6;
    pub(super) const RELIED_BALANCE: u64 = 1 << 7;
    pub(super) const RELIED_NONCE: u64 = 1 << 8;
    pub(super) const RELIED_CODE: u64 = 1 << 9;
    pub(super) const WILDCARD: u64 = 1 << 10;
    pub(super) const DELEGATED: u64 = 1 << 11;
    pub(super) const ALL: u64 = (1 << 12) - 1;
}

/// What is done to a slot: two bits, and a third if the prediction relied on its value.
mod slot_role {
    pub(super) const READ: u64 = 0;
    pub(super) const WRITE: u64 = 1;
    pub(super) const ADD: u64 = 2;
    /// Not touched, but the prediction relied on it.
    pub(super) const NONE: u64 = 3;
    pub(super) const RELIED: u64 = 1 << 2;
    pub(super) const N_BITS: u32 = 3;
}

/// How an address that was not mentioned before is written.
mod address_kind {
    pub(super) const PLAIN: u64 = 0;
    pub(super) const SENDER: u64 = 1;
    pub(super) const RECIPIENT: u64 = 2;
    /// More than this is a place in calldata, counted from here.
    pub(super) const IN_CALLDATA: u64 = 3;
}

/// How the key of a slot that was not mentioned before is written.
mod origin_kind {
    pub(super) const SMALL: u64 = 0;
    pub(super) const PLAIN: u64 = 1;
    pub(super) const BEHIND: u64 = 2;
    pub(super) const ELEMENT: u64 = 3;
    /// Four kinds from here, by whether the slot stands first and whether an offset follows.
    pub(super) const KEYED: u64 = 4;
    /// Four kinds from here.
    pub(super) const NESTED: u64 = 8;
    pub(super) const SLOT_FIRST: u64 = 1;
    pub(super) const WITH_OFFSET: u64 = 2;
}

/// How a word is written: its number times [`word_kind::N_KINDS`] and its kind.
mod word_kind {
    /// The sender, number 0, or the recipient, number 1.
    pub(super) const PARTY: u64 = 0;
    pub(super) const INPUT: u64 = 1;
    pub(super) const MENTIONED: u64 = 2;
    pub(super) const N_KINDS: u64 = 3;
}

#[cfg(test)]
mod tests;
