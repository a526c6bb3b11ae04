//! Which transactions are forecast to read what which earlier ones change?
//!
//! In: forecasts in block order. Out: data edges, by (to, from), one per pair, and what is added to
//! without waiting.
//! Invariants: a reader waits for the last forecast writer of the location before it and for every
//! adder since that writer, for nobody else; adders wait for nobody; the result does not depend on
//! any hashing order.

use alloy_primitives::map::HashMap;
use slotcast_model::{AccessSet, IndexVec, Location, TxIndex, index_newtype};

use crate::{Edge, Forecast, Reason};

index_newtype! {
    /// One addition to one location.
    struct AddIndex;
}

/// One addition to a location, in the chain of those since the location was last written.
#[derive(Clone, Copy, Debug)]
struct Add {
    tx: TxIndex,
    earlier: Option<AddIndex>,
}

/// Who changed a location last, as of the transaction being looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    writer: Option<TxIndex>,
    last_add: Option<AddIndex>,
}

/// The changes so far.
///
/// This runs once per block and is most of what a schedule costs: locations nobody changes are not
/// kept, and the chains of additions share one vector.
#[derive(Debug)]
struct Ledger {
    /// Only ever asked for one location, never walked.
    changes: HashMap<Location, Changes>,
    adds: IndexVec<AddIndex, Add>,
}

impl Ledger {
    fn with_room_for(forecasts: &IndexVec<TxIndex, Forecast>) -> Self {
        let n_changes =
            |forecast: &Forecast| forecast.access.writes().len() + forecast.access.adds().len();
        let n_changes = forecasts.iter().map(n_changes).sum();
        let changes = HashMap::with_capacity_and_hasher(n_changes, Default::default());
        Self { changes, adds: IndexVec::new() }
    }

    /// Notes whom reading `location` waits for.
    fn read(&self, location: Location, waits: &mut Vec<(TxIndex, Location)>) {
        if let Some(changes) = self.changes.get(&location) {
            self.wait_for(*changes, location, waits);
        }
    }

    /// The changes of `location` before this one.
    fn write(&mut self, location: Location, tx: TxIndex) -> Option<Changes> {
        self.changes.insert(location, Changes { writer: Some(tx), last_add: None })
    }

    fn wait_for(&self, changes: Changes, location: Location, waits: &mut Vec<(TxIndex, Location)>) {
        waits.extend(changes.writer.map(|writer| (writer, location)));
        let earlier = |add: &AddIndex| self.adds[*add].earlier;
        for add in core::iter::successors(changes.last_add, earlier) {
            waits.push((self.adds[add].tx, location));
        }
    }

    /// Notes whom the reads of `access` wait for, and then its writes.
    ///
    /// What is written is nearly always read too, and both lists are ascending: walked side by side,
    /// such a location is looked up once.
    fn read_and_write(
        &mut self,
        access: &AccessSet,
        tx: TxIndex,
        waits: &mut Vec<(TxIndex, Location)>,
    ) {
        let mut writes = access.writes().iter().copied().peekable();
        for &location in access.reads() {
            while let Some(unread) = writes.next_if(|write| *write < location) {
                self.write(unread, tx);
            }
            if writes.next_if_eq(&location).is_none() {
                self.read(location, waits);
            } else if let Some(before) = self.write(location, tx) {
                self.wait_for(before, location, waits);
            }
        }
        for unread in writes {
            self.write(unread, tx);
        }
    }

    /// Whether somebody changed `location` before.
    fn add(&mut self, location: Location, tx: TxIndex) -> bool {
        let changes = self.changes.entry(location).or_default();
        let is_changed = changes.writer.is_some() || changes.last_add.is_some();
        changes.last_add = Some(self.adds.push(Add { tx, earlier: changes.last_add }));
        is_changed
    }
}

/// What the forecasts come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conflicts {
    /// All read-after-write and read-after-add edges, by (to, from).
    pub(crate) edges: Vec<Edge>,
    /// What each transaction adds to after somebody else changed it, ascending.
    pub(crate) additions: IndexVec<TxIndex, Vec<Location>>,
}

/// The conflicts between all forecasts.
pub(crate) fn conflicts(forecasts: &IndexVec<TxIndex, Forecast>) -> Conflicts {
    let mut ledger = Ledger::with_room_for(forecasts);
    let mut edges = Vec::new();
    let mut additions = IndexVec::with_capacity(forecasts.len());
    let mut waits: Vec<(TxIndex, Location)> = Vec::new();
    for (tx, Forecast { access, .. }) in forecasts.iter_enumerated() {
        ledger.read_and_write(access, tx, &mut waits);
        let adds = access.adds().iter().copied();
        additions.push(adds.filter(|location| ledger.add(*location, tx)).collect());
        merge(tx, &mut waits, &mut edges);
    }
    Conflicts { edges, additions }
}

/// Makes one edge of all that `to` waits for one transaction for, and empties `waits`.
fn merge(to: TxIndex, waits: &mut Vec<(TxIndex, Location)>, edges: &mut Vec<Edge>) {
    // Access sets are ascending and the sort is stable, so the first location of each group is the
    // least one.
    waits.sort_by_key(|&(from, _)| from);
    for group in waits.chunk_by(|left, right| left.0 == right.0) {
        let (from, location) = group[0];
        let n_locations =
            u32::try_from(group.len()).expect("a transaction names fewer than 2^32 locations");
        edges.push(Edge { from, to, reason: Reason::Data { location, n_locations } });
    }
    waits.clear();
}

#[cfg(test)]
mod tests {
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
        assert_eq!(conflicts(&forecasts).edges, expected);
    }

    #[test]
    fn what_is_added_to_without_waiting_is_told() {
        let adding = |added: u8| Forecast {
            access: AccessSet::new(vec![], vec![], vec![location(1), location(added)]),
            ..Forecast::default()
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
}
