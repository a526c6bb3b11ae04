//! Which programs are tried?
//!
//! In: a source of numbers and a fork. Out: [`Made`]: a block of one to three transactions that run
//! random programs, and the state before it.
//! Invariant: what an instruction gives mostly ends up in the key of a slot, so that a value that was
//! predicted wrongly shows as a slot that was not predicted.

use alloy_consensus::{
    Header, SignableTransaction, TxEip7702, TxEnvelope, TxLegacy,
    crypto::secp256k1::recover_signer, transaction::Recovered,
};
use alloy_eips::{
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use slotcast::{
    analyzer::bytecode::delegation_to,
    executor::{AccountRecord, Block, CodeRecord, ForkChoice, MemoryState},
    model::Fork,
};
use slotcast_tests::{asm::assemble, random::Random};

const BENEFICIARY: Address = Address::repeat_byte(0xbe);
const STRANGER: Address = Address::repeat_byte(0xee);
const N_SENDERS: usize = 3;
const N_CONTRACTS: usize = 4;
const NUMBER: u64 = 5_000;
const TIME: u64 = 1_000_000;
const PRICE: u128 = 10;

/// A block with the state before it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) block: Block,
    pub(super) state: MemoryState,
    /// Its programs, to be shown.
    pub(super) texts: Vec<String>,
}

pub(super) const fn sender(n: usize) -> Address {
    numbered(0x40, n % N_SENDERS)
}

pub(super) const fn contract(n: usize) -> Address {
    numbered(0x80, n)
}

const fn numbered(first: u8, n: usize) -> Address {
    let mut bytes = [0x11; 20];
    bytes[19] = first + n as u8;
    Address::new(bytes)
}

/// A transaction to be made.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) from: Address,
    pub(super) nonce: u64,
    pub(super) to: TxKind,
    pub(super) value: U256,
    pub(super) gas: u64,
    pub(super) input: Bytes,
    pub(super) authorizations: Vec<SignedAuthorization>,
}

impl Sent {
    /// A call with as much gas as is needed.
    pub(super) fn call(from: Address, nonce: u64, to: Address) -> Self {
        let (value, gas, input) = (U256::ZERO, 8_000_000, Bytes::new());
        Self { from, nonce, to: TxKind::Call(to), value, gas, input, authorizations: Vec::new() }
    }

    fn seal(self) -> Recovered<TxEnvelope> {
        let Self { from, nonce, to, value, gas, input, authorizations } = self;
        let signature = signature(1);
        let envelope: TxEnvelope = match to {
            TxKind::Call(to) if !authorizations.is_empty() => TxEip7702 {
                chain_id: 1,
                nonce,
                gas_limit: gas,
                max_fee_per_gas: PRICE,
                max_priority_fee_per_gas: 2,
                to,
                value,
                access_list: Default::default(),
                authorization_list: authorizations,
                input,
            }
            .into_signed(signature)
            .into(),
            _ => {
                let (chain_id, gas_price) = (None, PRICE);
                TxLegacy { chain_id, nonce, gas_price, gas_limit: gas, to, value, input }
                    .into_signed(signature)
                    .into()
            }
        };
        Recovered::new_unchecked(envelope, from)
    }
}

/// An account with code.
pub(super) fn account(address: Address, wei: u64, nonce: u64, code: Vec<u8>) -> AccountRecord {
    let code = if code.is_empty() { CodeRecord::None } else { CodeRecord::Known(code.into()) };
    AccountRecord { address, balance: U256::from(wei), nonce, code, storage: Vec::new() }
}

/// The block of these transactions on these accounts, senders and system contracts beside them.
pub(super) fn made(fork: Fork, accounts: Vec<AccountRecord>, txs: Vec<Sent>) -> Made {
    let since = |first| first <= fork;
    let header = Header {
        number: NUMBER,
        timestamp: TIME,
        gas_limit: 100_000_000,
        beneficiary: BENEFICIARY,
        difficulty: if since(Fork::Paris) { U256::ZERO } else { U256::from(1_000) },
        mix_hash: B256::with_last_byte(7),
        parent_hash: B256::with_last_byte(8),
        base_fee_per_gas: since(Fork::London).then_some(7),
        blob_gas_used: since(Fork::Cancun).then_some(0),
        excess_blob_gas: since(Fork::Cancun).then_some(0),
        parent_beacon_block_root: since(Fork::Cancun).then_some(B256::with_last_byte(9)),
        ..Header::default()
    };
    let block = Block {
        chain_id: 1,
        forks: ForkChoice::Fixed(fork),
        hash: header.hash_slow(),
        header,
        transactions: txs.into_iter().map(|sent| sent.seal().map(Into::into)).collect(),
        withdrawals: since(Fork::Shanghai).then(Vec::new),
        ommers: Vec::new(),
    };
    let senders = (0..N_SENDERS).map(|n| account(sender(n), u64::MAX, 0, Vec::new()));
    let system = [
        account(BEACON_ROOTS_ADDRESS, 0, 1, BEACON_ROOTS_CODE.to_vec()),
        account(HISTORY_STORAGE_ADDRESS, 0, 1, HISTORY_STORAGE_CODE.to_vec()),
    ];
    let hashes = (1..=256).map(|n| (NUMBER - n, B256::from(U256::from(n))));
    let accounts = senders.chain(system).chain(accounts);
    Made { block, state: MemoryState::new(NUMBER, accounts, hashes), texts: Vec::new() }
}

/// A block of random programs.
pub(super) fn random_block(random: &mut Random, fork: Fork) -> Made {
    let authorizations: Vec<_> = match Fork::Prague <= fork {
        true => (0..3).map(|n| random_authorization(random, n)).collect(),
        false => Vec::new(),
    };
    let mut places: Vec<Address> = (0..N_CONTRACTS).map(contract).collect();
    places.extend([sender(0), sender(1), BENEFICIARY, STRANGER, BEACON_ROOTS_ADDRESS]);
    places.extend([Address::with_last_byte(1), Address::with_last_byte(4)]);
    places.extend(authorizations.iter().map(|(authority, _)| *authority));
    let (mut accounts, mut texts) = (Vec::new(), Vec::new());
    for n in 0..N_CONTRACTS {
        let keeps_pointer = random.once_in(3);
        let mut writer = Writer { random, fork, places: &places, keeps_pointer, n_labels: 0 };
        let text = writer.program();
        let code = assemble(&text).expect("the program is well formed");
        accounts.push(account(contract(n), random.pick(&[0, 1, 9, 1_000]), 1, code));
        texts.push(text);
    }
    for (authority, _) in &authorizations {
        match random.below(4) {
            0 => accounts.push(account(*authority, 5, 1, vec![0])),
            1 => {
                let code = delegation_to(contract(1)).to_vec();
                accounts.push(account(*authority, 5, random.below(2) as u64, code));
            }
            2 => accounts.push(account(*authority, 5, 0, Vec::new())),
            _ => {}
        }
    }
    let mut nonces = [0; N_SENDERS];
    let txs = (0..1 + random.below(3)).map(|_| {
        let n = random.below(2);
        nonces[n] += 1;
        let mut sent = Sent::call(sender(n), nonces[n] - 1, random.pick(&places[..N_CONTRACTS]));
        sent.gas = random.pick(&[40_000, 60_000, 90_000, 150_000, 400_000, 8_000_000]);
        sent.gas += random.below(10_000) as u64;
        sent.value = U256::from(random.pick(&[0, 0, 3]));
        sent.input = random.bytes(random.clone().below(40)).into();
        if !authorizations.is_empty() && random.once_in(2) {
            let chosen = (0..1 + random.below(3)).map(|_| random.below(authorizations.len()));
            let chosen: Vec<_> = chosen.map(|n| authorizations[n].clone()).collect();
            if random.once_in(2) {
                sent.to = TxKind::Call(chosen[0].0);
            }
            sent.authorizations = chosen.into_iter().map(|(_, signed)| signed).collect();
        }
        sent
    });
    let txs = txs.collect();
    Made { texts, ..made(fork, accounts, txs) }
}

fn random_authorization(random: &mut Random, n: usize) -> (Address, SignedAuthorization) {
    let delegate = match random.below(6) {
        0 => Address::ZERO,
        _ => contract(random.below(N_CONTRACTS)),
    };
    let chain_id = random.pick(&[0, 1, 1, 5]);
    authorization(delegate, chain_id, random.below(2) as u64, n)
}

fn signature(r: u64) -> Signature {
    Signature::new(U256::from(r), U256::ONE, false)
}

/// An authorization to run the code of `delegate`, and the account that happens to have signed it; the
/// `n`th that there is.
pub(super) fn authorization(
    delegate: Address,
    chain_id: u64,
    nonce: u64,
    n: usize,
) -> (Address, SignedAuthorization) {
    let authorization = Authorization { chain_id: U256::from(chain_id), address: delegate, nonce };
    let hash = authorization.signature_hash();
    let signed = (1..).filter_map(|r| {
        let signature = signature(r);
        let signer = recover_signer(&signature, hash).ok()?;
        Some((signer, authorization.clone().into_signed(signature)))
    });
    signed.clone().nth(n).expect("every other signature is one")
}

/// Writes one program.
struct Writer<'a> {
    random: &'a mut Random,
    fork: Fork,
    places: &'a [Address],
    /// Whether it keeps a free memory pointer, as compiled code does, and what it likes in memory.
    keeps_pointer: bool,
    n_labels: usize,
}

impl Writer<'_> {
    fn program(&mut self) -> String {
        let mut text = String::new();
        if self.keeps_pointer {
            let first = self.random.pick(&[128, 192]);
            text += &format!("push {first} push 64 mstore push 0 push 160 mstore ");
        }
        for _ in 0..1 + self.random.below(6) {
            text += &self.statement(2);
        }
        text + &self.end()
    }

    fn end(&mut self) -> String {
        let (at, len) = (self.small(), self.small());
        match self.random.below(9) {
            0 | 1 => format!("push {len} push {at} return "),
            2 | 3 => format!("push {len} push {at} revert "),
            4 => "invalid ".to_owned(),
            5 => format!("{} selfdestruct ", self.place()),
            _ => "stop ".to_owned(),
        }
    }

    /// Leaves the stack as it was.
    fn statement(&mut self, depth: usize) -> String {
        let n = self.random.below(16);
        let (a, b, c) = (self.small(), self.small(), self.small());
        match n {
            0..7 if self.keeps_pointer && self.random.once_in(2) => self.through_pointers(),
            0..5 => format!("{} push {a} add sload pop ", self.value()),
            5 => format!("{} push {a} sstore ", self.value()),
            6 => format!("push 1 {} sstore ", self.value()),
            7 => format!("push {a} push {b} log0 "),
            8 => format!("{} push {a} {} ", self.value(), self.random.pick(&["mstore", "mstore8"])),
            9 => {
                let copy = self.random.pick(&["calldatacopy", "codecopy", "returndatacopy"]);
                format!("push {a} push {b} push {c} {copy} ")
            }
            10 => format!("push {a} push {b} push {c} {} extcodecopy ", self.place()),
            11 if Fork::Cancun <= self.fork => match self.random.below(2) {
                0 => format!("push {a} push {b} push {c} mcopy "),
                _ => format!("{} push 1 tstore push 1 tload sload pop ", self.value()),
            },
            12 => "returndatasize push 0 push 0 returndatacopy ".to_owned(),
            13 if Fork::Amsterdam <= self.fork => self.deep(),
            _ if depth != 0 => {
                self.n_labels += 1;
                let label = format!("l{}", self.n_labels);
                let inner = self.statement(depth - 1) + &self.statement(depth - 1);
                let condition = match self.random.below(4) {
                    0 => format!("push {} gas lt ", self.random.pick(&[1_000, 30_000, 200_000])),
                    _ => self.value() + "iszero ",
                };
                format!("{condition} push {label} jumpi {inner} {label}: ")
            }
            _ => format!("{} sload pop ", self.value()),
        }
    }

    /// Memory reached by the free memory pointer, by what was put away, and by any number.
    fn through_pointers(&mut self) -> String {
        let (at, other) = (self.pointer(), self.pointer());
        match self.random.below(8) {
            0..3 => format!("{} {at} mstore ", self.value()),
            3 => format!("{at} mload sload pop "),
            4 => format!("push {} {at} keccak256 sload pop ", self.random.pick(&[32, 64])),
            5 => format!("push 64 push 0 keccak256 {other} mload add sload pop "),
            6 => "push 64 mload push 64 add push 64 mstore ".to_owned(),
            _ => {
                let from = self.random.pick(&["calldatacopy", "codecopy"]);
                format!("push 33 push 0 {at} {from} ")
            }
        }
    }

    /// Pushes a place in memory.
    fn pointer(&mut self) -> String {
        match self.random.below(8) {
            0..3 => "push 64 mload ".to_owned(),
            3 => "push 32 push 64 mload add ".to_owned(),
            4 => "push 160 mload ".to_owned(),
            5 => "push 0 calldataload push 248 shr ".to_owned(),
            6 => "push 1 calldataload push 251 shr ".to_owned(),
            _ => format!("push {} ", self.random.pick(&[0, 32, 128, 160, 192])),
        }
    }

    /// Instructions of EIP-8024 on a stack that is deep enough, or nearly.
    fn deep(&mut self) -> String {
        let n = self.random.pick(&[17, 18, 24]);
        let pushes: String = (0..n).map(|n| format!("push {} ", 100 + n)).collect();
        let opcode = self.random.pick(&["0xe6", "0xe7", "0xe8"]);
        let immediate =
            self.random.pick(&[0x80_u8, 0x81, 0x82, 0x8e, 0x8f, 0x9d, 0x10, 0x5b, 0x00]);
        // What DUPN leaves more is popped by what the others leave alone.
        let observed = "dup1 sload pop dup2 push 1000 add sload pop ";
        let pops: String = (0..n).map(|_| "pop ").collect();
        format!("{pushes} bytes {opcode}{immediate:02x} {observed} {pops} ")
    }

    /// A small number, now and then one that memory does not reach.
    fn small(&mut self) -> u64 {
        match self.random.below(40) {
            0 => 1 << 40,
            1 => 1 << 17,
            2 => 5_000,
            _ => self.random.pick(&[0, 0, 1, 2, 5, 31, 32, 33, 64]),
        }
    }

    /// Pushes an account.
    fn place(&mut self) -> String {
        match self.random.below(8) {
            0 => "address".to_owned(),
            1 => "caller".to_owned(),
            2 => "origin".to_owned(),
            _ => format!("push20 {}", self.random.pick(self.places)).to_lowercase(),
        }
    }

    /// Leaves one word more.
    fn value(&mut self) -> String {
        let a = self.small();
        match self.random.below(20) {
            0..6 => self.call(),
            6..9 => self.create(),
            9 if Fork::Petersburg <= self.fork => format!("{} extcodehash ", self.place()),
            10 => format!("{} extcodesize ", self.place()),
            11 | 12 => format!("{} balance ", self.place()),
            13 => "msize ".to_owned(),
            14 => "returndatasize ".to_owned(),
            15 => format!("push {a} mload "),
            16 => format!("push {} push {a} keccak256 ", self.small()),
            17 => format!("push {} sload ", a % 4),
            18 => "callvalue ".to_owned(),
            _ => "push 0 calldataload push 250 shr ".to_owned(),
        }
    }

    fn call(&mut self) -> String {
        let (a, b, c, d) = (self.small(), self.small(), self.small(), self.small());
        let gas = match self.random.below(6) {
            0 => format!("push {}", self.random.pick(&[0, 100, 2_300, 5_000, 30_000])),
            _ => "gas".to_owned(),
        };
        let target = self.place();
        let ranges = format!("push {a} push {b} push {c} push {d} ");
        let value = self.random.pick(&["0", "0", "1", "3", "9", "5000"]);
        match self.random.below(7) {
            0..3 => format!("{ranges} push {value} {target} {gas} call "),
            3 => format!("{ranges} push {value} {target} {gas} callcode "),
            4 => format!("{ranges} {target} {gas} delegatecall "),
            _ => format!("{ranges} {target} {gas} staticcall "),
        }
    }

    /// Creates a contract from init code of a few bytes.
    fn create(&mut self) -> String {
        let init = self.random.pick(&[
            "0x00",                         // stop
            "0xfe",                         // invalid
            "0x33ff",                       // caller selfdestruct
            "0x30ff",                       // address selfdestruct
            "0x60006000fd",                 // revert
            "0x60ef60005360016000f3",       // returns 0xef
            "0x600160005360016000f3",       // returns 0x01, which fails when called
            "0x600060005360016000f3",       // returns 0x00, which stops
            "0x6133ff60005260026000601ef3", // returns nonsense
            "0x6133ff6000526002601ef3",     // returns caller selfdestruct
            "0x600154600155305450",         // loads and stores of its own
            "0x30315460005260206000f3",     // returns 32 bytes
        ]);
        let len = (init.len() - 2) / 2;
        let store = format!("push{len} {init} push 0 mstore ");
        let len = match self.random.below(12) {
            0 => 0,
            1 => 50_000,
            _ => len,
        };
        let at = 32 - (init.len() - 2) / 2;
        let value = self.random.pick(&["0", "0", "1", "9", "5000"]);
        match self.random.below(2) {
            1 if Fork::Petersburg <= self.fork => {
                let salt = self.random.below(2);
                format!("{store} push {salt} push {len} push {at} push {value} create2 ")
            }
            _ => format!("{store} push {len} push {at} push {value} create "),
        }
    }
}
