//! Are neighbours and reductions those of the edges?

use super::*;

fn given(from: u32, to: u32) -> Edge {
    Edge { from: TxIndex(from), to: TxIndex(to), reason: Reason::Given }
}

#[test]
fn neighbours_are_ascending_and_pairs_unique() {
    let location = Location::Nonce(alloy_primitives::Address::ZERO);
    let reason = Reason::Data { location, n_locations: 1 };
    let data = Edge { reason, ..given(0, 3) };
    let dag = Dag::new(4, vec![given(2, 3), given(0, 3), data, given(0, 1), given(0, 2)]).unwrap();
    assert_eq!(dag.n_edges(), 4);
    assert_eq!(dag.predecessors(TxIndex(3)), [TxIndex(0), TxIndex(2)]);
    assert_eq!(dag.successors(TxIndex(0)), [TxIndex(1), TxIndex(2), TxIndex(3)]);
    assert_eq!(dag.predecessors(TxIndex(0)), []);
    let reasons: Vec<_> = dag.edges_into(TxIndex(3)).map(|edge| edge.reason).collect();
    assert_eq!(reasons, [reason, Reason::Given]);
    assert_eq!(dag.to_petgraph().edge_count(), 4);
}

#[test]
fn the_reduction_drops_what_follows_from_the_rest() {
    let dag = Dag::new(4, vec![given(0, 1), given(1, 2), given(0, 2), given(0, 3)]).unwrap();
    let expected = Dag::new(4, vec![given(0, 1), given(1, 2), given(0, 3)]).unwrap();
    assert_eq!(dag.transitive_reduction(), expected);
    assert_eq!(expected.transitive_reduction(), expected);
}

#[test]
fn an_edge_that_does_not_go_forwards_is_refused() {
    let backwards = ScheduleError::Backwards { from: TxIndex(1), to: TxIndex(0) };
    assert_eq!(Dag::new(2, vec![given(1, 0)]), Err(backwards));
    let own = ScheduleError::Backwards { from: TxIndex(1), to: TxIndex(1) };
    assert_eq!(Dag::new(2, vec![given(1, 1)]), Err(own));
    let unknown = ScheduleError::Unknown { tx: TxIndex(2), n_txs: 2 };
    assert_eq!(Dag::new(2, vec![given(0, 2)]), Err(unknown));
}
