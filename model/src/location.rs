//! Which pieces of state can two transactions meet at?
//!
//! In: addresses and slot keys. Out: [`Slot`], [`Location`] and their dense ids.
//! Invariants: the order of locations is total and is the order of every list we print; an id
//! stands for exactly one location (interned by value, never by hash).

use core::{
    fmt,
    hash::{Hash, Hasher},
};

use alloy_primitives::{Address, U256};
use indexmap::IndexSet;

use crate::{Index, LocationId};

/// One storage slot of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The account that owns the storage.
    pub address: Address,
    /// The slot's 256-bit key.
    pub key: U256,
}

impl Slot {
    /// The slot `key` of `address`.
    pub const fn new(address: Address, key: U256) -> Self {
        Self { address, key }
    }
}

impl Hash for Slot {
    /// Word by word, which the hashers we use take faster than strings of bytes.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (words, rest) = self.address.as_chunks::<8>();
        words.iter().for_each(|word| state.write_u64(u64::from_ne_bytes(*word)));
        state.write_u32(rest.iter().fold(0, |word, &byte| word << 8 | u32::from(byte)));
        self.key.as_limbs().iter().for_each(|&limb| state.write_u64(limb));
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{:#x}]", self.address, self.key)
    }
}

/// The smallest piece of state that is read, written and validated on its own.
///
/// The order is by address first, so that one account's locations stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// An account's balance in wei.
    Balance(Address),
    /// An account's nonce.
    Nonce(Address),
    /// An account's code, by its hash.
    Code(Address),
    /// A storage slot.
    Storage(Slot),
}

impl Location {
    /// The account the location belongs to.
    pub const fn address(&self) -> Address {
        match self {
            Self::Balance(address) | Self::Nonce(address) | Self::Code(address) => *address,
            Self::Storage(slot) => slot.address,
        }
    }

    /// The storage slot, if this is one.
    pub const fn slot(&self) -> Option<Slot> {
        match self {
            Self::Storage(slot) => Some(*slot),
            Self::Balance(_) | Self::Nonce(_) | Self::Code(_) => None,
        }
    }

    /// The place among the locations of one account.
    const fn rank(&self) -> u8 {
        match self {
            Self::Balance(_) => 0,
            Self::Nonce(_) => 1,
            Self::Code(_) => 2,
            Self::Storage(_) => 3,
        }
    }
}

impl Ord for Location {
    #[inline]
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        match (self, other) {
            // Nearly all that is ever compared.
            (Self::Storage(slot), Self::Storage(other)) => slot.cmp(other),
            _ => (self.address(), self.rank()).cmp(&(other.address(), other.rank())),
        }
    }
}

impl PartialOrd for Location {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl From<Slot> for Location {
    fn from(slot: Slot) -> Self {
        Self::Storage(slot)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance(address) => write!(f, "{address}.balance"),
            Self::Nonce(address) => write!(f, "{address}.nonce"),
            Self::Code(address) => write!(f, "{address}.code"),
            Self::Storage(slot) => slot.fmt(f),
        }
    }
}

/// Gives every location a dense [`LocationId`], in order of first mention.
#[derive(Clone, Debug, Default)]
pub struct LocationTable {
    locations: IndexSet<Location, alloy_primitives::map::DefaultHashBuilder>,
}

impl LocationTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of `location`, made now if it is new.
    pub fn intern(&mut self, location: Location) -> LocationId {
        LocationId::from_usize(self.locations.insert_full(location).0)
    }

    /// The id of `location`, if it was interned.
    pub fn get(&self, location: &Location) -> Option<LocationId> {
        self.locations.get_index_of(location).map(LocationId::from_usize)
    }

    /// The location behind `id`.
    ///
    /// # Panics
    ///
    /// When `id` comes from another table.
    pub fn resolve(&self, id: LocationId) -> Location {
        *self.locations.get_index(id.as_usize()).expect("the id comes from this table")
    }

    /// How many distinct locations were interned.
    pub fn len(&self) -> usize {
        self.locations.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.locations.is_empty()
    }
}

#[cfg(test)]
mod tests;
