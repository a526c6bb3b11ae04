//! `slotcast predict`: what will each transaction touch?
//!
//! In: blocks. Out: predictions as text or in one of the JSON dialects; nothing is run.

use slotcast::{
    Prepared, forecasts,
    hints::{self, FetchPlan},
    model::{Coverage, Index, IndexVec, Prediction, Slot, TxIndex},
    prediction_file,
    scheduler::{self, Policy},
    warm_of,
};

use crate::{
    args::{Dialect, Predict},
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
    render::{BAD, Console, GOOD, HEAD, count, duration},
};

/// Predicts all blocks.
pub(crate) fn predict(args: &Predict, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list(&args.blocks.files)?;
    let dialect = args.format.or_else(|| console.is_json().then_some(Dialect::Slotcast));
    let progress = Progress::new(sources.len(), console);
    for source in &sources {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let txs = chosen(args.tx, &prepared, source)?;
        let predicted = prepared.predict(&Default::default());
        let predictions = &predicted.predictions;
        let number = prepared.block().header.number;
        progress.done(|| match dialect {
            Some(dialect) => console.line(document(dialect, &prepared, predictions, &txs)),
            None => text(number, predictions, &txs, console),
        })?;
        if console.is_verbose() {
            console.note(format_args!(
                "block {number}: contracts summarised in {}, predicted in {}",
                duration(predicted.analyze_micros),
                duration(predicted.predict_micros),
            ));
        }
    }
    Ok(Verdict::Holds)
}

/// The transactions to print: the one asked for, or all.
fn chosen(tx: Option<u32>, prepared: &Prepared, source: &Source) -> Result<Vec<TxIndex>, Failure> {
    let n = prepared.block().n_transactions();
    match tx.map(TxIndex) {
        None => Ok(prepared.block().tx_indices().collect()),
        Some(tx) if tx.as_usize() < n => Ok(vec![tx]),
        Some(tx) => Err(Failure::in_file(
            &source.name(),
            format_args!("--tx {tx}: the block has {n} transactions, counted from 0"),
        )),
    }
}

fn document(
    dialect: Dialect,
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    txs: &[TxIndex],
) -> String {
    let block = prepared.block();
    let number = block.header.number;
    let chosen = txs.iter().map(|&tx| (tx, &predictions[tx]));
    match dialect {
        Dialect::Slotcast => prediction_file::print_some(number, chosen),
        Dialect::Eip2930 => {
            let chosen = chosen.map(|(tx, prediction)| (tx, warm_of(block, tx), prediction));
            hints::print(&hints::access_lists(number, chosen))
        }
        Dialect::Bal => hints::print(&hints::block_keys(number, chosen)),
        Dialect::Fetch => hints::print(&FetchPlan::of(chosen.map(|(_, prediction)| prediction))),
        Dialect::Txdag => {
            let forecasts = forecasts(block, predictions);
            let schedule = scheduler::schedule(&forecasts, &Policy::Optimistic);
            hints::print(&hints::tx_dag(number, &schedule, txs.iter().copied()))
        }
    }
}

fn text(
    number: u64,
    predictions: &IndexVec<TxIndex, Prediction>,
    txs: &[TxIndex],
    console: &Console,
) -> Result<(), Failure> {
    let head =
        format!("block {number}: {}", count(predictions.len(), "transaction", "transactions"));
    console.line(console.paint(HEAD, &head))?;
    for &tx in txs {
        one(tx, &predictions[tx], console)?;
    }
    Ok(())
}

fn one(tx: TxIndex, prediction: &Prediction, console: &Console) -> Result<(), Failure> {
    let storage = prediction.storage();
    let coverage = prediction.coverage();
    let style = if coverage == Coverage::Partial { BAD } else { GOOD };
    let reasons: Vec<&str> = prediction.gaps().iter().map(|gap| gap.text()).collect();
    let reasons = match reasons.is_empty() {
        true => String::new(),
        false => format!(" ({})", reasons.join(", ")),
    };
    console.line(format_args!(
        "tx {tx}: {}{reasons}, {}",
        console.paint(style, coverage.text()),
        count(prediction.n_state_reads(), "state word read", "state words read"),
    ))?;
    let is_only_read = |slot: &&Slot| storage.writes.binary_search(slot).is_err();
    for slot in storage.reads.iter().filter(is_only_read) {
        console.line(format_args!("  read   {slot}"))?;
    }
    for (kind, slots) in [("write", &storage.writes), ("add", &storage.deltas)] {
        for slot in slots {
            console.line(format_args!("  {kind:<6} {slot}"))?;
        }
    }
    for address in prediction.wildcards() {
        console.line(format_args!("  any    slot of {address}"))?;
    }
    let accounts = prediction.accounts();
    let lists = [
        ("balance read", &accounts.balance_reads),
        ("balance spent", &accounts.balance_debits),
        ("balance credited", &accounts.balance_credits),
        ("nonce", &accounts.nonces),
        ("code", &accounts.code_reads),
        ("created", &accounts.created),
        ("destroyed", &accounts.destroyed),
    ];
    for (kind, addresses) in lists {
        for address in addresses {
            console.line(format_args!("  {kind:<16} {address}"))?;
        }
    }
    Ok(())
}
