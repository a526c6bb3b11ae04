//! Is the plain loop that speeds are compared with as fast as the simplest loop there is?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example simplest [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks of mainnet, `../shared/blocks` beside the checkout unless another is
//! given. Out: how much longer the plain loop takes than one of `transact_commit` on revm's `CacheDB` that
//! keeps the results: geometric mean over blocks of at least 4 Mgas, of medians and of least times, and
//! the block where it is most. Samples are taken in turns; what was made is given back outside the clock on
//! both sides. Status 1 when the mean of least times is over 3 %.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{path::PathBuf, process::ExitCode};

use alloy_evm::ToTxEnv;
use mimalloc::MiMalloc;
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::result::ExecutionResult,
    database::{Cache, CacheDB},
};
use slotcast::{Clock, Prepared, executor::execute_baseline};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_tests::{checkout, executed::environment};

/// The allocator of the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const LEAST_GAS: u64 = 4_000_000;
const SAMPLES: usize = 15;
/// How much longer the plain loop may take.
const MOST: f64 = 1.03;

fn main() -> ExitCode {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let (mut medians, mut best, mut worst) = (Vec::new(), Vec::new(), (0.0, 0));
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        if block.header.gas_used < LEAST_GAS || block.chain_id != 1 {
            continue;
        }
        let prepared = prepare(&block).expect("recorded blocks are well formed");
        let [median, least] = compared(&prepared);
        medians.push(median);
        best.push(least);
        if worst.0 < least {
            worst = (least, block.header.number);
        }
    }
    let mean =
        |ratios: &[f64]| (ratios.iter().map(|it| it.ln()).sum::<f64>() / ratios.len() as f64).exp();
    let (median, least) = (mean(&medians), mean(&best));
    println!(
        "{} blocks: the plain loop takes {median:.3} of the simplest loop's time, {least:.3} of least times, at \
         most {:.3} (block {})",
        medians.len(),
        worst.0,
        worst.1,
    );
    if least <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The plain loop's time against the simplest one's: medians, and least times.
fn compared(prepared: &Prepared) -> [f64; 2] {
    let (block, state) = (prepared.block(), prepared.state());
    let (mut plain, mut simple) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        plain.push(timed(|| execute_baseline(block, state).expect("it runs")));
        simple.push(timed(|| simplest(prepared)));
    }
    plain.sort_unstable_by(f64::total_cmp);
    simple.sort_unstable_by(f64::total_cmp);
    [SAMPLES / 2, 0].map(|n| plain[n] / simple[n])
}

fn timed<T>(run: impl FnOnce() -> T) -> f64 {
    let clock = Clock::start();
    let kept = run();
    let seconds = clock.elapsed().as_secs_f64();
    drop(kept);
    seconds
}

/// Every transaction run and committed; the results, and the cache to give back later.
fn simplest(prepared: &Prepared) -> (Vec<ExecutionResult>, Cache) {
    let (block, state) = (prepared.block(), prepared.state());
    let env = environment(prepared);
    let mut evm = Context::mainnet()
        .with_db(CacheDB::new(state))
        .with_block(env.block_env)
        .with_cfg(env.cfg_env)
        .build_mainnet();
    let run = |tx| evm.transact_commit(block.transaction(tx).to_tx_env()).expect("it runs");
    let results = block.tx_indices().map(run).collect();
    (results, evm.ctx.journaled_state.database.cache)
}
