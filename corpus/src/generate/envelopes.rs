//! Which kinds of transaction carry more than a message?
//!
//! In: a draft and its town. Out: transactions with access lists (Berlin), blobs (Cancun) and
//! authorizations for delegated code (Prague); delegations are used later in the block.

use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, Bytes, U256, hex};

use super::{
    abi::{self, Arg},
    draft::Draft,
    erc20::transfer_call,
    message::{Envelope, Message},
    town::Town,
    transfers,
    wallet::WalletId,
};

const BATCH_GAS: u64 = 500_000;

/// Appends a token transfer that lists what it touches, now and then something else besides.
pub(super) fn listed(draft: &mut Draft, town: &Town) {
    let token = town.token(draft);
    let sender = draft.person();
    let (from, to) = (draft.address(sender), draft.payee());
    token.fund(draft, from);
    let keys = [from, to].map(|holder| token.balance_slot(holder).into()).to_vec();
    let mut items = vec![AccessListItem { address: token.address, storage_keys: keys }];
    if draft.rng.percent(40) {
        let storage_keys = vec![draft.rng.hash()];
        items.push(AccessListItem { address: draft.rng.address(), storage_keys });
    }
    let amount = draft.rng.milliether(1, 900);
    let message = Message::call(token.address, transfer_call(to, amount), 180_000);
    draft.send_in(sender, message, Envelope::Listed(AccessList(items)));
}

/// Appends a transaction with blobs, as rollups send them; a transfer once the block has enough, or may have none.
pub(super) fn blobs(draft: &mut Draft, _: &Town) {
    let n_blobs = 1 + draft.rng.below(3);
    if draft.plan.max_blobs() < draft.blobs + n_blobs {
        return transfers::transfer(draft);
    }
    draft.blobs += n_blobs;
    let hashes = (0..n_blobs)
        .map(|_| {
            let mut hash = draft.rng.hash();
            hash[0] = alloy_eips::eip4844::VERSIONED_HASH_VERSION_KZG;
            hash
        })
        .collect();
    let rollup = draft.exchange();
    let inbox = draft.rng.address();
    draft.send_in(rollup, Message::pay(inbox, U256::ZERO), Envelope::Blobs(hashes));
}

/// Appends a transaction that delegates an account's code; the code runs now or later.
pub(super) fn delegate(draft: &mut Draft, town: &Town) {
    match draft.rng.weighted(&[40, 30, 30]) {
        0 => sponsored_delegation(draft, town),
        1 => delegate_oneself(draft, town),
        _ => use_an_old_delegation(draft, town),
    }
}

/// A sponsor pays for the delegation, the account uses it, and takes it back in the end.
fn sponsored_delegation(draft: &mut Draft, town: &Town) {
    let code = town.modern().delegate;
    let authority = draft.newcomer();
    let account = draft.address(authority);
    let mut authorizations = vec![draft.authorize(authority, code)];
    if draft.rng.percent(30) {
        let other = draft.newcomer();
        authorizations.push(draft.authorize_in_vain(other, code));
    }
    let sponsor = draft.person();
    let message = Message::call(account, Bytes::new(), 150_000);
    draft.send_in(sponsor, message, Envelope::Delegating(authorizations));

    let calls = batch(draft, town, account);
    draft.later(2, move |draft| {
        draft.send(authority, Message::call(account, calls, BATCH_GAS));
    });
    draft.later(5, move |draft| {
        let authorizations = vec![draft.authorize(authority, Address::ZERO)];
        let message = Message::call(account, Bytes::new(), 150_000);
        draft.send_in(sponsor, message, Envelope::Delegating(authorizations));
    });
}

/// The account delegates and runs the code in one transaction.
fn delegate_oneself(draft: &mut Draft, town: &Town) {
    let sender = draft.newcomer();
    let account = draft.address(sender);
    let calls = batch(draft, town, account);
    let authorization = draft.authorize_self(sender, town.modern().delegate);
    let message = Message::call(account, calls, BATCH_GAS);
    draft.send_in(sender, message, Envelope::Delegating(vec![authorization]));
    draft.skip_nonce(sender);
}

/// The account was delegated before the block.
fn use_an_old_delegation(draft: &mut Draft, town: &Town) {
    let sender: WalletId = draft.newcomer();
    let account = draft.address(sender);
    let mut code = hex!("ef0100").to_vec();
    code.extend_from_slice(town.modern().delegate.as_slice());
    draft.account(account).code = Some(code.into());
    let calls = batch(draft, town, account);
    draft.send(sender, Message::call(account, calls, BATCH_GAS));
}

/// Calldata of a batch that the account runs on itself.
fn batch(draft: &mut Draft, town: &Town, account: Address) -> Bytes {
    let token = town.token(draft);
    token.fund(draft, account);
    let transfers = (0..draft.rng.range(1, 4)).map(|_| {
        let input = transfer_call(draft.payee(), draft.rng.milliether(1, 900));
        (token.address, input)
    });
    let mut calls: Vec<(Address, Bytes)> = transfers.collect();
    calls.push((town.modern().counter, abi::call("incrementMine()", [])));
    let calls = calls
        .into_iter()
        .map(|(target, data)| Arg::Tuple(vec![target.into(), U256::ZERO.into(), data.into()]))
        .collect();
    abi::call("execute((address,uint256,bytes)[])", [Arg::Array(calls)])
}
