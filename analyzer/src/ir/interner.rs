//! Which number was given to an equal thing before?
//!
//! In: hashes, and a test of equality. Out: numbers, given in ascending order.
//! Invariants: things are kept by the caller, so an entry is eight bytes; two different things are
//! never taken for one, whatever their hashes; at most half of the table is filled, so that a
//! search is short.

/// Numbers by hash.
#[derive(Debug)]
pub(super) struct Interner {
    /// The hash, and the number plus one; zero where nothing is. Their count is a power of two.
    slots: Vec<(u32, u32)>,
    n_entries: usize,
}

impl Interner {
    /// A table with room for `n_entries`.
    pub(super) fn with_capacity(n_entries: usize) -> Self {
        Self { slots: vec![(0, 0); (2 * n_entries).next_power_of_two()], n_entries: 0 }
    }

    /// The number of what has this `hash` and `is_equal`.
    #[inline]
    pub(super) fn find(&self, hash: u32, is_equal: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (known, number) = self.slots[at];
            if number == 0 {
                return None;
            }
            if known == hash && is_equal(number - 1) {
                return Some(number - 1);
            }
            at = (at + 1) & mask;
        }
    }

    /// Gives `number` to what has this `hash` and was not found.
    pub(super) fn insert(&mut self, hash: u32, number: u32) {
        if self.slots.len() < 2 * (self.n_entries + 1) {
            let wider = vec![(0, 0); 2 * self.slots.len()];
            let entries = core::mem::replace(&mut self.slots, wider);
            entries.into_iter().filter(|entry| entry.1 != 0).for_each(|entry| self.place(entry));
        }
        self.n_entries += 1;
        self.place((hash, number + 1));
    }

    /// Bytes held.
    pub(super) const fn n_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(u32, u32)>()
    }

    fn place(&mut self, entry: (u32, u32)) {
        let mask = self.slots.len() - 1;
        let mut at = entry.0 as usize & mask;
        while self.slots[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = entry;
    }
}

#[cfg(test)]
mod tests;
