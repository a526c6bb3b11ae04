//! How does a state test become a block?
//!
//! In: a [`Unit`], a variant, a fork. Out: the header, the transaction and the state, as the executor
//! takes them, or why they cannot be.
//! Invariant: signatures are dummies, because senders come recovered.

use alloy_consensus::{
    Header, SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEnvelope, TxLegacy,
    transaction::Recovered,
};
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address};
use slotcast::{
    executor::{Block, ForkChoice},
    model::Fork,
};

use super::{
    Exclusion,
    format::{Env, Indexes, Unit},
    world::World,
};

/// The contract that a block since Cancun calls with the parent's beacon root (EIP-4788).
const BEACON_ROOTS: Address = address!("0x000f3df6d732807ef1319fb7b8bb8522d0beac02");

/// The fork a test calls by this name.
pub(super) fn fork_of(name: &str) -> Result<Fork, Exclusion> {
    Ok(match name {
        "Frontier" => Fork::Frontier,
        "Homestead" => Fork::Homestead,
        "EIP150" => Fork::Tangerine,
        "EIP158" => Fork::SpuriousDragon,
        "Byzantium" => Fork::Byzantium,
        "ConstantinopleFix" => Fork::Petersburg,
        "Istanbul" => Fork::Istanbul,
        "Berlin" => Fork::Berlin,
        "London" => Fork::London,
        "Paris" | "Merge" => Fork::Paris,
        "Shanghai" => Fork::Shanghai,
        "Cancun" => Fork::Cancun,
        "Prague" => Fork::Prague,
        "Osaka" => Fork::Osaka,
        // "Constantinople" on its own was taken back before it reached mainnet.
        _ => return Err(Exclusion::NoSuchFork),
    })
}

/// The accounts before the transaction, added to `world`.
pub(super) fn add_accounts(unit: &Unit, fork: Fork, world: &mut World) -> Result<(), Exclusion> {
    for (&address, account) in &unit.pre {
        if address == BEACON_ROOTS && Fork::Cancun <= fork {
            return Err(Exclusion::SystemCall);
        }
        let (Some(balance), Some(nonce)) = (account.balance, account.nonce) else {
            return Err(Exclusion::NoHeader);
        };
        let nonce = u64::try_from(nonce).map_err(|_| Exclusion::NoHeader)?;
        world.insert(address, (balance, nonce), &account.code, &account.storage);
    }
    Ok(())
}

/// A block of these transactions in the environment of a test.
pub(super) fn block(
    env: &Env,
    fork: Fork,
    transactions: Vec<Recovered<TxEnvelope>>,
) -> Result<Block, Exclusion> {
    let since = |first| first <= fork;
    let narrow = |word: Option<U256>| {
        word.and_then(|word| u64::try_from(word).ok()).ok_or(Exclusion::NoHeader)
    };
    let random = env.current_random.unwrap_or_default();
    let header = Header {
        number: narrow(env.current_number)?,
        timestamp: narrow(env.current_timestamp)?,
        gas_limit: narrow(env.current_gas_limit)?,
        beneficiary: env.current_coinbase,
        difficulty: match since(Fork::Paris) {
            true => U256::ZERO,
            false => env.current_difficulty.ok_or(Exclusion::NoHeader)?,
        },
        mix_hash: B256::from(random),
        base_fee_per_gas: match since(Fork::London) {
            true => Some(narrow(env.current_base_fee.or(Some(U256::from(10))))?),
            false => None,
        },
        blob_gas_used: since(Fork::Cancun).then_some(0),
        excess_blob_gas: match since(Fork::Cancun) {
            true => Some(narrow(env.current_excess_blob_gas.or(Some(U256::ZERO)))?),
            false => None,
        },
        parent_beacon_block_root: since(Fork::Cancun).then_some(B256::ZERO),
        ..Header::default()
    };
    Ok(Block {
        chain_id: 1,
        forks: ForkChoice::Fixed(fork),
        hash: header.hash_slow(),
        header,
        transactions: transactions.into_iter().map(|tx| tx.map(Into::into)).collect(),
        withdrawals: since(Fork::Shanghai).then(Vec::new),
        ommers: Vec::new(),
    })
}

/// What is different about a transaction that is put into a block with others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    pub(super) nonce: u64,
    /// Its gas limit is no more than this.
    pub(super) max_gas: u64,
}

/// One variant of the transaction, as it stands in the test or moved.
pub(super) fn transaction(
    unit: &Unit,
    indexes: Indexes,
    moved: Option<Moved>,
) -> Result<Recovered<TxEnvelope>, Exclusion> {
    let tx = &unit.transaction;
    let fits = |word: Option<U256>| {
        word.and_then(|word| u128::try_from(word).ok()).ok_or(Exclusion::NoEnvelope)
    };
    let narrow = |word: Option<U256>| u64::try_from(fits(word)?).map_err(|_| Exclusion::NoEnvelope);
    let to = match tx.to.as_str() {
        "" => TxKind::Create,
        to => TxKind::Call(to.parse().map_err(|_| Exclusion::NoEnvelope)?),
    };
    let access_list = tx.access_lists.get(indexes.data).cloned().flatten();
    let mut parts = Parts {
        nonce: narrow(tx.nonce)?,
        gas_limit: narrow(tx.gas_limit[indexes.gas])?,
        to,
        value: tx.value[indexes.value].ok_or(Exclusion::NoEnvelope)?,
        input: tx.data[indexes.data].clone(),
    };
    if let Some(Moved { nonce, max_gas }) = moved {
        (parts.nonce, parts.gas_limit) = (nonce, parts.gas_limit.min(max_gas));
    }
    let signature = Signature::new(U256::ONE, U256::ONE, false);
    let envelope: TxEnvelope = if tx.max_fee_per_blob_gas.is_some() {
        let hashes = tx.blob_versioned_hashes.clone().unwrap_or_default();
        let fees = [tx.max_fee_per_gas, tx.max_priority_fee_per_gas, tx.max_fee_per_blob_gas];
        let [fee, tip, blob_fee] = fees.map(fits);
        parts.blob([fee?, tip?, blob_fee?], access_list, hashes)?.into_signed(signature).into()
    } else if tx.max_fee_per_gas.is_some() {
        let (fee, tip) = (fits(tx.max_fee_per_gas)?, fits(tx.max_priority_fee_per_gas)?);
        parts.dynamic(fee, tip, access_list).into_signed(signature).into()
    } else if let Some(access_list) = access_list {
        parts.listed(fits(tx.gas_price)?, access_list).into_signed(signature).into()
    } else {
        parts.legacy(fits(tx.gas_price)?).into_signed(signature).into()
    };
    Ok(Recovered::new_unchecked(envelope, tx.sender))
}

/// What transactions of every type have.
struct Parts {
    nonce: u64,
    gas_limit: u64,
    to: TxKind,
    value: U256,
    input: Bytes,
}

impl Parts {
    fn legacy(self, gas_price: u128) -> TxLegacy {
        let Self { nonce, gas_limit, to, value, input } = self;
        TxLegacy { chain_id: None, nonce, gas_price, gas_limit, to, value, input }
    }

    fn listed(self, gas_price: u128, access_list: AccessList) -> TxEip2930 {
        let Self { nonce, gas_limit, to, value, input } = self;
        TxEip2930 { chain_id: 1, nonce, gas_price, gas_limit, to, value, input, access_list }
    }

    fn dynamic(self, fee: u128, tip: u128, access_list: Option<AccessList>) -> TxEip1559 {
        let Self { nonce, gas_limit, to, value, input } = self;
        TxEip1559 {
            chain_id: 1,
            nonce,
            gas_limit,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list: access_list.unwrap_or_default(),
            input,
        }
    }

    fn blob(
        self,
        [fee, tip, blob_fee]: [u128; 3],
        access_list: Option<AccessList>,
        hashes: Vec<B256>,
    ) -> Result<TxEip4844, Exclusion> {
        let Self { nonce, gas_limit, to, value, input } = self;
        // A blob transaction that creates has no encoding.
        let TxKind::Call(to) = to else { return Err(Exclusion::NoEnvelope) };
        Ok(TxEip4844 {
            chain_id: 1,
            nonce,
            gas_limit,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list: access_list.unwrap_or_default(),
            blob_versioned_hashes: hashes,
            max_fee_per_blob_gas: blob_fee,
            input,
        })
    }
}

/// A transaction that is rejected wherever it stands: its sender does not have that nonce, and is not
/// there.
pub(super) fn bystander() -> Recovered<TxEnvelope> {
    let unused = Address::repeat_byte(0xb5);
    let parts = Parts {
        nonce: 1 << 40,
        gas_limit: 21_000,
        to: TxKind::Call(unused),
        value: U256::ZERO,
        input: Bytes::new(),
    };
    let signature = Signature::new(U256::ONE, U256::ONE, false);
    Recovered::new_unchecked(parts.legacy(1_000).into_signed(signature).into(), unused)
}
