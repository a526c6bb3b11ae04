//! What do packed predictions say?
//!
//! In: bytes, and what is known of each transaction. Out: [`Unpacked`] predictions, or where and why
//! the bytes are none.
//! Invariant: total on all bytes; memory is bounded by the number of bytes.

use alloy_primitives::{Address, U256, map::AddressMap};
use slotcast_model::{
    AccountAccess, Coverage, Gap, Location, Prediction, Slot, StorageAccess, TxIndex,
};

use super::{
    KnownTx, MAGIC, Unpacked, VERSION, address_kind,
    bytes::Reader,
    deed,
    derive::{Order, Origin, Word, input_word},
    origin_kind, slot_role, word_kind,
};
use crate::hints::Head;

/// Why bytes are no packed predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// They do not begin as packed predictions do.
    #[error("no packed predictions: they do not begin with SLOTHINT")]
    NotPacked,
    /// They are of a version that is not known here.
    #[error(
        "packed predictions of version {found}, where {VERSION} is known; use a newer slotcast"
    )]
    Version {
        /// The version they are of.
        found: u64,
    },
    /// They end too early.
    #[error("packed predictions end too early: more is announced at byte {at} than there is")]
    Cut {
        /// The byte at which more was expected.
        at: usize,
    },
    /// Something is announced that there is not.
    #[error("{field} at byte {at} names what there is not; unpack with the same transactions")]
    Field {
        /// Where it begins.
        at: usize,
        /// What it is.
        field: &'static str,
    },
    /// More follows than was announced.
    #[error("packed predictions go on at byte {at}, behind the last transaction")]
    Trailing {
        /// The first byte too many.
        at: usize,
    },
}

/// The block's number and its predictions, of bytes that hold one block. `known` must say what it said
/// when they were packed.
///
/// # Errors
///
/// When the bytes are damaged, of another version, or packed with other transactions in mind.
pub fn unpack(
    bytes: &[u8],
    known: impl Fn(TxIndex) -> KnownTx,
) -> Result<(u64, Vec<Unpacked>), UnpackError> {
    match packed_blocks(bytes)?.as_slice() {
        [] => Err(UnpackError::NotPacked),
        [block] => Ok((block.head.block, block.unpack(known)?)),
        [first, ..] => Err(UnpackError::Trailing { at: first.end() }),
    }
}

/// Packed predictions of one block, which have not been looked into.
#[derive(Clone, Copy, Debug)]
pub struct PackedBlock<'a> {
    head: Head,
    n_txs: usize,
    /// From behind the head to the end.
    reader: Reader<'a>,
}

/// The blocks that these bytes hold, one behind the other.
///
/// ```
/// use slotcast::hints::{Head, KnownTx, Packer, packed_blocks};
///
/// let known = |_| KnownTx::default();
/// let mut packer = Packer::new();
/// let of = |block| Head { chain_id: 1, block, analyzer: 2 };
/// let bytes = [5, 6].map(|block| packer.pack(of(block), [], known)).concat();
/// let heads: Vec<Head> = packed_blocks(&bytes)?.iter().map(|block| block.head()).collect();
/// assert_eq!(heads, [of(5), of(6)]);
/// # Ok::<(), slotcast::hints::UnpackError>(())
/// ```
///
/// # Errors
///
/// When a head is damaged or of another version.
pub fn packed_blocks(bytes: &[u8]) -> Result<Vec<PackedBlock<'_>>, UnpackError> {
    let mut reader = Reader::new(bytes);
    let mut blocks = Vec::new();
    while blocks.is_empty() || reader.n_left() != 0 {
        let at = reader.at();
        if reader.array().ok() != Some(*MAGIC) {
            return Err(match blocks.is_empty() {
                true => UnpackError::NotPacked,
                false => UnpackError::Trailing { at },
            });
        }
        let found = reader.number()?;
        if found != VERSION {
            return Err(UnpackError::Version { found });
        }
        let (block, chain_id, at) = (reader.number()?, reader.number()?, reader.at());
        let analyzer = u32::try_from(reader.number()?)
            .map_err(|_| UnpackError::Field { at, field: "version of the analysis" })?;
        let n_txs = reader.count()?;
        let n_bytes = reader.count()?;
        let head = Head { chain_id, block, analyzer };
        blocks.push(PackedBlock { head, n_txs, reader: reader.part(n_bytes) });
    }
    Ok(blocks)
}

impl PackedBlock<'_> {
    /// What the predictions are of.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The predictions. `known` must say what it said when they were packed.
    ///
    /// # Errors
    ///
    /// When the bytes are damaged, or packed with other transactions in mind.
    pub fn unpack(&self, known: impl Fn(TxIndex) -> KnownTx) -> Result<Vec<Unpacked>, UnpackError> {
        let mut batch =
            Batch { reader: self.reader, addresses: Vec::new(), slots: AddressMap::default() };
        let mut txs = Vec::new();
        for _ in 0..self.n_txs {
            txs.push(batch.tx(&known)?);
        }
        match batch.reader.n_left() {
            0 => Ok(txs),
            _ => Err(UnpackError::Trailing { at: batch.reader.at() }),
        }
    }

    const fn end(&self) -> usize {
        self.reader.at() + self.reader.n_left()
    }
}

/// What was read so far.
struct Batch<'a> {
    reader: Reader<'a>,
    addresses: Vec<Address>,
    /// The slots mentioned of each contract, by their numbers.
    slots: AddressMap<Vec<U256>>,
}

impl Batch<'_> {
    fn tx(&mut self, known: impl Fn(TxIndex) -> KnownTx) -> Result<Unpacked, UnpackError> {
        let index = self.field("transaction", |index| u32::try_from(index).ok())?;
        let tx = TxIndex(index);
        let known = known(tx);
        let coverage = self.field("coverage", |n| Coverage::ALL.get(n as usize).copied())?;
        let mut gaps = Vec::new();
        for _ in 0..self.reader.count()? {
            gaps.push(self.field("gap", |n| Gap::ALL.get(usize::try_from(n).ok()?).copied())?);
        }
        let n_state_reads = self.field("state words", |n| usize::try_from(n).ok())?;
        let (mut accounts, mut wildcards) = (AccountAccess::default(), Vec::new());
        let mut relied_on = Vec::new();
        for _ in 0..self.reader.count()? {
            let address = self.address(&known)?;
            let deeds = self.field("account", |deeds| (deeds <= deed::ALL).then_some(deeds))?;
            add_account(address, deeds, &mut accounts, &mut wildcards, &mut relied_on);
        }
        let mut storage = StorageAccess::default();
        for _ in 0..self.reader.count()? {
            let address = self.address(&known)?;
            for _ in 0..self.reader.count()? {
                self.slot(address, &known, &mut storage, &mut relied_on)?;
            }
        }
        relied_on.sort_unstable();
        let prediction =
            Prediction::stated(storage, accounts, wildcards, coverage, gaps, n_state_reads);
        Ok(Unpacked { tx, prediction, relied_on })
    }

    /// The next number, as what it stands for.
    fn field<T>(
        &mut self,
        field: &'static str,
        meaning: impl FnOnce(u64) -> Option<T>,
    ) -> Result<T, UnpackError> {
        let at = self.reader.at();
        meaning(self.reader.number()?).ok_or(UnpackError::Field { at, field })
    }

    fn address(&mut self, known: &KnownTx) -> Result<Address, UnpackError> {
        let at = self.reader.at();
        let number = self.reader.number()?;
        let missing = UnpackError::Field { at, field: "address" };
        if let Some(id) = number.checked_sub(1) {
            let id = usize::try_from(id).ok();
            return id.and_then(|id| self.addresses.get(id)).copied().ok_or(missing);
        }
        let address = match self.reader.number()? {
            address_kind::PLAIN => self.reader.address()?,
            address_kind::SENDER => known.sender,
            address_kind::RECIPIENT => known.to.ok_or(missing)?,
            place => {
                let from = usize::try_from(place - address_kind::IN_CALLDATA).ok();
                let rest = from.and_then(|from| known.input.get(from..));
                let bytes = rest.and_then(|rest| rest.first_chunk::<20>());
                Address::from(*bytes.ok_or(missing)?)
            }
        };
        self.addresses.push(address);
        Ok(address)
    }

    fn slot(
        &mut self,
        address: Address,
        known: &KnownTx,
        storage: &mut StorageAccess,
        relied_on: &mut Vec<Location>,
    ) -> Result<(), UnpackError> {
        let at = self.reader.at();
        let number = self.reader.number()?;
        let missing = UnpackError::Field { at, field: "slot" };
        let key = match (number >> slot_role::N_BITS).checked_sub(1) {
            Some(id) => {
                let id = usize::try_from(id).ok();
                let slots = self.slots.get(&address).map_or(&[][..], Vec::as_slice);
                *id.and_then(|id| slots.get(id)).ok_or(missing)?
            }
            None => {
                let origin = self.origin()?;
                let Self { addresses, slots, .. } = self;
                let slots = slots.entry(address).or_default();
                let value = |word| value_of(word, known, addresses);
                let key = origin.key(value, slots).ok_or(missing)?;
                slots.push(key);
                key
            }
        };
        let slot = Slot::new(address, key);
        match number & (slot_role::RELIED - 1) {
            slot_role::READ => storage.reads.push(slot),
            slot_role::WRITE => storage.writes.push(slot),
            slot_role::ADD => storage.deltas.push(slot),
            _ => {}
        }
        if number & slot_role::RELIED != 0 {
            relied_on.push(Location::Storage(slot));
        }
        Ok(())
    }

    fn origin(&mut self) -> Result<Origin, UnpackError> {
        let at = self.reader.at();
        let kind = self.reader.number()?;
        let narrow = |n: u64| u32::try_from(n).ok();
        match kind {
            origin_kind::SMALL => Ok(Origin::Small(self.reader.number()?)),
            origin_kind::PLAIN => Ok(Origin::Plain(self.reader.word()?)),
            origin_kind::BEHIND => {
                let slot = self.field("slot", narrow)?;
                Ok(Origin::Behind { slot, offset: self.reader.number()? })
            }
            origin_kind::ELEMENT => {
                let (base, offset) = (self.reader.number()?, self.reader.number()?);
                Ok(Origin::Element { base, offset })
            }
            kind if kind < origin_kind::NESTED => {
                let (order, has_offset) = flags(kind - origin_kind::KEYED);
                let (word, base) = (self.word()?, self.reader.number()?);
                Ok(Origin::Keyed { order, word, base, offset: self.offset(has_offset)? })
            }
            kind if kind < origin_kind::NESTED + 4 => {
                let (order, has_offset) = flags(kind - origin_kind::NESTED);
                let (outer, inner) = (self.word()?, self.word()?);
                let base = self.reader.number()?;
                let offset = self.offset(has_offset)?;
                Ok(Origin::Nested { order, outer, inner, base, offset })
            }
            _ => Err(UnpackError::Field { at, field: "kind of key" }),
        }
    }

    fn offset(&mut self, is_there: bool) -> Result<u64, UnpackError> {
        if is_there { self.reader.number() } else { Ok(0) }
    }

    fn word(&mut self) -> Result<Word, UnpackError> {
        self.field("word", |number| {
            let n = u32::try_from(number / word_kind::N_KINDS).ok()?;
            match (number % word_kind::N_KINDS, n) {
                (word_kind::PARTY, 0) => Some(Word::Sender),
                (word_kind::PARTY, 1) => Some(Word::Recipient),
                (word_kind::INPUT, n) => Some(Word::Input(n)),
                (word_kind::MENTIONED, id) => Some(Word::Mentioned(id)),
                _ => None,
            }
        })
    }
}

/// The order of what is hashed, and whether an offset follows.
const fn flags(kind: u64) -> (Order, bool) {
    let order = match kind & origin_kind::SLOT_FIRST {
        0 => Order::WordFirst,
        _ => Order::SlotFirst,
    };
    (order, kind & origin_kind::WITH_OFFSET != 0)
}

fn value_of(word: Word, known: &KnownTx, addresses: &[Address]) -> Option<U256> {
    let of = |address: Address| U256::from_be_bytes(address.into_word().0);
    match word {
        Word::Sender => Some(of(known.sender)),
        Word::Recipient => known.to.map(of),
        Word::Input(n) => input_word(known, n),
        Word::Mentioned(id) => addresses.get(id as usize).copied().map(of),
    }
}

fn add_account(
    address: Address,
    deeds: u64,
    accounts: &mut AccountAccess,
    wildcards: &mut Vec<Address>,
    relied_on: &mut Vec<Location>,
) {
    let lists = [
        (deed::BALANCE_READ, &mut accounts.balance_reads),
        (deed::BALANCE_DEBIT, &mut accounts.balance_debits),
        (deed::BALANCE_CREDIT, &mut accounts.balance_credits),
        (deed::NONCE, &mut accounts.nonces),
        (deed::CODE_READ, &mut accounts.code_reads),
        (deed::CREATED, &mut accounts.created),
        (deed::DESTROYED, &mut accounts.destroyed),
        (deed::DELEGATED, &mut accounts.delegated),
        (deed::WILDCARD, wildcards),
    ];
    for (deed, list) in lists {
        if deeds & deed != 0 {
            list.push(address);
        }
    }
    let words = [
        (deed::RELIED_BALANCE, Location::Balance(address)),
        (deed::RELIED_NONCE, Location::Nonce(address)),
        (deed::RELIED_CODE, Location::Code(address)),
    ];
    relied_on.extend(words.into_iter().filter(|word| deeds & word.0 != 0).map(|word| word.1));
}
