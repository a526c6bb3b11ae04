//! Which of thousands of transactions are in a set?
//!
//! In: tickets, one at a time or put together from other sets. Out: [`Tickets`].
//! Invariants: a set is words of bits, of which only those with a bit set are kept, ascending; so what
//! thousands share is put together a word at a time, and what two share takes one word.

use smallvec::SmallVec;

use super::Ticket;

/// Tickets in one word.
const N_BITS: u32 = u64::BITS;

/// A set of tickets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tickets(SmallVec<[(u32, u64); 1]>);

impl Tickets {
    /// Puts a ticket in, once.
    pub(super) fn insert(&mut self, ticket: Ticket) {
        let (at, bit) = place(ticket);
        // Tickets mostly come in order.
        match self.0.last_mut() {
            Some((last, word)) if *last == at => *word |= bit,
            Some((last, _)) if *last < at => self.0.push((at, bit)),
            None => self.0.push((at, bit)),
            Some(_) => match self.find(at) {
                Ok(found) => self.0[found].1 |= bit,
                Err(between) => self.0.insert(between, (at, bit)),
            },
        }
    }

    /// Takes a ticket out.
    pub(super) fn remove(&mut self, ticket: Ticket) {
        let (at, bit) = place(ticket);
        if let Ok(found) = self.find(at) {
            self.0[found].1 &= !bit;
            if self.0[found].1 == 0 {
                self.0.remove(found);
            }
        }
    }

    pub(super) fn contains(&self, ticket: Ticket) -> bool {
        let (at, bit) = place(ticket);
        self.find(at).is_ok_and(|found| self.0[found].1 & bit != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tickets, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = Ticket> {
        self.0.iter().flat_map(|&(at, word)| {
            let left = |word: &u64| (*word != 0).then_some(*word);
            let rest = core::iter::successors(left(&word), move |word| left(&(word & (word - 1))));
            rest.map(move |word| Ticket(at * N_BITS + word.trailing_zeros()))
        })
    }

    /// The first ticket but for `except`.
    pub(super) fn other_than(&self, except: Ticket) -> Option<Ticket> {
        self.iter().find(|ticket| *ticket != except)
    }

    /// Where word `at` stands, or would. It stands no further behind the first than it would if none
    /// were missing between them, and mostly there if there are many.
    fn find(&self, at: u32) -> Result<usize, usize> {
        let first = self.0.first().map_or(0, |first| first.0);
        let Some(latest) = at.checked_sub(first) else { return Err(0) };
        let latest = latest as usize;
        if self.0.get(latest).is_some_and(|(found, _)| *found == at) {
            return Ok(latest);
        }
        self.0[..latest.min(self.0.len())].binary_search_by_key(&at, |(at, _)| *at)
    }
}

/// Where a set is put together; empty between two sets, and never made again.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathering {
    words: Vec<u64>,
    /// The words that are not zero, in any order.
    touched: Vec<u32>,
}

impl Gathering {
    /// Takes in all of a set.
    pub(super) fn add(&mut self, tickets: &Tickets) {
        for &(at, bits) in &tickets.0 {
            let n = at as usize;
            if self.words.len() <= n {
                self.words.resize(n + 1, 0);
            }
            if self.words[n] == 0 {
                self.touched.push(at);
            }
            self.words[n] |= bits;
        }
    }

    /// The set of what was taken in, but for `except`.
    pub(super) fn take(&mut self, except: Ticket) -> Tickets {
        let (own, bit) = place(except);
        self.touched.sort_unstable();
        let words = &mut self.words;
        let taken = self.touched.drain(..).filter_map(|at| {
            let word = core::mem::take(&mut words[at as usize]);
            let word = if at == own { word & !bit } else { word };
            (word != 0).then_some((at, word))
        });
        Tickets(taken.collect())
    }
}

/// The word a ticket stands in, and its bit.
const fn place(ticket: Ticket) -> (u32, u64) {
    (ticket.0 / N_BITS, 1 << (ticket.0 % N_BITS))
}

#[cfg(test)]
mod tests;
