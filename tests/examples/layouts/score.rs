//! How do recovered variables compare with the truth?
//!
//! In: units, and a recovered layout. Out: a [`Score`] for each contract and [`Totals`] over all.
//! Invariants: a unit counts once however often it is found; slots beyond 64 bits are outside of
//! what solc numbers (proxies, namespaces) and count for nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use alloy_primitives::{U256, keccak256};
use slotcast::{
    analyzer::{
        bytecode::{Bytecode, Kind as InstructionKind, Pc},
        describe::slots::{Field, Kind, Layout},
        limits::StopReason,
    },
    model::Fork,
};

use crate::{
    evidence::Evidence,
    truth::{Contract, Unit},
};

const KINDS: [Kind; 3] = [Kind::Plain, Kind::Mapping, Kind::Array];

/// One contract's result.
pub(crate) struct Score {
    id: String,
    /// Units that were found.
    found: Vec<Unit>,
    missed: Vec<Missed>,
    /// Recovered pairs that no unit holds.
    wrong: Vec<(U256, Kind)>,
    /// Recovered pairs beyond what solc numbers.
    n_named: u64,
    fields: Tally,
    n_unexplained: u32,
    stop: StopReason,
}

/// A unit that was not found.
struct Missed {
    unit: Unit,
    /// Whether the code pushes its base, or the hash of it.
    is_pushed: bool,
    /// Whether some block of the code touches it by itself.
    is_evident: bool,
}

/// Found, missed and wrong ones of something.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    n_found: u64,
    n_missed: u64,
    /// Those of the missed whose base the code pushes.
    n_missed_pushed: u64,
    /// Those of the missed that a block of the code touches by itself.
    n_missed_evident: u64,
    n_wrong: u64,
}

/// Sums over contracts.
#[derive(Default)]
pub(crate) struct Totals {
    by_set: BTreeMap<String, BTreeMap<Kind, Tally>>,
    fields: Tally,
    n_contracts: u64,
    n_exact: u64,
    n_named: u64,
    n_unexplained: u64,
    stops: BTreeMap<StopReason, u64>,
}

impl Score {
    pub(crate) fn new(contract: &Contract, layout: &Layout) -> Self {
        let pushed = pushed(&contract.code);
        let evidence = Evidence::new(&contract.code);
        let is_numbered = |base: U256| base.bit_len() <= 64;
        let recovered: Vec<(U256, Kind)> =
            layout.variables.iter().map(|variable| (variable.base, variable.kind)).collect();
        let holds =
            |unit: &Unit, &(base, kind): &(U256, Kind)| unit.kind == kind && unit.contains(base);
        let (found, missed): (Vec<Unit>, Vec<Unit>) = contract
            .units
            .iter()
            .cloned()
            .partition(|unit| recovered.iter().any(|pair| holds(unit, pair)));
        let wrong = recovered.iter().filter(|pair| {
            is_numbered(pair.0) && !contract.units.iter().any(|unit| holds(unit, pair))
        });
        Self {
            id: contract.id.clone(),
            found,
            missed: missed
                .into_iter()
                .map(|unit| Missed {
                    is_pushed: is_pushed(&unit, &pushed),
                    is_evident: evidence.holds(&unit),
                    unit,
                })
                .collect(),
            wrong: wrong.copied().collect(),
            n_named: recovered.iter().filter(|pair| !is_numbered(pair.0)).count() as u64,
            fields: fields(contract, layout),
            n_unexplained: layout.n_unexplained,
            stop: layout.stop,
        }
    }
}

/// The constants that the code pushes.
fn pushed(code: &[u8]) -> BTreeSet<U256> {
    let bytecode = Bytecode::new(code, Fork::Osaka);
    let mut pushed = BTreeSet::new();
    let mut pc = Pc(0);
    while (pc.0 as usize) < code.len() {
        let instruction = bytecode.decode(pc);
        if instruction.kind == InstructionKind::Push {
            pushed.insert(instruction.immediate);
        }
        pc = Bytecode::next(&instruction);
    }
    pushed
}

/// Whether the code pushes a slot of the unit, or the hash of one.
fn is_pushed(unit: &Unit, pushed: &BTreeSet<U256>) -> bool {
    let hash: U256 = keccak256(unit.start.to_be_bytes::<32>()).into();
    pushed.contains(&hash) || pushed.iter().any(|&constant| unit.contains(constant))
}

/// Values smaller than a word in the units that were found, against the fields recovered there.
fn fields(contract: &Contract, layout: &Layout) -> Tally {
    let mut tally = Tally::default();
    for unit in contract.units.iter().filter(|unit| unit.kind == Kind::Plain) {
        let variables = layout
            .variables
            .iter()
            .filter(|variable| variable.kind == Kind::Plain && unit.contains(variable.base));
        let mut variables = variables.peekable();
        if variables.peek().is_none() {
            continue;
        }
        let truth: BTreeSet<Field> = unit.fields.iter().copied().collect();
        let recovered: BTreeSet<Field> =
            variables.flat_map(|variable| variable.fields.iter().copied()).collect();
        let n_found = truth.intersection(&recovered).count() as u64;
        tally.add(Tally {
            n_found,
            n_missed: truth.len() as u64 - n_found,
            n_wrong: recovered.len() as u64 - n_found,
            ..Tally::default()
        });
    }
    tally
}

/// One line for each unit that is missing and each pair that is wrong.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = format!("unexplained {} stop {}", self.n_unexplained, self.stop);
        for Missed { unit, is_pushed, is_evident } in &self.missed {
            let how = match (is_evident, is_pushed) {
                (true, _) => "evident",
                (false, true) => "pushed",
                (false, false) => "absent",
            };
            let (start, kind, names) = (unit.start, unit.kind, &unit.names);
            writeln!(f, "{} missed {kind} {start} ({how}) {names} | {rest}", self.id)?;
        }
        for (base, kind) in &self.wrong {
            writeln!(f, "{} wrong {kind} {base} | {rest}", self.id)?;
        }
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.n_found += other.n_found;
        self.n_missed += other.n_missed;
        self.n_missed_pushed += other.n_missed_pushed;
        self.n_missed_evident += other.n_missed_evident;
        self.n_wrong += other.n_wrong;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |of: u64, all: u64| if all == 0 { 1.0 } else { of as f64 / all as f64 };
        let Self { n_found, n_missed, n_missed_pushed, n_missed_evident, n_wrong } = *self;
        write!(
            f,
            "{:>9.4} {:>8.4} {:>8.4} {:>8.4} {n_found:>7} {n_wrong:>6} {n_missed_evident:>8} \
             {n_missed_pushed:>7} {n_missed:>7}",
            share(n_found, n_found + n_wrong),
            share(n_found, n_found + n_missed_evident),
            share(n_found, n_found + n_missed_pushed),
            share(n_found, n_found + n_missed),
        )
    }
}

impl Totals {
    pub(crate) fn add(&mut self, set: &str, score: &Score) {
        let by_kind = self.by_set.entry(set.to_owned()).or_default();
        for kind in KINDS {
            let missed = score.missed.iter().filter(|missed| missed.unit.kind == kind);
            let count = |is_counted: fn(&Missed) -> bool| {
                missed.clone().filter(|missed| is_counted(missed)).count() as u64
            };
            by_kind.entry(kind).or_default().add(Tally {
                n_found: score.found.iter().filter(|unit| unit.kind == kind).count() as u64,
                n_missed: count(|_| true),
                n_missed_pushed: count(|missed| missed.is_pushed),
                n_missed_evident: count(|missed| missed.is_evident),
                n_wrong: score.wrong.iter().filter(|pair| pair.1 == kind).count() as u64,
            });
        }
        self.fields.add(score.fields);
        self.n_contracts += 1;
        let is_exact =
            score.wrong.is_empty() && score.missed.iter().all(|missed| !missed.is_evident);
        self.n_exact += u64::from(is_exact);
        self.n_named += score.n_named;
        self.n_unexplained += u64::from(score.n_unexplained);
        *self.stops.entry(score.stop).or_default() += 1;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |tallies: &mut dyn Iterator<Item = Tally>| {
            let mut sum = Tally::default();
            tallies.for_each(|tally| sum.add(tally));
            sum
        };
        writeln!(
            f,
            "Units are (base slot, kind) pairs of solc's layout; packed values count once a slot.\n\
             evident: recall over units found and units that some basic block, run alone, touches\n\
             pushed:  recall over units found and units whose base slot, or its hash, the code\n         \
             pushes as a constant for whatever purpose\n\
             all:     recall over all units, also those that no code touches\n\n\
             {:18} precision  evident   pushed      all   found  wrong   missed: evident, pushed, all",
            ""
        )?;
        for (set, by_kind) in &self.by_set {
            writeln!(f, "{set:18} {}", sum(&mut by_kind.values().copied()))?;
        }
        for kind in KINDS {
            let mut of_kind =
                self.by_set.values().filter_map(|by_kind| by_kind.get(&kind).copied());
            writeln!(f, "{:18} {}", kind.text(), sum(&mut of_kind))?;
        }
        let all = sum(&mut self.by_set.values().flat_map(|by_kind| by_kind.values().copied()));
        writeln!(f, "{:18} {all}", "all")?;
        writeln!(f, "{:18} {}", "packed fields", self.fields)?;
        writeln!(
            f,
            "\n{} contracts, {} of them with nothing wrong and nothing evident missed; {} slots \
             beyond solc's numbers; {} storage instructions without a shape",
            self.n_contracts, self.n_exact, self.n_named, self.n_unexplained
        )?;
        let stops: Vec<String> =
            self.stops.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
        write!(f, "stopped: {}", stops.join(", "))
    }
}
