//! What do we make of a block?
//!
//! In: a block and a state. Out: [`Came`].
//! Invariant: sequential execution, which everything parallel is held against elsewhere.

use slotcast::executor::{Block, MemoryState, SequentialSettings, TxOutcome, execute_sequential};

use crate::{Account, Came, Tx};

/// Executes `block` on `state`.
pub(crate) fn run(block: &Block, state: &MemoryState) -> Came {
    let settings = SequentialSettings { is_observed: false };
    let outcome = execute_sequential(block, state, &settings).expect("it can be run").outcome;
    let mut receipts = outcome.receipts.iter();
    let txs = outcome.txs.iter().map(|tx| {
        let TxOutcome::Executed(_) = tx else {
            return Tx { receipt: None, fees: Default::default() };
        };
        let receipt = receipts.next().expect("what ran has a receipt");
        let mut encoded = Vec::new();
        receipt.encode_2718(&mut encoded);
        let fees = receipt.rollup_fees();
        let of_data = fees.map(|fees| fees.l1_fee).unwrap_or_default();
        let of_operator = fees.and_then(|fees| fees.operator_fee).unwrap_or_default();
        Tx { receipt: Some(encoded), fees: [of_data, of_operator] }
    });
    let txs = txs.collect();
    let state = outcome.state.iter().map(|change| {
        let fields = change.after;
        let storage = change.storage.iter().map(|slot| (slot.key, slot.after)).collect();
        let account = fields.map_or_else(Account::default, |fields| Account {
            balance: fields.balance,
            nonce: fields.nonce,
            code_hash: fields.code_hash,
            storage,
        });
        (change.address, account)
    });
    Came { gas_used: outcome.gas_used, txs, state: state.collect() }
}
