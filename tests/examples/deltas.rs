//! What do deltas bring that are taken for what they are?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example deltas [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given.
//! Out: for predictions without a fault and for ours, once with every slot that is read ordered and once
//! with those that are only added to taken as deltas: edges, gas on the critical path, runs, words
//! moved, and the time simulated from gas. Without a fault a slot counts as only added to if raising
//! it before its transaction raises it as much afterwards and changes nothing else.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{num::NonZeroUsize, path::PathBuf};

use slotcast::{
    Prepared,
    executor::{
        Advice, FallbackRule, Question, SequentialSettings, Settings, execute, execute_sequential,
        inspect,
    },
    graph::predicted_accesses,
    model::{AccountAccess, IndexVec, Observation, Prediction, Slot, StorageAccess, TxIndex},
    scheduler::{CostModel, Schedule, schedule, simulate_unbound},
};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_tests::checkout;

use alloy_primitives::U256;

/// By how much a slot is raised to see whether anybody looks at it.
const RAISES: [u64; 3] = [1, 7, 4096];
const THREADS: [usize; 4] = [2, 4, 8, 64];

#[derive(Default)]
struct Sum {
    edges: usize,
    path_gas: u64,
    runs: usize,
    moved: usize,
    nanos: [u64; THREADS.len()],
}

fn main() {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let (mut n_slots, mut n_added, mut n_txs) = (0, 0, 0);
    let names = ["faultless, every change ordered", "faultless, deltas free"];
    let ours = ["ours, every change ordered", "ours, deltas free"];
    let mut sums = names.into_iter().chain(ours).map(|it| (it, Sum::default())).collect::<Vec<_>>();
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        let prepared = prepare(&block).expect("recorded blocks are well formed");
        let (block, state) = (prepared.block(), prepared.state());
        let observed = SequentialSettings { is_observed: true };
        let truth =
            execute_sequential(block, state, &observed).expect("recorded blocks can be run");
        let added = added(&prepared, &truth.observations);
        n_txs += block.n_transactions();
        n_slots += truth.observations.iter().map(|seen| seen.writes.len()).sum::<usize>();
        n_added += added.iter().map(|storage| storage.deltas.len()).sum::<usize>();
        let plain = truth.observations.iter().map(|seen| StorageAccess {
            reads: seen.reads.clone(),
            writes: seen.writes.clone(),
            deltas: Vec::new(),
        });
        let faultless = |lists: IndexVec<TxIndex, StorageAccess>| {
            let of_each = truth.observations.iter().zip(lists);
            of_each.map(|(seen, storage)| prediction(storage, &seen.accounts)).collect()
        };
        let ours = prepared.predict(&Default::default()).predictions;
        let all_ordered = |it: &Prediction| prediction(ordered(it.storage()), it.accounts());
        let ours_ordered = ours.iter().map(all_ordered).collect();
        let ways = [faultless(plain.collect()), faultless(added), ours_ordered, ours];
        for ((_, sum), predictions) in sums.iter_mut().zip(&ways) {
            sum_up(sum, &prepared, predictions);
        }
    }
    println!("{n_txs} transactions change {n_slots} slots, {n_added} of them only by adding");
    for (name, sum) in &sums {
        let micros = THREADS.iter().zip(sum.nanos).map(|(n, it)| format!("{n}: {} us", it / 1_000));
        println!(
            "{name}: {} edges, {} gas on critical paths, {} runs, {} words moved; simulated {}",
            sum.edges,
            sum.path_gas,
            sum.runs,
            sum.moved,
            micros.collect::<Vec<_>>().join(", "),
        );
    }
}

/// What each transaction touches, where slots that are only added to stand among the deltas.
fn added(
    prepared: &Prepared,
    observations: &IndexVec<TxIndex, Observation>,
) -> IndexVec<TxIndex, StorageAccess> {
    let question = |seen: &Observation| Question {
        locations: Vec::new(),
        raises: seen
            .writes
            .iter()
            .flat_map(|slot| RAISES.map(|by| (*slot, U256::from(by))))
            .collect(),
    };
    let questions = observations.iter().map(question).collect();
    let inspected = inspect(prepared.block(), prepared.state(), &questions);
    let answers = inspected.expect("recorded blocks can be run").answers;
    let lists = observations.iter().zip(&answers).map(|(seen, answer)| {
        let of_each = seen.writes.iter().zip(answer.only_added.chunks(RAISES.len()));
        let only_added = of_each.filter(|(_, holds)| holds.iter().all(|it| *it));
        let deltas: Vec<_> = only_added.map(|(slot, _)| *slot).collect();
        let is_other = |slot: &&_| deltas.binary_search(slot).is_err();
        StorageAccess {
            reads: seen.reads.iter().filter(is_other).copied().collect(),
            writes: seen.writes.iter().filter(is_other).copied().collect(),
            deltas,
        }
    });
    lists.collect()
}

fn prediction(storage: StorageAccess, accounts: &AccountAccess) -> Prediction {
    Prediction::new(storage, accounts.clone(), vec![], vec![], vec![])
}

/// The same accesses, where to add is to read and to write.
fn ordered(storage: &StorageAccess) -> StorageAccess {
    let with_deltas = |slots: &[Slot]| {
        let mut slots = [slots, &storage.deltas].concat();
        slots.sort_unstable();
        slots
    };
    StorageAccess {
        reads: with_deltas(&storage.reads),
        writes: with_deltas(&storage.writes),
        deltas: Vec::new(),
    }
}

fn sum_up(sum: &mut Sum, prepared: &Prepared, predictions: &IndexVec<TxIndex, Prediction>) {
    let (block, state) = (prepared.block(), prepared.state());
    let predicted = predicted_accesses(block, predictions, state);
    let schedule: Schedule = schedule(&predicted);
    let settings = Settings::with_threads(1).expect("one thread is there");
    let settings = Settings { fallback: FallbackRule::NEVER, ..settings };
    let ran = execute(block, state, Advice::Schedule(&schedule, &settings));
    let ran = ran.expect("recorded blocks can be run");
    let gas: IndexVec<TxIndex, u64> =
        ran.txs().iter().map(|tx| tx.gas_used().unwrap_or(0)).collect();
    sum.edges += schedule.dag().n_edges();
    sum.path_gas += schedule.critical_path().weight;
    sum.runs += ran.n_executions();
    sum.moved += ran.n_moved_slots();
    let costs = CostModel::default().nanos_of_each(&gas);
    for (nanos, threads) in sum.nanos.iter_mut().zip(THREADS) {
        let threads = NonZeroUsize::new(threads).expect("no time is simulated for no thread");
        *nanos += simulate_unbound(&schedule, &costs, threads);
    }
}
