//! What is each transaction of a block predicted to touch, as rows?
//!
//! In: recorded blocks. Out: rows in block order, of everything that `slotcast predict --json` says.
//! Invariant: a transaction has at least one row, since it advances a nonce.

use alloy_primitives::{Address, B256, U256};
use slotcast::{
    hints::{Hint, hint_of},
    model::{Location, Prediction, Slot, StateRead, TxIndex},
};

use crate::{
    blocks::{Opened, Source, TxKey, keyed},
    failure::Failure,
    table::Table,
};

/// The predictions of one block.
pub(crate) struct PredictedTx {
    key: TxKey,
    coverage: &'static str,
    /// Why accesses may be missing.
    why: Option<String>,
    n_state_reads: u64,
    touches: Vec<Touch>,
}

/// Something that is touched, or relied on.
struct Touch {
    kind: &'static str,
    address: Address,
    slot: Option<B256>,
    from_value: Option<B256>,
    to_value: Option<B256>,
}

/// Predicts a block.
pub(crate) fn predict_block(source: &Source) -> Result<Vec<PredictedTx>, Failure> {
    let opened = source.open()?;
    let predicted = opened.prepared.predict(&Default::default());
    let predictions = predicted.predictions.iter_enumerated();
    Ok(predictions.map(|(tx, prediction)| PredictedTx::new(&opened, tx, prediction)).collect())
}

impl PredictedTx {
    fn new(opened: &Opened, tx: TxIndex, prediction: &Prediction) -> Self {
        let gaps: Vec<&str> = prediction.gaps().iter().map(|gap| gap.text()).collect();
        Self {
            key: opened.tx(tx),
            coverage: prediction.coverage().text(),
            why: (!gaps.is_empty()).then(|| gaps.join(", ")),
            n_state_reads: prediction.n_state_reads() as u64,
            touches: touches_of(&hint_of(&opened.prepared, prediction.clone())),
        }
    }
}

fn touches_of(hint: &Hint) -> Vec<Touch> {
    let prediction = hint.prediction();
    let mut touches = of_storage(prediction);
    let any = prediction.wildcards().iter().map(|&address| Touch::account("wildcard", address));
    touches.extend(any);
    touches.extend(of_accounts(hint));
    touches.extend(prediction.relied_on().iter().map(relied_on));
    touches
}

/// Slots, with the values that are left in them on the row of what is done to them.
fn of_storage(prediction: &Prediction) -> Vec<Touch> {
    let (storage, values) = (prediction.storage(), prediction.values());
    let value = |slot: &Slot| {
        let found = values.binary_search_by_key(slot, |(slot, _)| *slot);
        found.ok().map(|at| B256::from(values[at].1))
    };
    let is_only_read = |slot: &Slot| storage.writes.binary_search(slot).is_err();
    let touch = |kind, slot: &Slot, to_value| Touch {
        kind,
        address: slot.address,
        slot: Some(slot.key.into()),
        from_value: None,
        to_value,
    };
    let read = |slot| touch("read", slot, value(slot).filter(|_| is_only_read(slot)));
    let reads = storage.reads.iter().map(read);
    let writes = storage.writes.iter().map(|slot| touch("write", slot, value(slot)));
    let deltas = storage.deltas.iter().map(|slot| touch("delta", slot, value(slot)));
    // Slots of accounts that the transaction creates itself stand in no list.
    let is_listed = |slot: &Slot| {
        storage.reads.binary_search(slot).is_ok() || storage.deltas.binary_search(slot).is_ok()
    };
    let others = values.iter().filter(|(slot, _)| !is_listed(slot));
    let others = others.map(|(slot, value)| touch("left", slot, Some((*value).into())));
    reads.chain(writes).chain(deltas).chain(others).collect()
}

fn of_accounts(hint: &Hint) -> impl Iterator<Item = Touch> {
    let accounts = hint.prediction().accounts();
    let lists = [
        ("balance_read", &accounts.balance_reads),
        ("balance_debit", &accounts.balance_debits),
        ("balance_credit", &accounts.balance_credits),
        ("nonce", &accounts.nonces),
        ("created", &accounts.created),
        ("destroyed", &accounts.destroyed),
        ("delegated", &accounts.delegated),
    ];
    let plain = lists.into_iter().flat_map(|(kind, addresses)| {
        addresses.iter().map(move |&address| Touch::account(kind, address))
    });
    // With the hash of the code that was looked at.
    let codes = hint.codes().iter().map(|&(address, hash)| Touch {
        from_value: Some(hash),
        ..Touch::account("code_read", address)
    });
    plain.chain(codes)
}

/// A word of state, with what it held.
fn relied_on(word: &StateRead) -> Touch {
    let (kind, slot): (_, Option<U256>) = match word.location {
        Location::Storage(slot) => ("relied_storage", Some(slot.key)),
        Location::Balance(_) => ("relied_balance", None),
        Location::Nonce(_) => ("relied_nonce", None),
        Location::Code(_) => ("relied_code", None),
    };
    let slot = slot.map(B256::from);
    let from_value = Some(word.value.into());
    Touch { slot, from_value, ..Touch::account(kind, word.location.address()) }
}

impl Touch {
    const fn account(kind: &'static str, address: Address) -> Self {
        Self { kind, address, slot: None, from_value: None, to_value: None }
    }
}

/// The rows.
pub(crate) fn table(predicted: &[Vec<PredictedTx>]) -> Table {
    let txs = predicted.iter().flatten();
    let rows: Vec<(&PredictedTx, &Touch)> =
        txs.flat_map(|tx| tx.touches.iter().map(move |touch| (tx, touch))).collect();
    let touch = || rows.iter().map(|(_, touch)| *touch);
    let tx = || rows.iter().map(|(tx, _)| *tx);
    keyed(rows.iter().map(|(tx, _)| &tx.key))
        .bytes("address", touch().map(|touch| Some(touch.address)))
        .bytes("slot", touch().map(|touch| touch.slot))
        .texts("kind", touch().map(|touch| Some(touch.kind)))
        .bytes("from_value", touch().map(|touch| touch.from_value))
        .bytes("to_value", touch().map(|touch| touch.to_value))
        .texts("coverage", tx().map(|tx| Some(tx.coverage)))
        .texts("why", tx().map(|tx| tx.why.as_ref()))
        .u64s("n_state_reads", tx().map(|tx| Some(tx.n_state_reads)))
}
