//! Which blocks are generated?
//!
//! In: a source of numbers. Out: [`Made`]: accounts, contracts and transactions of every type that
//! depend on one another, some of which cannot be included where they stand.
//! Invariant: signatures are dummies, because senders come recovered.

use alloy_consensus::{
    Header, SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxEnvelope, TxLegacy,
    crypto::secp256k1::recover_signer, transaction::Recovered,
};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use slotcast::{
    executor::{AccountRecord, Block, CodeRecord, ForkChoice, MemoryState},
    model::Fork,
};

use super::programs::{anybody, init, program};
use crate::random::Random;

/// The account paid for most blocks.
pub(super) const BENEFICIARY: Address = Address::repeat_byte(0xbe);
const ETHER: u64 = 1_000_000_000_000_000_000;
const N_SENDERS: usize = 9;
const N_CONTRACTS: usize = 5;
const NUMBER: u64 = 5_000;

/// Forks up to the last that mainnet has had.
const FORKS: &[Fork] = {
    let (past, _) = Fork::ALL.split_at(14);
    past
};

/// A sender.
pub(super) const fn sender(n: usize) -> Address {
    numbered(0x40, n % N_SENDERS)
}

/// A contract.
pub(super) const fn contract(n: usize) -> Address {
    numbered(0x80, n % N_CONTRACTS)
}

const fn numbered(first: u8, n: usize) -> Address {
    let mut bytes = [0x11; 20];
    bytes[19] = first + n as u8;
    Address::new(bytes)
}

/// A block in the making.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) fork: Fork,
    pub(super) beneficiary: Address,
    gas_limit: u64,
    pub(super) accounts: Vec<AccountRecord>,
    transactions: Vec<Recovered<TxEnvelope>>,
    /// Who has delegated code in the block, and to whom.
    pub(super) delegations: Vec<(Address, Address)>,
    nonces: [u64; N_SENDERS],
    /// Contracts with what they make by CREATE2.
    children: Vec<(Address, Address)>,
    /// Whom to call next, the last first: one that makes, what it makes, and so on, so that things
    /// are made, used, destroyed and made again in one block.
    story: Vec<Address>,
}

impl Made {
    /// Any block.
    pub(super) fn random(random: &mut Random) -> Self {
        let fork = random.pick(FORKS);
        let beneficiary = match random.below(3) {
            0 => sender(0),
            1 if random.once_in(3) => contract(0),
            _ => BENEFICIARY,
        };
        let gas_limit = if random.once_in(6) { 8_000_000 } else { 1_000_000_000 };
        let mut made = Self {
            fork,
            beneficiary,
            gas_limit,
            accounts: Vec::new(),
            transactions: Vec::new(),
            delegations: Vec::new(),
            nonces: [0; N_SENDERS],
            children: Vec::new(),
            story: Vec::new(),
        };
        for n in 0..N_SENDERS {
            // Some cannot pay for all they will send, or can only after they were paid.
            let wei =
                random.pick(&[9 * ETHER, 9 * ETHER, 9 * ETHER, ETHER / 5 * 3, 300_000_000, 0]);
            made.account(sender(n), wei, Bytes::new(), vec![]);
        }
        if random.once_in(2) {
            made.account(BENEFICIARY, 5, Bytes::new(), vec![]);
        }
        for n in 0..N_CONTRACTS {
            let wei = random.pick(&[0, 1, 1_500, 3 * ETHER]);
            let storage =
                vec![(U256::ZERO, U256::from(random.below(3))), (U256::ONE, U256::from(7))];
            let code = program(random, fork, contract(n), &mut made.children);
            made.account(contract(n), wei, code.into(), storage);
        }
        if !made.children.is_empty() && random.once_in(2) {
            let (maker, child) = random.pick(&made.children);
            made.story = vec![child, maker, child, maker];
        }
        for _ in 0..3 + random.below(16) {
            made.transaction(random);
        }
        made
    }

    fn account(&mut self, address: Address, wei: u64, code: Bytes, storage: Vec<(U256, U256)>) {
        let nonce = u64::from(!code.is_empty());
        let code = if code.is_empty() { CodeRecord::None } else { CodeRecord::Known(code) };
        let balance = U256::from(wei);
        self.accounts.push(AccountRecord { address, balance, nonce, code, storage });
    }

    fn transaction(&mut self, random: &mut Random) {
        let n = random.below(N_SENDERS);
        // Now and then a nonce is wrong.
        let is_wrong = random.once_in(60);
        let nonce = if is_wrong { self.nonces[n] + 5 } else { self.nonces[n] };
        self.nonces[n] += u64::from(!is_wrong);
        let next = if random.once_in(2) { self.story.pop() } else { None };
        let to = match random.below(12) {
            _ if next.is_some() => TxKind::Call(next.expect("it was just looked at")),
            0 => TxKind::Create,
            1 => TxKind::Call(Address::with_last_byte(random.pick(&[2, 4]))),
            2..5 => TxKind::Call(anybody(random)),
            5 if !self.children.is_empty() => TxKind::Call(random.pick(&self.children).1),
            6 | 7 if !self.delegations.is_empty() => TxKind::Call(random.pick(&self.delegations).0),
            _ => TxKind::Call(contract(random.below(16))),
        };
        let input = match to {
            TxKind::Create if random.once_in(2) => init(random.below(4)).into(),
            TxKind::Create => program(random, self.fork, Address::ZERO, &mut Vec::new()).into(),
            TxKind::Call(_) if random.once_in(4) => Bytes::from(vec![1]),
            TxKind::Call(_) => Bytes::new(),
        };
        let parts = Parts {
            nonce,
            gas_limit: random.pick(&[60_000, 120_000, 900_000, 5_000_000, 5_000_000]),
            price: random.pick(&[if self.fork < Fork::London { 0 } else { 7 }, 10, 50]),
            to,
            value: U256::from(random.pick(&[0, 0, 0, 1, 1_000, ETHER / 2])),
            input,
        };
        let envelope = self.envelope(random, parts);
        self.transactions.push(Recovered::new_unchecked(envelope, sender(n)));
    }

    /// The transaction in one of the types that the fork has.
    fn envelope(&mut self, random: &mut Random, parts: Parts) -> TxEnvelope {
        let since = |first| first <= self.fork;
        let list = AccessList(vec![AccessListItem {
            address: contract(random.below(16)),
            storage_keys: vec![B256::with_last_byte(random.below(3) as u8)],
        }]);
        let signature = signature(1);
        match (random.below(10), parts.to) {
            (0, _) if since(Fork::Berlin) => parts.listed(list).into_signed(signature).into(),
            (1 | 2, _) if since(Fork::London) => parts.dynamic(list).into_signed(signature).into(),
            (3 | 6, TxKind::Call(to)) if since(Fork::Cancun) => {
                parts.blob(to).into_signed(signature).into()
            }
            (4 | 5, TxKind::Call(to)) if since(Fork::Prague) => {
                let delegate = contract(random.below(16));
                let (authority, signed) = authorization(delegate, random.below(2) as u64);
                self.delegations.push((authority, delegate));
                parts.delegating(to, signed).into_signed(signature).into()
            }
            _ => parts.legacy().into_signed(signature).into(),
        }
    }

    /// The block and the state before it.
    pub(super) fn build(&self) -> (Block, MemoryState) {
        let since = |first| first <= self.fork;
        let header = Header {
            number: NUMBER,
            timestamp: 1_000_000,
            gas_limit: self.gas_limit,
            beneficiary: self.beneficiary,
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
            forks: ForkChoice::Fixed(self.fork),
            hash: header.hash_slow(),
            header,
            transactions: self.transactions.iter().cloned().map(|tx| tx.map(Into::into)).collect(),
            withdrawals: since(Fork::Shanghai).then(Vec::new),
            ommers: Vec::new(),
        };
        let hashes = (1..=256).map(|n| (NUMBER - n, B256::from(U256::from(n))));
        (block, MemoryState::new(NUMBER, self.accounts.iter().cloned(), hashes))
    }
}

/// What transactions of every type have.
struct Parts {
    nonce: u64,
    gas_limit: u64,
    price: u128,
    to: TxKind,
    value: U256,
    input: Bytes,
}

impl Parts {
    fn legacy(self) -> TxLegacy {
        let Self { nonce, gas_limit, price, to, value, input } = self;
        TxLegacy { chain_id: None, nonce, gas_price: price, gas_limit, to, value, input }
    }

    fn listed(self, access_list: AccessList) -> TxEip2930 {
        let Self { nonce, gas_limit, price, to, value, input } = self;
        TxEip2930 { chain_id: 1, nonce, gas_price: price, gas_limit, to, value, input, access_list }
    }

    fn dynamic(self, access_list: AccessList) -> TxEip1559 {
        let Self { nonce, gas_limit, price, to, value, input } = self;
        TxEip1559 {
            chain_id: 1,
            nonce,
            gas_limit,
            max_fee_per_gas: 2 * price,
            max_priority_fee_per_gas: 2,
            to,
            value,
            access_list,
            input,
        }
    }

    fn blob(self, to: Address) -> TxEip4844 {
        let Self { nonce, gas_limit, price, value, input, .. } = self;
        let mut hash = B256::with_last_byte(1);
        hash.0[0] = 1;
        TxEip4844 {
            chain_id: 1,
            nonce,
            gas_limit,
            max_fee_per_gas: 2 * price,
            max_priority_fee_per_gas: 2,
            to,
            value,
            access_list: AccessList::default(),
            blob_versioned_hashes: vec![hash],
            max_fee_per_blob_gas: 1_000,
            input,
        }
    }

    fn delegating(self, to: Address, signed: SignedAuthorization) -> TxEip7702 {
        let Self { nonce, gas_limit, price, value, input, .. } = self;
        TxEip7702 {
            chain_id: 1,
            nonce,
            gas_limit,
            max_fee_per_gas: 2 * price,
            max_priority_fee_per_gas: 2,
            to,
            value,
            access_list: AccessList::default(),
            authorization_list: vec![signed],
            input,
        }
    }
}

fn signature(r: u64) -> Signature {
    Signature::new(U256::from(r), U256::ONE, false)
}

/// An authorization to run the code of `delegate`, and the account that happens to have signed it:
/// nearly every signature is target's.
fn authorization(delegate: Address, nonce: u64) -> (Address, SignedAuthorization) {
    let authorization = Authorization { chain_id: U256::ONE, address: delegate, nonce };
    let hash = authorization.signature_hash();
    let signed = (1..).find_map(|r| {
        let signature = signature(r);
        let signer = recover_signer(&signature, hash).ok()?;
        Some((signer, authorization.clone().into_signed(signature)))
    });
    signed.expect("every other signature is target's")
}
