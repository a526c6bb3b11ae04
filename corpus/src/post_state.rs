//! Which state does a block leave, as a recording states it?
//!
//! In: the accounts that it changed, and the codes it deployed. Out: `postState`.
//! Invariant: nothing for an account that ceased to exist, code where it is new, and changed slots only.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes};
use slotcast::executor::AccountChange;

use crate::PreAccount;

/// The accounts that a block changed, as it leaves them; `code_of` finds a new code by its hash.
///
/// ```
/// use slotcast::executor::{SequentialSettings, execute_sequential_with_bundle};
/// use slotcast_corpus::{self as corpus, post_state_of, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let settings = SequentialSettings { is_observed: false };
/// let (run, bundle) =
///     execute_sequential_with_bundle(prepared.block(), prepared.state(), &settings)?;
/// let code_of = |hash| Some(bundle.contracts.get(&hash)?.original_bytes());
/// let left = post_state_of(&run.outcome.state, code_of);
/// assert_eq!(left.len(), run.outcome.state.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn post_state_of(
    changes: &[AccountChange],
    code_of: impl Fn(B256) -> Option<Bytes>,
) -> BTreeMap<Address, Option<PreAccount>> {
    let left = |change: &AccountChange| {
        let after = change.after?;
        let is_new = change.before.is_none_or(|before| before.code_hash != after.code_hash);
        Some(PreAccount {
            balance: after.balance,
            nonce: after.nonce,
            code: code_of(after.code_hash).filter(|code| is_new && !code.is_empty()),
            code_hash: None,
            storage: change.storage.iter().map(|slot| (slot.key, slot.after)).collect(),
        })
    };
    changes.iter().map(|change| (change.address, left(change))).collect()
}
