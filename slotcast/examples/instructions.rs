//! What is counted when predicting, scheduling and executing get dearer or cheaper?
//!
//! ```text
//! .ci/instructions
//! ```
//!
//! In: the embedded block. Out: how often each step was done, for who counts instructions from outside.
//! Invariants: one thread; what is at hand when blocks follow one another (summaries, targets of
//! computed jumps) is there before the first step; each step is one function of its own, so that its
//! instructions can be told apart, and is called only from here.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::hint::black_box;

use mimalloc::MiMalloc;
use slotcast::{
    Engine, EngineSettings, ExecutionRule, NextBlock, PredictSettings, Prepared,
    executor::{ExecutionMode, Mode},
    graph::{Waits, schedule_of},
    model::{IndexVec, Prediction, TxIndex},
};
use slotcast_corpus::{embedded, prepare};

/// The allocator of the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How often each step is done.
const N_TIMES: usize = 2;

type Predictions = IndexVec<TxIndex, Prediction>;

fn main() {
    let prepared = prepare(&embedded().expect("it can be read")).expect("its rules are known");
    let summaries = std::sync::Arc::new(prepared.summaries(&PredictSettings::default()));
    let engine = || {
        let execution = ExecutionRule::Always(ExecutionMode::Parallel);
        let settings = EngineSettings { execution, ..EngineSettings::default() };
        let engine = Engine::with_settings(1, settings).expect("no thread is started");
        engine.use_summaries(summaries.clone());
        engine
    };
    let (plain, announced) = (engine(), engine());
    let predictions = bind(&plain, &prepared);
    let next = NextBlock::of(prepared.block(), prepared.fork());
    for tx in &prepared.block().transactions {
        announced.announce(tx, &next, prepared.state());
    }
    for _ in 0..N_TIMES {
        black_box(step_binding(&plain, &prepared));
        black_box(step_refreshing(&announced, &prepared));
        step_waiting(&prepared, &predictions);
        step_layering(&prepared, &predictions);
        step_executing(&plain, &prepared, &predictions);
    }
    println!("{N_TIMES}");
}

fn bind(engine: &Engine, prepared: &Prepared) -> Predictions {
    let made = engine.predict_block(prepared.block(), prepared.state());
    made.expect("its fork is known").predictions
}

/// Predicts all transactions in block order, with nothing of them at hand.
#[inline(never)]
fn step_binding(engine: &Engine, prepared: &Prepared) -> Predictions {
    bind(engine, prepared)
}

/// The same with all transactions announced on the parent state.
#[inline(never)]
fn step_refreshing(engine: &Engine, prepared: &Prepared) -> Predictions {
    bind(engine, prepared)
}

/// What each transaction waits for and finds, as the executor is told it.
#[inline(never)]
fn step_waiting(prepared: &Prepared, predictions: &Predictions) {
    let mut waits = Waits::new(prepared.block(), prepared.state(), Mode::default());
    predictions.iter().for_each(|prediction| drop(black_box(waits.next(prediction))));
}

/// The schedule in layers, as programs are given it that ask for one.
#[inline(never)]
fn step_layering(prepared: &Prepared, predictions: &Predictions) {
    drop(black_box(schedule_of(prepared, predictions)));
}

/// Executes the block by predictions at hand; the waiting is part of it.
#[inline(never)]
fn step_executing(engine: &Engine, prepared: &Prepared, predictions: &Predictions) {
    let (block, state) = (prepared.block(), prepared.state());
    drop(black_box(engine.execute_predicted(block, state, predictions).expect("it runs")));
}
