//! Which precompiled contracts does a host run its blocks with, and which may a speculative run call?
//!
//! In: a function that makes the host's contracts, and the block. Out: the contracts for one thread.
//! Invariants: a contract is used by the thread that made it alone; in a speculative run none is
//! called whose result may depend on more than its input, since it could look at an account without
//! any instruction that is watched.

use core::fmt;
use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_evm::precompiles::{DynPrecompile, Precompile, PrecompilesMap};
use alloy_primitives::{Address, map::AddressSet};
use revm::precompile::{PrecompileError, PrecompileId};

use crate::input::Block;

/// Makes a host's contracts.
type Make = dyn Fn() -> PrecompilesMap + Send + Sync;

/// A host's precompiled contracts.
#[derive(Clone)]
pub(crate) struct HostPrecompiles {
    make: Arc<Make>,
    /// The recipients of the block's transactions that are such contracts.
    recipients: AddressSet,
}

impl HostPrecompiles {
    pub(crate) fn new(
        block: &Block,
        make: impl Fn() -> PrecompilesMap + Send + Sync + 'static,
    ) -> Self {
        let all = make();
        let recipients = block.transactions.iter().filter_map(|tx| tx.to());
        let recipients = recipients.filter(|to| all.get(to).is_some()).collect();
        Self { make: Arc::new(make), recipients }
    }

    /// Whether a recipient of the block is such a contract.
    pub(crate) fn is_at(&self, recipient: &Address) -> bool {
        self.recipients.contains(recipient)
    }

    /// All of them.
    pub(crate) fn all(&self) -> PrecompilesMap {
        (self.make)()
    }

    /// All of them, of which those that may depend on more than their input end a run.
    pub(crate) fn speculative(&self) -> PrecompilesMap {
        let mut all = self.all();
        all.map_precompiles(|_, contract| watched(contract));
        all.map_precompile_lookup(|address, host| host?.lookup(address).map(watched));
        all
    }
}

impl fmt::Debug for HostPrecompiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostPrecompiles").field("recipients", &self.recipients).finish()
    }
}

/// The contract itself, or in its place one that ends the run.
fn watched(contract: DynPrecompile) -> DynPrecompile {
    let id = contract.precompile_id().clone();
    let depends_on_input_alone = match id {
        PrecompileId::Custom(_) => false,
        // It is not cached because it is cheap.
        PrecompileId::Identity => true,
        _ => contract.supports_caching(),
    };
    match depends_on_input_alone {
        true => contract,
        false => {
            let why = "only on the committed prefix";
            DynPrecompile::new_stateful(id, move |_| Err(PrecompileError::Fatal(why.into())))
        }
    }
}
