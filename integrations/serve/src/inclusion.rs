//! Can a transaction be included in a block, and what does its envelope alone cost?
//!
//! In: a transaction and the block with the state before it. Out: the reason why not, as text; gas.
//! Invariant: of a call that is not signed only what it states can be wrong; what is not known of the
//! state is no reason.

use alloy_consensus::{Transaction as _, Typed2718 as _, transaction::Recovered};
use alloy_eips::{eip4844::DATA_GAS_PER_BLOB, eip7702::SignedAuthorization};
use alloy_primitives::{Address, U256};
use slotcast::executor::ChainTx;
use slotcast::{BaseState, CodeAt, model::Fork};

use crate::{block_context::BlockContext, transaction::Asked};

/// Gas of the envelope, of a creation on top, and of an authorisation (EIP-7702), of which half comes
/// back where the authority exists.
const ENVELOPE: u64 = 21_000;
const CREATION: u64 = 32_000;
const AUTHORISATION: u64 = 25_000;
/// Gas of a listed account and slot (EIP-2930).
const LISTED: [u64; 2] = [2_400, 1_900];
/// Gas of a word of init code (EIP-3860).
const INIT_WORD: u64 = 2;
/// The most gas of a transaction in Osaka (EIP-7825).
const MAX_GAS: u64 = 1 << 24;
/// The most bytes of init code from Shanghai to Osaka (EIP-3860).
const MAX_INIT_CODE: usize = 49_152;
/// How the code of a delegated account begins (EIP-7702).
const DELEGATION: [u8; 3] = [0xef, 0x01, 0x00];

/// Gas before the first instruction, and the least that is charged for the calldata (EIP-7623).
pub(crate) fn intrinsic_gas(tx: &Recovered<ChainTx>, fork: Fork) -> [u64; 2] {
    let input = tx.input();
    let n_zeros = input.iter().filter(|byte| **byte == 0).count() as u64;
    let n_others = input.len() as u64 - n_zeros;
    let other = if fork < Fork::Istanbul { 68 } else { 16 };
    let mut gas = ENVELOPE + n_zeros * 4 + n_others * other + listed_gas(tx);
    if tx.is_create() && Fork::Homestead <= fork {
        gas += CREATION;
    }
    if tx.is_create() && Fork::Shanghai <= fork {
        gas += INIT_WORD * input.len().div_ceil(32) as u64;
    }
    let floor = if fork < Fork::Prague { 0 } else { ENVELOPE + 10 * (n_zeros + 4 * n_others) };
    [gas, floor]
}

/// Gas of what a transaction lists: accounts and slots, and authorisations.
pub(crate) fn listed_gas(tx: &Recovered<ChainTx>) -> u64 {
    let items = tx.access_list().into_iter().flat_map(|list| list.0.iter());
    let of_item = |(n, keys): (u64, usize)| n * LISTED[0] + keys as u64 * LISTED[1];
    let listed = items.map(|item| of_item((1, item.storage_keys.len()))).sum::<u64>();
    listed + tx.authorization_count().unwrap_or_default() * AUTHORISATION
}

/// What comes back of `gas` for authorisations of accounts that exist.
pub(crate) fn refund(tx: &Recovered<ChainTx>, context: &BlockContext, gas: u64) -> u64 {
    let chain_id = U256::from(context.block().chain_id);
    let is_refunded = |signed: &&SignedAuthorization| {
        let Ok(authority) = signed.recover_authority() else { return false };
        let own = u64::from(authority == tx.signer());
        (signed.chain_id.is_zero() || signed.chain_id == chain_id)
            && context.nonce(authority).is_some_and(|nonce| nonce + own == signed.nonce)
            && can_sign(context, authority)
            && exists(context, authority)
    };
    let n = tx.authorization_list().unwrap_or_default().iter().filter(is_refunded).count() as u64;
    (n * AUTHORISATION / 2).min(gas / 5)
}

fn exists(context: &BlockContext, address: Address) -> bool {
    context.nonce(address).is_some_and(|nonce| nonce != 0)
        || context.balance(address).is_some_and(|balance| !balance.is_zero())
        || !matches!(context.code(address), CodeAt::Nothing)
}

/// Whether the account has no code but a delegation.
fn can_sign(context: &BlockContext, address: Address) -> bool {
    match context.code(address) {
        CodeAt::Known(_, code) => code.is_empty() || code.starts_with(&DELEGATION),
        CodeAt::Nothing | CodeAt::Unavailable => true,
    }
}

/// Why the transaction cannot be the next of the block that `context` is of, if it cannot.
pub(crate) fn objection(context: &BlockContext, asked: &Asked) -> Option<String> {
    let tx = &asked.tx;
    let objection = match asked.hash {
        Some(_) => of_envelope(context, tx),
        None => None,
    };
    objection.or_else(|| of_sender(context, tx, asked.hash.is_some()))
}

fn of_envelope(context: &BlockContext, tx: &Recovered<ChainTx>) -> Option<String> {
    let (header, fork, limit) = (&context.block().header, context.fork(), tx.gas_limit());
    let since = match tx.ty() {
        0 => Fork::Frontier,
        1 => Fork::Berlin,
        2 => Fork::London,
        3 => Fork::Cancun,
        _ => Fork::Prague,
    };
    let [intrinsic, floor] = intrinsic_gas(tx, fork);
    let (needed, fee) = (intrinsic.max(floor), tx.max_fee_per_gas());
    let tip = tx.max_priority_fee_per_gas().unwrap_or_default();
    let base_fee = u128::from(header.base_fee_per_gas.unwrap_or_default());
    let is_limited = (Fork::Shanghai..=Fork::Osaka).contains(&fork);
    let n_blobs = tx.blob_versioned_hashes().map(<[_]>::len);
    let n_authorisations = tx.authorization_list().map(<[_]>::len);
    [
        (fork < since, format!("type {}: not before {}", tx.ty(), since.name())),
        (limit < needed, format!("gas: {limit} is less than the {needed} it takes to begin")),
        (
            header.gas_limit < limit,
            format!("gas: {limit} is more than the block's {}", header.gas_limit),
        ),
        (
            fork == Fork::Osaka && MAX_GAS < limit,
            format!("gas: {limit} is more than a transaction's {MAX_GAS} (EIP-7825)"),
        ),
        (fee < tip, format!("maxPriorityFeePerGas: {tip} is more than maxFeePerGas {fee}")),
        (fee < base_fee, format!("maxFeePerGas: {fee} is less than the base fee {base_fee}")),
        (
            tx.is_create() && is_limited && MAX_INIT_CODE < tx.input().len(),
            format!("input: init code of more than {MAX_INIT_CODE} bytes (EIP-3860)"),
        ),
        (n_blobs == Some(0), "blobVersionedHashes: there are none".to_owned()),
        (n_authorisations == Some(0), "authorizationList: it is empty".to_owned()),
    ]
    .into_iter()
    .find_map(|(is_wrong, why)| is_wrong.then_some(why))
}

fn of_sender(context: &BlockContext, tx: &Recovered<ChainTx>, is_signed: bool) -> Option<String> {
    let sender = tx.signer();
    if let Some(nonce) = context.nonce(sender)
        && nonce != tx.nonce()
    {
        return Some(format!("nonce: it is {}, but the sender's next is {nonce}", tx.nonce()));
    }
    if Fork::London <= context.fork() && !can_sign(context, sender) {
        return Some("from: the sender has code (EIP-3607)".to_owned());
    }
    let blob_gas = tx.blob_gas_used().unwrap_or_default();
    debug_assert!(blob_gas.is_multiple_of(DATA_GAS_PER_BLOB), "blobs are whole");
    let blob_fee = tx.max_fee_per_blob_gas().unwrap_or_default();
    let gas = U256::from(tx.gas_limit()).saturating_mul(U256::from(tx.max_fee_per_gas()));
    let blobs = U256::from(blob_gas).saturating_mul(U256::from(blob_fee));
    let fees = if is_signed { gas.saturating_add(blobs) } else { U256::ZERO };
    let needed = fees.saturating_add(tx.value());
    let balance = context.balance(sender)?;
    (balance < needed).then(|| format!("from: the sender has {balance} wei and may need {needed}"))
}
