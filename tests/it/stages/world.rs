//! What does a transaction of a case touch, and in what state?
//!
//! In: a [`Case`] whose programs stand at addresses, the first at [`THIS`]. Out: the bound prediction
//! as text.
//! Invariant: a setting that is not known is refused.
//!
//! | setting | meaning |
//! | --- | --- |
//! | `.calldata 0xa9059cbb 7` | hexadecimal digits stand for themselves, other numbers for a word each |
//! | `.storage 3 7`, `.storage 0xb0b 3 ?` | a slot's word, of the first program or another; `?` is not to be had |
//! | `.balance 0xb0b 7` | the wei of an account |
//! | `.missing 0xb0b` | an account whose code is not to be had |
//! | `.value 7`, `.gas 7` | wei sent, gas to run with |
//! | `.steps 7`, `.reads 7`, `.depth 7` | limits of binding |
//! | `.create yes` | the first program is init code |

use core::{cell::RefCell, fmt::Write as _};
use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256, address, hex};
use slotcast::{
    analyzer::{
        analyze, analyze_with,
        bind::{BindLimits, Binder, BlockWords, Bound, Callee, StateView, TxFrame},
        bytecode::Pc,
        limits::Limits,
        summary::Summary,
    },
    model::{Fork, Location, Slot},
};
use slotcast_tests::case::{Case, address};

/// Where the first program stands.
const THIS: Address = address!("000000000000000000000000000000000000c0de");
/// Who sends the transaction.
const CALLER: Address = address!("000000000000000000000000000000000000ca11");

/// Binds the transaction of `case` and writes what comes of it.
pub(super) fn bound(case: &Case) -> String {
    let mut world = World::new(case);
    let mut limits = BindLimits::default();
    let mut tx = TxFrame {
        caller: CALLER,
        to: Some(THIS),
        nonce: 0,
        n_own_authorizations: 0,
        value: U256::ZERO,
        input: Bytes::new(),
        gas_price: U256::ONE,
        prepaid: U256::ZERO,
        gas: 1_000_000,
        loose: 0,
        access_list: Vec::new(),
        blob_hashes: Vec::new(),
    };
    for (name, value) in &case.settings {
        let words: Vec<&str> = value.split_whitespace().collect();
        match (name.as_str(), words.as_slice()) {
            (".calldata", words) => tx.input = words.iter().flat_map(|word| bytes(word)).collect(),
            (".value", [wei]) => tx.value = number(wei),
            (".gas", [gas]) => tx.gas = number(gas).to(),
            (".steps", [n]) => limits.steps = number(n).to(),
            (".reads", [n]) => limits.state_reads = number(n).to(),
            (".depth", [n]) => limits.depth = number(n).to(),
            (".create", ["yes"]) => (tx.to, tx.input) = (None, case.code.clone().into()),
            (".balance", [account, wei]) => {
                world.balances.insert(place(account), known(wei));
            }
            (".missing", [account]) => {
                world.summaries.get_mut().insert(place(account), None);
            }
            (".storage", [key, word]) => world.store(THIS, key, word),
            (".storage", [account, key, word]) => world.store(place(account), key, word),
            _ => panic!("`{name} {value}` is no setting"),
        }
    }
    let block = BlockWords {
        chain_id: 1,
        number: 100,
        timestamp: 1_700_000_000,
        coinbase: Address::with_last_byte(0xfe),
        gas_limit: 30_000_000,
        base_fee: 1,
        difficulty: U256::ZERO,
        blob_base_fee: U256::ONE,
        slot_number: 0,
    };
    text(&Binder::new(case.fork, limits).bind(&tx, &block, &world))
}

fn number(text: &str) -> U256 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// A number, or none for what is not to be had.
fn known(text: &str) -> Option<U256> {
    (text != "?").then(|| number(text))
}

fn place(text: &str) -> Address {
    address(text).unwrap_or_else(|mistake| panic!("{mistake}"))
}

fn bytes(text: &str) -> Vec<u8> {
    match text.starts_with("0x") {
        true => hex::decode(text).unwrap_or_else(|_| panic!("`{text}` is no bytes")),
        false => number(text).to_be_bytes_vec(),
    }
}

/// The parent state of a case.
struct World {
    fork: Fork,
    codes: BTreeMap<Address, Bytes>,
    /// Summaries made so far; none for accounts whose code is not to be had.
    summaries: RefCell<BTreeMap<Address, Option<Arc<Summary>>>>,
    storage: BTreeMap<(Address, U256), Option<U256>>,
    balances: BTreeMap<Address, Option<U256>>,
}

impl World {
    fn new(case: &Case) -> Self {
        let mut codes = BTreeMap::from([(THIS, case.code.clone().into())]);
        codes.extend(case.others.iter().map(|(at, code)| (*at, code.clone().into())));
        let balances = BTreeMap::from([(CALLER, Some(U256::from(1_000_000_000_u64)))]);
        let (summaries, storage) = (RefCell::default(), BTreeMap::new());
        Self { fork: case.fork, codes, summaries, storage, balances }
    }

    fn store(&mut self, account: Address, key: &str, word: &str) {
        self.storage.insert((account, number(key)), known(word));
    }
}

impl StateView for World {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.storage.get(&(address, key)).copied().unwrap_or(Some(U256::ZERO))
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.balances.get(&address).copied().unwrap_or(Some(U256::ZERO))
    }

    fn nonce(&self, _: Address) -> Option<u64> {
        Some(1)
    }

    fn callee(&self, address: Address) -> Callee {
        let code = self.codes.get(&address).cloned().unwrap_or_default();
        let mut summaries = self.summaries.borrow_mut();
        let make = || Some(Arc::new(analyze(&code, self.fork, &Limits::default())));
        match summaries.entry(address).or_insert_with(make).clone() {
            None => Callee::Unavailable,
            Some(_) if code.is_empty() => Callee::Nothing,
            Some(summary) => Callee::Contract { summary, code },
        }
    }

    fn summarise(&self, code: Bytes) -> Callee {
        if code.is_empty() {
            return Callee::Nothing;
        }
        let summary = Arc::new(analyze(&code, self.fork, &Limits::default()));
        Callee::Contract { summary, code }
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        let before = self.summaries.borrow().get(&address)?.clone()?;
        let mut targets = before.targets().clone();
        if !targets.insert(jump, target) {
            return None;
        }
        let refined = analyze_with(before.code(), self.fork, targets, &Limits::default());
        self.summaries.borrow_mut().insert(address, Some(Arc::new(refined)));
        Some(self.callee(address))
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        Some(U256::from(number).into())
    }
}

/// A bound transaction as text: a line for each list that is not empty.
fn text(bound: &Bound) -> String {
    let Bound { prediction, changes, .. } = bound;
    let mut out = String::new();
    let mut line = |name: &str, entries: Vec<String>| {
        if !entries.is_empty() {
            let _ = writeln!(out, "{name} {}", entries.join(" "));
        }
    };
    let slots = |slots: &[Slot]| slots.iter().map(|slot| slot_text(*slot)).collect();
    let accounts = |list: &[Address]| list.iter().map(|account| name(*account)).collect();
    line("reads", slots(&prediction.storage().reads));
    line("writes", slots(&prediction.storage().writes));
    line("deltas", slots(&prediction.storage().deltas));
    let of = prediction.accounts();
    line("balance-reads", accounts(&of.balance_reads));
    line("debits", accounts(&of.balance_debits));
    line("credits", accounts(&of.balance_credits));
    line("nonces", accounts(&of.nonces));
    line("codes", accounts(&of.code_reads));
    line("created", accounts(&of.created));
    line("destroyed", accounts(&of.destroyed));
    line("any-slot-of", accounts(prediction.wildcards()));
    let relied = prediction.relied_on().iter();
    line("relies-on", relied.map(|read| relied_text(read.location, read.value)).collect());
    let value = |value: &Option<U256>| value.map_or_else(|| "?".to_owned(), word);
    let stored = changes.storage.iter();
    line(
        "leaves",
        stored.map(|(slot, now)| format!("{}={}", slot_text(*slot), value(now))).collect(),
    );
    let moved = changes.balances.iter();
    line("moves", moved.map(|(who, more, less)| format!("{}+{more}-{less}", name(*who))).collect());
    line("by-gas", accounts(&changes.by_gas));
    line("gaps", prediction.gaps().iter().map(|gap| gap.text().replace(' ', "-")).collect());
    let _ = writeln!(out, "{}", prediction.coverage().text());
    out
}

fn name(account: Address) -> String {
    match account {
        THIS => "this".to_owned(),
        CALLER => "caller".to_owned(),
        _ => format!("{:#x}", U256::from_be_bytes(account.into_word().0)),
    }
}

/// Small numbers in decimal, addresses whole, hashes by how they begin.
fn word(value: U256) -> String {
    match value.bit_len() {
        0..=20 => value.to_string(),
        21..=160 => format!("{value:#x}"),
        _ => format!("{:#066x}", value)[..10].to_owned() + "…",
    }
}

fn slot_text(slot: Slot) -> String {
    format!("{}[{}]", name(slot.address), word(slot.key))
}

fn relied_text(location: Location, value: U256) -> String {
    match location {
        Location::Storage(slot) => format!("{}={}", slot_text(slot), word(value)),
        Location::Code(account) => format!("code:{}", name(account)),
        Location::Balance(account) => format!("balance:{}={value}", name(account)),
        Location::Nonce(account) => format!("nonce:{}={value}", name(account)),
    }
}
