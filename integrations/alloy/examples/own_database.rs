//! How does a small program with a database of its own execute blocks?
//!
//! ```text
//! cargo run --release -p slotcast-alloy --example own_database
//! ```
//!
//! In: the block embedded in Slotcast, put into tables as a node might keep them. Out: the block
//! executed twice on two threads: by `slotcast::Engine`, for a program that goes on with revm's
//! bundle, and through `alloy-evm`'s traits, for one that executes blocks by these already. Both leave
//! the same; status 1 when they do not.
//!
//! The tests of this repository run it.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{collections::BTreeMap, convert::Infallible, error::Error, sync::Arc};

use alloy_eips::eip7840::BlobParams;
use alloy_evm::{
    EvmEnv, EvmFactory,
    block::{BlockExecutor, BlockExecutorFactory},
    eth::{EthBlockExecutionCtx, receipt_builder::AlloyReceiptBuilder, spec::EthSpec},
};
use alloy_primitives::{Address, B256, U256};
use revm::{
    bytecode::Bytecode,
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::DatabaseRef,
    state::AccountInfo,
};
use slotcast::{Engine, executor::Block};
use slotcast_alloy::ParallelExecutorFactory;
use slotcast_corpus::{self as corpus, RecordedBlock, block_of};

/// The tables of a small node; reading them needs no more than `&self`, on any thread.
#[derive(Debug, Default)]
struct Tables {
    accounts: BTreeMap<Address, AccountInfo>,
    slots: BTreeMap<(Address, U256), U256>,
    codes: BTreeMap<B256, Bytecode>,
    block_hashes: BTreeMap<u64, B256>,
}

impl DatabaseRef for Tables {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.accounts.get(&address).cloned())
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.codes.get(&hash).cloned().unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, Infallible> {
        Ok(self.slots.get(&(address, key)).copied().unwrap_or_default())
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(self.block_hashes.get(&number).copied().unwrap_or_default())
    }
}

/// Puts the state before a recorded block into tables.
fn tables_of(recorded: &RecordedBlock) -> Tables {
    let mut tables = Tables { block_hashes: recorded.block_hashes.clone(), ..Tables::default() };
    for (&address, account) in &recorded.pre_state {
        let (balance, nonce, code_hash) = (account.balance, account.nonce, account.code_hash());
        let info = AccountInfo { balance, nonce, code_hash, code: None, ..AccountInfo::default() };
        if !info.is_empty() {
            tables.accounts.insert(address, info);
        }
        if let Some(code) = &account.code {
            tables.codes.insert(code_hash, Bytecode::new_raw(code.clone()));
        }
        tables.slots.extend(account.storage.iter().map(|(key, value)| ((address, *key), *value)));
    }
    tables
}

/// Executes `block` through the traits of `alloy-evm`, as a program does that knows only these; all
/// there is of ours is the factory.
fn execute_by_traits(
    block: &Block,
    tables: &Arc<Tables>,
    engine: Engine,
) -> Result<BundleState, Box<dyn Error>> {
    let parent = Arc::clone(tables);
    let parent_state = move |_parent_hash: B256| Ok::<_, Infallible>(Arc::clone(&parent));
    let (receipts, chain) = (AlloyReceiptBuilder::default(), EthSpec::mainnet());
    let factory = ParallelExecutorFactory::new(receipts, chain.clone(), engine, parent_state);

    let blobs = Some(BlobParams::bpo2());
    let env = EvmEnv::for_eth_block(&block.header, &chain, block.chain_id, blobs);
    let mut state =
        State::builder().with_database_ref(Arc::clone(tables)).with_bundle_update().build();
    let evm = factory.evm_factory().create_evm(&mut state, env);
    let ctx = EthBlockExecutionCtx {
        parent_hash: block.header.parent_hash,
        parent_beacon_block_root: block.header.parent_beacon_block_root,
        ommers: &block.ommers,
        withdrawals: block.withdrawals.as_deref().map(Into::into),
        extra_data: block.header.extra_data.clone(),
        tx_count_hint: Some(block.n_transactions()),
        slot_number: block.header.slot_number,
    };
    let transactions = block.signed_transactions();
    let result = factory.create_executor(evm, ctx).execute_block(&transactions)?;
    println!("by traits:     {} receipts, {} gas", result.receipts.len(), result.gas_used);
    state.merge_transitions(BundleRetention::Reverts);
    Ok(state.take_bundle())
}

/// Executes the block both ways.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let recorded = corpus::embedded()?;
    let (block, tables) = (block_of(&recorded), Arc::new(tables_of(&recorded)));

    // An engine is kept from block to block: its threads, and what it learnt of contracts.
    let engine = Engine::new(2)?;
    let (executed, bundle) = engine.execute_with_bundle(&block, &tables)?;
    let execution = &executed.execution;
    println!(
        "Engine: {} receipts, {} gas, {} requests, {} accounts changed, {} runs",
        execution.receipts().len(),
        execution.gas_used(),
        execution.requests().len(),
        bundle.state.len(),
        execution.n_executions(),
    );

    let by_traits = execute_by_traits(&block, &tables, engine)?;
    if by_traits.state != bundle.state {
        return Err("the two ways left different states".into());
    }
    Ok(())
}
