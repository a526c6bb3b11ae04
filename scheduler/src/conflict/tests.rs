//! Which edges follow from which accesses?

use alloy_primitives::Address;

use super::*;

fn location(n: u8) -> Location {
    Location::Balance(Address::with_last_byte(n))
}

/// Reads, writes and adds per transaction in; (from, to, least location, how many) out.
fn check(block: &[[&[u8]; 3]], expected: &[(u32, u32, u8, u32)]) {
    let list = |numbers: &[u8]| numbers.iter().copied().map(location).collect();
    let forecasts = block
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
    assert_eq!(conflicts(&forecasts).edges, expected);
}

#[test]
fn what_is_added_to_without_waiting_is_told() {
    let adding = |added: u8| PredictedAccess {
        access: AccessSet::new(vec![], vec![], vec![location(1), location(added)]),
        ..PredictedAccess::default()
    };
    let found = conflicts(&[adding(2), adding(3), adding(2)].into_iter().collect());
    let told: Vec<_> = found.additions.into_iter().collect();
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
