//! What does the recording of a rollup's block hold beside Ethereum's?
//!
//! In: a block that was run, the node, the state before it. Out: the recording with the fields of the
//! parent that the base fee follows from, the accounts as the block leaves them, and the storage root
//! of the contract that records withdrawals.
//! Invariants: what a header says of these (base fee, withdrawals root, room for data) follows, or is
//! an error; so are receipts of the node that state another fee for data or another nonce of a
//! deposit, which no root of the header covers. Where the node proves nothing, the root before the
//! block is left out.

use std::sync::Arc;

use alloy_primitives::{B256, U256};
use slotcast::{
    executor::{
        Block, BlockOutcome, ChainRules, MemoryState, OpChain, OpFork, ParentFields, RollupCheck,
        SequentialSettings, check_rollup, execute_sequential_with_bundle,
    },
    model::Slot,
};
use slotcast_corpus::{Around, RecordedBlock, RecordedReceipt, post_state_of};

use crate::{
    error::{NodeError, RecordError},
    known::Want,
    node::Node,
    proof,
    recorder::ProofPolicy,
    state::NodeState,
};

/// What every transaction of a rollup pays into and reads.
pub(crate) fn wants(rules: &ChainRules) -> Vec<Want> {
    let Some(chain) = rules.as_optimism() else { return Vec::new() };
    let (contract, slots) = OpChain::FEE_PARAMETERS;
    let slots = slots.into_iter().map(|key| Want::Slot(Slot::new(contract, U256::from(key))));
    slots.chain(chain.vaults().map(Want::Account)).collect()
}

/// A node of a rollup, and the state before one of its blocks.
pub(crate) struct Rollup<'a> {
    node: &'a Node,
    rules: Arc<ChainRules>,
    proofs: ProofPolicy,
    parent: &'a NodeState,
}

impl<'a> Rollup<'a> {
    /// Nothing where the node's chain is no rollup.
    pub(crate) fn of(node: &'a Node, proofs: ProofPolicy, parent: &'a NodeState) -> Option<Self> {
        let rules = node.rules().filter(|rules| rules.as_optimism().is_some())?;
        Some(Self { node, rules, proofs, parent })
    }

    /// Adds to the recording of a block what the invariant says, and checks it.
    pub(crate) fn complete(
        &self,
        recorded: &mut RecordedBlock,
        block: &Block,
        before: &MemoryState,
        outcome: &BlockOutcome,
    ) -> Result<(), RecordError> {
        let Some(chain) = self.rules.as_optimism() else { return Ok(()) };
        let number = recorded.number();
        let failed = |source| RecordError::Node { number, source };
        let settings = SequentialSettings { is_observed: false };
        let (_, bundle) = execute_sequential_with_bundle(block, before, &settings)
            .map_err(|source| RecordError::Execution { number, source: Box::new(source) })?;
        let code_of = |hash: B256| Some(bundle.contracts.get(&hash)?.original_bytes());
        let parent = ParentFields::from(self.parent.header());
        let after = recorded.header.withdrawals_root;
        let message_passer = match after {
            Some(after) if OpFork::Isthmus <= chain.fork_at(recorded.header.timestamp) => {
                Some((self.passer_root().map_err(failed)?, after))
            }
            _ => None,
        };
        let header = &recorded.header;
        let check = check_rollup(chain, header, outcome, Some(&parent), message_passer);
        let wrong = first_wrong(check).or(self.wrong_receipt(recorded).map_err(failed)?);
        if let Some(field) = wrong {
            let node = self.node.rpc().name().to_owned();
            return Err(RecordError::Contradicted { number, node, field });
        }
        recorded.around = Around {
            parent: Some(parent),
            post_state: Some(post_state_of(&outcome.state, code_of)),
            message_passer,
            block_access_list: None,
        };
        Ok(())
    }

    /// The proven storage root, before the block, of the contract that records withdrawals.
    fn passer_root(&self) -> Result<Option<B256>, NodeError> {
        if self.proofs == ProofPolicy::Never {
            return Ok(None);
        }
        let (address, at) = (OpChain::MESSAGE_PASSER, self.parent.hash());
        let found = match self.node.proof(address, &[], at) {
            Err(error) if error.is_refusal() => return Ok(None),
            found => found?,
        };
        let root = self.parent.header().state_root;
        match proof::check(root, address, &[], &found) {
            Ok(_) => Ok(Some(found.storage_hash)),
            Err(reason) => {
                let node = self.node.rpc().name().to_owned();
                Err(NodeError::Unproven { node, address, block: at, reason })
            }
        }
    }

    /// What a receipt of the node's states otherwise than running its transaction gave, of what no root
    /// covers. Nodes word the rest of the fields differently, and some leave fields out.
    fn wrong_receipt(&self, recorded: &RecordedBlock) -> Result<Option<&'static str>, NodeError> {
        let stated = match self.node.receipts(recorded.hash) {
            Err(error) if error.is_refusal() => return Ok(None),
            stated => stated?,
        };
        let ours = recorded.receipts.iter().flatten();
        Ok(ours.zip(&stated).find_map(|(ours, stated)| difference(ours, stated)))
    }
}

fn difference(ours: &RecordedReceipt, stated: &RecordedReceipt) -> Option<&'static str> {
    let (ours, stated) = (&ours.rollup, &stated.rollup);
    if stated.l1_fee.is_some() && stated.l1_fee != ours.l1_fee {
        Some("l1Fee of a receipt")
    } else if stated.deposit_nonce.is_some() && stated.deposit_nonce != ours.deposit_nonce {
        Some("depositNonce of a receipt")
    } else {
        None
    }
}

fn first_wrong(check: RollupCheck) -> Option<&'static str> {
    let RollupCheck { base_fee, withdrawals_root, da_footprint } = check;
    [
        ("baseFeePerGas", base_fee),
        ("withdrawalsRoot", withdrawals_root),
        ("blobGasUsed", da_footprint),
    ]
    .into_iter()
    .find_map(|(field, holds)| (holds == Some(false)).then_some(field))
}
