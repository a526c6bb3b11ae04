//! What does ethrex make of a block?
//!
//! In: a [`HostBlock`] and where its state is read. Out: [`Executed`]: what headers state, worked out by
//! ethrex's own code, and the changes.
//! Invariant: nothing of Slotcast executes here.

use std::sync::{Arc, atomic::AtomicUsize};

use ethrex_common::types::{
    AccountUpdate, Receipt, block_access_list::BlockAccessList,
    compute_receipts_root_and_logs_bloom, requests::compute_requests_hash,
};
use ethrex_common::{Bloom, H256};
use ethrex_crypto::NativeCrypto;
use ethrex_levm::{
    db::{CachingDatabase, Database, gen_db::GeneralizedDatabase},
    vm::VMType,
};
use ethrex_vm::{BlockExecutionResult, DynVmDatabase, VmDatabase, backends::levm::LEVM};

use crate::{HostBlock, HostError};

/// Where ethrex's engine reads.
pub type Store = Arc<dyn Database>;

/// What ethrex made of a block.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The block's gas, as its header counts it.
    pub gas_used: u64,
    /// The receipts.
    pub receipts: Vec<Receipt>,
    /// Their root.
    pub receipts_root: H256,
    /// The bloom over their logs.
    pub logs_bloom: Bloom,
    /// The hash over requests to the consensus layer; that of none before Prague.
    pub requests_hash: H256,
    /// The block access list, from Amsterdam on.
    pub list: Option<BlockAccessList>,
    /// What the block changes.
    pub updates: Vec<AccountUpdate>,
}

/// `state` behind ethrex's cache, of which blocks are executed and which is warmed.
pub fn over(state: impl VmDatabase + 'static) -> Store {
    let state: DynVmDatabase = Box::new(state);
    Arc::new(CachingDatabase::new(Arc::new(state), true))
}

/// Runs the block sequentially on `store`.
pub fn execute(host: &HostBlock, store: Store) -> Result<Executed, HostError> {
    let mut db = GeneralizedDatabase::new(store);
    let (result, list) = run(host, &mut db)?;
    let updates = LEVM::get_state_transitions(&mut db)?;
    Ok(judged(result, list, updates))
}

/// Only what a clock is held against.
pub(crate) fn run(
    host: &HostBlock,
    db: &mut GeneralizedDatabase,
) -> Result<(BlockExecutionResult, Option<BlockAccessList>), HostError> {
    Ok(LEVM::execute_block(&host.block, db, VMType::L1, &NativeCrypto, None)?)
}

/// Runs the block in parallel by a block access list that its producer states, every item of which
/// ethrex checks; the changes are not asked for, since they come from the list.
pub fn execute_by_list(
    host: &HostBlock,
    list: BlockAccessList,
    store: Store,
) -> Result<Executed, HostError> {
    let mut db = GeneralizedDatabase::new(store);
    let (result, list) = LEVM::execute_block_pipeline(
        &host.block,
        &mut db,
        VMType::L1,
        None,
        &AtomicUsize::new(0),
        &NativeCrypto,
        Some(Arc::new(list)),
        true,
        None,
    )?;
    Ok(judged(result, list, Vec::new()))
}

fn judged(
    result: BlockExecutionResult,
    list: Option<BlockAccessList>,
    updates: Vec<AccountUpdate>,
) -> Executed {
    let (receipts_root, logs_bloom) =
        compute_receipts_root_and_logs_bloom(&result.receipts, &NativeCrypto);
    let requests: Vec<_> = result.requests.iter().map(|request| request.encode()).collect();
    Executed {
        gas_used: result.block_gas_used,
        receipts: result.receipts,
        receipts_root,
        logs_bloom,
        requests_hash: compute_requests_hash(&requests),
        list,
        updates,
    }
}
