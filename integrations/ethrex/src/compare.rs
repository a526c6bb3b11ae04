//! Do ethrex, the header and Slotcast agree about a block?
//!
//! In: what ethrex made of it. Out: every difference, in words; none where all agree.
//! Invariants: a root is worked out by the engine that is judged, from its own receipts and changes;
//! what a recording does not prove is not compared.

use slotcast::{
    executor::{BlockOutcome, block_access_list},
    model::Fork,
};

use crate::{
    Executed, HostBlock, HostError, World,
    convert::{self, b256},
};

/// How ethrex's outcome differs from the header, and from `outcome`, Slotcast's.
pub fn differences(
    host: &HostBlock,
    executed: &Executed,
    outcome: &BlockOutcome,
) -> Result<Vec<String>, HostError> {
    let mut found = Vec::new();
    let mut differ = |what: &str, ethrex: String, stated: String| {
        if ethrex != stated {
            found.push(format!("{what}: {ethrex}, and {stated}"));
        }
    };
    let header = &host.recorded.header;
    let (root, requests) = (b256(executed.receipts_root), b256(executed.requests_hash));
    differ("gas used", executed.gas_used.to_string(), header.gas_used.to_string());
    differ("receipts root", root.to_string(), header.receipts_root.to_string());
    differ("logs bloom", hex(&executed.logs_bloom.0), hex(header.logs_bloom.as_slice()));
    if let Some(stated) = header.requests_hash {
        differ("requests hash", requests.to_string(), stated.to_string());
    }
    let of_slotcast = outcome.receipts_root().unwrap_or_default();
    differ("gas used by Slotcast", executed.gas_used.to_string(), outcome.gas_used.to_string());
    differ("receipts root of Slotcast", root.to_string(), of_slotcast.to_string());
    found.extend(first_receipt(executed, outcome));
    found.extend(of_state(host, executed, outcome));
    found.extend(of_list(host, executed)?);
    Ok(found)
}

fn hex(bytes: &[u8]) -> String {
    alloy_primitives::hex::encode(bytes)
}

/// The first receipt that differs.
fn first_receipt(executed: &Executed, outcome: &BlockOutcome) -> Option<String> {
    let ours = outcome.receipts.iter().map(|receipt| {
        use alloy_consensus::TxReceipt as _;
        (receipt.status(), receipt.cumulative_gas_used(), receipt.logs().len())
    });
    let theirs = executed
        .receipts
        .iter()
        .map(|receipt| (receipt.succeeded, receipt.cumulative_gas_used, receipt.logs.len()));
    let (n_ours, n_theirs) = (outcome.receipts.len(), executed.receipts.len());
    if n_ours != n_theirs {
        return Some(format!("receipts: {n_theirs}, and {n_ours}"));
    }
    let differing = theirs.zip(ours).enumerate().find(|(_, (theirs, ours))| theirs != ours);
    differing.map(|(tx, (theirs, ours))| {
        format!("transaction {tx}, succeeded, gas and logs: {theirs:?}, and {ours:?}")
    })
}

/// How the states after the block differ, and from the header's root where all of the state is known.
fn of_state(host: &HostBlock, executed: &Executed, outcome: &BlockOutcome) -> Vec<String> {
    let before = World::before(&host.recorded);
    let theirs = before.clone().after_ethrex(&executed.updates);
    let ours = before.after_slotcast(&outcome.state);
    let mut found: Vec<String> =
        theirs.first_difference(&ours).into_iter().map(|it| format!("state of {it}")).collect();
    if host.recorded.pre_state_root.is_some() {
        let (root, stated) = (theirs.root(), host.recorded.header.state_root);
        if root != stated {
            found.push(format!("state root: {root}, and {stated}"));
        }
    }
    found
}

/// How the block access lists differ.
fn of_list(host: &HostBlock, executed: &Executed) -> Result<Vec<String>, HostError> {
    if host.prepared.fork() < Fork::Amsterdam {
        return Ok(Vec::new());
    }
    let theirs = executed.list.clone().unwrap_or_default();
    let ours = block_access_list(host.prepared.block(), host.prepared.state())?;
    let ours = convert::list(&ours)?;
    let mut found = Vec::new();
    let pairs = theirs.accounts().iter().zip(ours.accounts());
    if let Some((theirs, ours)) = pairs.into_iter().find(|(theirs, ours)| theirs != ours) {
        found.push(format!("access list: {theirs:?}, and {ours:?}"));
    }
    let hash = b256(theirs.compute_hash(&ethrex_crypto::NativeCrypto));
    let stated = host.recorded.header.block_access_list_hash.unwrap_or_default();
    if hash != stated {
        found.push(format!("access list hash: {hash}, and {stated}"));
    }
    Ok(found)
}
