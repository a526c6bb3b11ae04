//! `slotcast predict`: what will each transaction touch?
//!
//! In: blocks. Out: predictions as text, in one of the JSON dialects or packed; nothing is run.

use std::path::Path;

use serde::Serialize;
use slotcast::{
    Basis, PredictSettings, Prepared,
    graph::schedule_of,
    hints::{self, FetchPlan, Hint, head_of, hint_of, pack},
    model::{Coverage, Index, IndexVec, Prediction, Slot, TxIndex},
    predict::warm_of,
    prediction_file,
};

use crate::{
    args::{BasisArgument, Dialect, Predict},
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
    render::{BAD, Console, GOOD, HEAD, count, duration},
    summary_file::SummaryFile,
    whole_file::{WholeFile, gzip},
};

/// Predicts all blocks.
pub(crate) fn predict(args: &Predict, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list_of(&args.blocks)?;
    let json = || (console.is_json() || args.out.is_some()).then_some(Dialect::Slotcast);
    let dialect = args.format.or_else(json);
    if dialect == Some(Dialect::Packed) && args.out.is_none() {
        return Err(Failure::bad_input("--format packed: is no text; name a file with --out"));
    }
    let mut file = args.out.as_deref().map(Output::at).transpose()?;
    let basis = match args.basis {
        BasisArgument::Block => Basis::BlockOrder,
        BasisArgument::Parent => Basis::Parent,
    };
    let settings = PredictSettings { basis, ..PredictSettings::default() };
    let summary_file = SummaryFile::open(&args.keep, console)?;
    let progress = Progress::new(sources.len(), console);
    for source in &sources {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let txs = chosen(args.tx, &prepared, source)?;
        let summaries = summary_file.summaries(&prepared, &settings);
        let predicted = prepared.predict_with(&summaries, &settings);
        summary_file.keep(&summaries);
        let predictions = &predicted.predictions;
        let number = prepared.block().header.number;
        progress.done(|| match (dialect, &mut file) {
            (Some(dialect), Some(file)) => file.add(dialect, &prepared, predictions, &txs, console),
            (Some(dialect), None) => console.line(document(dialect, &prepared, predictions, &txs)),
            (None, _) => text(number, predictions, &txs, console),
        })?;
        if console.is_verbose() {
            console.note(format_args!(
                "block {number}: contracts summarised in {}, predicted in {}",
                duration(predicted.analyze_micros),
                duration(predicted.predict_micros),
            ));
        }
    }
    summary_file.close(console);
    file.map_or(Ok(()), Output::write)?;
    Ok(Verdict::Holds)
}

/// What is written to a file instead of standard output.
struct Output {
    file: WholeFile,
    bytes: Vec<u8>,
    is_gzipped: bool,
}

/// What packing came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Packed {
    block: u64,
    txs: usize,
    slots: usize,
    bytes: usize,
    bytes_per_slot: f64,
}

impl Output {
    fn at(path: &Path) -> Result<Self, Failure> {
        let is_gzipped = path.extension().is_some_and(|extension| extension == "gz");
        Ok(Self { file: WholeFile::at(path)?, bytes: Vec::new(), is_gzipped })
    }

    fn add(
        &mut self,
        dialect: Dialect,
        prepared: &Prepared,
        predictions: &IndexVec<TxIndex, Prediction>,
        txs: &[TxIndex],
        console: &Console,
    ) -> Result<(), Failure> {
        if dialect != Dialect::Packed {
            self.bytes.extend(document(dialect, prepared, predictions, txs).into_bytes());
            self.bytes.push(b'\n');
            return Ok(());
        }
        let block = prepared.block();
        let chosen = || txs.iter().map(|&tx| (tx, &predictions[tx]));
        let packed = pack(head_of(block), chosen());
        let n_slots = |prediction: &Prediction| {
            prediction.storage().reads.len() + prediction.storage().deltas.len()
        };
        let slots: usize = chosen().map(|(_, prediction)| n_slots(prediction)).sum();
        let (block, txs, bytes) = (block.header.number, txs.len(), packed.len());
        self.bytes.extend(packed);
        let bytes_per_slot = bytes as f64 / slots.max(1) as f64;
        if console.is_json() {
            return console.document(&Packed { block, txs, slots, bytes, bytes_per_slot });
        }
        console.line(format_args!(
            "block {block}: {}, {} in {bytes} bytes, {bytes_per_slot:.1} for each slot, accounts \
             included",
            count(txs, "transaction", "transactions"),
            count(slots, "slot", "slots"),
        ))
    }

    fn write(self) -> Result<(), Failure> {
        self.file.write(match self.is_gzipped {
            true => gzip(&self.bytes)?,
            false => self.bytes,
        })
    }
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
        Dialect::Slotcast => {
            let hints: Vec<(TxIndex, Hint)> =
                chosen.map(|(tx, it)| (tx, hint_of(prepared, it.clone()))).collect();
            let hints = hints.iter().map(|(tx, hint)| (*tx, hint));
            prediction_file::print_hints(head_of(block), hints)
        }
        Dialect::Packed => unreachable!("the packed form is no text and is written to a file"),
        Dialect::Eip2930 => {
            let chosen = chosen.map(|(tx, prediction)| (tx, warm_of(block, tx), prediction));
            hints::print(&hints::access_lists(number, chosen))
        }
        Dialect::Bal => hints::print(&hints::block_keys(number, chosen)),
        Dialect::Fetch => hints::print(&FetchPlan::of(chosen.map(|(_, prediction)| prediction))),
        Dialect::Txdag => {
            let schedule = schedule_of(prepared, predictions);
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
        ("delegated", &accounts.delegated),
    ];
    for (kind, addresses) in lists {
        for address in addresses {
            console.line(format_args!("  {kind:<16} {address}"))?;
        }
    }
    Ok(())
}
