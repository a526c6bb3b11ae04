//! Which keys does a block touch: by prediction, by its own list, in truth?
//!
//! In: a [`HostBlock`]. Out: block access lists in ethrex's type, and how well two of them agree.
//! Invariants: a predicted list names keys and no values, and is for warming only; the exact list is
//! what ethrex's own recorder saw.

use std::collections::BTreeSet;

use ethrex_common::{
    H160, U256,
    types::block_access_list::{AccountChanges, BlockAccessList},
};
use ethrex_levm::db::gen_db::GeneralizedDatabase;
use slotcast::{
    Engine,
    executor::block_access_list,
    hints::{AccountKeys, block_keys},
    model::Fork,
};

use crate::{
    HostBlock, HostError, convert,
    execute::{over, run},
};

/// What is predicted of the block's transactions, by an engine that has met its contracts; and the
/// accounts that every block touches, its beneficiary and those that withdraw.
///
/// Predictions are made in block order on the state before the block, as a sequencer ships them.
pub fn predicted_list(host: &HostBlock, engine: &Engine) -> Result<BlockAccessList, HostError> {
    let (block, state) = (host.prepared.block(), host.prepared.state());
    let predictions = engine.predict_block(block, state)?.predictions;
    let keys = block_keys(block.header.number, predictions.iter_enumerated());
    let list: Vec<_> = keys.accounts.iter().map(AccountKeys::with_zeros).collect();
    let mut accounts = convert::list(&list)?.accounts().to_vec();
    let withdrawn = block.withdrawals.iter().flatten().map(|withdrawal| withdrawal.address);
    for at in withdrawn.chain([block.header.beneficiary]).map(convert::h160) {
        if !accounts.iter().any(|account| account.address == at) {
            accounts.push(AccountChanges::new(at));
        }
    }
    accounts.sort_by_key(|account| account.address);
    Ok(BlockAccessList::from_accounts(accounts))
}

/// What the block touches when ethrex executes it.
pub fn exact_list(host: &HostBlock) -> Result<BlockAccessList, HostError> {
    let mut db = GeneralizedDatabase::new(over(host.state.clone()));
    // Before Amsterdam ethrex records nothing by itself; every key then has the index of the system
    // calls, which warming does not look at.
    db.enable_bal_recording();
    let (_, list) = run(host, &mut db)?;
    Ok(list.unwrap_or_default())
}

/// The block access list that Slotcast's engine states (EIP-7928); none before Amsterdam.
pub fn stated_list(host: &HostBlock) -> Result<Option<BlockAccessList>, HostError> {
    if host.prepared.fork() < Fork::Amsterdam {
        return Ok(None);
    }
    let list = block_access_list(host.prepared.block(), host.prepared.state())?;
    convert::list(&list).map(Some)
}

/// How many keys, accounts and slots, are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// Touched.
    pub touched: usize,
    /// Predicted.
    pub predicted: usize,
    /// Both.
    pub both: usize,
}

/// Counts the keys of what is touched and what is predicted.
pub fn count(touched: &BlockAccessList, predicted: &BlockAccessList) -> KeyCounts {
    let (touched, predicted) = (keys(touched), keys(predicted));
    KeyCounts {
        touched: touched.len(),
        predicted: predicted.len(),
        both: touched.intersection(&predicted).count(),
    }
}

/// The accounts of a list, and with them the slots.
fn keys(list: &BlockAccessList) -> BTreeSet<(H160, Option<U256>)> {
    let of = |account: &AccountChanges| {
        let at = account.address;
        let slots: Vec<_> = account.all_storage_slots().map(|slot| (at, Some(slot))).collect();
        slots.into_iter().chain([(at, None)])
    };
    list.accounts().iter().flat_map(of).collect()
}
