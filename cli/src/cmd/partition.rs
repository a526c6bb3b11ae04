//! `slotcast partition`: which transactions need more than one shard, if state is divided?
//!
//! In: blocks and numbers of shards. Out: a row for each way of dividing; or the plan of each block, for
//! which nothing is run.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde::Serialize;
use slotcast::{
    Prepared,
    model::{Index, IndexVec, TxIndex},
    scheduler::partition::{ShardPlan, ShardSettings, Touched},
};
use slotcast_corpus::{Plan, Scenario, block_of, generate, state_of};
use slotcast_lab::partition::{
    AccountGraph, Division, ShardBlock, ShardRow, ShardStudy, hashed_account, predicted_footprints,
    shard_blocks, study_shards,
};

use crate::{
    args::Partition,
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
    render::{Columns, Console, HEAD, count},
};

const COLUMNS: Columns = Columns::new(&[
    ("shards", 0),
    ("crossing", 9),
    ("load", 6),
    ("planned", 7),
    ("limit", 6),
    ("misrouted", 9),
    ("moved", 7),
    ("seconds", 8),
    ("simulated", 9),
    ("state divided by", 0),
]);

/// A row with what it was measured on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    traffic: &'a str,
    blocks: usize,
    partial_txs: usize,
    bound_percent: u64,
    shard_threads: u32,
    round_trip_micros: u64,
    is_simulated: [&'static str; 1],
    #[serde(flatten)]
    row: &'a ShardRow,
}

/// Compares ways of dividing, or prints plans.
pub(crate) fn partition(args: &Partition, console: &Console) -> Result<Verdict, Failure> {
    if args.plan {
        return plans(args, console);
    }
    let blocks = match args.generate {
        Some(n_txs) => generated(n_txs as usize, args.block_txs as usize, console)?,
        None => recorded(args, console)?,
    };
    let divider = args.divider.as_deref();
    let run =
        |graph: &AccountGraph, n: usize| divided_by(divider.unwrap_or(Path::new("")), graph, n);
    let study = ShardStudy {
        bound_percent: args.bound,
        threads: args.shard_threads as usize,
        round_trip_micros: args.round_trip,
        divider: divider.is_some().then_some(&run),
    };
    let is_asked = |it: &Division| *it != Division::DividerOnPastAccounts || divider.is_some();
    let divisions: Vec<Division> = Division::ALL.into_iter().filter(is_asked).collect();
    let n_txs = blocks.iter().map(|block| block.truth.len()).sum::<usize>();
    let partial = blocks.iter().flat_map(|block| block.is_partial.iter()).filter(|it| **it);
    let partial_txs = partial.count();
    if !console.is_json() {
        let of = count(n_txs, "transaction", "transactions");
        console.line(format_args!(
            "{of} in {}, {partial_txs} of them predicted in part",
            count(blocks.len(), "block", "blocks")
        ))?;
        console.line(format_args!(
            "simulated: {} a shard, {} µs for a crossing; times the throughput of one such machine",
            count(args.shard_threads as usize, "thread", "threads"),
            args.round_trip,
        ))?;
        console.line(console.paint(HEAD, &COLUMNS.head()))?;
    }
    let progress = Progress::new(args.shards.len() * divisions.len(), console);
    for &n_shards in &args.shards {
        for &division in &divisions {
            progress.start(format!("{n_shards} shards, {}", name(division)));
            let row = study_shards(&blocks, n_shards as usize, &study, division)
                .map_err(|error| Failure::bad_input(format_args!("--divider: {error}")))?;
            progress.done(|| match console.is_json() {
                true => console.document(&Line {
                    traffic: if args.generate.is_some() { "generated" } else { "recorded" },
                    blocks: blocks.len(),
                    partial_txs,
                    bound_percent: args.bound,
                    shard_threads: args.shard_threads,
                    round_trip_micros: args.round_trip,
                    is_simulated: ["throughput"],
                    row: &row,
                }),
                false => console.line(text(&row)),
            })?;
        }
    }
    Ok(Verdict::Holds)
}

fn text(row: &ShardRow) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let known = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), percent);
    COLUMNS.row([
        row.shards.to_string(),
        percent(row.crossing_share),
        format!("{:.3}", row.load),
        format!("{:.3}", row.load_predicted),
        format!("{:.3}", row.load_limit),
        known(row.misrouted_share),
        known(row.moved_share),
        format!("{:.2}", row.seconds),
        format!("{:.2}x", row.throughput),
        name(row.division).to_owned(),
    ])
}

const fn name(division: Division) -> &'static str {
    match division {
        Division::HashedAccounts => "hash of the account",
        Division::HashedSlots => "hash of account and slot",
        Division::DividerOnPastAccounts => "divider, accounts of the past",
        Division::PastAccounts => "ours, accounts of the past",
        Division::Predicted => "ours, predicted sets",
        Division::Truth => "ours, true sets",
    }
}

/// The recorded blocks, each as it is.
fn recorded(args: &Partition, console: &Console) -> Result<Vec<ShardBlock>, Failure> {
    let sources = Source::list_of(&args.blocks)?;
    let progress = Progress::new(sources.len(), console);
    let mut blocks = Vec::new();
    for source in &sources {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let of_block = shard_blocks(&prepared, usize::MAX)
            .map_err(|error| Failure::in_file(&source.name(), error))?;
        progress.done(|| blocks.extend(of_block));
    }
    Ok(blocks)
}

/// Generated traffic, cut into blocks.
fn generated(
    n_txs: usize,
    per_block: usize,
    console: &Console,
) -> Result<Vec<ShardBlock>, Failure> {
    console.note(format_args!("generating, predicting and running {n_txs} transactions"));
    let plan = Plan { n_txs, scenario: Scenario::Popular, ..Plan::default() };
    let unsealed = generate(&plan).map_err(Failure::bad_input)?;
    let (block, state) = (block_of(unsealed.block()), state_of(unsealed.block()));
    let prepared = Prepared::new(block, state).map_err(Failure::bad_input)?;
    shard_blocks(&prepared, per_block).map_err(Failure::bad_input)
}

/// What a program makes of a graph.
fn divided_by(program: &Path, graph: &AccountGraph, n: usize) -> Result<Vec<u32>, String> {
    let named = |error: std::io::Error| format!("{}: {error}", program.display());
    let mut child = Command::new(program)
        .arg(n.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(named)?;
    let stdin = child.stdin.take();
    let text = graph.metis();
    let output = std::thread::scope(|scope| {
        // A program that reads only a part of the graph says why in another way.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(text.as_bytes())));
        child.wait_with_output()
    })
    .map_err(named)?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", program.display(), output.status));
    }
    // METIS itself prints complaints between.
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(|it| it.parse().ok()).collect())
}

/// The plan of a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument {
    block: u64,
    shards: u32,
    crossing: usize,
    loads: Vec<u64>,
    load_limit: u64,
    txs: Vec<PlannedTx>,
    locations: Vec<PlannedLocation>,
}

/// Where a transaction runs, and all shards that it needs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedTx {
    index: u32,
    home: u32,
    shards: Vec<u32>,
    /// Whether it may need others.
    is_partial: bool,
}

/// Where a piece of state goes: a slot, or without one an account's balance, nonce and code.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedLocation {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    shard: u32,
}

/// Prints the plan of each block.
fn plans(args: &Partition, console: &Console) -> Result<Verdict, Failure> {
    let [n_shards] = args.shards[..] else {
        return Err(Failure::bad_input("--plan: name one number of shards, such as --shards 4"));
    };
    let sources = Source::list_of(&args.blocks)?;
    let progress = Progress::new(sources.len(), console);
    for source in &sources {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let (txs, is_partial) = predicted_footprints(&prepared)
            .map_err(|error| Failure::in_file(&source.name(), error))?;
        let number = prepared.block().header.number;
        let document = planned(number, &txs, &is_partial, n_shards, args.bound);
        progress.done(|| match console.is_json() {
            true => console.document(&document),
            false => plan_text(&document, console),
        })?;
    }
    Ok(Verdict::Holds)
}

fn planned(
    block: u64,
    txs: &IndexVec<TxIndex, Touched>,
    is_partial: &IndexVec<TxIndex, bool>,
    n_shards: u32,
    bound_percent: u64,
) -> PlanDocument {
    let n = n_shards as usize;
    let settings = ShardSettings { n_shards: n, bound_percent };
    let plan = ShardPlan::new(txs, &settings, |it| hashed_account(it, n));
    let mut loads = vec![0; n];
    let of_tx = |(tx, touched): (TxIndex, &Touched)| {
        loads[plan.home(tx).as_usize()] += touched.work;
        let needs = plan.route_of(tx, &touched.locations, |it| hashed_account(it, n));
        let shards = needs.shards().iter().map(|shard| shard.0).collect();
        PlannedTx { index: tx.0, home: plan.home(tx).0, shards, is_partial: is_partial[tx] }
    };
    let txs_planned: Vec<PlannedTx> = txs.iter_enumerated().map(of_tx).collect();
    let locations = plan.locations().iter().map(|(location, shard)| PlannedLocation {
        address: format!("{:#x}", location.address()),
        slot: location.slot().map(|slot| format!("{:#066x}", slot.key)),
        shard: shard.0,
    });
    let works: Vec<u64> = txs.iter().map(|touched| touched.work).collect();
    PlanDocument {
        block,
        shards: n_shards,
        crossing: txs_planned.iter().filter(|tx| 1 < tx.shards.len()).count(),
        loads,
        load_limit: slotcast::scheduler::partition::load_limit(&works, &settings),
        locations: locations.collect(),
        txs: txs_planned,
    }
}

fn plan_text(plan: &PlanDocument, console: &Console) -> Result<(), Failure> {
    console.line(console.paint(
        HEAD,
        &format!(
            "block {}: {} on {}, {} need several, {} of state",
            plan.block,
            count(plan.txs.len(), "transaction", "transactions"),
            count(plan.shards as usize, "shard", "shards"),
            plan.crossing,
            count(plan.locations.len(), "piece", "pieces"),
        ),
    ))?;
    for tx in &plan.txs {
        let others: Vec<String> =
            tx.shards.iter().filter(|it| **it != tx.home).map(u32::to_string).collect();
        let with = match others.is_empty() {
            true => String::new(),
            false => format!(", with {}", others.join(", ")),
        };
        let perhaps = if tx.is_partial { ", perhaps others: predicted in part" } else { "" };
        console.line(format_args!("{:>5}  shard {}{with}{perhaps}", tx.index, tx.home))?;
    }
    Ok(())
}
