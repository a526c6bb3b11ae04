//! Does anything depend on timing?
//!
//! In: a seed. Out: pauses at random places of the concurrent code, with the feature `chaos`; without
//! it [`Chaos`] has no size and its one function is empty.
//! Invariants: what is paused decides nothing; the pauses of a thread follow from the seed and from
//! how often it was paused before.
//!
//! Tests run blocks that conflict everywhere with thousands of seeds and compare outcome, retried
//! transactions and number of runs.

#[cfg(feature = "chaos")]
use core::sync::atomic::{AtomicU64, Ordering};

/// Where pauses come from.
#[derive(Debug, Default)]
pub(crate) struct Chaos {
    #[cfg(feature = "chaos")]
    state: AtomicU64,
}

impl Chaos {
    /// Pauses from this seed.
    #[cfg(feature = "chaos")]
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// Perhaps a pause: nothing, some turns of a loop, or letting others go first.
    #[cfg(feature = "chaos")]
    pub(crate) fn pause(&self) {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        // Relaxed is enough: the numbers need not come in any order.
        let drawn = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (drawn ^ (drawn >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
        match (mixed >> 32) % 8 {
            0..4 => {}
            4..7 => (0..(mixed >> 40) % 2_000).for_each(|_| core::hint::spin_loop()),
            _ => std::thread::yield_now(),
        }
    }

    /// No pause.
    #[cfg(not(feature = "chaos"))]
    #[inline]
    pub(crate) const fn pause(&self) {}
}
