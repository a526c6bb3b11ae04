//! What of the state does an executor load before it starts?
//!
//! In: a [`FetchPlan`], which follows from predictions, and the block. Out: [`Wanted`], as a
//! [`ReadThrough`](slotcast_executor::ReadThrough) takes it.
//! Invariant: nothing is wanted twice.

use alloy_primitives::Address;
use slotcast::hints::FetchPlan;
use slotcast_executor::{Block, Wanted};
use slotcast_model::Slot;

/// What to load for `block` by `plan`: everything in the plan, and the accounts that every block
/// touches, the beneficiary and those that withdraw.
///
/// ```
/// use slotcast::{executor::ReadThrough, hints::FetchPlan};
/// use slotcast_corpus::prepare;
/// use slotcast_lab::wanted;
///
/// let block = slotcast_corpus::embedded()?;
/// let prepared = prepare(&block)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let plan = FetchPlan::of(&predictions);
/// let state = ReadThrough::new(slotcast_corpus::state_of(&block));
/// state.warm(&wanted(prepared.block(), &plan))?;
/// assert_eq!(state.asked().batches, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wanted(block: &Block, plan: &FetchPlan) -> Wanted {
    let (with_code, without): (Vec<_>, Vec<_>) =
        plan.accounts.iter().partition(|account| account.code);
    let addresses = |accounts: Vec<&slotcast::hints::AccountFetch>| -> Vec<Address> {
        accounts.iter().map(|account| account.address).collect()
    };
    let (with_code, mut accounts) = (addresses(with_code), addresses(without));
    let withdrawn = block.withdrawals.iter().flatten().map(|withdrawal| withdrawal.address);
    accounts.extend(withdrawn.chain([block.header.beneficiary]));
    accounts.sort_unstable();
    accounts.dedup();
    // The plan's accounts ascend, and so does this part of them.
    accounts.retain(|address| with_code.binary_search(address).is_err());
    let slots = plan.accounts.iter().flat_map(|account| {
        account.slots.iter().map(|key| Slot::new(account.address, (*key).into()))
    });
    Wanted { accounts, with_code, slots: slots.collect() }
}

#[cfg(test)]
mod tests;
