//! Which transactions are predicted to read what which earlier ones change?
//!
//! In: predicted accesses in block order. Out: data edges, by (to, from), one per pair, and what is added to
//! without waiting.
//! Invariants: a reader waits for the last predicted writer of the location before it and for every
//! adder since that writer, and for no others; an adder to a slot waits for its last writer alone,
//! because storing costs something else in a slot that is empty; the result does not depend on any
//! hashing order.

use alloy_primitives::map::HashMap;
use slotcast_model::{AccessSet, IndexVec, Location, TxIndex, index_newtype};

use crate::{Edge, PredictedAccess, Reason};

index_newtype! {
    /// One delta to one location.
    struct AddIndex;
}

/// One delta to a location, in the chain of those since the location was last written.
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
/// This runs once per block and is most of what a schedule costs: locations that are not changed are not
/// kept, and the chains of deltas share one vector.
#[derive(Debug)]
struct Ledger {
    /// Only ever asked for one location, never walked.
    changes: HashMap<Location, Changes>,
    adds: IndexVec<AddIndex, Add>,
}

impl Ledger {
    fn with_room_for(predicted: &IndexVec<TxIndex, PredictedAccess>) -> Self {
        let n_changes = |predicted: &PredictedAccess| {
            predicted.access.writes().len() + predicted.access.adds().len()
        };
        let n_changes = predicted.iter().map(n_changes).sum();
        let changes = HashMap::with_capacity_and_hasher(n_changes, Default::default());
        Self { changes, adds: IndexVec::new() }
    }

    /// Notes what reading `location` waits for.
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

    /// Notes what the reads of `access` wait for, and then its writes.
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

    /// Notes a delta to `location` and what it waits for; whether `location` was changed before.
    fn add(
        &mut self,
        location: Location,
        tx: TxIndex,
        waits: &mut Vec<(TxIndex, Location)>,
    ) -> bool {
        let changes = self.changes.entry(location).or_default();
        if matches!(location, Location::Storage(_)) {
            waits.extend(changes.writer.map(|writer| (writer, location)));
        }
        let is_changed = changes.writer.is_some() || changes.last_add.is_some();
        changes.last_add = Some(self.adds.push(Add { tx, earlier: changes.last_add }));
        is_changed
    }
}

/// What the predicted accesses come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conflicts {
    /// All read-after-write and read-after-add edges, by (to, from).
    pub(crate) edges: Vec<Edge>,
    /// What each transaction adds to after another changed it, ascending.
    pub(crate) deltas: IndexVec<TxIndex, Vec<Location>>,
}

/// The conflicts between all predicted accesses.
pub(crate) fn conflicts(predicted: &IndexVec<TxIndex, PredictedAccess>) -> Conflicts {
    let mut ledger = Ledger::with_room_for(predicted);
    let mut edges = Vec::new();
    let mut deltas = IndexVec::with_capacity(predicted.len());
    let mut waits: Vec<(TxIndex, Location)> = Vec::new();
    for (tx, PredictedAccess { access, .. }) in predicted.iter_enumerated() {
        ledger.read_and_write(access, tx, &mut waits);
        let adds = access.adds().iter().copied();
        deltas.push(adds.filter(|location| ledger.add(*location, tx, &mut waits)).collect());
        merge(tx, &mut waits, &mut edges);
    }
    Conflicts { edges, deltas }
}

/// Makes one edge of all that `to` waits for one transaction for, and empties `waits`.
fn merge(to: TxIndex, waits: &mut Vec<(TxIndex, Location)>, edges: &mut Vec<Edge>) {
    waits.sort_unstable();
    for group in waits.chunk_by(|left, right| left.0 == right.0) {
        let (from, location) = group[0];
        let n_locations =
            u32::try_from(group.len()).expect("a transaction names fewer than 2^32 locations");
        edges.push(Edge { from, to, reason: Reason::Data { location, n_locations } });
    }
    waits.clear();
}

#[cfg(test)]
mod tests;
