//! Which threads help the calling one?
//!
//! In: how many are wanted. Out: [`Threads`], started once and used for as many blocks as there are.
//! Invariants: the calling thread works itself and never waits for one that has not come; whatever a
//! thread borrowed is given back before the call returns.

use crate::error::ExecutionError;

/// Threads besides the calling one.
#[derive(Debug)]
pub(crate) struct Threads {
    #[cfg(not(feature = "shuttle"))]
    pool: Option<rayon::ThreadPool>,
    #[cfg(feature = "shuttle")]
    n: usize,
}

#[cfg(not(feature = "shuttle"))]
impl Threads {
    /// Starts `n` threads.
    pub(crate) fn start(n: usize) -> Result<Self, ExecutionError> {
        if n == 0 {
            return Ok(Self { pool: None });
        }
        let builder =
            rayon::ThreadPoolBuilder::new().num_threads(n).thread_name(|n| format!("slotcast-{n}"));
        let pool = builder
            .build()
            .map_err(|source| ExecutionError::ThreadPool { source: Box::new(source) })?;
        Ok(Self { pool: Some(pool) })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.pool.as_ref().map_or(0, rayon::ThreadPool::current_num_threads)
    }

    /// Calls `lead` on this thread and `help` on all of these.
    pub(crate) fn lead<R>(&self, lead: impl FnOnce() -> R, help: impl Fn() + Sync) -> R {
        match &self.pool {
            None => lead(),
            Some(pool) => pool.in_place_scope(|scope| {
                for _ in 0..self.len() {
                    scope.spawn(|_| help());
                }
                lead()
            }),
        }
    }
}

/// Threads that the model checker runs, one step of one of them at a time.
#[cfg(feature = "shuttle")]
impl Threads {
    pub(crate) const fn start(n: usize) -> Result<Self, ExecutionError> {
        Ok(Self { n })
    }

    pub(crate) const fn len(&self) -> usize {
        self.n
    }

    pub(crate) fn lead<R>(&self, lead: impl FnOnce() -> R, help: impl Fn() + Sync) -> R {
        let help = &help;
        shuttle::thread::scope(|scope| {
            for _ in 0..self.n {
                scope.spawn(help);
            }
            lead()
        })
    }
}
