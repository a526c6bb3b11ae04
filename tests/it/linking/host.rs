//! What does a program look like that executes blocks through `alloy-evm` and knows nothing of us?
//!
//! In: a block, the state before it, any block executor factory. Out: [`Left`], everything that
//! executing the block leaves.
//! Invariant: rules and environment come from `alloy-hardforks` and `alloy-evm` alone.

use std::sync::Arc;

use alloy_consensus::{ReceiptEnvelope, TxEnvelope};
use alloy_eips::{eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS, eip7840::BlobParams};
use alloy_evm::{
    EvmEnv, EvmFactory,
    block::{BlockExecutionError, BlockExecutionResult, BlockExecutor, BlockExecutorFactory},
    eth::{EthBlockExecutionCtx, EthEvmFactory, spec::EthExecutorSpec},
};
use alloy_hardforks::{EthereumChainHardforks, EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_primitives::Address;
use revm::{
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::DatabaseRef,
};
use slotcast::{
    executor::{Block, ForkChoice},
    model::Fork,
};

use super::context::context;

/// The rules of a block's chain.
#[derive(Clone, Debug)]
pub(crate) struct Chain(EthereumChainHardforks);

impl Chain {
    pub(crate) fn of(block: &Block) -> Self {
        let ForkChoice::Fixed(last) = block.forks else {
            return Self(EthereumChainHardforks::mainnet());
        };
        // The forks of one name, and those between them that change nothing of execution.
        let last =
            EthereumHardfork::VARIANTS.iter().find(|fork| fork.to_string() == name(last)).unwrap();
        let all = EthereumHardfork::VARIANTS.iter().filter(|fork| *fork <= last);
        let all = all.filter(|fork| **fork != EthereumHardfork::Dao);
        let since = |fork: &EthereumHardfork| match *fork < EthereumHardfork::Shanghai {
            true => (*fork, ForkCondition::Block(0)),
            false => (*fork, ForkCondition::Timestamp(0)),
        };
        Self(EthereumChainHardforks::new(all.map(since)))
    }

    fn env(&self, block: &Block) -> EvmEnv {
        let timestamp = block.header.timestamp;
        let since = [
            (EthereumHardfork::Bpo2, BlobParams::bpo2()),
            (EthereumHardfork::Bpo1, BlobParams::bpo1()),
            (EthereumHardfork::Osaka, BlobParams::osaka()),
            (EthereumHardfork::Prague, BlobParams::prague()),
            (EthereumHardfork::Cancun, BlobParams::cancun()),
        ];
        let is_active = |fork| self.is_ethereum_fork_active_at_timestamp(fork, timestamp);
        let params = since.into_iter().find_map(|(fork, it)| is_active(fork).then_some(it));
        EvmEnv::for_eth_block(&block.header, self, block.chain_id, params)
    }
}

/// What `alloy-hardforks` calls a fork.
fn name(fork: Fork) -> &'static str {
    match fork {
        Fork::SpuriousDragon => "SpuriousDragon",
        Fork::Tangerine => "Tangerine",
        fork => fork.name(),
    }
}

impl EthereumHardforks for Chain {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        self.0.ethereum_fork_activation(fork)
    }
}

impl EthExecutorSpec for Chain {
    fn deposit_contract_address(&self) -> Option<Address> {
        Some(MAINNET_DEPOSIT_CONTRACT_ADDRESS)
    }
}

/// What executing a block left.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) result: Result<BlockExecutionResult<ReceiptEnvelope>, BlockExecutionError>,
    pub(crate) bundle: BundleState,
}

/// Executes `block` by an executor of `factory`, on a state of the host's own.
pub(crate) fn execute_by<F, DB>(factory: &F, block: &Block, base: &Arc<DB>) -> Left
where
    F: BlockExecutorFactory<
            EvmFactory = EthEvmFactory,
            Transaction = TxEnvelope,
            Receipt = ReceiptEnvelope,
        >,
    for<'a> F: BlockExecutorFactory<ExecutionCtx<'a> = EthBlockExecutionCtx<'a>>,
    DB: DatabaseRef<Error: Send + Sync + 'static> + core::fmt::Debug,
{
    let database = Arc::clone(base);
    let mut state = State::builder().with_database_ref(database).with_bundle_update().build();
    let evm = factory.evm_factory().create_evm(&mut state, Chain::of(block).env(block));
    let result =
        factory.create_executor(evm, context(block)).execute_block(&block.signed_transactions());
    state.merge_transitions(BundleRetention::Reverts);
    Left { result, bundle: state.take_bundle() }
}

/// Fails where two bundles differ.
pub(crate) fn assert_same_bundles(context: &str, ours: &BundleState, expected: &BundleState) {
    assert_eq!(ours.state, expected.state, "{context}: state");
    assert_eq!(ours.contracts, expected.contracts, "{context}: contracts");
    assert_eq!(ours.state_size, expected.state_size, "{context}: size");
    assert_eq!(ours.reverts_size, expected.reverts_size, "{context}: size of reverts");
    // Reverts of one block are in no particular order.
    let sorted = |bundle: &BundleState| {
        let mut reverts: Vec<_> = bundle.reverts.iter().flatten().cloned().collect();
        reverts.sort_unstable_by_key(|(address, _)| *address);
        reverts
    };
    assert_eq!(sorted(ours), sorted(expected), "{context}: reverts");
}
