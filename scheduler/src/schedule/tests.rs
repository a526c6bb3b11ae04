//! Do constructors keep what a schedule promises?

use super::*;

fn txs(numbers: &[u32]) -> Vec<TxIndex> {
    numbers.iter().copied().map(TxIndex).collect()
}

#[test]
fn sequential_is_a_chain_and_single_layer_is_flat() {
    let chain = Schedule::sequential(3);
    assert_eq!(chain.layers(), [txs(&[0]), txs(&[1]), txs(&[2])]);
    assert_eq!(chain.predecessors(TxIndex(2)), [TxIndex(1)]);
    assert_eq!(chain.critical_path().weight, 3);
    assert_eq!(chain.width(), 1);
    let flat = Schedule::single_layer(3);
    assert_eq!(flat.layers(), [txs(&[0, 1, 2])]);
    assert_eq!(flat.critical_path().weight, 1);
    assert_eq!((flat.width(), flat.total_weight()), (3, 3));
    for schedule in [&chain, &flat] {
        assert_eq!(schedule.verify(), Ok(()));
    }
    assert_eq!(Schedule::sequential(0), Schedule::single_layer(0));
    assert!(Schedule::sequential(0).is_empty());
    assert_eq!(Schedule::sequential(1), Schedule::single_layer(1));
}

#[test]
fn layers_need_not_make_sense() {
    let schedule = Schedule::from_layers(4, vec![txs(&[3, 1]), txs(&[2, 0])]).unwrap();
    assert_eq!(schedule.layers(), [txs(&[1, 3]), txs(&[0, 2])]);
    assert_eq!(schedule.layer_of(TxIndex(0)), LayerIndex(1));
    assert_eq!(schedule.verify(), Ok(()));
}

#[test]
fn every_transaction_stands_in_exactly_one_layer() {
    let tx = TxIndex(1);
    let of = |layers: &[&[u32]]| {
        Schedule::from_layers(2, layers.iter().map(|layer| txs(layer)).collect())
    };
    assert_eq!(of(&[&[0]]), Err(ScheduleError::Missing { tx }));
    assert_eq!(of(&[&[0, 1, 1]]), Err(ScheduleError::Repeated { tx }));
    assert_eq!(of(&[&[1], &[0, 1]]), Err(ScheduleError::Repeated { tx }));
    assert_eq!(of(&[&[0, 1], &[]]), Err(ScheduleError::EmptyLayer { layer: LayerIndex(1) }));
    let unknown = ScheduleError::Unknown { tx: TxIndex(2), n_txs: 2 };
    assert_eq!(of(&[&[0, 1, 2]]), Err(unknown));
    assert_eq!(unknown.to_string(), "transaction 2 is not among the 2 of the block");
}

#[test]
fn verify_finds_what_a_constructor_would_refuse() {
    let sound = Schedule::from_edges(3, [(TxIndex(0), TxIndex(2))]).unwrap();
    let mut flattened = sound.clone();
    flattened.layers = vec![txs(&[0, 1, 2])];
    flattened.layer_of = IndexVec::from_elem(LayerIndex(0), 3);
    let not_later = ScheduleError::NotLater { from: TxIndex(0), to: TxIndex(2) };
    assert_eq!(flattened.verify(), Err(not_later));
    let mut unsorted = sound.clone();
    unsorted.layers[0].reverse();
    assert_eq!(unsorted.verify(), Err(ScheduleError::Unsorted { layer: LayerIndex(0) }));
    let mut moved = sound;
    moved.layer_of[TxIndex(1)] = LayerIndex(1);
    assert!(moved.verify().is_err());
}

#[test]
fn the_digest_tells_schedules_apart() {
    let flat = Schedule::from_layers(3, vec![txs(&[1, 2, 0])]).unwrap();
    assert_eq!(flat.digest(), Schedule::single_layer(3).digest());
    let layers = |layers: Vec<Vec<TxIndex>>| Schedule::from_layers(3, layers).unwrap();
    let edges = |from, to| Schedule::from_edges(3, [(TxIndex(from), TxIndex(to))]).unwrap();
    let heavy = Schedule::from_dag(flat.dag.clone(), IndexVec::from_elem(2, 3));
    let mut digests = [
        flat,
        heavy,
        layers(vec![txs(&[0]), txs(&[1, 2])]),
        layers(vec![txs(&[0, 1]), txs(&[2])]),
        // The same layers as the one above, but with edges, which differ.
        edges(0, 2),
        edges(1, 2),
        layers(vec![txs(&[0]), txs(&[1]), txs(&[2])]),
        Schedule::sequential(3),
        Schedule::single_layer(2),
    ]
    .map(|schedule| schedule.digest());
    digests.sort_unstable();
    assert!(digests.windows(2).all(|pair| pair[0] != pair[1]));
}
