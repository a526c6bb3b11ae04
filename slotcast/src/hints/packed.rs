//! How do predictions travel in few bytes?
//!
//! In: predictions of one block or batch. Out: bytes; and from bytes, the predictions.
//! Invariants: nothing is lost but the *values* of the state words relied on and the hashes of codes,
//! which the receiver's own state has; unpacking returns an error or predictions on any bytes, in
//! memory bounded by their number; packing is deterministic.
//!
//! The form is RLP, one list for each block, several of them one behind the other:
//!
//! ```text
//! block       = ["SLOTHINT", version = 6, [block, chain, analyzer, addresses, slots, transactions]]
//! slot        = [number of the address, key without leading zeros]
//! transaction = [index, coverage, gaps, state words read, accounts, storage, relied on, values,
//!                balances, changes]
//! accounts    = [balances read, spent from, credited, nonces, codes read, created, destroyed,
//!                delegated, any slot]
//! storage     = [read, written, only added to]
//! relied on   = [slots, balances, nonces, codes]
//! values      = [[slot, value left in it], ...]
//! balances    = [[address, what is added modulo 2^256], ...]
//! changes     = [[address, 1 if it is destroyed, nonces taken, [code left] or []], ...]
//! ```
//!
//! Each address and each slot stands once in a block; the lists of a transaction hold their numbers.
//! Coverage is 0 complete, 1 assuming, 2 partial; gaps are the texts that the prediction file has.

use alloy_primitives::{Address, Bytes, U256, map::HashMap};
use alloy_rlp::{Decodable, Encodable, Error, Header, RlpDecodable, RlpEncodable};
use slotcast_model::{
    AccountAccess, AccountLeft, Coverage, Gap, Location, Prediction, Slot, StorageAccess, TxIndex,
};

use super::Head;

/// How the list of a block begins, behind its length: a string of eight bytes.
const MAGIC: &[u8; 9] = b"\x88SLOTHINT";

/// The version of the packed form.
const VERSION: u64 = 6;

/// Predictions of one block as they arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedBlock {
    /// What the predictions are of.
    pub head: Head,
    /// The predictions.
    pub txs: Vec<PackedTx>,
}

/// A prediction as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedTx {
    /// The transaction's position.
    pub tx: TxIndex,
    /// What was predicted; the state words it relied on are counted, and listed beside it.
    pub prediction: Prediction,
    /// Where the state words are that the prediction relied on, ascending.
    pub relied_on: Vec<Location>,
}

#[derive(Default, RlpEncodable, RlpDecodable)]
struct Body {
    block: u64,
    chain_id: u64,
    analyzer: u32,
    addresses: Vec<Address>,
    slots: Vec<Key>,
    txs: Vec<Row>,
}

#[derive(Clone, Copy, RlpEncodable, RlpDecodable)]
struct Key {
    address: u64,
    key: U256,
}

#[derive(Default, RlpEncodable, RlpDecodable)]
struct Row {
    index: u32,
    coverage: u64,
    gaps: Vec<String>,
    n_state_reads: u64,
    accounts: Vec<Vec<u64>>,
    storage: Vec<Vec<u64>>,
    relied_on: Vec<Vec<u64>>,
    values: Vec<Left>,
    balances: Vec<Added>,
    changes: Vec<Changed>,
}

/// The number of a slot, and the value that is left in it.
#[derive(Debug, Clone, RlpEncodable, RlpDecodable)]
struct Left {
    slot: u64,
    value: U256,
}

/// The number of an address, and what is added to its balance.
#[derive(Debug, Clone, RlpEncodable, RlpDecodable)]
struct Added {
    address: u64,
    change: U256,
}

/// The number of an address, and what is left of the account.
#[derive(Debug, Clone, RlpEncodable, RlpDecodable)]
struct Changed {
    address: u64,
    is_destroyed: bool,
    nonces: u64,
    code: Vec<Bytes>,
}

/// Whether these bytes begin as packed predictions do.
pub fn is_packed(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1 + size_of::<u64>() + MAGIC.len())];
    start.windows(MAGIC.len()).any(|window| window == MAGIC)
}

/// The predictions of one block as bytes; blocks may be put one behind the other.
///
/// ```
/// use slotcast::{hints::{pack, unpack}, model::{Prediction, TxIndex}};
///
/// let bytes = pack(5.into(), [(TxIndex(2), &Prediction::default())]);
/// assert_eq!(unpack(&bytes).unwrap()[0].txs[0].tx, TxIndex(2));
/// ```
pub fn pack<'a>(
    head: Head,
    predictions: impl IntoIterator<Item = (TxIndex, &'a Prediction)>,
) -> Vec<u8> {
    let mut packer = Packer::default();
    let rows = predictions.into_iter().map(|(tx, prediction)| packer.row(tx, prediction));
    let txs = rows.collect();
    let Head { chain_id, block, analyzer } = head;
    let body = Body { block, chain_id, analyzer, txs, ..packer.body };
    let mut out = Vec::new();
    let payload_length = MAGIC.len() + VERSION.length() + body.length();
    Header { list: true, payload_length }.encode(&mut out);
    out.extend(MAGIC);
    VERSION.encode(&mut out);
    body.encode(&mut out);
    out
}

/// A block in the making.
#[derive(Default)]
struct Packer {
    body: Body,
    addresses: HashMap<Address, u64>,
    slots: HashMap<Slot, u64>,
}

impl Packer {
    fn row(&mut self, tx: TxIndex, prediction: &Prediction) -> Row {
        let mut accounts = prediction.accounts().clone();
        let mut wildcards = prediction.wildcards().to_vec();
        let accounts = account_lists(&mut accounts, &mut wildcards)
            .map(|list| list.iter().map(|address| self.address(*address)).collect());
        let StorageAccess { reads, writes, deltas } = prediction.storage();
        let storage =
            [reads, writes, deltas].map(|list| list.iter().map(|slot| self.slot(*slot)).collect());
        let mut relied_on = vec![Vec::new(); 4];
        for word in prediction.relied_on() {
            match word.location {
                Location::Storage(slot) => relied_on[0].push(self.slot(slot)),
                Location::Balance(address) => relied_on[1].push(self.address(address)),
                Location::Nonce(address) => relied_on[2].push(self.address(address)),
                Location::Code(address) => relied_on[3].push(self.address(address)),
            }
        }
        Row {
            index: tx.0,
            coverage: prediction.coverage() as u64,
            gaps: prediction.gaps().iter().map(|gap| gap.text().to_owned()).collect(),
            n_state_reads: prediction.n_state_reads() as u64,
            accounts: accounts.into(),
            storage: storage.into(),
            relied_on,
            values: {
                let values = prediction.values().iter();
                values.map(|(slot, value)| Left { slot: self.slot(*slot), value: *value }).collect()
            },
            balances: {
                let changes = prediction.balance_changes().iter();
                let added = |&(address, change)| Added { address: self.address(address), change };
                changes.map(added).collect()
            },
            changes: prediction.account_changes().iter().map(|it| self.changed(it)).collect(),
        }
    }

    fn changed(&mut self, (address, change): &(Address, AccountLeft)) -> Changed {
        let AccountLeft { is_destroyed, nonces, code } = change.clone();
        let code = code.into_iter().collect();
        Changed { address: self.address(*address), is_destroyed, nonces, code }
    }

    fn address(&mut self, address: Address) -> u64 {
        *self.addresses.entry(address).or_insert_with(|| {
            self.body.addresses.push(address);
            self.body.addresses.len() as u64 - 1
        })
    }

    fn slot(&mut self, slot: Slot) -> u64 {
        let address = self.address(slot.address);
        *self.slots.entry(slot).or_insert_with(|| {
            self.body.slots.push(Key { address, key: slot.key });
            self.body.slots.len() as u64 - 1
        })
    }
}

/// The lists of accounts, in the order of the form.
const fn account_lists<'a>(
    accounts: &'a mut AccountAccess,
    wildcards: &'a mut Vec<Address>,
) -> [&'a mut Vec<Address>; 9] {
    let AccountAccess {
        balance_reads,
        balance_debits,
        balance_credits,
        nonces,
        code_reads,
        created,
        destroyed,
        delegated,
    } = accounts;
    let (spent, credited) = (balance_debits, balance_credits);
    [balance_reads, spent, credited, nonces, code_reads, created, destroyed, delegated, wildcards]
}

/// The blocks that these bytes hold, in their order.
///
/// # Errors
///
/// When the bytes are damaged, cut short or of another version.
pub fn unpack(mut bytes: &[u8]) -> Result<Vec<PackedBlock>, Error> {
    let mut blocks = Vec::new();
    while blocks.is_empty() || !bytes.is_empty() {
        let block = Header::decode_bytes(&mut bytes, true)?;
        let mut block = block.strip_prefix(MAGIC).ok_or(Error::Custom("not SLOTHINT"))?;
        if u64::decode(&mut block)? != VERSION {
            return Err(Error::Custom("another version of the form; use the same slotcast"));
        }
        let body = Body::decode(&mut block)?;
        let head = Head { chain_id: body.chain_id, block: body.block, analyzer: body.analyzer };
        let txs = body.txs.iter().map(|row| body.tx(row)).collect::<Result<_, _>>()?;
        blocks.push(PackedBlock { head, txs });
    }
    Ok(blocks)
}

impl Body {
    fn tx(&self, row: &Row) -> Result<PackedTx, Error> {
        let coverage = at(&Coverage::ALL, row.coverage)?;
        let gap = |text: &String| Gap::from_text(text).ok_or(Error::Custom("an unknown gap"));
        let gaps = row.gaps.iter().map(gap).collect::<Result<_, _>>()?;
        let (mut accounts, mut wildcards) = (AccountAccess::default(), Vec::new());
        let into = account_lists(&mut accounts, &mut wildcards);
        for (list, numbers) in into.into_iter().zip(&row.accounts) {
            *list = numbers.iter().map(|n| at(&self.addresses, *n)).collect::<Result<_, _>>()?;
        }
        let slots = |list: usize| row.storage.get(list).into_iter().flatten();
        let slots = |list| slots(list).map(|n| self.slot(*n)).collect::<Result<_, _>>();
        let storage = StorageAccess { reads: slots(0)?, writes: slots(1)?, deltas: slots(2)? };
        let mut relied_on = Vec::new();
        let of = [Location::Balance, Location::Nonce, Location::Code];
        for slot in row.relied_on.first().into_iter().flatten() {
            relied_on.push(Location::Storage(self.slot(*slot)?));
        }
        for (numbers, location) in row.relied_on.iter().skip(1).zip(of) {
            for n in numbers {
                relied_on.push(location(at(&self.addresses, *n)?));
            }
        }
        relied_on.sort_unstable();
        let n_state_reads = usize::try_from(row.n_state_reads).map_err(|_| Error::Overflow)?;
        let prediction =
            Prediction::stated(storage, accounts, wildcards, coverage, gaps, n_state_reads);
        let left = row.values.iter().map(|left| Ok((self.slot(left.slot)?, left.value)));
        let prediction = prediction.with_values(left.collect::<Result<_, Error>>()?);
        let added = row.balances.iter().map(|it| Ok((at(&self.addresses, it.address)?, it.change)));
        let prediction = prediction.with_balance_changes(added.collect::<Result<_, Error>>()?);
        let changes = row.changes.iter().map(|it| self.changed(it));
        let prediction = prediction.with_account_changes(changes.collect::<Result<_, Error>>()?);
        Ok(PackedTx { tx: TxIndex(row.index), prediction, relied_on })
    }

    fn changed(&self, it: &Changed) -> Result<(Address, AccountLeft), Error> {
        let Changed { address, is_destroyed, nonces, code } = it;
        let code = match code.as_slice() {
            [] => None,
            [code] => Some(code.clone()),
            _ => return Err(Error::Custom("an account is left with one code at most")),
        };
        let change = AccountLeft { is_destroyed: *is_destroyed, nonces: *nonces, code };
        Ok((at(&self.addresses, *address)?, change))
    }

    fn slot(&self, number: u64) -> Result<Slot, Error> {
        let Key { address, key } = at(&self.slots, number)?;
        Ok(Slot::new(at(&self.addresses, address)?, key))
    }
}

/// What stands at a number that bytes state.
fn at<T: Copy>(list: &[T], number: u64) -> Result<T, Error> {
    let number = usize::try_from(number).ok();
    number.and_then(|n| list.get(n)).copied().ok_or(Error::Custom("a number is out of range"))
}

#[cfg(test)]
mod tests;
