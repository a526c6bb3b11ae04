//! `slotcast_conflictGroups`: which unexecuted transactions touch the same state?
//!
//! In: transactions and a block. Out: their conflict groups, and on demand every pair that conflicts,
//! with where.

use alloy_eips::BlockId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use slotcast::{
    hints::{ConflictPool, ConflictScope, Ticket},
    model::{Index, Location},
};

use super::asked_all;
use crate::{
    block_context::BlockName,
    fault::Fault,
    service::{SCHEMA_VERSION, Service, json},
    words::PlaceOut,
};

/// What is asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    txs: Vec<Box<RawValue>>,
    #[serde(default)]
    block: Option<BlockId>,
    #[serde(default)]
    grounds: Counted,
    #[serde(default)]
    pairs: bool,
}

/// What counts as a conflict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Counted {
    /// All that an outcome can depend on.
    All,
    /// The same without balances that are spent from and not looked at.
    #[default]
    Observed,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Groups {
    schema_version: u64,
    block: BlockName,
    /// Each ascending, by their first transaction.
    groups: Vec<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<Vec<Pair>>,
    /// Transactions whose predictions may be missing something, so that conflicts may be too.
    partial: Vec<u32>,
}

#[derive(Serialize)]
struct Pair {
    a: u32,
    b: u32,
    at: Vec<PlaceOut>,
}

/// Groups transactions by conflict.
pub(super) fn groups(service: &Service, params: Asking) -> Result<Box<RawValue>, Fault> {
    let context = service.chain.context(params.block)?;
    let mut pool = ConflictPool::new(match params.grounds {
        Counted::All => ConflictScope::All,
        Counted::Observed => ConflictScope::Observed,
    });
    let mut partial = Vec::new();
    for asked in asked_all(service, &params.txs, &context)? {
        let prediction = service.predict(&context, &asked)?;
        let is_partial = !prediction.gaps().is_empty();
        // Tickets of a fresh pool count from zero, so they are the positions in the request.
        let ticket = pool.insert(&Service::hint(&context, prediction));
        if is_partial {
            partial.push(ticket.0);
        }
    }
    let groups = pool.groups();
    let pairs = params.pairs.then(|| groups.iter().flat_map(|group| pairs(&pool, group)).collect());
    Ok(json(&Groups {
        schema_version: SCHEMA_VERSION,
        block: context.name(),
        groups: groups.iter().map(|group| group.iter().map(|ticket| ticket.0).collect()).collect(),
        pairs,
        partial,
    }))
}

/// The pairs of a group that conflict.
fn pairs(pool: &ConflictPool, group: &[Ticket]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (n, &a) in group.iter().enumerate() {
        for &b in group[n + 1..].iter().filter(|&&b| pool.conflicts(a, b)) {
            debug_assert!(a.as_usize() < b.as_usize(), "groups are ascending");
            let at = pool.conflicting_locations(a, b);
            let at = at.iter().map(|location: &Location| location.into()).collect();
            pairs.push(Pair { a: a.0, b: b.0, at });
        }
    }
    pairs
}
