//! Which transactions are forecast to read what which earlier ones change?
//!
//! In: forecasts in block order. Out: data edges, by (to, from), one per pair.
//! Invariants: a reader waits for the last forecast writer of the location before it and for every
//! adder since that writer, for nobody else; adders wait for nobody; the result does not depend on
//! any hashing order.

use slotcast_model::{IndexVec, Location, LocationId, LocationTable, TxIndex};

use crate::{Edge, Forecast, Reason};

/// Who changed a location last, as of the transaction being looked at.
#[derive(Clone, Debug, Default)]
struct Changes {
    writer: Option<TxIndex>,
    /// Those that added to the location after `writer`, ascending.
    adders: Vec<TxIndex>,
}

/// The changes so far; locations nobody changes are not kept.
#[derive(Debug, Default)]
struct Ledger {
    locations: LocationTable,
    changes: IndexVec<LocationId, Changes>,
}

impl Ledger {
    /// What is known of `location`, if anybody changed it.
    fn get(&self, location: &Location) -> Option<&Changes> {
        self.locations.get(location).map(|id| &self.changes[id])
    }

    fn get_or_default(&mut self, location: Location) -> &mut Changes {
        let id = self.locations.intern(location);
        if self.changes.len() < self.locations.len() {
            self.changes.push(Changes::default());
        }
        &mut self.changes[id]
    }
}

/// All read-after-write and read-after-add edges, by (to, from).
pub(crate) fn data_edges(forecasts: &IndexVec<TxIndex, Forecast>) -> Vec<Edge> {
    let mut ledger = Ledger::default();
    let mut edges = Vec::new();
    let mut waits: Vec<(TxIndex, Location)> = Vec::new();
    for (tx, Forecast { access, .. }) in forecasts.iter_enumerated() {
        waits.clear();
        for &location in access.reads() {
            if let Some(changes) = ledger.get(&location) {
                let earlier = changes.writer.iter().chain(&changes.adders);
                waits.extend(earlier.map(|&from| (from, location)));
            }
        }
        merge(tx, &mut waits, &mut edges);
        for &location in access.writes() {
            let changes = ledger.get_or_default(location);
            changes.writer = Some(tx);
            changes.adders.clear();
        }
        for &location in access.adds() {
            ledger.get_or_default(location).adders.push(tx);
        }
    }
    edges
}

/// Makes one edge of all that `to` waits for one transaction for.
fn merge(to: TxIndex, waits: &mut [(TxIndex, Location)], edges: &mut Vec<Edge>) {
    // Access sets are ascending and the sort is stable, so the first location of each group is the
    // least one.
    waits.sort_by_key(|&(from, _)| from);
    for group in waits.chunk_by(|left, right| left.0 == right.0) {
        let (from, location) = group[0];
        let n_locations =
            u32::try_from(group.len()).expect("a transaction names fewer than 2^32 locations");
        edges.push(Edge { from, to, reason: Reason::Data { location, n_locations } });
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;
    use slotcast_model::AccessSet;

    use super::*;

    fn location(n: u8) -> Location {
        Location::Balance(Address::with_last_byte(n))
    }

    /// Reads, writes and adds per transaction in; (from, to, least location, how many) out.
    fn check(block: &[[&[u8]; 3]], expected: &[(u32, u32, u8, u32)]) {
        let list = |numbers: &[u8]| numbers.iter().copied().map(location).collect();
        let forecasts = block
            .iter()
            .map(|[reads, writes, adds]| Forecast {
                access: AccessSet::new(list(reads), list(writes), list(adds)),
                ..Forecast::default()
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
        assert_eq!(data_edges(&forecasts), expected);
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
}
