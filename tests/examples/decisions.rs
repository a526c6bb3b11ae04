//! What does it cost when a unit cost is wrong by a factor of two?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example decisions [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given. Out:
//! for nothing predicted, predictions made when transactions arrived, and predictions at hand, how many
//! times faster than the plain loop blocks are when each is executed as the unit costs of this machine
//! say, and as these say with any one of them, or all, doubled or halved, where that changes a decision: the
//! geometric mean over blocks of at least 4 Mgas, and the worst block of any size.
//!
//! Every block is measured on two threads and on one, as `slotcast bench` does it, and the medians are
//! combined as each set of costs decides: what is simulated is the decision alone.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{path::PathBuf, sync::Arc};

use slotcast::{
    Engine, EngineSettings, ExecutionRule, NextBlock, Prepared,
    executor::{ExecutionMode, Pool, UnitCosts},
};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_lab::{BenchLine, BenchSettings, bench_block};
use slotcast_tests::checkout;

const LEAST_GAS: u64 = 4_000_000;
/// Fewest and most samples of a block, and between these how long is measured.
const RUNS: [usize; 2] = [9, 101];
const MICROS: u64 = 200_000;
const THREADS: usize = 2;

const SITUATIONS: [&str; 3] = ["nothing predicted", "pooled", "hinted"];

/// A unit cost, to be changed.
type Cost = fn(&mut UnitCosts) -> &mut u64;

const COSTS: [(&str, Cost); 14] = [
    ("transfer_nanos", |units| &mut units.transfer_nanos),
    ("call.base_nanos", |units| &mut units.call.base_nanos),
    ("call.picos_per_gas", |units| &mut units.call.picos_per_gas),
    ("typical_code_bytes", |units| &mut units.typical_code_bytes),
    ("used_percent", |units| &mut units.used_percent),
    ("slot_nanos", |units| &mut units.slot_nanos),
    ("code_nanos", |units| &mut units.code_nanos),
    ("byte_picos", |units| &mut units.byte_picos),
    ("computing_picos", |units| &mut units.computing_picos),
    ("certain_percent", |units| &mut units.certain_percent),
    ("certain_by_limits_percent", |units| &mut units.certain_by_limits_percent),
    ("hand_over_nanos", |units| &mut units.hand_over_nanos),
    ("wake_nanos", |units| &mut units.wake_nanos),
    ("schedule_nanos", |units| &mut units.schedule_nanos),
];

/// A block in one situation: how many times faster than the plain loop it is on one thread and on two,
/// and whether each set of costs takes two.
struct Measured {
    number: u64,
    is_large: bool,
    ratios: [f64; 2],
    is_parallel: Vec<bool>,
}

impl Measured {
    fn ratio(&self, set: usize) -> f64 {
        self.ratios[usize::from(self.is_parallel[set])]
    }
}

fn main() {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let pool = Pool::new(THREADS).expect("threads can be started");
    let units = UnitCosts::default().on_this_machine(&pool).expect("the costs can be measured");
    let sets = sets(units);
    let forced = [ExecutionMode::Sequential, ExecutionMode::Parallel].map(|mode| {
        let execution = ExecutionRule::Always(mode);
        engine(EngineSettings { execution, ..EngineSettings::default() })
    });
    let forced = BenchSettings {
        engines: forced.into(),
        runs: RUNS,
        micros: MICROS,
        is_cold: false,
        simulated: Vec::new(),
    };
    let mut measured = SITUATIONS.map(|_| Vec::new());
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        let prepared = prepare(&block).expect("recorded blocks are well formed");
        if block.transactions.is_empty() {
            continue;
        }
        let of_block = measure(&prepared, &forced, &sets);
        measured.iter_mut().zip(of_block).for_each(|(blocks, it)| blocks.push(it));
    }
    for (name, blocks) in SITUATIONS.iter().zip(&measured) {
        print(name, blocks, &sets);
    }
}

/// The costs of this machine, and those with one of them, or all, doubled or halved.
fn sets(units: UnitCosts) -> Vec<(String, UnitCosts)> {
    let mut sets = vec![(String::from("as measured"), units)];
    for (how, by, to) in [("doubled", 1, 2), ("halved", 2, 1)] {
        let change = |cost: u64| cost * to / by;
        let mut all = units;
        for (name, cost) in COSTS {
            let mut one = units;
            *cost(&mut one) = change(*cost(&mut one));
            *cost(&mut all) = change(*cost(&mut all));
            sets.push((format!("{name} {how}"), one));
        }
        sets.push((format!("all {how}"), all));
    }
    sets
}

fn engine(settings: EngineSettings) -> Engine {
    Engine::with_settings(THREADS, settings).expect("threads can be started")
}

/// A block in all situations.
fn measure(
    prepared: &Prepared,
    forced: &BenchSettings,
    sets: &[(String, UnitCosts)],
) -> [Measured; 3] {
    let (block, state) = (prepared.block(), prepared.state());
    let lines = bench_block(prepared, forced).expect("recorded blocks can be run");
    let ratios = |ratio: fn(&BenchLine) -> f64| [ratio(&lines[0]), ratio(&lines[1])];
    let ratios = [
        ratios(|line| line.ratio),
        ratios(|line| line.ratio_pooled),
        ratios(|line| line.ratio_hinted),
    ];
    let settings = Default::default();
    let summaries = Arc::new(prepared.summaries(&settings));
    let predictions = prepared.predict_with(&summaries, &settings).predictions;
    let engines = sets.iter().map(|(_, units)| {
        let execution = ExecutionRule::ByCostOfTwo;
        engine(EngineSettings { units: *units, execution, ..EngineSettings::default() })
    });
    let next = NextBlock::of(block, prepared.fork());
    let mut is_parallel = [const { Vec::new() }; 3];
    for engine in engines {
        engine.use_summaries(Arc::clone(&summaries));
        let decide = |predictions| {
            engine.is_parallel(block, state, predictions).expect("its rules are known")
        };
        is_parallel[0].push(decide(None));
        for tx in &block.transactions {
            engine.announce(tx, &next, state);
        }
        is_parallel[1].push(decide(None));
        is_parallel[2].push(decide(Some(&predictions)));
    }
    let (number, is_large) = (block.header.number, LEAST_GAS <= block.header.gas_used);
    let mut is_parallel = is_parallel.into_iter();
    ratios.map(|ratios| {
        let is_parallel = is_parallel.next().expect("there is one for each situation");
        Measured { number, is_large, ratios, is_parallel }
    })
}

fn print(situation: &str, blocks: &[Measured], sets: &[(String, UnitCosts)]) {
    println!("\n{situation}, {} blocks", blocks.len());
    let best =
        mean(blocks.iter().filter(|it| it.is_large).map(|it| it.ratios[0].max(it.ratios[1])));
    println!("{best:>6.3}  the better of one and two threads for each block");
    for (set, (name, _)) in sets.iter().enumerate() {
        let ratio = mean(blocks.iter().filter(|it| it.is_large).map(|it| it.ratio(set)));
        let changed = blocks.iter().filter(|it| it.is_parallel[set] != it.is_parallel[0]).count();
        if changed == 0 && set != 0 {
            continue;
        }
        let by_ratio =
            |one: &&Measured, other: &&Measured| one.ratio(set).total_cmp(&other.ratio(set));
        let Some(worst) = blocks.iter().min_by(by_ratio) else { continue };
        println!(
            "{ratio:>6.3}  {name}, {changed} decisions change, worst {:.3} ({})",
            worst.ratio(set),
            worst.number
        );
    }
}

/// The geometric mean; of nothing, one.
fn mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = ratios.fold((0_usize, 0.0), |(n, sum), ratio| (n + 1, sum + ratio.ln()));
    if n == 0 { 1.0 } else { (sum / n as f64).exp() }
}
