//! With whom of those who were there before does a transaction conflict?
//!
//! In: tickets, while a transaction comes in. Out: [`Rivals`], of which one is found in a few steps
//! however many there are.
//! Invariants: a set is exact for the transactions that were in the pool when it was made, and is
//! never changed; so of two transactions, the set of the later one says whether they conflict. Who is
//! cancelled or replaced leaves its number behind in later sets, but whoever gets that number next is
//! later than they, and has a set of its own that is asked instead.
//!
//! What is named by thousands of transactions, or names thousands of accounts, costs its comparisons
//! here, once, and not each time two are compared.

use super::Ticket;

/// Tickets in one word.
const N_BITS: u32 = u64::BITS;

/// Tickets, as words of bits of which only those with a bit set are kept, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Rivals(Vec<(u32, u64)>);

impl Rivals {
    pub(super) fn contains(&self, ticket: Ticket) -> bool {
        let (at, bit) = place(ticket);
        let found = self.0.binary_search_by_key(&at, |(at, _)| *at);
        found.is_ok_and(|found| self.0[found].1 & bit != 0)
    }
}

/// Where a set is put together; empty between two sets, and never made anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathering {
    words: Vec<u64>,
    /// The words that are not zero, in any order.
    touched: Vec<u32>,
}

impl Gathering {
    pub(super) fn add(&mut self, tickets: &[Ticket]) {
        for &ticket in tickets {
            let (at, bit) = place(ticket);
            let n = at as usize;
            if self.words.len() <= n {
                self.words.resize(n + 1, 0);
            }
            if self.words[n] == 0 {
                self.touched.push(at);
            }
            self.words[n] |= bit;
        }
    }

    /// The set of what was added, but for `except`.
    pub(super) fn take(&mut self, except: Ticket) -> Rivals {
        let (own, bit) = place(except);
        self.touched.sort_unstable();
        let words = &mut self.words;
        let taken = self.touched.drain(..).filter_map(|at| {
            let word = core::mem::take(&mut words[at as usize]);
            let word = if at == own { word & !bit } else { word };
            (word != 0).then_some((at, word))
        });
        Rivals(taken.collect())
    }
}

/// The word a ticket stands in, and its bit.
const fn place(ticket: Ticket) -> (u32, u64) {
    (ticket.0 / N_BITS, 1 << (ticket.0 % N_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_added_and_the_next_begins_empty() {
        let mut gathering = Gathering::default();
        gathering.add(&[700, 3, 64, 3].map(Ticket));
        gathering.add(&[63, 5].map(Ticket));
        let set = gathering.take(Ticket(5));
        let held: Vec<u32> = (0..1_000).filter(|n| set.contains(Ticket(*n))).collect();
        assert_eq!(held, [3, 63, 64, 700]);
        gathering.add(&[Ticket(9)]);
        let set = gathering.take(Ticket(9));
        assert!(set.0.is_empty() && !set.contains(Ticket(9)));
    }
}
