//! What do we make of a block?
//!
//! In: a block and a state. Out: [`Came`].
//! Invariant: sequential execution, which everything parallel is held against elsewhere.

use slotcast::executor::{
    Block, MemoryState, RollupReceipt, SequentialSettings, TxOutcome, block_access_list,
    execute_sequential,
};

use crate::came::{Account, Came, Receipt, Tx};

/// Executes `block` on `state`.
pub(crate) fn run(block: &Block, state: &MemoryState) -> Came {
    let settings = SequentialSettings { is_observed: false };
    let outcome = execute_sequential(block, state, &settings).expect("it can be run").outcome;
    let mut came = Came { gas_used: outcome.gas_used, ..Came::default() };
    let mut receipts = outcome.receipts.iter();
    for tx in &outcome.txs {
        let TxOutcome::Executed(executed) = tx else {
            came.txs.push(Tx::default());
            continue;
        };
        let receipt = receipts.next().expect("what ran has a receipt");
        let deposit = match receipt.rollup.as_deref() {
            Some(RollupReceipt::Deposit { nonce, version }) => [Some(*nonce), *version],
            _ => [None; 2],
        };
        let fees = receipt.rollup_fees();
        let of_data = fees.map(|fees| fees.l1_fee).unwrap_or_default();
        let of_operator = fees.and_then(|fees| fees.operator_fee).unwrap_or_default();
        let fees = [of_data, of_operator];
        let receipt = Receipt {
            tx_type: receipt.tx_type,
            success: receipt.success,
            cumulative_gas: receipt.cumulative_gas_used,
            logs: receipt.logs.clone(),
            deposit,
        };
        came.txs.push(Tx { receipt: Some(receipt), gas_used: executed.gas_used, fees });
    }
    for change in &outcome.state {
        let fields = change.after;
        let storage = change.storage.iter().map(|slot| (slot.key, slot.after)).collect();
        let account = fields.map_or_else(Account::default, |fields| Account {
            balance: fields.balance,
            nonce: fields.nonce,
            code_hash: fields.code_hash,
            storage,
        });
        came.state.insert(change.address, account);
    }
    steps(block, state, &mut came);
    came
}

/// What each step changes, which is a list that the executor makes for every fork.
fn steps(block: &Block, state: &MemoryState, came: &mut Came) {
    for account in block_access_list(block, state).expect("it can be run") {
        let address = account.address;
        for it in &account.balance_changes {
            let step = it.block_access_index.get();
            came.change(step, address).balance = Some(it.post_balance);
        }
        for it in &account.nonce_changes {
            came.change(it.block_access_index.get(), address).nonce = Some(it.new_nonce);
        }
        // Code that a fork puts in place without a transaction is not in the other side's list; the
        // state after the block has it.
        for it in account.code_changes.into_iter().filter(|it| it.block_access_index.get() != 0) {
            came.change(it.block_access_index.get(), address).code = Some(it.new_code);
        }
        for slot in &account.storage_changes {
            for it in &slot.changes {
                let change = came.change(it.block_access_index.get(), address);
                change.storage.insert(slot.slot, it.new_value);
            }
        }
    }
}
