//! Is everything that is decided the same on one to 64 threads, and however timing is disturbed?
//!
//! In: generated blocks that are contended: one pool, one counter, one recipient; tokens; chains of
//! payments; with our predictions, deltas included, and with the claim that everything is only added
//! to. Out: digests of prediction, schedule, retried transactions and outcome, all equal.
//!
//! `just chaos` runs ten thousand disturbances of timing on the same blocks; without the feature
//! `chaos` the threads of this machine are all the disturbance there is.

use alloy_primitives::{Address, B256, U256, keccak256};
use slotcast::{
    Engine, EngineSettings, ExecutionRule, Prepared,
    executor::{ExecutionMode, Mode, Pool, Settings},
    graph::schedule_of,
    model::{AccountLeft, IndexVec, Prediction, Slot, StorageAccess, TxIndex},
    prediction_file,
};
use slotcast_corpus::{self as corpus, Plan, Scenario, prepare};
use slotcast_lab::seal;
use slotcast_tests::ran::{run, run_waiting};

/// Enough transactions that a prediction may be given up on the way.
const N_TXS: usize = 48;

/// Disturbances, all in all.
#[cfg(feature = "chaos")]
const N_SEEDS: u64 = 10_000;

/// A contended block.
struct Contended {
    name: String,
    prepared: Prepared,
}

impl Contended {
    fn all() -> Vec<Self> {
        let scenarios =
            [Scenario::Hotspot, Scenario::Erc20, Scenario::Amm, Scenario::FundedInOrder];
        let contended = |scenario: Scenario| {
            let plan = Plan { seed: 11, n_txs: N_TXS, scenario, ..Plan::default() };
            let recorded = seal(corpus::generate(&plan).unwrap()).unwrap();
            Self { name: scenario.name().to_owned(), prepared: prepare(&recorded).unwrap() }
        };
        scenarios.map(contended).into()
    }

    /// Our predictions, made again.
    fn predict(&self) -> IndexVec<TxIndex, Prediction> {
        self.prepared.predict(&Default::default()).predictions
    }

    /// What running the block decides in `mode`, by these predictions.
    fn run(&self, predictions: &Predictions, pool: Pool, mode: Mode) -> Decided {
        let settings = Settings { mode, ..Settings::of(pool) };
        let (block, state) = (self.prepared.block(), self.prepared.state());
        let schedule = schedule_of(&self.prepared, predictions);
        let ran = match mode {
            Mode::Layers | Mode::Dataflow => run(block, &schedule, state, &settings).unwrap(),
            Mode::Values => run_waiting(block, predictions, state, &settings).unwrap(),
        };
        Decided {
            schedule: schedule.digest(),
            reexecuted: ran.reexecuted,
            n_executions: ran.n_executions,
            outcome: ran.outcome.digest(),
        }
    }
}

type Predictions = IndexVec<TxIndex, Prediction>;

/// The claim that every slot is only added to, and left with another value than we predict.
fn hostile(prediction: &Prediction, n: usize) -> Prediction {
    let storage = prediction.storage();
    let deltas = [&storage.reads[..], &storage.writes, &storage.deltas].concat();
    let storage = StorageAccess { deltas, ..StorageAccess::default() };
    let wrong = |&(slot, value): &(Slot, U256)| (slot, value.wrapping_add(U256::from(n % 3)));
    let accounts = prediction.accounts();
    let code = |address: &Address| {
        let code = Some(vec![0xfe; n % 3].into());
        (*address, AccountLeft { is_destroyed: n.is_multiple_of(5), nonces: 1, code })
    };
    let left = accounts.code_reads.iter().take(1).map(code).collect();
    Prediction::new(storage, accounts.clone(), vec![], vec![], vec![])
        .with_accounts(|accounts| accounts.delegated.extend(accounts.code_reads.first()))
        .with_values(prediction.values().iter().map(wrong).collect())
        .with_account_changes(left)
}

fn all_hostile(predictions: &Predictions) -> Predictions {
    predictions.iter().enumerate().map(|(n, it)| hostile(it, n)).collect()
}

/// Everything that a run decides.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decided {
    schedule: B256,
    reexecuted: Vec<TxIndex>,
    n_executions: usize,
    outcome: B256,
}

/// The ways to run a block: the mode, and whether predictions are hostile.
const WAYS: [(Mode, bool); 6] = [
    (Mode::Dataflow, false),
    (Mode::Dataflow, true),
    (Mode::Layers, false),
    (Mode::Layers, true),
    (Mode::Values, false),
    (Mode::Values, true),
];

#[test]
fn one_to_64_threads_decide_the_same() {
    let mut n_added = 0;
    for contended in Contended::all() {
        let first = contended.predict();
        n_added += first.iter().map(|it| it.storage().deltas.len()).sum::<usize>();
        let mut expected: [Option<Decided>; WAYS.len()] = [const { None }; WAYS.len()];
        for threads in 1..=64 {
            // Predicting is done by one thread, and is to give the same next to busy ones.
            let predictions = if threads % 16 == 0 { contended.predict() } else { first.clone() };
            let digest = |it: &Predictions| keccak256(prediction_file::print(0, it));
            assert_eq!(digest(&predictions), digest(&first), "{}", contended.name);
            let hostile = all_hostile(&predictions);
            for ((mode, is_hostile), expected) in WAYS.into_iter().zip(&mut expected) {
                let predictions = if is_hostile { &hostile } else { &predictions };
                let decided = contended.run(predictions, Pool::new(threads).unwrap(), mode);
                let expected = expected.get_or_insert_with(|| decided.clone());
                let (name, mode) = (&contended.name, mode.text());
                assert_eq!(decided, *expected, "{name}, {mode}, {is_hostile}, {threads} threads");
            }
        }
        let outcomes: Vec<_> = expected.iter().flatten().map(|it| it.outcome).collect();
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "{}", contended.name);
    }
    assert!(100 < n_added, "deltas are among the predictions: {n_added}");
}

#[test]
fn predicting_while_running_decides_the_same_on_any_number_of_threads() {
    for contended in Contended::all() {
        let mut expected = None;
        for threads in [1, 2, 3, 4, 8, 16, 32, 64] {
            let decided = run_streamed(&contended, Pool::new(threads).unwrap());
            let expected = expected.get_or_insert_with(|| decided.clone());
            assert_eq!(decided, *expected, "{}, {threads} threads", contended.name);
        }
    }
}

/// Retried transactions, number of runs and outcome of running the block while it is predicted, by an
/// engine that knows no contract yet.
fn run_streamed(contended: &Contended, pool: Pool) -> (Vec<TxIndex>, usize, B256) {
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    let engine = Engine::with_pool(pool, EngineSettings { execution, ..EngineSettings::default() });
    let (block, state) = (contended.prepared.block(), contended.prepared.state());
    let execution = engine.execute(block, state).unwrap().execution;
    let (reexecuted, n_executions) = (execution.reexecuted().to_vec(), execution.n_executions());
    (reexecuted, n_executions, execution.into_outcome(state).unwrap().digest())
}

#[cfg(feature = "chaos")]
#[test]
fn ten_thousand_disturbances_decide_the_same() {
    use std::io::{self, Write};

    const THREADS: [usize; 5] = [2, 3, 4, 8, 64];
    let all = Contended::all();
    let n_ways = (all.len() * WAYS.len() * THREADS.len()) as u64;
    let (mut n_runs, mut n_retried) = (0, 0);
    for contended in &all {
        let predictions = contended.predict();
        let hostile = all_hostile(&predictions);
        for (mode, is_hostile) in WAYS {
            let predictions = if is_hostile { &hostile } else { &predictions };
            let expected = contended.run(predictions, Pool::new(1).unwrap(), mode);
            for (n, threads) in THREADS.into_iter().enumerate() {
                for seed in 0..N_SEEDS.div_ceil(n_ways) {
                    let seed = seed * THREADS.len() as u64 + n as u64;
                    let pool = Pool::new(threads).unwrap().with_chaos(seed);
                    let decided = contended.run(predictions, pool, mode);
                    assert_eq!(decided, expected, "{}, seed {seed}", contended.name);
                    n_runs += 1;
                    n_retried += decided.reexecuted.len();
                }
            }
        }
    }
    assert!(N_SEEDS <= n_runs);
    let _ = writeln!(io::stderr(), "{n_runs} disturbed runs, {n_retried} transactions run again");
}
