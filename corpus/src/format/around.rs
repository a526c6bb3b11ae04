//! How are the parent and the state after a block spelled?
//!
//! In and out: `parent`, the parent's fields that the base fee follows from; `postState`, the accounts
//! that the block changes; `messagePasserStorageRoot`, `{before, after}`; `blockAccessList`, as EIP-7928
//! names its fields. All may be missing.
//! Invariant: reading what was printed gives the same.

use std::collections::BTreeMap;

use alloy_eips::eip7928::BlockAccessList;
use alloy_primitives::{Address, B256, Bytes, U64};
use serde::{Deserialize, Serialize};
use slotcast::executor::ParentFields;

use super::pre_state;
use crate::{Around, PreAccount};

/// The keys beside the block and the state before it.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AroundFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent>,
    #[serde(
        default,
        deserialize_with = "pre_state::read_changes",
        serialize_with = "pre_state::write_changes",
        skip_serializing_if = "Option::is_none"
    )]
    post_state: Option<BTreeMap<Address, Option<PreAccount>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_passer_storage_root: Option<Roots>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_access_list: Option<BlockAccessList>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Parent {
    timestamp: U64,
    gas_limit: U64,
    gas_used: U64,
    base_fee_per_gas: U64,
    blob_gas_used: Option<U64>,
    #[serde(default)]
    extra_data: Bytes,
}

#[derive(Deserialize, Serialize)]
struct Roots {
    before: Option<B256>,
    after: Option<B256>,
}

impl AroundFields {
    pub(super) fn new(around: &Around) -> Self {
        let Around { parent, post_state, message_passer, block_access_list } = around.clone();
        Self {
            parent: parent.map(|it| Parent {
                timestamp: U64::from(it.timestamp),
                gas_limit: U64::from(it.gas_limit),
                gas_used: U64::from(it.gas_used),
                base_fee_per_gas: U64::from(it.base_fee),
                blob_gas_used: it.blob_gas_used.map(U64::from),
                extra_data: it.extra_data,
            }),
            post_state,
            message_passer_storage_root: message_passer
                .map(|(before, after)| Roots { before, after: Some(after) }),
            block_access_list,
        }
    }

    pub(super) fn into_around(self) -> Around {
        let Self { parent, post_state, message_passer_storage_root, block_access_list } = self;
        Around {
            parent: parent.map(|it| ParentFields {
                timestamp: it.timestamp.to(),
                gas_limit: it.gas_limit.to(),
                gas_used: it.gas_used.to(),
                base_fee: it.base_fee_per_gas.to(),
                blob_gas_used: it.blob_gas_used.map(|gas| gas.to()),
                extra_data: it.extra_data,
            }),
            post_state,
            message_passer: message_passer_storage_root
                .and_then(|Roots { before, after }| Some((before, after?))),
            block_access_list,
        }
    }
}
