//! Does a prediction that admits no gap say exactly what the EVM does?
//!
//! In: every function of every contract of the corpus, called with synthetic arguments on synthetic
//! state, in several forks. Out: assertions, and the numbers of cases behind them.
//!
//! A prediction with a gap says that it may miss accesses; it is counted and not compared. Where a call
//! succeeded, the description of the function is held against it as well.

mod abi;
mod case;
mod described;
mod plain;
mod plausible;
mod rng;
mod world;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{self, Write},
};

use alloy_primitives::{Bytes, keccak256};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};
use slotcast::model::{Fork, Gap};
use slotcast_corpus::{Contract, Era};
use slotcast_tests::checkout;

pub(crate) use self::plain::{plain_predictions, short};

use self::{
    abi::Type,
    case::{Case, N_DAMAGES, Target, Verdict, binder},
    world::{CALLERS, N_KINDS, Words, World},
};

/// Forks the contracts are run under, and how many cases each function gets there.
const FORKS: [(Fork, Era, u32); 4] = [
    (Fork::Osaka, Era::Osaka, 60),
    (Fork::Cancun, Era::Cancun, 10),
    (Fork::London, Era::London, 10),
    (Fork::Istanbul, Era::Istanbul, 10),
];

#[test]
fn predictions_without_gaps_are_exact() {
    let contracts = contracts();
    let tally = RefCell::new(Tally::default());
    let (mut differences, mut silent) = (Vec::new(), Vec::new());
    for (fork, era, n_cases) in FORKS {
        let world = World::new(&contracts, fork, era);
        for (contract_idx, contract) in contracts.iter().enumerate() {
            for (signature, selector) in functions(contract) {
                let function = format!("{}.{signature}", contract.name);
                let name = format!("{fork} {function}");
                let parameters = Type::parameters(&signature);
                let target = Target { contract_idx, selector, parameters: &parameters };
                let n_agreed = tally.borrow().n_agree;
                let binder = RefCell::new(binder(&world));
                let check = |case: &Case| {
                    let verdict = case.check(&target, &world, &mut binder.borrow_mut());
                    tally.borrow_mut().add(&verdict);
                    verdict
                };
                let difference = try_cases(&name, parameters.len(), n_cases, check);
                if tally.borrow().n_agree == n_agreed {
                    silent.push(name.clone());
                }
                let Some((reason, case)) = difference else { continue };
                let input = Bytes::from(case.input(&target, &world));
                let difference = format!("{reason}\n    input {input} {case:?}");
                differences.push(format!("{name}: {difference}"));
            }
        }
    }
    let tally = tally.into_inner();
    // Past the runner's capture, so that the numbers are seen.
    let _ = writeln!(io::stderr(), "differential: {tally}");
    assert_eq!(differences.join("\n"), "");
    assert_eq!(silent, [""; 0], "functions of which no predicted was compared");
    assert!(40_000 < tally.n_agree, "too few cases were compared");
}

/// The corpus' contracts by name.
fn contracts() -> Vec<Contract> {
    let folder = checkout().join("corpus/data/contracts");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| Contract::read_file(path).unwrap()).collect()
}

/// A contract's functions, and some that it may have behind a proxy, or not at all.
fn functions(contract: &Contract) -> Vec<(String, [u8; 4])> {
    let mut functions: BTreeMap<String, [u8; 4]> =
        contract.selectors.iter().map(|(name, selector)| (name.clone(), selector.0)).collect();
    for signature in ["transfer(address,uint256)", "balanceOf(address)", "nothing(bytes32)"] {
        let hash = keccak256(signature);
        functions.entry(signature.to_owned()).or_insert([hash[0], hash[1], hash[2], hash[3]]);
    }
    functions.into_iter().collect()
}

/// Tries cases of a function with so many parameters; the simplest that `check` says differs, and how.
fn try_cases(
    name: &str,
    n_parameters: usize,
    n_cases: u32,
    check: impl Fn(&Case) -> Verdict,
) -> Option<(String, Case)> {
    let config = Config {
        cases: n_cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, keccak256(name).as_slice());
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&cases(n_parameters), |case| match check(&case) {
        Verdict::Differ(difference) => Err(TestCaseError::fail(difference)),
        _ => Ok(()),
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(reason, case)) => Some((reason.to_string(), case)),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

#[test]
fn a_difference_is_shown_in_the_simplest_case() {
    let differs = |case: &Case| match 10 <= case.arguments[1] && 2 <= case.words.kind {
        true => Verdict::Differ("this".to_owned()),
        false => Verdict::Dry,
    };
    let (reason, case) = try_cases("shrinking", 3, 200, differs).unwrap();
    assert_eq!(reason, "this");
    assert_eq!((case.arguments, case.words.kind), (vec![0, 10, 0], 2));
    assert_eq!((case.caller, case.wei, case.damage), (0, 0, 0));
}

fn cases(n_arguments: usize) -> impl Strategy<Value = Case> {
    (
        prop::collection::vec(0..64_u64, n_arguments),
        (0..N_KINDS, any::<u64>()),
        0..CALLERS.len(),
        prop_oneof![3 => Just(0), 1 => 1..21_u32],
        0..N_DAMAGES,
    )
        .prop_map(|(arguments, (kind, seed), caller, wei, damage)| Case {
            arguments,
            words: Words { seed, kind },
            caller,
            wei,
            damage,
        })
}

/// What came of all cases.
#[derive(Default)]
struct Tally {
    n_agree: usize,
    n_success: usize,
    n_slots: usize,
    n_dry: usize,
    n_differ: usize,
    n_partial: usize,
    gaps: BTreeMap<Gap, usize>,
}

impl Tally {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Agree { is_success, n_slots } => {
                self.n_agree += 1;
                self.n_success += usize::from(*is_success);
                self.n_slots += n_slots;
            }
            Verdict::Gaps(gaps) => {
                self.n_partial += 1;
                for gap in gaps {
                    *self.gaps.entry(*gap).or_default() += 1;
                }
            }
            Verdict::Dry => self.n_dry += 1,
            Verdict::Differ(_) => self.n_differ += 1,
        }
    }
}

impl core::fmt::Display for Tally {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { n_agree, n_success, n_slots, n_dry, n_differ, n_partial, gaps } = self;
        write!(
            f,
            "{n_agree} predicted exact ({n_success} of successful calls, {n_slots} slots), \
             {n_differ} not, {n_partial} with gaps, {n_dry} out of gas; gaps:"
        )?;
        gaps.iter().try_for_each(|(gap, n)| write!(f, " {n} {gap},"))
    }
}
