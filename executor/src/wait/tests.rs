//! Are horizons those that the mode asks for, and within the window?

use slotcast_model::Index;

use super::*;

#[test]
fn no_transaction_starts_a_window_ahead_of_what_is_committed() {
    let least = |tx: usize| Horizon::default().within_window(TxIndex::from_usize(tx)).0.as_usize();
    assert_eq!(least(WINDOW - 1), 0);
    for tx in 0..5 * WINDOW {
        assert!(least(tx) <= tx && tx < least(tx) + WINDOW, "{tx}");
    }
}

#[test]
fn a_layer_waits_for_the_layers_before_it_and_dataflow_for_what_it_depends_on() {
    let edges = [(0, 2), (2, 5)].map(|(from, to)| (TxIndex(from), TxIndex(to)));
    let schedule = Schedule::from_edges(7, edges).unwrap();
    let horizons = |mode| -> Vec<u32> {
        (0..7).map(|tx| Horizon::of(&schedule, TxIndex(tx), mode).0.0).collect()
    };
    assert_eq!(horizons(Mode::Dataflow), [0, 0, 1, 0, 0, 3, 0]);
    assert_eq!(horizons(Mode::Layers), [0, 0, 2, 0, 0, 5, 0]);
}
