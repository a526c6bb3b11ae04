//! Which edges follow from which accesses?

use alloy_primitives::Address;

use super::*;

fn location(n: u8) -> Location {
    Location::Balance(Address::with_last_byte(n))
}

/// Reads, writes and adds per transaction in; (from, to, least location, how many) out.
fn check(block: &[[&[u8]; 3]], expected: &[(u32, u32, u8, u32)]) {
    let list = |numbers: &[u8]| numbers.iter().copied().map(location).collect();
    let predicted = block
        .iter()
        .map(|[reads, writes, adds]| PredictedAccess {
            access: AccessSet::new(list(reads), list(writes), list(adds)),
            ..PredictedAccess::default()
        })
        .collect();
    let expected: Vec<Edge> = expected
        .iter()
        .map(|&(from, to, least, n_locations)| Edge {
            from: TxIndex(from),
            to: TxIndex(to),
            reason: Reason::Data { location: location(least), n_locations },
        })
        .collect();
    assert_eq!(conflicts(&predicted).edges, expected);
}

#[test]
fn what_is_added_to_without_waiting_is_told() {
    let adding = |added: u8| PredictedAccess {
        access: AccessSet::new(vec![], vec![], vec![location(1), location(added)]),
        ..PredictedAccess::default()
    };
    let found = conflicts(&[adding(2), adding(3), adding(2)].into_iter().collect());
    let told: Vec<_> = found.deltas.into_iter().collect();
    assert_eq!(told, [vec![], vec![location(1)], vec![location(1), location(2)]]);
    assert_eq!(found.edges, []);
}

#[test]
fn a_reader_waits_for_the_last_writer_only() {
    check(&[[&[], &[1], &[]], [&[], &[1], &[]], [&[1], &[], &[]]], &[(1, 2, 1, 1)]);
}

#[test]
fn changes_alone_and_reads_alone_order_nothing() {
    check(&[[&[1], &[], &[]], [&[1], &[], &[]], [&[], &[1], &[]], [&[], &[1], &[]]], &[]);
}

#[test]
fn a_reader_waits_for_every_adder_since_the_last_writer() {
    let adder: [&[u8]; 3] = [&[], &[], &[1]];
    check(
        &[adder, [&[], &[1], &[]], adder, adder, [&[1], &[], &[]]],
        &[(1, 4, 1, 1), (2, 4, 1, 1), (3, 4, 1, 1)],
    );
}

#[test]
fn one_edge_counts_all_shared_locations_and_names_the_least() {
    check(&[[&[], &[2, 3], &[5]], [&[5, 3, 2, 1], &[], &[]]], &[(0, 1, 2, 3)]);
}

#[test]
fn read_modify_write_makes_a_chain() {
    let swap: [&[u8]; 3] = [&[7], &[7], &[]];
    check(&[swap, swap, swap], &[(0, 1, 7, 1), (1, 2, 7, 1)]);
}

#[test]
fn an_adder_to_a_slot_waits_for_its_last_writer_and_not_for_adders() {
    let slot = Location::from(slotcast_model::Slot::new(Address::ZERO, Default::default()));
    let of = |writes: &[Location], adds: &[Location]| PredictedAccess {
        access: AccessSet::new(vec![], writes.to_vec(), adds.to_vec()),
        ..PredictedAccess::default()
    };
    let (writer, adder) = (of(&[slot], &[]), of(&[], &[slot]));
    let block = [&adder, &writer, &writer, &adder, &adder].into_iter().cloned();
    let edges = conflicts(&block.collect()).edges;
    let edges: Vec<_> = edges.iter().map(|edge| (edge.from.0, edge.to.0)).collect();
    assert_eq!(edges, [(2, 3), (2, 4)]);
}
