//! How are predictions packed?
//!
//! In: predictions with what is known of their transactions. Out: bytes.
//! Invariant: the bytes depend on what is packed and on what this [`Packer`] packed before, which
//! tells it only where to look first; unpacking needs neither.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256, map::AddressMap};
use slotcast_model::{Coverage, Gap, Location, Prediction, Slot, StateRead, TxIndex};

use super::{
    KnownTx, MAGIC, VERSION, address_kind,
    bytes::put_number,
    deed,
    derive::{Arrays, Hashes, MAX_OFFSET, Order, Origin, Shapes, Word, words_of},
    origin_kind, slot_role, word_kind,
};
use crate::hints::Head;

/// Keys below this are written as numbers.
const SMALL: U256 = U256::from_limbs([1 << 40, 0, 0, 0]);

/// Packs predictions; remembers of each contract how its keys were made.
#[derive(Clone, Debug, Default)]
pub struct Packer {
    shapes: AddressMap<Shapes>,
    arrays: Arrays,
}

impl Packer {
    /// A packer that remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The predictions of one block, packed; `head` is its number or says more. `known` says what the
    /// receiver knows of a transaction.
    ///
    /// ```
    /// use slotcast::hints::{KnownTx, Packer, unpack};
    /// use slotcast_model::{Prediction, TxIndex};
    ///
    /// let prediction = Prediction::default();
    /// let known = |_: TxIndex| KnownTx::default();
    /// let bytes = Packer::new().pack(5, [(TxIndex(0), &prediction)], known);
    /// let (number, unpacked) = unpack(&bytes, known)?;
    /// assert_eq!((number, unpacked.len()), (5, 1));
    /// # Ok::<(), slotcast::hints::UnpackError>(())
    /// ```
    pub fn pack<'a>(
        &mut self,
        head: impl Into<Head>,
        predictions: impl IntoIterator<Item = (TxIndex, &'a Prediction)>,
        known: impl Fn(TxIndex) -> KnownTx,
    ) -> Vec<u8> {
        let Head { chain_id, block, analyzer } = head.into();
        let mut batch = Batch {
            shapes: &mut self.shapes,
            arrays: &self.arrays,
            out: Vec::new(),
            addresses: AddressMap::default(),
            contracts: AddressMap::default(),
        };
        let mut n_txs = 0;
        for (tx, prediction) in predictions {
            n_txs += 1;
            batch.put_tx(tx, prediction, &known(tx));
        }
        let mut out = MAGIC.to_vec();
        let n_bytes = batch.out.len() as u64;
        for number in [VERSION, block, chain_id, u64::from(analyzer), n_txs, n_bytes] {
            put_number(&mut out, number);
        }
        out.extend(batch.out);
        out
    }
}

/// What is done to each slot of one contract.
type Slots = BTreeMap<U256, u64>;

/// What was written so far.
struct Batch<'p> {
    shapes: &'p mut AddressMap<Shapes>,
    arrays: &'p Arrays,
    out: Vec<u8>,
    /// The number of each address mentioned.
    addresses: AddressMap<u32>,
    /// The number of each slot mentioned, by contract.
    contracts: AddressMap<BTreeMap<U256, u32>>,
}

impl Batch<'_> {
    fn put_tx(&mut self, tx: TxIndex, prediction: &Prediction, known: &KnownTx) {
        self.put(u64::from(tx.0));
        let coverage = prediction.coverage();
        let coverage = Coverage::ALL.iter().position(|known| *known == coverage);
        self.put(coverage.expect("all degrees of coverage are listed") as u64);
        self.put(prediction.gaps().len() as u64);
        for gap in prediction.gaps() {
            let gap = Gap::ALL.iter().position(|known| known == gap);
            self.put(gap.expect("all gaps are listed") as u64);
        }
        self.put(prediction.n_state_reads() as u64);
        let accounts = accounts_of(prediction);
        self.put(accounts.len() as u64);
        let mut mentioned = Vec::new();
        for (address, deeds) in accounts {
            let id = self.put_address(address, known);
            mentioned.push((id, address));
            self.put(deeds);
        }
        let contracts = contracts_of(prediction);
        self.put(contracts.len() as u64);
        let mut hashes = Hashes::of(words_of(known, &mentioned));
        for (address, slots) in contracts {
            self.put_address(address, known);
            self.put_slots(address, &slots, &mut hashes);
        }
    }

    fn put(&mut self, number: u64) {
        put_number(&mut self.out, number);
    }

    /// An address by its number, which comes back, or in the shortest way if it is new.
    fn put_address(&mut self, address: Address, known: &KnownTx) -> u32 {
        if let Some(&id) = self.addresses.get(&address) {
            self.put(u64::from(id) + 1);
            return id;
        }
        self.put(0);
        let place = || known.input.windows(Address::len_bytes()).position(|at| at == address);
        if known.sender == address {
            self.put(address_kind::SENDER);
        } else if known.to == Some(address) {
            self.put(address_kind::RECIPIENT);
        } else if let Some(place) = place() {
            self.put(address_kind::IN_CALLDATA + place as u64);
        } else {
            self.put(address_kind::PLAIN);
            self.out.extend(address);
        }
        let id = u32::try_from(self.addresses.len()).expect("a batch has fewer than 2^32 accounts");
        self.addresses.insert(address, id);
        id
    }

    fn put_slots(&mut self, address: Address, slots: &Slots, hashes: &mut Hashes) {
        let mut origins = self.origins(address, slots, hashes);
        self.put(slots.len() as u64);
        let ids = self.contracts.entry(address).or_default();
        for (&key, &role) in slots {
            if let Some(&id) = ids.get(&key) {
                put_number(&mut self.out, (u64::from(id) + 1) << slot_role::N_BITS | role);
                continue;
            }
            put_number(&mut self.out, role);
            let origin = origins.remove(&key).unwrap_or_else(|| match behind(ids, key) {
                Some(origin) => origin,
                None => Origin::Plain(key),
            });
            put_origin(&mut self.out, origin);
            let id = u32::try_from(ids.len()).expect("a batch has fewer than 2^32 slots");
            ids.insert(key, id);
        }
    }

    /// How the new keys of a contract are made, but for those behind other keys and those for which
    /// nothing short was found.
    fn origins(
        &mut self,
        address: Address,
        slots: &Slots,
        hashes: &mut Hashes,
    ) -> BTreeMap<U256, Origin> {
        let ids = self.contracts.entry(address).or_default();
        let mut origins = BTreeMap::new();
        let mut sought: Vec<U256> = Vec::new();
        let mut last = None;
        for &key in slots.keys() {
            let follows = |before: U256| key - before <= U256::from(MAX_OFFSET);
            if ids.contains_key(&key) || last.is_some_and(follows) || behind(ids, key).is_some() {
                // It has a number, or will be behind one that has.
            } else if key < SMALL {
                origins.insert(key, Origin::Small(key.to()));
            } else {
                sought.push(key);
            }
            last = Some(key);
        }
        if !sought.is_empty() {
            let found = self.shapes.entry(address).or_default().seek(&sought, hashes, self.arrays);
            let found = sought.into_iter().zip(found);
            origins.extend(found.filter_map(|(key, origin)| Some((key, origin?))));
        }
        origins
    }
}

/// A slot mentioned before that `key` is just behind.
fn behind(ids: &BTreeMap<U256, u32>, key: U256) -> Option<Origin> {
    let (before, &slot) = ids.range(..key).next_back()?;
    let offset = key - *before;
    (offset <= U256::from(MAX_OFFSET)).then(|| Origin::Behind { slot, offset: offset.to() })
}

fn put_origin(out: &mut Vec<u8>, origin: Origin) {
    let mut put = |numbers: &[u64]| numbers.iter().for_each(|number| put_number(out, *number));
    match origin {
        Origin::Small(key) => put(&[origin_kind::SMALL, key]),
        Origin::Plain(key) => {
            put(&[origin_kind::PLAIN]);
            out.extend(key.to_be_bytes::<32>());
        }
        Origin::Behind { slot, offset } => put(&[origin_kind::BEHIND, u64::from(slot), offset]),
        Origin::Element { base, offset } => put(&[origin_kind::ELEMENT, base, offset]),
        Origin::Keyed { order, word, base, offset } => {
            let kind = origin_kind::KEYED + flags(order, offset);
            put(&[kind, word_number(word), base]);
            if offset != 0 {
                put(&[offset]);
            }
        }
        Origin::Nested { order, outer, inner, base, offset } => {
            let kind = origin_kind::NESTED + flags(order, offset);
            put(&[kind, word_number(outer), word_number(inner), base]);
            if offset != 0 {
                put(&[offset]);
            }
        }
    }
}

const fn flags(order: Order, offset: u64) -> u64 {
    let order = match order {
        Order::WordFirst => 0,
        Order::SlotFirst => origin_kind::SLOT_FIRST,
    };
    if offset == 0 { order } else { order + origin_kind::WITH_OFFSET }
}

const fn word_number(word: Word) -> u64 {
    let (n, kind) = match word {
        Word::Sender => (0, word_kind::PARTY),
        Word::Recipient => (1, word_kind::PARTY),
        Word::Input(n) => (n, word_kind::INPUT),
        Word::Mentioned(id) => (id, word_kind::MENTIONED),
    };
    n as u64 * word_kind::N_KINDS + kind
}

/// What is done to each account.
fn accounts_of(prediction: &Prediction) -> BTreeMap<Address, u64> {
    let accounts = prediction.accounts();
    let lists = [
        (&accounts.balance_reads[..], deed::BALANCE_READ),
        (&accounts.balance_debits, deed::BALANCE_DEBIT),
        (&accounts.balance_credits, deed::BALANCE_CREDIT),
        (&accounts.nonces, deed::NONCE),
        (&accounts.code_reads, deed::CODE_READ),
        (&accounts.created, deed::CREATED),
        (&accounts.destroyed, deed::DESTROYED),
        (&accounts.delegated, deed::DELEGATED),
        (prediction.wildcards(), deed::WILDCARD),
    ];
    let mut deeds: BTreeMap<Address, u64> = BTreeMap::new();
    for (addresses, deed) in lists {
        for address in addresses {
            *deeds.entry(*address).or_default() |= deed;
        }
    }
    for StateRead { location, .. } in prediction.relied_on() {
        let deed = match location {
            Location::Balance(_) => deed::RELIED_BALANCE,
            Location::Nonce(_) => deed::RELIED_NONCE,
            Location::Code(_) => deed::RELIED_CODE,
            Location::Storage(_) => continue,
        };
        *deeds.entry(location.address()).or_default() |= deed;
    }
    deeds
}

/// What is done to each slot, by contract.
fn contracts_of(prediction: &Prediction) -> BTreeMap<Address, Slots> {
    let storage = prediction.storage();
    let mut contracts: BTreeMap<Address, Slots> = BTreeMap::new();
    let mut set = |slot: &Slot, role: u64| {
        contracts.entry(slot.address).or_default().insert(slot.key, role);
    };
    // A slot that is written stands among those read too, and has the later role.
    storage.reads.iter().for_each(|slot| set(slot, slot_role::READ));
    storage.writes.iter().for_each(|slot| set(slot, slot_role::WRITE));
    storage.deltas.iter().for_each(|slot| set(slot, slot_role::ADD));
    for slot in prediction.relied_on().iter().filter_map(|word| word.location.slot()) {
        let slots = contracts.entry(slot.address).or_default();
        *slots.entry(slot.key).or_insert(slot_role::NONE) |= slot_role::RELIED;
    }
    contracts
}
