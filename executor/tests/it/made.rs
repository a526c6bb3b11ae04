//! How are small blocks made by hand?
//!
//! In: a fork, accounts, transactions. Out: a [`Block`] and its base state.
//! Invariant: signatures are dummies, because senders come recovered.

use alloy_consensus::{
    Header, SignableTransaction, TxEip1559, TxEip4844, TxEip7702, TxEnvelope, TxLegacy,
    crypto::secp256k1::recover_signer, transaction::Recovered,
};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use slotcast_executor::{AccountRecord, Block, CodeRecord, Fork, ForkChoice, MemoryState};

/// One ether.
pub(crate) const ETHER: u64 = 1_000_000_000_000_000_000;

/// The account paid for the blocks made here.
pub(crate) const BENEFICIARY: Address = address(0xbe);

/// Account number `n`, out of the way of precompiles.
pub(crate) const fn address(n: u8) -> Address {
    let mut bytes = [0x11; 20];
    bytes[19] = n;
    Address::new(bytes)
}

/// A mainnet block number and timestamp at which `fork` is active.
pub(crate) fn when(fork: Fork) -> (u64, u64) {
    match fork {
        Fork::Frontier => (100_000, 1_440_000_000),
        Fork::Homestead => (1_300_000, 1_460_000_000),
        Fork::Tangerine => (2_500_000, 1_476_800_000),
        Fork::SpuriousDragon => (3_000_000, 1_484_000_000),
        Fork::Byzantium => (5_000_000, 1_517_000_000),
        Fork::Petersburg => (8_000_000, 1_561_000_000),
        Fork::Istanbul => (10_000_000, 1_588_000_000),
        Fork::Berlin => (12_500_000, 1_621_800_000),
        Fork::London => (14_000_000, 1_642_000_000),
        Fork::Paris => (16_000_000, 1_669_000_000),
        Fork::Shanghai => (18_000_000, 1_693_000_000),
        Fork::Cancun => (20_000_000, 1_718_000_000),
        Fork::Prague => (22_600_000, 1_748_700_000),
        Fork::Osaka => (23_950_000, 1_765_000_000),
        Fork::Amsterdam => panic!("mainnet has no date for it"),
    }
}

/// A block in the making.
pub(crate) struct Made {
    fork: Fork,
    accounts: Vec<AccountRecord>,
    transactions: Vec<Recovered<TxEnvelope>>,
    pub(crate) gas_limit: u64,
    pub(crate) base_fee: u64,
    pub(crate) beneficiary: Address,
}

impl Made {
    pub(crate) fn new(fork: Fork) -> Self {
        let (accounts, transactions) = (vec![], vec![]);
        let base_fee = if fork < Fork::London { 0 } else { 7 };
        Self {
            fork,
            accounts,
            transactions,
            gas_limit: 100_000_000,
            base_fee,
            beneficiary: BENEFICIARY,
        }
    }

    pub(crate) fn account(&mut self, address: Address, wei: u64) -> &mut Self {
        self.contract(address, wei, &[], &[])
    }

    pub(crate) fn contract(
        &mut self,
        address: Address,
        wei: u64,
        code: &[u8],
        storage: &[(u64, u64)],
    ) -> &mut Self {
        let code = match code {
            [] => CodeRecord::None,
            code => CodeRecord::Known(Bytes::copy_from_slice(code)),
        };
        let nonce = match code {
            CodeRecord::None => 0,
            _ => 1,
        };
        let storage =
            storage.iter().map(|(key, value)| (U256::from(*key), U256::from(*value))).collect();
        self.accounts.push(AccountRecord {
            address,
            balance: U256::from(wei),
            nonce,
            code,
            storage,
        });
        self
    }

    pub(crate) fn record(&mut self, record: AccountRecord) -> &mut Self {
        self.accounts.push(record);
        self
    }

    /// Sends `wei` and `input` from `from`, whose nonce must be `nonce`.
    pub(crate) fn send(&mut self, from: Address, nonce: u64, to: TxKind, call: Call) -> &mut Self {
        let Call { wei, gas_limit, gas_price, input } = call;
        let tx = TxLegacy {
            chain_id: None,
            nonce,
            gas_price,
            gas_limit,
            to,
            value: U256::from(wei),
            input,
        };
        self.push(tx.into_signed(signature(1)).into(), from)
    }

    /// Pays `wei` from `from` to `to`.
    pub(crate) fn pay(&mut self, from: Address, nonce: u64, to: Address, wei: u64) -> &mut Self {
        self.send(from, nonce, TxKind::Call(to), Call { wei, ..Call::default() })
    }

    /// Calls `to` from `from` with an access list of these slots of `to`.
    pub(crate) fn call_with_list(
        &mut self,
        from: Address,
        nonce: u64,
        to: Address,
        slots: &[u64],
    ) -> &mut Self {
        let storage_keys = slots.iter().map(|slot| B256::from(U256::from(*slot))).collect();
        let tx = TxEip1559 {
            chain_id: 1,
            nonce,
            gas_limit: 200_000,
            max_fee_per_gas: 100,
            max_priority_fee_per_gas: 2,
            to: TxKind::Call(to),
            value: U256::ZERO,
            access_list: AccessList(vec![AccessListItem { address: to, storage_keys }]),
            input: Bytes::new(),
        };
        self.push(tx.into_signed(signature(1)).into(), from)
    }

    /// Calls `to` from `from` with one blob.
    pub(crate) fn blob(&mut self, from: Address, nonce: u64, to: Address) -> &mut Self {
        let tx = TxEip4844 {
            chain_id: 1,
            nonce,
            gas_limit: 100_000,
            max_fee_per_gas: 100,
            max_priority_fee_per_gas: 2,
            to,
            value: U256::ZERO,
            access_list: AccessList::default(),
            blob_versioned_hashes: vec![B256::with_last_byte(1)],
            max_fee_per_blob_gas: 1_000,
            input: Bytes::new(),
        };
        let mut tx = tx;
        tx.blob_versioned_hashes[0].0[0] = 1;
        self.push(tx.into_signed(signature(1)).into(), from)
    }

    /// Calls `to` from `from`, setting delegations first.
    pub(crate) fn delegate(
        &mut self,
        from: Address,
        nonce: u64,
        to: Address,
        authorization_list: Vec<SignedAuthorization>,
    ) -> &mut Self {
        let tx = TxEip7702 {
            chain_id: 1,
            nonce,
            gas_limit: 500_000,
            max_fee_per_gas: 100,
            max_priority_fee_per_gas: 2,
            to,
            value: U256::ZERO,
            access_list: AccessList::default(),
            authorization_list,
            input: Bytes::new(),
        };
        self.push(tx.into_signed(signature(1)).into(), from)
    }

    /// Adds any transaction.
    pub(crate) fn push(&mut self, tx: TxEnvelope, from: Address) -> &mut Self {
        self.transactions.push(Recovered::new_unchecked(tx, from));
        self
    }

    /// The block and the state before it.
    pub(crate) fn build(&self) -> (Block, MemoryState) {
        let (number, timestamp) = when(self.fork);
        let since = |fork| fork <= self.fork;
        let header = Header {
            number,
            timestamp,
            gas_limit: self.gas_limit,
            beneficiary: self.beneficiary,
            difficulty: if since(Fork::Paris) { U256::ZERO } else { U256::from(1_000) },
            mix_hash: B256::with_last_byte(7),
            parent_hash: B256::with_last_byte(8),
            base_fee_per_gas: since(Fork::London).then_some(self.base_fee),
            blob_gas_used: since(Fork::Cancun).then_some(0),
            excess_blob_gas: since(Fork::Cancun).then_some(0),
            parent_beacon_block_root: since(Fork::Cancun).then_some(B256::with_last_byte(9)),
            ..Header::default()
        };
        let block = Block {
            chain_id: 1,
            hash: header.hash_slow(),
            header,
            transactions: self.transactions.iter().cloned().map(|tx| tx.map(Into::into)).collect(),
            withdrawals: since(Fork::Shanghai).then(Vec::new),
            forks: ForkChoice::OfChain,
            ommers: vec![],
        };
        let system = SYSTEM_CONTRACTS.iter().filter(|(fork, ..)| since(*fork));
        let system = system.map(|(_, address, code)| AccountRecord {
            address: address.parse().unwrap(),
            balance: U256::ZERO,
            nonce: 1,
            code: CodeRecord::Known(code.parse().unwrap()),
            storage: vec![],
        });
        let accounts = self.accounts.iter().cloned().chain(system);
        let hashes = (1..=256).map(|n| (number - n, B256::from(U256::from(n))));
        (block, MemoryState::new(number, accounts, hashes))
    }
}

/// What a transaction sends along.
pub(crate) struct Call {
    pub(crate) wei: u64,
    pub(crate) gas_limit: u64,
    pub(crate) gas_price: u128,
    pub(crate) input: Bytes,
}

impl Default for Call {
    fn default() -> Self {
        Self { wei: 0, gas_limit: 300_000, gas_price: 10, input: Bytes::new() }
    }
}

/// Stand-ins for the contracts a block calls: two that stop at once, one that keeps the parent hash
/// in its first slot, as the real one does in a slot by number, and one that returns its first slot
/// and then sets it, as the real one returns the requests of the block.
const SYSTEM_CONTRACTS: [(Fork, &str, &str); 4] = [
    (Fork::Cancun, "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", "0x00"),
    (Fork::Prague, "0x0000f90827f1c53a10cb7a02335b175320002935", "0x5f355f5500"),
    (Fork::Prague, "0x00000961ef480eb55e80d19ad83579a64c007002", "0x5f545f5260015f5560205ff3"),
    (Fork::Prague, "0x0000bbddc7ce488642fb579f8b00f3a590007251", "0x00"),
];

fn signature(r: u64) -> Signature {
    Signature::new(U256::from(r), U256::from(1), false)
}

/// An authorization to run the code of `delegate`, and the account that happens to have signed it:
/// nearly every signature has a signer.
pub(crate) fn authorization(delegate: Address, nonce: u64) -> (Address, SignedAuthorization) {
    let authorization = Authorization { chain_id: U256::from(1), address: delegate, nonce };
    let hash = authorization.signature_hash();
    (1..)
        .find_map(|r| {
            let signature = signature(r);
            let signer = recover_signer(&signature, hash).ok()?;
            Some((signer, authorization.clone().into_signed(signature)))
        })
        .unwrap()
}
