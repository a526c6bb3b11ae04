//! With which EVM do workers stand in for a host's own?
//!
//! In: the host's `EvmFactory`. Out: [`Workers`], which know the rules that workers run a block by.
//! Invariant: an EVM of another type has no workers; the host's own runs every transaction.

use core::fmt;
use std::sync::Arc;

use alloy_evm::{EvmEnv, EvmFactory, eth::EthEvm, precompiles::PrecompilesMap};
use revm::{
    context::BlockEnv, database_interface::EmptyDB, inspector::NoOpInspector,
    primitives::hardfork::SpecId,
};
use slotcast::executor::{Block, HostRules};

/// Makes the precompiled contracts of a host's EVM in this environment.
type Make = dyn Fn(EvmEnv) -> PrecompilesMap + Send + Sync;

/// What workers run.
#[derive(Clone)]
pub(crate) enum Workers {
    /// What the fork has.
    Fork,
    /// What the fork has, with the precompiled contracts of the host.
    WithPrecompiles(Arc<Make>),
}

impl Workers {
    /// With the precompiled contracts that the EVMs of `evms` have.
    pub(crate) fn with_precompiles_of<F>(evms: F) -> Self
    where
        F: EvmFactory<
                Spec = SpecId,
                BlockEnv = BlockEnv,
                Evm<EmptyDB, NoOpInspector> = EthEvm<EmptyDB, NoOpInspector, PrecompilesMap>,
            > + Send
            + Sync
            + 'static,
    {
        let make = move |env| evms.create_evm(EmptyDB::default(), env).into_inner().precompiles;
        Self::WithPrecompiles(Arc::new(make))
    }

    /// The rules by which workers run `block`.
    pub(crate) fn rules(&self, rules: HostRules, block: &Block, env: EvmEnv) -> HostRules {
        match self {
            Self::Fork => rules,
            Self::WithPrecompiles(make) => {
                let make = Arc::clone(make);
                rules.with_precompiles(block, move || make(env.clone()))
            }
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fork => "Fork",
            Self::WithPrecompiles(_) => "WithPrecompiles",
        })
    }
}
