//! How do threads share the transactions of a layer?
//!
//! In: layers, one after the other. Out: the speculative runs of each, in no particular order.
//! Invariants: every transaction of a layer is run exactly once; no thread runs anything between
//! layers; whoever takes part decides nothing but how long it takes.
//!
//! # Protocol
//!
//! The calling thread leads and works as well; the pool's threads help. One mutex guards a
//! [`Round`]:
//!
//! ```text
//!            leader opens            tickets run out, last helper leaves
//!   closed ───────────────▶ open ──────────────────────────────────────▶ closed      (per layer)
//!      └──────────────▶ over                                                          (at the end)
//! ```
//!
//! A helper waits until a round is open that it has not seen, signs in, and takes tickets: a ticket
//! is a position in the layer, drawn from an atomic counter. When none is left it hands in its
//! results and signs out. The leader draws tickets too; when none is left it waits for those signed
//! in, closes the round and has all results. A helper that comes late finds the round closed and
//! goes back to waiting; one that never comes, because its thread is busy elsewhere, is not missed.
//! So nobody ever waits for a thread that has not started, and one thread alone gets everything done.
//!
//! The ticket counter is relaxed: all it must do is to give each number once, which every atomic
//! addition does. The transactions and the versions become visible through the mutex.
//!
//! Panics: whatever a transaction does is caught where it runs. If a helper panics all the same, its
//! sign-out is a destructor, so that the leader goes on, misses a result and panics too; if the
//! leader panics, its destructor ends the rounds, so that the helpers go home.

use revm::database_interface::DatabaseRef;
use slotcast_scheduler::Schedule;

use crate::{
    chaos::Chaos,
    dataflow::added_slots,
    error::ExecutionError,
    evm::{Speculative, Speculator},
    sync::{
        Condvar, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    threads::Threads,
};

/// Threads for executing blocks, made once and used for as many blocks as there are.
#[derive(Debug)]
pub struct Pool {
    /// The threads that help the calling one.
    helpers: Threads,
    pub(crate) chaos: Chaos,
}

impl Pool {
    /// A pool in which `threads` threads work, the calling one included; at least that one does.
    pub fn new(threads: usize) -> Result<Self, ExecutionError> {
        let helpers = Threads::start(threads.saturating_sub(1))?;
        Ok(Self { helpers, chaos: Chaos::default() })
    }

    /// The same pool with pauses at random places, from this seed.
    #[cfg(feature = "chaos")]
    pub fn with_chaos(self, seed: u64) -> Self {
        Self { chaos: Chaos::seeded(seed), ..self }
    }

    /// How many threads work, the calling one included.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `lead` on this thread and `help` on all others.
    pub(crate) fn lead_with_help(&self, lead: impl FnOnce(), help: impl Fn() + Sync) {
        self.helpers.lead(lead, help);
    }

    /// Calls `lead` on this thread while the others stand by to help.
    pub(super) fn lead<'a, DB, Make, R>(
        &self,
        crew: &Crew<'a, Make>,
        lead: impl FnOnce(&mut Leader<'_, 'a, DB>) -> R,
    ) -> R
    where
        DB: DatabaseRef + Sync + 'a,
        Make: Fn() -> Speculator<'a, DB> + Sync,
    {
        let n_helpers = self.helpers.len();
        let go = || {
            let _home = GoHome(&crew.shared);
            let mut leader = Leader { shared: &crew.shared, n_helpers, speculator: (crew.make)() };
            lead(&mut leader)
        };
        self.helpers.lead(go, || crew.help())
    }
}

/// What leader and helpers share while one block is executed.
pub(super) struct Crew<'a, Make> {
    shared: Shared<'a>,
    make: Make,
}

struct Shared<'a> {
    schedule: &'a Schedule,
    round: Mutex<Round>,
    opened: Condvar,
    left: Condvar,
    tickets: AtomicUsize,
}

#[derive(Debug)]
struct Round {
    /// Counts rounds, so that a helper takes part in each at most once.
    number: usize,
    phase: Phase,
    n_signed_in: usize,
    results: Vec<Speculative>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { layer_idx: usize },
    Over,
}

impl<'a, Make> Crew<'a, Make> {
    pub(super) fn new(schedule: &'a Schedule, make: Make) -> Self {
        let round = Round { number: 0, phase: Phase::Closed, n_signed_in: 0, results: Vec::new() };
        let shared = Shared {
            schedule,
            round: Mutex::new(round),
            opened: Condvar::new(),
            left: Condvar::new(),
            tickets: AtomicUsize::new(0),
        };
        Self { shared, make }
    }

    /// Helps in every round until they are over.
    fn help<DB: DatabaseRef + Sync + 'a>(&self)
    where
        Make: Fn() -> Speculator<'a, DB>,
    {
        let mut speculator = None;
        let mut n_seen = 0;
        while let Some((number, layer_idx)) = self.shared.sign_in(n_seen) {
            n_seen = number;
            let mut signed_in = SignedIn { shared: &self.shared, results: Vec::new() };
            let speculator = speculator.get_or_insert_with(&self.make);
            self.shared.work(layer_idx, speculator, &mut signed_in.results);
        }
    }
}

impl Shared<'_> {
    fn lock(&self) -> MutexGuard<'_, Round> {
        self.round.lock().expect("nobody panics while a round is locked")
    }

    /// Waits for a round that is open and not among the first `n_seen`.
    fn sign_in(&self, n_seen: usize) -> Option<(usize, usize)> {
        let mut round = self.lock();
        loop {
            match round.phase {
                Phase::Over => return None,
                Phase::Open { layer_idx } if n_seen < round.number => {
                    round.n_signed_in += 1;
                    return Some((round.number, layer_idx));
                }
                Phase::Open { .. } | Phase::Closed => {}
            }
            round = self.opened.wait(round).expect("nobody panics while a round is locked");
        }
    }

    /// Draws tickets and runs transactions until none is left.
    fn work<DB: DatabaseRef>(
        &self,
        layer_idx: usize,
        speculator: &mut Speculator<'_, DB>,
        results: &mut Vec<Speculative>,
    ) {
        let layer = &self.schedule.layers()[layer_idx];
        speculator.enter();
        while let Some(tx) = layer.get(self.tickets.fetch_add(1, Ordering::Relaxed)) {
            let additions: Vec<_> = added_slots(self.schedule, *tx).collect();
            results.push(speculator.run(*tx, &additions));
        }
        speculator.leave();
    }
}

/// A helper's part in a round; handing in is what its end does.
struct SignedIn<'s, 'a> {
    shared: &'s Shared<'a>,
    results: Vec<Speculative>,
}

impl Drop for SignedIn<'_, '_> {
    fn drop(&mut self) {
        let mut round = self.shared.lock();
        round.results.append(&mut self.results);
        round.n_signed_in -= 1;
        if round.n_signed_in == 0 {
            self.shared.left.notify_all();
        }
    }
}

/// The leader's presence; the rounds are over when it ends.
struct GoHome<'s, 'a>(&'s Shared<'a>);

impl Drop for GoHome<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().phase = Phase::Over;
        self.0.opened.notify_all();
    }
}

/// The thread that opens rounds.
pub(super) struct Leader<'s, 'a, DB: DatabaseRef> {
    shared: &'s Shared<'a>,
    n_helpers: usize,
    speculator: Speculator<'a, DB>,
}

impl<DB: DatabaseRef> Leader<'_, '_, DB> {
    /// Runs all transactions of a layer.
    pub(super) fn run_layer(&mut self, layer_idx: usize) -> Vec<Speculative> {
        let width = self.shared.schedule.layers()[layer_idx].len();
        let n_wanted = self.n_helpers.min(width - 1);
        let mut results = Vec::with_capacity(width);
        self.shared.tickets.store(0, Ordering::Relaxed);
        if 0 < n_wanted {
            let mut round = self.shared.lock();
            round.number += 1;
            round.phase = Phase::Open { layer_idx };
            drop(round);
            for _ in 0..n_wanted {
                self.shared.opened.notify_one();
            }
        }
        self.shared.work(layer_idx, &mut self.speculator, &mut results);
        if 0 < n_wanted {
            let mut round = self.shared.lock();
            while 0 < round.n_signed_in {
                round =
                    self.shared.left.wait(round).expect("nobody panics while a round is locked");
            }
            round.phase = Phase::Closed;
            results.append(&mut round.results);
        }
        results
    }
}
