//! How does a block become what binding takes?
//!
//! In: the executor's [`Block`]. Out: the binder's [`BlockWords`] and [`TxFrame`]s.
//! Invariant: nothing is computed that the block does not say.

use crate::hints::Warm;
use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::{B256, U256};
use slotcast_analyzer::bind::{BlockWords, TxFrame};
use slotcast_executor::{Block, ChainTx, FeeLegs, blob_base_fee};
use slotcast_model::{Fork, TxIndex};

/// The block's words, as instructions see them.
///
/// ```
/// use slotcast::predict::words_of;
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let words = words_of(prepared.block(), prepared.fork());
/// assert_eq!(words.coinbase, prepared.block().header.beneficiary);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn words_of(block: &Block, fork: Fork) -> BlockWords {
    let header = &block.header;
    let difficulty = if fork < Fork::Paris { header.difficulty } else { header.mix_hash.into() };
    BlockWords {
        chain_id: block.chain_id,
        number: header.number,
        timestamp: header.timestamp,
        coinbase: header.beneficiary,
        gas_limit: header.gas_limit,
        base_fee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty,
        blob_base_fee: blob_base_fee(block).map(U256::from).unwrap_or_default(),
        slot_number: header.slot_number.unwrap_or_default(),
    }
}

/// The transaction as the binder takes it.
///
/// ```
/// use slotcast::{model::TxIndex, predict::{frame_of, words_of}};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let words = words_of(prepared.block(), prepared.fork());
/// let tx = prepared.block().transaction(TxIndex(0));
/// assert_eq!(frame_of(tx, &words, prepared.fork()).caller, tx.signer());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn frame_of(tx: &Recovered<ChainTx>, words: &BlockWords, fork: Fork) -> TxFrame {
    let base_fee = (words.base_fee != 0).then_some(words.base_fee);
    TxFrame {
        caller: tx.signer(),
        to: tx.to(),
        nonce: tx.nonce(),
        n_own_authorizations: 0,
        value: tx.value(),
        input: tx.input().clone(),
        gas_price: U256::from(tx.effective_gas_price(base_fee)),
        prepaid: prepaid(tx, words),
        gas: tx.gas_limit().saturating_sub(intrinsic_gas(tx, fork)),
        loose: 0,
        access_list: tx.access_list().map_or_else(Vec::new, |list| {
            let words = |keys: &[B256]| keys.iter().map(|&key| key.into()).collect();
            list.iter().map(|item| (item.address, words(&item.storage_keys))).collect()
        }),
        blob_hashes: tx.blob_versioned_hashes().unwrap_or_default().to_vec(),
    }
}

/// What the sender pays before the transaction runs: all of its gas at the price it pays, and blobs.
fn prepaid(tx: &Recovered<ChainTx>, words: &BlockWords) -> U256 {
    let base_fee = (words.base_fee != 0).then_some(words.base_fee);
    let gas = U256::from(tx.gas_limit()) * U256::from(tx.effective_gas_price(base_fee));
    let blobs = U256::from(tx.blob_gas_used().unwrap_or_default());
    gas.saturating_add(blobs.saturating_mul(words.blob_base_fee))
}

/// The accounts that a transaction of `block` finds warm without naming them.
///
/// ```
/// use slotcast::{model::TxIndex, predict::warm_of};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let warm = warm_of(prepared.block(), TxIndex(0));
/// assert_eq!(warm.beneficiary, prepared.block().header.beneficiary);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn warm_of(block: &Block, tx: TxIndex) -> Warm {
    let transaction = block.transaction(tx);
    Warm {
        sender: transaction.signer(),
        to: transaction.to(),
        beneficiary: block.header.beneficiary,
        vaults: FeeLegs::of(block).all(),
    }
}

/// Gas a transaction pays before it runs (EIP-2028, 2930, 3860, 7702); under the prices of EIP-2780 no
/// more than that.
fn intrinsic_gas(tx: &Recovered<ChainTx>, fork: Fork) -> u64 {
    // Sums of a byte each are made many at a time.
    let zeros_of = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(*byte == 0)).sum::<u8>();
    let n_zeros: u64 = tx.input().chunks(255).map(|bytes| u64::from(zeros_of(bytes))).sum();
    let n_others = tx.input().len() as u64 - n_zeros;
    let per_other = if fork < Fork::Istanbul { 68 } else { 16 };
    let access_list: u64 = tx.access_list().map_or(0, |list| {
        list.iter().map(|item| 2_400 + 1_900 * item.storage_keys.len() as u64).sum()
    });
    let is_repriced = Fork::Amsterdam <= fork;
    let (base, per_authorization) = if is_repriced { (12_000, 7_816) } else { (21_000, 25_000) };
    let authorizations =
        per_authorization * tx.authorization_list().map_or(0, |list| list.len() as u64);
    let creation = match tx.is_create() {
        true if is_repriced => 0,
        true if Fork::Shanghai <= fork => 32_000 + 2 * (tx.input().len() as u64).div_ceil(32),
        true if Fork::Homestead <= fork => 32_000,
        _ => 0,
    };
    base + 4 * n_zeros + per_other * n_others + access_list + authorizations + creation
}
