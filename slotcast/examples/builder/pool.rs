//! What does a pool of pending transactions cost?
//!
//! In: hints. Out: the times of filling, grouping, comparing and replacing; of comparing also the
//! median and the 99th percentile.

use std::hint::black_box;

use slotcast::{
    Clock,
    hints::{ConflictPool, ConflictScope, Hint, Ticket},
    model::Index,
};

/// Pairs compared.
const PAIRS: usize = 1_000_000;

/// Fills a pool, and says what it takes.
pub(crate) fn measure(scope: ConflictScope, pending: &[Hint]) {
    let clock = Clock::start();
    let mut pool = ConflictPool::new(scope);
    for hint in pending {
        pool.insert(hint);
    }
    let filling = clock.micros();
    let groups = pool.groups();
    let grouping = clock.micros();
    let largest = groups.iter().map(Vec::len).max().unwrap_or(0);
    println!(
        "{scope:?}: filled in {:.1} ms, filled and grouped in {:.1} ms: {} groups, the largest of {largest}",
        filling as f64 / 1e3,
        grouping as f64 / 1e3,
        groups.len(),
    );
    let n = pending.len() as u64;
    let mut number = 1_u64;
    let mut next = || {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        Ticket(((number >> 33) % n) as u32)
    };
    let random: Vec<(Ticket, Ticket)> = (0..PAIRS).map(|_| (next(), next())).collect();
    compare(&pool, "at random", &random);
    let neighbours: Vec<(Ticket, Ticket)> =
        groups.iter().flat_map(|group| group.windows(2).map(|pair| (pair[0], pair[1]))).collect();
    compare(&pool, "neighbours in a group", &neighbours);
    let clock = Clock::start();
    for ticket in (0..1_000.min(n as u32)).map(Ticket) {
        pool.replace(ticket, &pending[ticket.as_usize()]);
    }
    let replacing = clock.micros();
    let clock = Clock::start();
    assert_eq!(pool.groups(), groups, "replacing like by like changes nothing");
    println!(
        "  {:.2} µs to replace one, {} µs to group again",
        replacing as f64 / 1_000.min(n) as f64,
        clock.micros(),
    );
}

/// Compares pairs all together for the mean, and one by one for the spread.
fn compare(pool: &ConflictPool, name: &str, pairs: &[(Ticket, Ticket)]) {
    let clock = Clock::start();
    let n_conflicts = pairs.iter().filter(|(a, b)| black_box(pool.conflicts(*a, *b))).count();
    let mean = clock.elapsed().as_nanos() as f64 / pairs.len().max(1) as f64;
    let mut one_by_one: Vec<u128> = Vec::with_capacity(pairs.len());
    let mut looking: Vec<u128> = Vec::with_capacity(pairs.len());
    for (a, b) in pairs {
        looking.push(Clock::start().elapsed().as_nanos());
        let clock = Clock::start();
        black_box(pool.conflicts(*a, *b));
        one_by_one.push(clock.elapsed().as_nanos());
    }
    let at = |sorted: &mut Vec<u128>, share: usize| {
        sorted.sort_unstable();
        sorted.get(sorted.len() * share / 100).copied().unwrap_or(0)
    };
    let watch = at(&mut looking, 50);
    println!(
        "  conflicts, {name}: {mean:.0} ns in the mean, {} ns in the median and {} ns at the 99th \
         percentile, of which looking at the clock takes {watch} ns ({n_conflicts} of {} conflict)",
        at(&mut one_by_one, 50),
        at(&mut one_by_one, 99),
        pairs.len(),
    );
}
