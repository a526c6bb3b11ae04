//! How does a builder order a pool by forecasts, and what does it save beside simulating everything?
//!
//! ```text
//! cargo run --release -p slotcast --example builder [FILE|FOLDER]
//! ```
//!
//! In: recorded blocks, or the embedded one, whose transactions play the pool: each is forecast on its
//! parent state, as a pool does that does not know the order. Out: a table of what the pool costs and
//! of how many simulations each way of building takes.
//!
//! The toy orders each conflict group by fee and nothing else; a real builder also keeps the nonces of
//! a sender in order. Nothing is simulated here: simulations are counted, for the plain strategy of
//! placing one transaction and then looking again at all that it may concern. Whoever has no groups
//! looks again at everything that is left, whoever has them at what is left of the group.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{hint::black_box, path::PathBuf};

use alloy_consensus::Transaction as _;
use slotcast::{
    Basis, Clock, PredictSettings, Prepared,
    corpus::{self, RecordedBlock},
    hints::{FetchPlan, Grounds, Hint, Packer, Pool, Ticket, unpack},
    hints_of, known_of,
    model::{Index, Prediction, TxIndex},
    prepare,
};

/// As many transactions as the pool is to hold, if the blocks have so many.
const POOL: usize = 10_000;
/// Pairs compared.
const PAIRS: usize = 1_000_000;

/// One pending transaction.
struct Pending {
    hint: Hint,
    fee: u128,
}

fn main() {
    let blocks = blocks();
    let mut pending = Vec::new();
    let mut packed = Packed::default();
    for block in &blocks {
        let prepared = prepare(block).expect("recorded blocks are well formed");
        packed.add(&prepared);
        let settings = PredictSettings { basis: Basis::Parent, ..PredictSettings::default() };
        let predictions = prepared.predict(&settings).predictions;
        let hints = hints_of(&prepared, &predictions);
        for (tx, hint) in hints.iter_enumerated() {
            let transaction = prepared.block().transaction(tx);
            let base_fee = prepared.block().header.base_fee_per_gas;
            let fee = transaction.effective_tip_per_gas(base_fee.unwrap_or(0)).unwrap_or(0);
            pending.push(Pending { hint: hint.clone(), fee });
        }
    }
    pending.truncate(POOL);
    packed.print();
    println!("pool of {} transactions of {} blocks", pending.len(), blocks.len());
    for grounds in [Grounds::All, Grounds::Observed] {
        let pool = measure_pool(grounds, &pending);
        build(pool, &pending);
    }
}

fn blocks() -> Vec<RecordedBlock> {
    let Some(path) = std::env::args().nth(1).map(PathBuf::from) else {
        return vec![corpus::embedded().expect("the embedded block can be read")];
    };
    let mut paths = corpus::list(&path).expect("the folder can be listed");
    // The newest first, so that the pool is of our days.
    paths.reverse();
    paths.iter().map(|path| corpus::read_file(path).expect("recorded blocks can be read")).collect()
}

/// What packing takes.
#[derive(Default)]
struct Packed {
    packer: Packer,
    n_slots: usize,
    n_bytes: usize,
    n_bytes_without_storage: usize,
    n_bytes_alone: usize,
    micros: u64,
    n_fetched: [usize; 2],
}

impl Packed {
    fn add(&mut self, prepared: &Prepared) {
        let predictions = prepared.predict(&PredictSettings::default()).predictions;
        let block = prepared.block();
        let number = block.header.number;
        let known = |tx: TxIndex| known_of(block, tx);
        let clock = Clock::start();
        let bytes = self.packer.pack(number, predictions.iter_enumerated(), known);
        self.micros += clock.micros();
        let (_, unpacked) = unpack(&bytes, known).expect("what was packed can be unpacked");
        let storage_of = |prediction: &Prediction| prediction.storage().clone();
        assert!(
            unpacked
                .iter()
                .map(|it| storage_of(&it.prediction))
                .eq(predictions.iter().map(storage_of)),
            "what comes back is what was packed"
        );
        let bare: Vec<Prediction> = predictions.iter().map(without_storage).collect();
        let bare = bare.iter().enumerate().map(|(n, it)| (TxIndex::from_usize(n), it));
        self.n_bytes_without_storage += Packer::new().pack(number, bare, known).len();
        let nothing = |_: TxIndex| Default::default();
        self.n_bytes_alone +=
            Packer::new().pack(number, predictions.iter_enumerated(), nothing).len();
        self.n_bytes += bytes.len();
        let n_slots = |it: &Prediction| it.storage().reads.len() + it.storage().deltas.len();
        self.n_slots += predictions.iter().map(n_slots).sum::<usize>();
        let plan = FetchPlan::of(&predictions);
        self.n_fetched[0] += plan.n_accounts();
        self.n_fetched[1] += plan.n_slots();
    }

    fn print(&self) {
        let each = |n: usize| n as f64 / self.n_slots.max(1) as f64;
        println!(
            "packed: {} predicted slots in {} bytes: {:.1} a slot, {:.1} without what accounts take, \
             {:.1} for receivers who know no transaction; {} µs to pack",
            self.n_slots,
            self.n_bytes,
            each(self.n_bytes),
            each(self.n_bytes.saturating_sub(self.n_bytes_without_storage)),
            each(self.n_bytes_alone),
            self.micros,
        );
        println!("fetch plans: {} accounts, {} slots", self.n_fetched[0], self.n_fetched[1]);
    }
}

/// The same prediction of no storage, and relying on none.
fn without_storage(prediction: &Prediction) -> Prediction {
    let is_account = |word: &&slotcast::model::StateRead| word.location.slot().is_none();
    Prediction::new(
        Default::default(),
        prediction.accounts().clone(),
        prediction.wildcards().to_vec(),
        prediction.relied_on().iter().filter(is_account).copied().collect(),
        prediction.gaps().to_vec(),
    )
}

/// Fills a pool, and says what filling, grouping, comparing and replacing take.
fn measure_pool(grounds: Grounds, pending: &[Pending]) -> Pool {
    let clock = Clock::start();
    let mut pool = Pool::new(grounds);
    for transaction in pending {
        pool.insert(&transaction.hint);
    }
    let groups = pool.groups();
    let grouping = clock.micros();
    let largest = groups.iter().map(Vec::len).max().unwrap_or(0);
    let n = pending.len() as u64;
    let mut number = 1_u64;
    let mut next = || {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        Ticket(((number >> 33) % n) as u32)
    };
    let pairs: Vec<(Ticket, Ticket)> = (0..PAIRS).map(|_| (next(), next())).collect();
    let clock = Clock::start();
    let n_conflicts = pairs.iter().filter(|(a, b)| black_box(pool.conflicts(*a, *b))).count();
    let comparing = clock.micros();
    let connected: Vec<(Ticket, Ticket)> =
        groups.iter().flat_map(|group| group.windows(2).map(|pair| (pair[0], pair[1]))).collect();
    let clock = Clock::start();
    let n_connected = connected.iter().filter(|(a, b)| black_box(pool.conflicts(*a, *b))).count();
    let neighbours = clock.micros();
    let clock = Clock::start();
    for ticket in (0..1_000.min(n as u32)).map(Ticket) {
        pool.replace(ticket, &pending[ticket.as_usize()].hint);
    }
    let replacing = clock.micros();
    let clock = Clock::start();
    assert_eq!(pool.groups(), groups, "replacing like by like changes nothing");
    println!(
        "{grounds:?}: filled and grouped in {:.1} ms: {} groups, the largest of {largest}; conflicts \
         {:.0} ns a pair at random ({n_conflicts} of {PAIRS}), {:.0} ns for neighbours in a group \
         ({n_connected} of {}); {:.2} µs to replace one, {} µs to group anew",
        grouping as f64 / 1e3,
        groups.len(),
        comparing as f64 * 1e3 / PAIRS as f64,
        neighbours as f64 * 1e3 / connected.len().max(1) as f64,
        connected.len(),
        replacing as f64 / 1_000.min(n) as f64,
        clock.micros(),
    );
    pool
}

/// Orders every group by fee and counts the simulations of both ways of building.
fn build(mut pool: Pool, pending: &[Pending]) {
    let mut everything = 0_u64;
    let mut by_group = 0_u64;
    let mut n_moved = 0_u64;
    let mut n_left = pending.len() as u64;
    for mut group in pool.groups() {
        let size = group.len() as u64;
        let arrived = group.clone();
        group.sort_by_key(|ticket| core::cmp::Reverse(pending[ticket.as_usize()].fee));
        n_moved += group.iter().zip(&arrived).filter(|(a, b)| a != b).count() as u64;
        // Placing one makes those that are left, of the pool or of its group, worth another look.
        by_group += size * (size + 1) / 2;
        everything += (0..size).map(|placed| n_left - placed).sum::<u64>();
        n_left -= size;
    }
    println!("  | way of building | simulations | each |");
    println!("  | --- | ---: | ---: |");
    for (way, n) in [("everything again", everything), ("by conflict group", by_group)] {
        println!("  | {way} | {n} | {:.1} |", n as f64 / pending.len().max(1) as f64);
    }
    println!("  {n_moved} transactions stand elsewhere in their group than they arrived");
}
