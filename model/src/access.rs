//! What does one transaction touch, and do two transactions meet?
//!
//! In: locations in any order. Out: [`AccessSet`], sorted and without repeats.
//! Invariants: a location stands in `adds` only if it stands in neither other list; every location that
//! was given as a write or an add stands in `writes` or `adds`.

use crate::Location;

/// The locations a transaction reads, writes and commutatively adds to.
///
/// A write is a location whose value the transaction may leave changed; SSTORE's gas depends on the
/// old value, so written storage slots are also read. An add is a change `value := value + d` whose
/// `d` does not depend on the old value and whose old value is otherwise unobserved: it depends on
/// no earlier transaction, but a later read depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccessSet {
    reads: Vec<Location>,
    writes: Vec<Location>,
    adds: Vec<Location>,
}

impl AccessSet {
    /// Builds the set from lists in any order, with or without repeats.
    ///
    /// An add to what is read or written is a write: to observe the value is to depend on it, and a
    /// later reader depends on the change all the same. So a contract that looks at its balance and is
    /// paid writes its balance.
    ///
    /// ```
    /// use alloy_primitives::Address;
    /// use slotcast_model::{AccessSet, Location};
    ///
    /// let balance = Location::Balance(Address::ZERO);
    /// let set = AccessSet::new(vec![balance], vec![], vec![balance]);
    /// assert_eq!((set.writes(), set.adds().len()), (&[balance][..], 0));
    /// ```
    pub fn new(reads: Vec<Location>, mut writes: Vec<Location>, adds: Vec<Location>) -> Self {
        let (reads, mut adds) = (sorted(reads), sorted(adds));
        writes.extend(adds.iter().filter(|location| reads.binary_search(location).is_ok()));
        let writes = sorted(writes);
        adds.retain(|location| writes.binary_search(location).is_err());
        Self { reads, writes, adds }
    }

    /// Locations whose value is observed, ascending.
    pub fn reads(&self) -> &[Location] {
        &self.reads
    }

    /// Locations that may be left changed, ascending.
    pub fn writes(&self) -> &[Location] {
        &self.writes
    }

    /// Locations that are only added to, ascending.
    pub fn adds(&self) -> &[Location] {
        &self.adds
    }

    /// Whether a transaction with this set, placed later, may observe what one with `earlier` does.
    pub fn reads_from(&self, earlier: &Self) -> bool {
        intersect(&self.reads, &earlier.writes) || intersect(&self.reads, &earlier.adds)
    }

    /// Whether every access of `other` is allowed by this set.
    pub fn contains(&self, other: &Self) -> bool {
        let allowed = |location: &Location| {
            self.reads.binary_search(location).is_ok()
                || self.writes.binary_search(location).is_ok()
        };
        other.reads.iter().all(allowed)
            && other.writes.iter().all(|location| self.writes.binary_search(location).is_ok())
            && other.adds.iter().all(|location| {
                self.adds.binary_search(location).is_ok()
                    || self.writes.binary_search(location).is_ok()
            })
    }
}

fn sorted(mut locations: Vec<Location>) -> Vec<Location> {
    // Predictions list slots as they are wanted here, and mostly there is nothing else.
    if locations.is_sorted_by(|left, right| left < right) {
        return locations;
    }
    locations.sort_unstable();
    locations.dedup();
    locations
}

/// Whether two ascending lists share an element.
fn intersect(left: &[Location], right: &[Location]) -> bool {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        match a.cmp(b) {
            core::cmp::Ordering::Less => left.next(),
            core::cmp::Ordering::Equal => return true,
            core::cmp::Ordering::Greater => right.next(),
        };
    }
    false
}

#[cfg(test)]
mod tests;
