//! Do schedules keep their promises on random blocks?
//!
//! In: random small blocks over few locations, so that conflicts are frequent. Out: the promises
//! of the crate, each checked against a definition written a second time, as plainly as possible.

use core::num::NonZeroUsize;

use alloy_primitives::Address;
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    prop_assert, prop_assert_eq, proptest,
    test_runner::{Config, TestCaseError},
};
use slotcast_model::{AccessSet, IndexVec, Location, TxIndex};
use slotcast_scheduler::{
    CostModel, Mode, PredictedAccess, Reason, Schedule, print, schedule, simulate, simulate_unbound,
};

type Block = IndexVec<TxIndex, PredictedAccess>;

/// Lists as drawn, before they are put in order.
#[derive(Clone, Debug)]
struct Drawn {
    reads: Vec<Location>,
    writes: Vec<Location>,
    adds: Vec<Location>,
    weight: u64,
}

impl Drawn {
    fn predicted(&self) -> PredictedAccess {
        let Self { reads, writes, adds, weight } = self.clone();
        PredictedAccess { access: AccessSet::new(reads, writes, adds), weight }
    }

    fn reversed(&self) -> Self {
        let mut turned = self.clone();
        for list in [&mut turned.reads, &mut turned.writes, &mut turned.adds] {
            list.reverse();
        }
        turned
    }
}

fn locations(at_most: usize) -> impl Strategy<Value = Vec<Location>> {
    let location = (0u8..6, any::<bool>()).prop_map(|(n, is_nonce)| match is_nonce {
        true => Location::Nonce(Address::with_last_byte(n)),
        false => Location::Balance(Address::with_last_byte(n)),
    });
    vec(location, 0..=at_most)
}

fn block() -> impl Strategy<Value = Vec<Drawn>> {
    let tx = (locations(4), locations(2), locations(2), 0u64..50);
    let drawn = tx.prop_map(|(reads, writes, adds, weight)| Drawn { reads, writes, adds, weight });
    vec(drawn, 0..24)
}

fn predicted(block: &[Drawn]) -> Block {
    block.iter().map(Drawn::predicted).collect()
}

fn changes(access: &AccessSet, location: &Location) -> bool {
    access.writes().contains(location) || access.adds().contains(location)
}

/// The locations at which `to` must see what `from` does: it reads what `from` changes, and no transaction
/// between the two overwrites it.
fn observed(predicted: &Block, from: TxIndex, to: TxIndex) -> Vec<Location> {
    let is_overwritten = |location: &Location| {
        (from.0 + 1..to.0).any(|n| predicted[TxIndex(n)].access.writes().contains(location))
    };
    let reads = predicted[to].access.reads().iter().copied();
    reads
        .filter(|location| changes(&predicted[from].access, location))
        .filter(|location| !is_overwritten(location))
        .collect()
}

fn pairs(n_txs: usize) -> impl Iterator<Item = (TxIndex, TxIndex)> {
    let n_txs = u32::try_from(n_txs).expect("blocks are small");
    (0..n_txs).flat_map(move |to| (0..to).map(move |from| (TxIndex(from), TxIndex(to))))
}

/// Whether `to` waits for `from`, directly or not, for all pairs.
fn closure(schedule: &Schedule) -> Vec<Vec<bool>> {
    let mut waits = vec![vec![false; schedule.len()]; schedule.len()];
    for edge in schedule.edges() {
        waits[edge.to.0 as usize][edge.from.0 as usize] = true;
    }
    for middle in 0..schedule.len() {
        for to in 0..schedule.len() {
            for from in 0..schedule.len() {
                let through = waits[to][middle] && waits[middle][from];
                waits[to][from] |= through;
            }
        }
    }
    waits
}

fn check_layers(schedule: &Schedule) -> Result<(), TestCaseError> {
    prop_assert_eq!(schedule.verify(), Ok(()));
    for edge in schedule.edges() {
        prop_assert!(edge.from < edge.to);
        prop_assert!(schedule.layer_of(edge.from) < schedule.layer_of(edge.to));
    }
    // Longest path: what does not stand in the first layer waits for something one layer up.
    for (n, layer) in schedule.layers().iter().enumerate() {
        for &tx in layer {
            prop_assert_eq!(schedule.layer_of(tx).0 as usize, n);
            let above = |&earlier: &TxIndex| schedule.layer_of(earlier).0 as usize + 1 == n;
            prop_assert_eq!(schedule.predecessors(tx).iter().any(above), 0 < n);
        }
    }
    Ok(())
}

fn threads(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("there is at least one thread")
}

proptest! {
    #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

    #[test]
    fn edges_are_exactly_the_observed_changes(block in block()) {
        let predicted = predicted(&block);
        let schedule = schedule(&predicted);
        let mut edges = schedule.edges();
        for (from, to) in pairs(predicted.len()) {
            let observed = observed(&predicted, from, to);
            let Some(&location) = observed.first() else { continue };
            let n_locations = u32::try_from(observed.len()).unwrap();
            let edge = edges.next();
            prop_assert_eq!(edge.map(|edge| (edge.from, edge.to)), Some((from, to)));
            let reason = Reason::Data { location, n_locations };
            prop_assert_eq!(edge.map(|edge| edge.reason), Some(reason));
        }
        prop_assert_eq!(edges.next(), None);
    }

    #[test]
    fn deltas_are_told_where_target_changed_the_location_before(block in block()) {
        let predicted = predicted(&block);
        let schedule = schedule(&predicted);
        for (tx, prediction) in predicted.iter_enumerated() {
            let is_changed = |location: &Location| {
                (0..tx.0).any(|n| changes(&predicted[TxIndex(n)].access, location))
            };
            let adds = prediction.access.adds().iter().copied();
            let told: Vec<Location> = adds.filter(is_changed).collect();
            prop_assert_eq!(schedule.deltas(tx), told);
        }
    }

    /// Where writers also read, as storage writers do, dropping all but the last writer loses no
    /// order: every pair that meets at all is ordered through others.
    #[test]
    fn every_pair_that_meets_is_ordered_when_writers_read(block in block()) {
        let reading: Vec<Drawn> = block
            .into_iter()
            .map(|mut drawn| {
                drawn.reads.extend_from_slice(&drawn.writes);
                drawn
            })
            .collect();
        let predicted = predicted(&reading);
        let waits = closure(&schedule(&predicted));
        for (from, to) in pairs(predicted.len()) {
            if predicted[to].access.reads_from(&predicted[from].access) {
                prop_assert!(waits[to.0 as usize][from.0 as usize], "{} after {}", to, from);
            }
        }
    }

    #[test]
    fn layers_are_longest_path_and_hold_no_edge_inside(block in block()) {
        check_layers(&schedule(&predicted(&block)))?;
    }

    #[test]
    fn no_reader_stands_beside_or_above_what_it_observes(block in block()) {
        let predicted = predicted(&block);
        let schedule = schedule(&predicted);
        for (from, to) in pairs(predicted.len()) {
            if !observed(&predicted, from, to).is_empty() {
                prop_assert!(schedule.layer_of(from) < schedule.layer_of(to));
            }
        }
    }

    #[test]
    fn the_order_of_locations_does_not_matter(block in block()) {
        let turned: Vec<Drawn> = block.iter().map(Drawn::reversed).collect();
        let there = schedule(&predicted(&block));
        let back = schedule(&predicted(&turned));
        prop_assert_eq!(&there, &back);
        prop_assert_eq!(there.digest(), back.digest());
        prop_assert_eq!(print::text(&there), print::text(&back));
    }

    #[test]
    fn the_reduction_orders_the_same_pairs_with_no_edge_to_spare(block in block()) {
        let schedule = schedule(&predicted(&block));
        let reduced = schedule.dag().transitive_reduction();
        let kept: Vec<(TxIndex, TxIndex)> =
            reduced.edges().map(|edge| (edge.from, edge.to)).collect();
        let of = |pairs: &[(TxIndex, TxIndex)]| {
            closure(&Schedule::from_edges(block.len(), pairs.iter().copied()).unwrap())
        };
        let waits = closure(&schedule);
        prop_assert_eq!(&of(&kept), &waits);
        for dropped in 0..kept.len() {
            let mut fewer = kept.clone();
            fewer.remove(dropped);
            prop_assert!(of(&fewer) != waits);
        }
    }

    #[test]
    fn the_critical_path_is_the_heaviest_chain(block in block()) {
        let schedule = schedule(&predicted(&block));
        let path = schedule.critical_path();
        let weight = |tx: TxIndex| schedule.weights()[tx];
        prop_assert_eq!(path.txs.iter().map(|&tx| weight(tx)).sum::<u64>(), path.weight);
        for step in path.txs.windows(2) {
            prop_assert!(schedule.predecessors(step[1]).contains(&step[0]));
        }
        // With a thread for every transaction nothing but the chain takes time.
        let time = simulate_unbound(&schedule, schedule.weights(), threads(block.len().max(1)));
        prop_assert_eq!(time, path.weight);
    }

    #[test]
    fn simulated_times_keep_their_bounds(block in block(), n_threads in 1usize..9) {
        let schedule = schedule(&predicted(&block));
        let costs = schedule.weights();
        let (total, longest) = (schedule.total_weight(), schedule.critical_path().weight);
        for mode in Mode::ALL {
            let time = |n| simulate(&schedule, costs, threads(n), mode, 0);
            prop_assert_eq!(time(1), total);
            prop_assert!(longest <= time(n_threads));
            prop_assert!(total.div_ceil(n_threads as u64) <= time(n_threads));
            prop_assert!(time(n_threads) <= total);
        }
        // Graham's bound for list schedules with dependencies.
        let n = n_threads as u64;
        let time = simulate_unbound(&schedule, costs, threads(n_threads));
        prop_assert!(n * time <= total + (n - 1) * longest);
    }

    #[test]
    fn handing_over_costs_each_transaction_once(block in block(), per_tx in 0u64..9) {
        let schedule = schedule(&predicted(&block));
        let handed_over = schedule.total_weight() + per_tx * schedule.len() as u64;
        for mode in Mode::ALL {
            let time = simulate(&schedule, schedule.weights(), threads(1), mode, per_tx);
            prop_assert_eq!(time, handed_over);
        }
    }

    #[test]
    fn a_horizon_is_above_all_that_is_waited_for(block in block()) {
        let schedule = schedule(&predicted(&block));
        for (from, to) in pairs(block.len()) {
            if schedule.predecessors(to).contains(&from) {
                prop_assert!(from < Mode::Dataflow.horizon(&schedule, to));
            }
            if schedule.layer_of(from) < schedule.layer_of(to) {
                prop_assert!(from < Mode::Layers.horizon(&schedule, to));
            }
            prop_assert!(Mode::Dataflow.horizon(&schedule, to) <= Mode::Layers.horizon(&schedule, to));
        }
    }

    #[test]
    fn more_gas_never_costs_less(gas in any::<u64>(), more in any::<u64>()) {
        let model = CostModel::default();
        prop_assert!(model.nanos(gas) <= model.nanos(gas.saturating_add(more)));
    }
}
