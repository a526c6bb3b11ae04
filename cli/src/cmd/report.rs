//! `slotcast report`: how good and how quick are the predictions, on one page?
//!
//! In: blocks. Out: a page in a file.
//! Invariants: without times the page depends on the blocks alone, for any number of threads; a
//! figure that is simulated says so; the page is written whole or not at all.

mod accuracy;
mod blocks;
mod capacity;
mod measure;
mod situations;
mod speed;

use slotcast_lab::capacity::CapacityCosts;
use slotcast_lab::render::{Cell, Page};
use slotcast_lab::scoreboard::scoreboard;

use self::measure::{OfBlock, measure};
use super::score::board::entries;
use crate::{
    args::Report,
    failure::{Failure, Verdict},
    input::Source,
    render::{Console, count},
    summary_file::SummaryFile,
    whole_file::WholeFile,
};

/// Scores, measures and writes.
pub(crate) fn report(args: &Report, threads: usize, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list_of(&args.blocks)?;
    let file = WholeFile::at(&args.out)?;
    let entries = entries(&sources, &SummaryFile::none(), threads, console)?;
    let timed_on = (!args.no_timing).then_some(threads);
    let (mut blocks, costs) = measure(&sources, entries, timed_on, console)?;
    blocks.sort_by_key(|block| (block.entry.number(), block.entry.hash()));
    let page = page(&blocks, costs.as_ref(), timed_on).html();
    let (n_blocks, n_bytes) = (count(blocks.len(), "block", "blocks"), page.len());
    file.write(page)?;
    console.note(format_args!("{}: {n_blocks}, {n_bytes} bytes", args.out.display()));
    Ok(Verdict::of(blocks.iter().all(OfBlock::holds)))
}

fn page(blocks: &[OfBlock], costs: Option<&CapacityCosts>, timed_on: Option<usize>) -> Page {
    let board = scoreboard(blocks.iter().map(|block| block.entry.clone()).collect());
    let n_txs: u64 = blocks.iter().map(|block| block.entry.score().score.total.txs).sum();
    let gas: u64 = blocks.iter().map(|block| block.gas_used).sum();
    let mut lead = vec![format!(
        "Predictions of {}, {n_txs} transactions, {:.0} Mgas, made from bytecode before anything is \
         run, beside what running the blocks touches.",
        count(blocks.len(), "block", "blocks"),
        gas as f64 / 1e6,
    )];
    lead.push(match timed_on {
        Some(threads) => format!(
            "Times were measured while this page was made, on {} of a machine that has {}, by \
             slotcast {}; other work on the machine disturbs them.",
            count(threads, "thread", "threads"),
            std::thread::available_parallelism().map_or(1, core::num::NonZeroUsize::get),
            env!("CARGO_PKG_VERSION"),
        ),
        None => format!(
            "No times were measured: by slotcast {} the same blocks give the same page anywhere.",
            env!("CARGO_PKG_VERSION"),
        ),
    });
    let mut sections = vec![situations::at_a_glance(&board, blocks, timed_on)];
    sections.extend(timed_on.map(|threads| speed::measured(blocks, threads)));
    sections.extend(costs.map(|costs| capacity::by_threads(costs, blocks.len())));
    sections.extend(timed_on.map(|_| speed::by_mode(blocks)));
    sections.extend([accuracy::by_kind(&board), accuracy::by_era(&board)]);
    sections.push(accuracy::reasons(&board));
    sections.push(blocks::list(blocks));
    Page { title: "Slotcast: accuracy and speed".to_owned(), lead, sections }
}

/// A share with four digits.
fn share(share: f64) -> Cell {
    Cell::Number(format!("{share:.4}"), share)
}

fn whole(n: u64) -> Cell {
    Cell::Number(n.to_string(), n as f64)
}
