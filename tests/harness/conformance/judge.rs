//! Does one case end as expected, on each way through the executor?
//!
//! In: [`Unit`]s. Out: entries in a [`Tally`].

use alloy_primitives::{Address, B256, Log, keccak256};
use slotcast::{
    executor::{
        Block, BlockOutcome, FallbackRule, Mode, Pool, SequentialSettings, Settings, TxOutcome,
        execute_sequential,
    },
    model::TxIndex,
    scheduler::Schedule,
};

use super::{
    Exclusion, Tally,
    block::{add_accounts, block, bystander, fork_of, transaction},
    format::{Expected, Unit},
    merged::Merger,
    world::World,
};

/// Tests that are not run, by parts of their names.
const BY_NAME: [(&[&str], Exclusion); 3] = [
    // The addresses and prices of the precompiles are not those that Prague came with.
    (&["/stEIP2537/", "/stEOF/"], Exclusion::Draft),
    (
        &[
            "/RevertInCreateInInit",
            "/create2collisionStorage",
            "/dynamicAccountOverwriteEmpty",
            "/InitCollision",
        ],
        Exclusion::StorageBeforeCreation,
    ),
    (&["/stTimeConsuming/static_Call50000", "/CALLBlake2f_MaxRounds"], Exclusion::TimeConsuming),
];

/// Runs cases; keeps its threads and the blocks being merged from one to the next.
#[derive(Debug)]
pub struct Judge {
    /// Two threads in either mode, on which a failed prediction is never given up.
    crews: [Settings; Mode::ALL.len()],
    merger: Merger,
}

impl Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

impl Judge {
    /// A judge with nothing to merge yet.
    ///
    /// # Panics
    ///
    /// When threads cannot be started.
    pub fn new() -> Self {
        let crews = Mode::ALL.map(|mode| {
            let pool = Pool::new(2).expect("threads can be started");
            Settings { fallback: FallbackRule::NEVER, mode, ..Settings::of(pool) }
        });
        Self { crews, merger: Merger::new() }
    }

    /// Runs the cases of one test.
    pub(super) fn run(&mut self, unit: &Unit, tally: &mut Tally) {
        for (fork_name, all_expected) in &unit.post {
            let mut merged = Vec::new();
            for expected in all_expected {
                match self.run_case(unit, fork_name, expected) {
                    Ok(Ok(())) => {
                        tally.n_passed += 1;
                        tally.n_rejected += usize::from(expected.expect_exception.is_some());
                        merged.push(expected);
                    }
                    Ok(Err(failure)) => {
                        let indexes = expected.indexes;
                        let name = format!("{} {fork_name} {indexes:?}", unit.name);
                        tally.failures.push(format!("{name}: {failure}"));
                    }
                    Err(exclusion) => *tally.excluded.entry(exclusion).or_default() += 1,
                }
            }
            if let Ok(fork) = fork_of(fork_name) {
                self.merger.add(unit, fork, &merged, tally);
            }
        }
    }

    /// Runs what is left to merge.
    pub(super) fn finish(self, tally: &mut Tally) {
        self.merger.finish(tally);
    }

    fn run_case(
        &self,
        unit: &Unit,
        fork_name: &str,
        expected: &Expected,
    ) -> Result<Result<(), String>, Exclusion> {
        let fork = fork_of(fork_name)?;
        for (parts, exclusion) in BY_NAME {
            if parts.iter().any(|part| unit.name.contains(part)) {
                return Err(exclusion);
            }
        }
        let tx = transaction(unit, expected.indexes, None)?;
        let mut world = World::default();
        add_accounts(unit, fork, &mut world)?;
        let alone = block(&unit.env, fork, vec![tx.clone()])?;
        let settings = SequentialSettings { is_observed: false };
        let sequential = match execute_sequential(&alone, &world, &settings) {
            Ok(sequential) => sequential.outcome,
            Err(error) => return Ok(Err(format!("sequentially: {error}"))),
        };
        if let Err(failure) = compare(&sequential, &world, alone.header.beneficiary, expected) {
            return Ok(Err(format!("sequentially: {failure}")));
        }
        let beside = block(&unit.env, fork, vec![tx, bystander()])?;
        let in_parallel = self.crews.iter().try_for_each(|crew| {
            let judged = run_beside(&beside, &world, crew, &sequential, expected);
            judged.map_err(|failure| format!("in parallel, {}: {failure}", crew.mode.text()))
        });
        Ok(in_parallel)
    }
}

/// Runs a case in parallel with a transaction that is always rejected.
fn run_beside(
    beside: &Block,
    world: &World,
    crew: &Settings,
    sequential: &BlockOutcome,
    expected: &Expected,
) -> Result<(), String> {
    let parallel = crate::ran::run(beside, &Schedule::single_layer(2), world, crew);
    let parallel = parallel.map_err(|error| error.to_string())?.outcome;
    if !matches!(parallel.txs[TxIndex(1)], TxOutcome::Rejected(_)) {
        return Err("the bystander was not rejected".to_owned());
    }
    compare(&parallel, world, beside.header.beneficiary, expected)?;
    let is_same = parallel.txs[TxIndex(0)] == sequential.txs[TxIndex(0)]
        && parallel.receipts == sequential.receipts
        && parallel.state == sequential.state;
    is_same.then_some(()).ok_or_else(|| "another outcome".to_owned())
}

/// What of an outcome is not as expected.
fn compare(
    outcome: &BlockOutcome,
    world: &World,
    beneficiary: Address,
    expected: &Expected,
) -> Result<(), String> {
    let is_rejected = matches!(outcome.txs[TxIndex(0)], TxOutcome::Rejected(_));
    if is_rejected != expected.expect_exception.is_some() {
        let expectation = expected.expect_exception.as_deref().unwrap_or("none");
        let actual = &outcome.txs[TxIndex(0)];
        return Err(format!("exception {expectation} expected: {actual:?}"));
    }
    let logs = hash_of_logs(outcome);
    if logs != expected.logs && !is_rejected {
        return Err(format!("other logs: {:?}", outcome.txs[TxIndex(0)]));
    }
    let mut after = world.clone();
    after.apply(&outcome.state);
    after.take_back_reward(beneficiary, outcome.fork);
    match after.root() == expected.hash {
        true => Ok(()),
        false => Err(format!("another state: {:?}, {:?}", outcome.txs[TxIndex(0)], outcome.state)),
    }
}

/// keccak256 of the encoded list of all logs.
fn hash_of_logs(outcome: &BlockOutcome) -> B256 {
    let logs: Vec<Log> =
        outcome.receipts.iter().flat_map(|receipt| receipt.logs.iter().cloned()).collect();
    keccak256(alloy_rlp::encode(&logs))
}
